//! Saddle systems to compare inner solvers on.

use rand::Rng;

use crate::kkt::{Shifts, assemble};
use crate::sparse::Sparse;

/// K of order `size` with H diagonal in [½, 3/2] and size/3 constraints, each with four entries ±½ at random places.
pub fn random_saddle(size: usize, random: &mut impl Rng) -> Sparse {
    let m = size / 3;
    let n = size - m;
    let mut hessian = Sparse::new(n);
    for variable in 0..n {
        hessian.push(variable, random.random_range(0.5..1.5));
        hessian.end_row();
    }
    let mut jacobian = Sparse::new(n);
    for _ in 0..m {
        let mut places: Vec<usize> = Vec::with_capacity(4);
        while places.len() < n.min(4) {
            let place = random.random_range(0..n);
            if !places.contains(&place) {
                places.push(place);
            }
        }
        for place in places {
            jacobian.push(place, if random.random::<bool>() { 0.5 } else { -0.5 });
        }
        jacobian.end_row();
    }
    let mut system = Sparse::new(size);
    assemble(&hessian, Shifts::default(), &jacobian, &mut system);
    system
}
