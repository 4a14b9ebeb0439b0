//! Halpern's iteration without sampling.
//!
//! For G = 0, an affine T u = u − ηK(u − u*) and λ_k = 1/(k+2) it is a running mean of plain steps, u_k − u* = (1/(k+1)) Σ_{j≤k} T^j (u_0 − u*): its
//! residual is |(I − T^{k+1})(u_0 − u*)|/(η(k+1)), of the order of 1/k on every such problem, strongly monotone ones too.

use std::ops::ControlFlow;

use crate::run::{Ended, Run, Step, Task};

/// u_{k+1} = J(λ_k u_0 + (1 − λ_k)(u_k − ηF(u_k))), λ_k = 1/(k+2): one pass and one resolvent a step, for cocoercive F and η up to twice the modulus of cocoercivity, which is 1/L_F for a symmetric K
/// and may be far less for others.
///
/// The anchor is inside the resolvent, as in Algorithm 1, so that every point comes with an element of G. Points are shown with F(u_k).
///
/// # Panics
/// If the start has not the operator's dimension or `eta` is not positive.
pub fn halpern(task: &Task<'_>, eta: f64, observe: impl FnMut(&Step<'_>) -> ControlFlow<()>) -> Ended {
    let mut run = Run::new(task, eta, observe);
    let mut value = vec![0.0; task.start.len()];
    let anchor = run.u.clone();
    let reason = loop {
        run.full(&mut value);
        if let Some(reason) = run.show(Some(&value)) {
            break reason;
        }
        // The number of the step that follows, which `show` has counted.
        let lambda = 1.0 / (run.steps as f64 + 1.0);
        for (((v, u0), u), f) in run.before.iter_mut().zip(&anchor).zip(&run.u).zip(&value) {
            *v = lambda * u0 + (1.0 - lambda) * (u - eta * f);
        }
        run.resolve();
    };
    run.end(reason)
}
