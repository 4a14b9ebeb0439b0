//! Maximum likelihood of the model, with a lasso on the fixed effects if asked for.
//!
//! Parameters are β, the logarithmic Cholesky factor of G, ln σ and, where it is estimated, ln ν. A cluster's score for β is wᵢXᵢᵀVᵢ⁻¹rᵢ with wᵢ = (ν + m)/(ν + d), d = rᵀV⁻¹r: bounded, and falling again for clusters
//! far off. Vᵢ is factored directly, never G: a variance of zero is no special case.

use numerics::lbfgs::{Options as LimitedMemory, minimise as limited_memory};

use super::clusters::{Cluster, Clusters, MixedError};
use super::conjugate::{Composite, Options, minimise};
use super::q_gaussian::{log_density, log_student};
use super::units::Units;
use crate::information::neighbours::digamma;

/// The tails.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shape {
    /// q = 1.
    Gaussian,
    /// A common number of degrees of freedom ν > 0: clusters of all sizes belong to one family, which marginals stay in.
    Freedom(f64),
    /// A common q in (1, 1 + 2/max m): ν = 2/(q − 1) − m differs with the size.
    Index(f64),
    /// ν estimated.
    Estimated,
}

/// A fit.
#[derive(Clone, Debug, PartialEq)]
pub struct Fitted {
    /// β.
    pub beta: Vec<f64>,
    /// G: the variance of the intercept, then covariance and variance of the slope.
    pub between: Vec<f64>,
    /// σ².
    pub within: f64,
    /// ν; infinite for the Gaussian, NaN where it differs with the cluster.
    pub freedom: f64,
    /// The log-likelihood.
    pub log_likelihood: f64,
    /// The largest entry of the gradient, or of the proximal mapping, for columns and outcome of size one.
    pub residual: f64,
    /// Name and weight wᵢ of each cluster, 1 for one at the distance that is expected; the lightest first.
    pub weights: Vec<(String, f64)>,
    /// Predicted random effects of each cluster, in the order of the weights.
    pub effects: Vec<Vec<f64>>,
    /// Evaluations of the likelihood.
    pub evaluations: usize,
}

/// V's Cholesky factor, in place by rows; the first pivot that is not positive otherwise.
fn cholesky(v: &mut [f64], m: usize) -> Result<(), usize> {
    for i in 0..m {
        for j in 0..=i {
            let sum: f64 = (0..j).map(|k| v[i * m + k] * v[j * m + k]).sum();
            let rest = v[i * m + j] - sum;
            if i == j {
                if !(rest > 0.0 && rest.is_finite()) {
                    return Err(i);
                }
                v[i * m + i] = rest.sqrt();
            } else {
                v[i * m + j] = rest / v[j * m + j];
            }
        }
    }
    Ok(())
}

fn solve(l: &[f64], m: usize, b: &mut [f64]) {
    for i in 0..m {
        let sum: f64 = (0..i).map(|k| l[i * m + k] * b[k]).sum();
        b[i] = (b[i] - sum) / l[i * m + i];
    }
    for i in (0..m).rev() {
        let sum: f64 = (i + 1..m).map(|k| l[k * m + i] * b[k]).sum();
        b[i] = (b[i] - sum) / l[i * m + i];
    }
}

/// The parameters by name.
struct Unpacked {
    beta: Vec<f64>,
    /// The lower triangle of G's factor: l₁₁, and l₂₁, l₂₂ with a slope.
    factor: Vec<f64>,
    sigma: f64,
    freedom: Option<f64>,
}

/// A cluster's V and what its likelihood needs of it.
struct Scatter {
    /// The Cholesky factor of V.
    factor: Vec<f64>,
    /// V⁻¹r.
    solved: Vec<f64>,
    /// ln det V.
    log_determinant: f64,
    /// d = rᵀV⁻¹r.
    distance: f64,
}

