//! GMRES and MINRES: the deterministic solvers that a sketch has to be compared with.
//!
//! Both minimise |Kz − b|₂ over z₀ + span{r₀, Kr₀, K²r₀, …}: GMRES keeps the whole basis, MINRES uses the symmetry and keeps seven vectors. Where rounding makes a residual grow the best z is
//! given back.

use crate::inner::{Inertia, InnerError, InnerSolver, Stop, Work};
use crate::sparse::{Sparse, dot, norm};

/// GMRES that starts anew after `restart` products. The authors' scripts call it with 2.
#[derive(Clone, Copy, Debug)]
pub struct Gmres {
    /// Vectors that are kept, at least 1.
    pub restart: usize,
}

/// MINRES (Paige, Saunders 1975), for symmetric matrices.
#[derive(Clone, Copy, Debug)]
pub struct Minres;

fn residual_into(system: &Sparse, right: &[f64], z: &[f64], r: &mut [f64]) -> f64 {
    system.multiply(z, r);
    r.iter_mut().zip(right).for_each(|(r, b)| *r = b - *r);
    norm(r)
}

impl InnerSolver for Gmres {
    fn prepare(&mut self, _system: &Sparse) -> Result<Option<Inertia>, InnerError> {
        Ok(None)
    }

    fn solve(&mut self, system: &Sparse, right: &[f64], z: &mut [f64], stop: &Stop) -> Work {
        let d = right.len();
        let restart = self.restart.clamp(1, d.max(1));
        let mut work = Work::default();
        let mut basis: Vec<Vec<f64>> = vec![vec![0.0; d]];
        // Column j of the triangular factor, and the rotations that made it.
        let mut triangle: Vec<Vec<f64>> = Vec::new();
        let mut rotations: Vec<(f64, f64)> = Vec::new();
        let mut kept = z.to_vec();
        let mut best = f64::INFINITY;
        loop {
            work.product(system);
            let before = residual_into(system, right, z, &mut basis[0]);
            // Restarted GMRES that gains nothing in a cycle gains nothing in the next: it starts from the same residual.
            let gains = before < best * (1.0 - 1e-12);
            if gains {
                best = before;
                kept.copy_from_slice(z);
            }
            work.residual = best;
            if best <= stop.residual || work.steps >= stop.steps || !gains {
                z.copy_from_slice(&kept);
                return work;
            }
            basis[0].iter_mut().for_each(|v| *v /= before);
            let mut rotated = vec![before];
            triangle.clear();
            rotations.clear();
            let mut largest = 0.0_f64;
            for j in 0..restart {
                if basis.len() == j + 1 {
                    basis.push(vec![0.0; d]);
                }
                let (known, rest) = basis.split_at_mut(j + 1);
                let next = &mut rest[0];
                system.multiply(&known[j], next);
                work.product(system);
                work.steps += 1;
                let mut column = Vec::with_capacity(j + 2);
                for v in known.iter() {
                    let h = dot(v, next);
                    next.iter_mut().zip(v).for_each(|(next, v)| *next -= h * v);
                    column.push(h);
                }
                work.flops += 4.0 * (j + 1) as f64 * d as f64;
                work.bytes += 32.0 * (j + 1) as f64 * d as f64;
                let length = norm(next);
                for (i, (cosine, sine)) in rotations.iter().enumerate() {
                    let (upper, lower) = (column[i], column[i + 1]);
                    column[i] = cosine * upper + sine * lower;
                    column[i + 1] = cosine * lower - sine * upper;
                }
                let radius = column[j].hypot(length);
                largest = largest.max(radius);
                if radius <= 1e-14 * largest {
                    // The rest of the space is in the kernel, up to rounding.
                    break;
                }
                let (cosine, sine) = (column[j] / radius, length / radius);
                column[j] = radius;
                rotations.push((cosine, sine));
                triangle.push(column);
                rotated.push(-sine * rotated[j]);
                rotated[j] *= cosine;
                if length <= f64::EPSILON * radius
                    || rotated[j + 1].abs() <= stop.residual
                    || work.steps >= stop.steps
                {
                    break;
                }
                next.iter_mut().for_each(|v| *v /= length);
            }
            for j in (0..triangle.len()).rev() {
                let sum: f64 = (j + 1..triangle.len()).map(|k| triangle[k][j] * rotated[k]).sum();
                rotated[j] = (rotated[j] - sum) / triangle[j][j];
                z.iter_mut().zip(&basis[j]).for_each(|(z, v)| *z += rotated[j] * v);
            }
            work.flops += 2.0 * triangle.len() as f64 * d as f64;
        }
    }
}

impl InnerSolver for Minres {
    fn prepare(&mut self, _system: &Sparse) -> Result<Option<Inertia>, InnerError> {
        Ok(None)
    }

    /// The recurrence's residual decides when to look at the true one, from which the method starts anew if it is too large.
    fn solve(&mut self, system: &Sparse, right: &[f64], z: &mut [f64], stop: &Stop) -> Work {
        let d = right.len();
        let mut work = Work::default();
        let [mut v, mut old, mut next, mut w, mut w_old] = [(); 5].map(|()| vec![0.0; d]);
        let mut kept = z.to_vec();
        let mut best = f64::INFINITY;
        loop {
            work.product(system);
            let before = residual_into(system, right, z, &mut v);
            let gains = before < 0.5 * best;
            if before < best {
                best = before;
                kept.copy_from_slice(z);
            }
            work.residual = best;
            if best <= stop.residual || work.steps >= stop.steps || !gains {
                z.copy_from_slice(&kept);
                return work;
            }
            let mut largest = 0.0_f64;
            v.iter_mut().for_each(|v| *v /= before);
            [&mut old, &mut w, &mut w_old].into_iter().for_each(|vector| vector.fill(0.0));
            let (mut beta, mut phi) = (0.0, before);
            // The last two rotations.
            let ((mut c, mut s), (mut c_old, mut s_old)) = ((1.0, 0.0), (1.0, 0.0));
            while phi.abs() > stop.residual && work.steps < stop.steps {
                system.multiply(&v, &mut next);
                work.product(system);
                work.steps += 1;
                work.flops += 14.0 * d as f64;
                work.bytes += 120.0 * d as f64;
                let alpha = dot(&v, &next);
                for ((next, v), old) in next.iter_mut().zip(&v).zip(&old) {
                    *next -= alpha * v + beta * old;
                }
                let length = norm(&next);
                let (far, near) = (s_old * beta, c_old * beta);
                let (upper, diagonal) = (c * near + s * alpha, c * alpha - s * near);
                let radius = diagonal.hypot(length);
                largest = largest.max(alpha.abs()).max(length);
                if radius <= 1e-14 * largest {
                    break;
                }
                for ((w, w_old), v) in w.iter_mut().zip(&mut w_old).zip(&v) {
                    let direction = (v - upper * *w - far * *w_old) / radius;
                    *w_old = std::mem::replace(w, direction);
                }
                (c_old, s_old) = (c, s);
                (c, s) = (diagonal / radius, length / radius);
                let along = c * phi;
                phi *= -s;
                z.iter_mut().zip(&w).for_each(|(z, w)| *z += along * w);
                beta = length;
                if length <= f64::EPSILON * radius {
                    break;
                }
                std::mem::swap(&mut old, &mut v);
                v.iter_mut().zip(&next).for_each(|(v, next)| *v = next / length);
            }
        }
    }
}
