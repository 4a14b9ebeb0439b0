//! A solver that ends, with a certificate.
pub use self::stub::*;
mod stub {
    #![allow(missing_docs)]
    use crate::k_support::relaxed_value;
    use crate::newton::Newton;
    use crate::plan::SparsePlan;
    use crate::problem::Problem;
    use crate::proximal::Proximal;
    use crate::proximal_dual::ProximalDual;
    use crate::regulariser::{Regulariser, SolverError};
    use crate::rounding::round;
    use crate::semidual::SemiDual;
    pub struct Relaxation { pub lower: f64, pub upper: f64, pub gap: f64, pub alpha: Vec<f64>, pub plan: SparsePlan }
    pub fn solve_relaxation(problem: &Problem, regulariser: Regulariser, verbose: bool) -> Result<Relaxation, SolverError> {
        let regulariser = regulariser.checked(problem.rows())?;
        let m = problem.rows();
        let get = |name: &str, d: f64| std::env::var(name).ok().and_then(|s| s.parse().ok()).unwrap_or(d);
        let concentration = problem.b().iter().map(|b| b * b).sum::<f64>() / problem.mass();
        let spread = cost_spread(problem);
        let lambda0 = get("L0", 1.0) / regulariser.gamma.max(get("FRAC", 0.2) * spread / concentration);
        if verbose { println!("spread {spread:.3e} concentration {concentration:.3e}"); }
        let sigma = get("SIGMA", 4.0);
        let mut lambda = lambda0;
        let mut dual = ProximalDual::new(problem, Proximal { k: regulariser.k, gamma: regulariser.gamma, lambda });
        let mut newton = Newton::new(m);
        let mut alpha = vec![0.0; m];
        let mut semidual = SemiDual::new(problem, regulariser)?;
        let mut g = vec![0.0; m];
        let (mut lower, mut upper) = (f64::NEG_INFINITY, f64::INFINITY);
        let mut plan = SparsePlan::with_rows(m);
        let t = std::time::Instant::now();
        if get("COARSE", 1.0) > 0.0 { alpha = crate::coarse::starting_potentials(problem, dual.step()); }
        if verbose { println!("coarse t {:.4}", t.elapsed().as_secs_f64()); }
        let found = crate::coarse::ascend(&mut dual, &mut alpha, get("LB", 40.0) as usize, problem);
        if verbose { println!("lbfgs err {found:.1e} scans {} t {:.4}", dual.scans, t.elapsed().as_secs_f64()); }
        for outer in 0..get("OUTER", 40.0) as usize {
            let mass = problem.mass();
            let before = (newton.steps, newton.evaluations, newton.products, dual.scans);
            let error = newton.maximise(&mut dual, &mut alpha, |d| (get("ETA", 3e-4) * d.distance_to_centre()).clamp(1e-13 * mass, 1e-4 * mass), get("LIM", 40.0) as usize);
            let value = semidual.evaluate(&alpha, &mut g);
            lower = value.max(lower);
            let rounded = round(&dual.plan(), problem.a(), problem.b());
            let above = relaxed_value(&rounded, problem.cost(), regulariser);
            if above < upper { upper = above; plan = rounded; }
            let gap = (upper - lower) / upper.abs().max(lower.abs());
            if verbose {
                println!("{outer:3} lambda {lambda:.1e} err {error:.1e} steps {} evals {} cg {} scans {} lower {lower:.10} upper {upper:.10} gap {gap:.1e} nnz {} t {:.3}", newton.steps - before.0, newton.evaluations - before.1, newton.products - before.2, dual.scans - before.3, dual.plan().max_nonzeros_per_column(), t.elapsed().as_secs_f64());
            }
            if gap < get("GAP", 1e-9) { break; }
            let steps = newton.steps - before.0;
            let evals = newton.evaluations - before.1;
            let tol = (get("ETA", 3e-4) * dual.distance_to_centre()).clamp(1e-13 * mass, 1e-4 * mass);
            if error > tol { if error > get("BADFRAC", 0.1) * dual.distance_to_centre() { lambda = (lambda * get("DOWN", 0.5)).max(lambda0 * get("MINL", 0.01)); } }
            else if evals <= 10 { lambda *= sigma; }
            else if steps <= 20 { lambda *= sigma.sqrt(); }
            dual.advance(lambda);
        }
        Ok(Relaxation { lower, upper, gap: (upper - lower) / upper.abs().max(lower.abs()), alpha, plan })
    }

    fn cost_spread(problem: &Problem) -> f64 {
        let (m, n) = (problem.rows(), problem.columns());
        let (rs, cs) = (m.div_ceil(256), n.div_ceil(64));
        let rows: Vec<usize> = (0..m).step_by(rs).collect();
        let cols: Vec<usize> = (0..n).step_by(cs).collect();
        let c = ndarray::Array2::from_shape_fn((rows.len(), cols.len()), |(i, j)| problem.cost().entry(rows[i], cols[j]));
        let rm = c.mean_axis(ndarray::Axis(1)).unwrap();
        let cm = c.mean_axis(ndarray::Axis(0)).unwrap();
        let mean = c.mean().unwrap();
        let mut v = 0.0;
        for ((i, j), &x) in c.indexed_iter() { let d: f64 = x - rm[i] - cm[j] + mean; v += d * d; }
        (v / c.len() as f64).sqrt()
    }
}