struct Likelihood<'a> {
    clusters: &'a Clusters,
    shape: Shape,
    penalty: f64,
    /// Of each coefficient in the penalty.
    weights: Vec<f64>,
    evaluations: std::cell::Cell<usize>,
}

impl Likelihood<'_> {
    fn unpack(&self, parameters: &[f64]) -> Unpacked {
        let (fixed, random) = (self.clusters.fixed, self.clusters.random);
        let mut rest = parameters[fixed..].iter().copied();
        let mut next = || rest.next().unwrap_or(0.0);
        let first = next().exp();
        let factor = if random == 2 {
            let (across, second) = (next(), next());
            vec![first, across, second.exp()]
        } else {
            vec![first]
        };
        let sigma = next().exp();
        let freedom = (self.shape == Shape::Estimated).then(|| next().exp());
        Unpacked { beta: parameters[..fixed].to_vec(), factor, sigma, freedom }
    }

    /// ν for a cluster of m rows; infinite for the Gaussian.
    fn freedom(&self, at: &Unpacked, m: usize) -> f64 {
        match self.shape {
            Shape::Gaussian => f64::INFINITY,
            Shape::Freedom(nu) => nu,
            Shape::Index(q) => 2.0 / (q - 1.0) - m as f64,
            Shape::Estimated => at.freedom.unwrap_or(f64::INFINITY),
        }
    }

    /// `None` unless V is positive.
    fn scatter(&self, cluster: &Cluster, at: &Unpacked) -> Option<Scatter> {
        let (m, fixed, random) = (cluster.y.len(), self.clusters.fixed, self.clusters.random);
        let scaled = |row: usize, column: usize| -> f64 {
            let z = &cluster.z[row * random..(row + 1) * random];
            if random == 1 {
                z[0] * at.factor[0]
            } else if column == 0 {
                z[0] * at.factor[0] + z[1] * at.factor[1]
            } else {
                z[1] * at.factor[2]
            }
        };
        let mut v = vec![0.0; m * m];
        for i in 0..m {
            for j in 0..=i {
                v[i * m + j] = (0..random).map(|c| scaled(i, c) * scaled(j, c)).sum::<f64>()
                    + if i == j { at.sigma * at.sigma } else { 0.0 };
            }
        }
        cholesky(&mut v, m).ok()?;
        let r: Vec<f64> = (0..m)
            .map(|i| {
                cluster.y[i]
                    - cluster.x[i * fixed..(i + 1) * fixed]
                        .iter()
                        .zip(&at.beta)
                        .map(|(x, b)| x * b)
                        .sum::<f64>()
            })
            .collect();
        let mut solved = r.clone();
        solve(&v, m, &mut solved);
        let log_determinant = 2.0 * (0..m).map(|i| v[i * m + i].ln()).sum::<f64>();
        let distance = r.iter().zip(&solved).map(|(r, s)| r * s).sum();
        Some(Scatter { factor: v, solved, log_determinant, distance })
    }

    /// The log-likelihood, and its gradient times `sign` added to `gradient`.
    fn evaluate(&self, parameters: &[f64], gradient: &mut [f64], sign: f64) -> f64 {
        self.evaluations.set(self.evaluations.get() + 1);
        gradient.fill(0.0);
        let at = self.unpack(parameters);
        let (fixed, random) = (self.clusters.fixed, self.clusters.random);
        let mut total = 0.0;
        for cluster in &self.clusters.clusters {
            let m = cluster.y.len();
            let Some(Scatter { factor, solved, log_determinant, distance }) = self.scatter(cluster, &at)
            else {
                return f64::NEG_INFINITY;
            };
            let (size, nu) = (m as f64, self.freedom(&at, m));
            let weight = if nu.is_finite() { (nu + size) / (nu + distance) } else { 1.0 };
            total += if nu.is_finite() {
                log_student(nu, size, distance, log_determinant)
            } else {
                log_density(1.0, m, distance, log_determinant)
            };
            for (i, s) in solved.iter().enumerate() {
                for (g, x) in gradient[..fixed].iter_mut().zip(&cluster.x[i * fixed..]) {
                    *g += sign * weight * s * x;
                }
            }
            // V⁻¹, for traces.
            let mut inverse = vec![0.0; m * m];
            for j in 0..m {
                let column = &mut inverse[j * m..(j + 1) * m];
                column[j] = 1.0;
                solve(&factor, m, column);
            }
            // ½ tr((w V⁻¹r rᵀV⁻¹ − V⁻¹) dV) for dV = Z dG Zᵀ and 2σ² dlnσ I.
            let middle = |i: usize, j: usize| weight * solved[i] * solved[j] - inverse[i * m + j];
            let mut by_g = [[0.0; 2]; 2];
            for i in 0..m {
                for j in 0..m {
                    let value = middle(i, j);
                    for (a, row) in by_g.iter_mut().enumerate().take(random) {
                        for (b, entry) in row.iter_mut().enumerate().take(random) {
                            *entry += value * cluster.z[i * random + a] * cluster.z[j * random + b];
                        }
                    }
                }
            }
            // dG = dL Lᵀ + L dLᵀ: ∂/∂L = (M) L, M symmetric.
            let l = &at.factor;
            let mut place = fixed;
            if random == 1 {
                gradient[place] += sign * by_g[0][0] * l[0] * l[0];
                place += 1;
            } else {
                gradient[place] += sign * (by_g[0][0] * l[0] + by_g[0][1] * l[1]) * l[0];
                gradient[place + 1] += sign * (by_g[1][0] * l[0] + by_g[1][1] * l[1]);
                gradient[place + 2] += sign * by_g[1][1] * l[2] * l[2];
                place += 3;
            }
            gradient[place] += sign * at.sigma * at.sigma * (0..m).map(|i| middle(i, i)).sum::<f64>();
            if let Some(nu) = at.freedom {
                let by_nu = 0.5
                    * (digamma(0.5 * (nu + size)) - digamma(0.5 * nu) - size / nu - (distance / nu).ln_1p()
                        + weight * distance / nu);
                gradient[place + 1] += sign * nu * by_nu;
            }
        }
        total
    }
}

impl Composite for Likelihood<'_> {
    fn smooth(&self, x: &[f64], gradient: &mut [f64]) -> f64 {
        let scale = 1.0 / self.clusters.count() as f64;
        let value = -scale * self.evaluate(x, gradient, -1.0);
        gradient.iter_mut().for_each(|g| *g *= scale);
        value
    }

    fn term(&self, x: &[f64]) -> f64 {
        self.penalty * self.weights[1..].iter().zip(&x[1..]).map(|(weight, b)| weight * b.abs()).sum::<f64>()
    }

    fn prox(&self, x: &mut [f64], step: f64) {
        for (b, weight) in x[1..].iter_mut().zip(&self.weights[1..]) {
            let t = step * self.penalty * weight;
            *b = if b.abs() <= t { 0.0 } else { *b - t * b.signum() };
        }
    }
}

/// Fits; `penalty` is λ of a lasso on all fixed effects but the first, relative to the mean over clusters.
///
/// # Errors
/// For parameters outside their ranges and columns that depend on each other.
pub fn fit(clusters: &Clusters, shape: Shape, penalty: f64) -> Result<Fitted, MixedError> {
    let largest = clusters.largest() as f64;
    match shape {
        Shape::Freedom(nu) if !(nu > 0.0 && nu.is_finite()) => {
            return Err(MixedError::Parameter {
                name: "nu",
                value: nu,
                expected: "a positive number".into(),
            });
        }
        Shape::Index(q) if !(q > 1.0 && q < 1.0 + 2.0 / largest) => {
            let expected = format!(
                "a number above 1 and below {:.6}, for clusters of {largest} rows",
                1.0 + 2.0 / largest
            );
            return Err(MixedError::Parameter { name: "q", value: q, expected });
        }
        _ => {}
    }
    if !(penalty >= 0.0 && penalty.is_finite()) {
        return Err(MixedError::Parameter {
            name: "the penalty",
            value: penalty,
            expected: "zero or more".into(),
        });
    }
    let units = Units::of(clusters)?;
    let scaled = units.scaled(clusters);
    let start = start(&scaled, shape)?;
    let likelihood = Likelihood {
        clusters: &scaled,
        shape,
        penalty,
        weights: units.weights(),
        evaluations: std::cell::Cell::new(0),
    };
    let (parameters, residual) = optimum(&likelihood, &start);
    Ok(finished(&likelihood, &units, &parameters, residual))
}

fn optimum(likelihood: &Likelihood, start: &[f64]) -> (Vec<f64>, f64) {
    if likelihood.penalty > 0.0 {
        let options = Options { tolerance: 1e-7, gradients: 20_000, step: 1.0, conjugate: true };
        let found = minimise(likelihood, start, &options);
        return (found.x, found.residual);
    }
    let options =
        LimitedMemory { gradient_tolerance: 1e-8, relative_decrease: 0.0, ..LimitedMemory::default() };
    let objective = |x: &[f64], gradient: &mut [f64]| {
        let value = likelihood.smooth(x, gradient);
        if value.is_finite() { value } else { f64::INFINITY }
    };
    match limited_memory(objective, start, &options) {
        Ok(found) => (found.point, found.gradient_norm),
        Err(_) => (start.to_vec(), f64::INFINITY),
    }
}

/// Least squares for β, the residual variance split in half, ν = 10.
fn start(clusters: &Clusters, shape: Shape) -> Result<Vec<f64>, MixedError> {
    let fixed = clusters.fixed;
    let mut gram = vec![0.0; fixed * fixed];
    let mut right = vec![0.0; fixed];
    let rows = || {
        clusters.clusters.iter().flat_map(|cluster| {
            (0..cluster.y.len()).map(move |i| (&cluster.x[i * fixed..(i + 1) * fixed], cluster.y[i]))
        })
    };
    for (x, y) in rows() {
        for i in 0..fixed {
            right[i] += x[i] * y;
            for j in 0..=i {
                gram[i * fixed + j] += x[i] * x[j];
            }
        }
    }
    // Columns of all scales: a pivot that is rounding of its diagonal.
    let diagonal: Vec<f64> = (0..fixed).map(|i| gram[i * fixed + i]).collect();
    let name = |i: usize| format!("column {} is a combination of those before", i + 1);
    if let Some(i) = diagonal.iter().position(|d| *d <= 0.0) {
        return Err(MixedError::Dependent(name(i)));
    }
    cholesky(&mut gram, fixed).map_err(|i| MixedError::Dependent(name(i)))?;
    if let Some(i) = (0..fixed).find(|i| gram[i * fixed + i].powi(2) <= 1e-12 * diagonal[*i]) {
        return Err(MixedError::Dependent(name(i)));
    }
    solve(&gram, fixed, &mut right);
    let count = rows().count() as f64;
    let squares: f64 =
        rows().map(|(x, y)| (y - x.iter().zip(&right).map(|(x, b)| x * b).sum::<f64>()).powi(2)).sum();
    let half = 0.5 * (0.5 * squares / count).max(1e-300).ln();
    let mut parameters = right;
    parameters.push(half);
    if clusters.random == 2 {
        parameters.extend([0.0, half]);
    }
    parameters.push(half);
    if shape == Shape::Estimated {
        parameters.push(10.0_f64.ln());
    }
    Ok(parameters)
}

/// Where twice the profile log-likelihood of ν is within 3.84 of its maximum, between 0.1 and 10⁴, which then are no limits: some fifty fits.
///
/// # Errors
/// As [`fit`].
pub fn freedom_interval(clusters: &Clusters) -> Result<(f64, f64), MixedError> {
    let best = fit(clusters, Shape::Estimated, 0.0)?;
    let inside = |freedom: f64| -> Result<bool, MixedError> {
        Ok(best.log_likelihood - fit(clusters, Shape::Freedom(freedom), 0.0)?.log_likelihood <= 1.92)
    };
    let edge = |limit: f64| -> Result<f64, MixedError> {
        let (mut within, mut outside) = (best.freedom.clamp(0.1, 1e4).ln(), limit.ln());
        if inside(limit)? {
            return Ok(limit);
        }
        for _ in 0..25 {
            let middle = 0.5 * (within + outside);
            if inside(middle.exp())? {
                within = middle;
            } else {
                outside = middle;
            }
        }
        Ok(within.exp())
    };
    Ok((edge(0.1)?, edge(1e4)?))
}

fn finished(likelihood: &Likelihood, units: &Units, parameters: &[f64], residual: f64) -> Fitted {
    let clusters = likelihood.clusters;
    let at = likelihood.unpack(parameters);
    let l = &at.factor;
    let between = match clusters.random {
        1 => vec![l[0] * l[0]],
        _ => vec![l[0] * l[0], l[0] * l[1], l[1] * l[1] + l[2] * l[2]],
    };
    let g = |a: usize, b: usize| if clusters.random == 1 { between[0] } else { between[a + b] };
    let mut weighed: Vec<(String, f64, Vec<f64>)> = Vec::new();
    for cluster in &clusters.clusters {
        let (weight, effects) = match likelihood.scatter(cluster, &at) {
            Some(Scatter { solved, distance, .. }) => {
                let (m, nu) = (cluster.y.len() as f64, likelihood.freedom(&at, cluster.y.len()));
                // G ZᵀV⁻¹r, which the tails do not change.
                let z = |a: usize| {
                    (0..cluster.y.len()).map(|i| cluster.z[i * clusters.random + a] * solved[i]).sum::<f64>()
                };
                let effects = (0..clusters.random)
                    .map(|a| (0..clusters.random).map(|b| g(a, b) * z(b)).sum())
                    .collect();
                (if nu.is_finite() { (nu + m) / (nu + distance) } else { 1.0 }, effects)
            }
            None => (f64::NAN, vec![f64::NAN; clusters.random]),
        };
        weighed.push((cluster.name.clone(), weight, units.effects(&effects)));
    }
    weighed.sort_by(|a, b| a.1.total_cmp(&b.1));
    // G = (TL)(TL)ᵀ for the change T of units.
    let raw_between = match clusters.random {
        1 => vec![units.variance(between[0])],
        _ => {
            let (first, second) = (units.effects(&[l[0], l[1]]), units.effects(&[0.0, l[2]]));
            let product = |a: usize, b: usize| first[a] * first[b] + second[a] * second[b];
            vec![product(0, 0), product(0, 1), product(1, 1)]
        }
    };
    let mut scratch = vec![0.0; parameters.len()];
    let log_likelihood =
        likelihood.evaluate(parameters, &mut scratch, 1.0) + units.log_likelihood(clusters.rows());
    let freedom = match likelihood.shape {
        Shape::Gaussian => f64::INFINITY,
        Shape::Index(_) => f64::NAN,
        _ => likelihood.freedom(&at, 1),
    };
    Fitted {
        beta: units.coefficients(&at.beta),
        between: raw_between,
        within: units.variance(at.sigma * at.sigma),
        freedom,
        log_likelihood,
        residual,
        effects: weighed.iter().map(|(_, _, effects)| effects.clone()).collect(),
        weights: weighed.into_iter().map(|(name, weight, _)| (name, weight)).collect(),
        evaluations: likelihood.evaluations.get(),
    }
}
