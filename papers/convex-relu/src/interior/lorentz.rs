//! The second-order cone {(t, z) : |z| ≤ t} with the product and the scaling of Nesterov and Todd (1997).

use ndarray::{Array1, ArrayView1};

/// (t, z).
#[derive(Clone, Debug, PartialEq)]
pub struct Lorentz {
    /// t.
    pub head: f64,
    /// z.
    pub tail: Array1<f64>,
}

impl Lorentz {
    /// t, and zeros.
    pub fn unit(head: f64, dimension: usize) -> Self {
        Self { head, tail: Array1::zeros(dimension) }
    }

    /// t² − |z|², positive inside the cone.
    pub fn determinant(&self) -> f64 {
        let length = self.tail.dot(&self.tail).sqrt();
        (self.head - length) * (self.head + length)
    }

    /// t t′ + z·z′.
    pub fn inner(&self, other: &Self) -> f64 {
        self.head * other.head + self.tail.dot(&other.tail)
    }

    /// The element whose product with this one is (1, 0).
    pub fn inverse(&self) -> Self {
        let determinant = self.determinant();
        Self { head: self.head / determinant, tail: &self.tail / -determinant }
    }

    /// (x·x′, t z′ + t′z).
    pub fn product(&self, other: &Self) -> Self {
        Self { head: self.inner(other), tail: self.head * &other.tail + other.head * &self.tail }
    }

    /// The element whose product with this one is `other`.
    pub fn quotient(&self, other: &Self) -> Self {
        let head = (self.head * other.head - self.tail.dot(&other.tail)) / self.determinant();
        Self { head, tail: (&other.tail - &(&self.tail * head)) / self.head }
    }

    /// The longest step up to 1 that stays in the cone.
    pub fn longest_step(&self, change: &Self) -> f64 {
        let a = change.head * change.head - change.tail.dot(&change.tail);
        let b = self.head * change.head - self.tail.dot(&change.tail);
        let c = self.determinant();
        // c + 2bα + aα² = 0, the smallest positive root.
        let discriminant = b * b - a * c;
        let mut step = 1.0_f64;
        if discriminant >= 0.0 {
            let q = -(b + b.signum() * discriminant.sqrt());
            for root in [q / a, c / q] {
                if root > 0.0 {
                    step = step.min(root);
                }
            }
        }
        if change.head < 0.0 { step.min(-self.head / change.head) } else { step }
    }

    /// Moves along.
    pub fn advance(&mut self, step: f64, change: &Self) {
        self.head += step * change.head;
        self.tail.scaled_add(step, &change.tail);
    }
}

/// W with Ws = W⁻¹x for a primal x and a dual s.
#[derive(Clone, Debug)]
pub struct Scaling {
    eta: f64,
    w: Lorentz,
}

impl Scaling {
    /// Of two interior points.
    pub fn new(x: &Lorentz, s: &Lorentz) -> Self {
        let (root_x, root_s) = (x.determinant().max(1e-300).sqrt(), s.determinant().max(1e-300).sqrt());
        let inner = x.inner(s) / (root_x * root_s);
        let gamma = (0.5 * (1.0 + inner)).sqrt();
        let tail = (&x.tail / root_x - &s.tail / root_s) / (2.0 * gamma);
        // Its determinant is 1 exactly.
        let head = (1.0 + tail.dot(&tail)).sqrt();
        Self { eta: (root_x / root_s).sqrt(), w: Lorentz { head, tail } }
    }

    /// W u.
    pub fn apply(&self, u: &Lorentz) -> Lorentz {
        self.transformed(u, 1.0, self.eta)
    }

    /// W⁻¹u.
    pub fn apply_inverse(&self, u: &Lorentz) -> Lorentz {
        self.transformed(u, -1.0, 1.0 / self.eta)
    }

    fn transformed(&self, u: &Lorentz, side: f64, scale: f64) -> Lorentz {
        let along = self.w.tail.dot(&u.tail);
        let factor = side * u.head + along / (1.0 + self.w.head);
        Lorentz {
            head: scale * (self.w.head * u.head + side * along),
            tail: (&u.tail + &(&self.w.tail * factor)) * scale,
        }
    }

    /// W⁻² is [m₀₀ mᵀ; m M]: gives m₀₀ and the number by which m is a multiple of [`direction`](Self::direction).
    pub fn corner(&self) -> (f64, f64) {
        let scale = 1.0 / (self.eta * self.eta);
        (scale * (2.0 * self.w.head * self.w.head - 1.0), -2.0 * scale * self.w.head)
    }

    /// w̄₁.
    pub fn direction(&self) -> ArrayView1<'_, f64> {
        self.w.tail.view()
    }

    /// M − m mᵀ/m₀₀ = a I − b w̄₁w̄₁ᵀ: gives (a, b).
    pub fn complement(&self) -> (f64, f64) {
        let scale = 1.0 / (self.eta * self.eta);
        (scale, 2.0 * scale / (2.0 * self.w.head * self.w.head - 1.0))
    }

    /// The same as (a(I − b w̄₁w̄₁ᵀ))², which loses no digits: gives (a, b).
    pub fn complement_root(&self) -> (f64, f64) {
        let square = self.w.head * self.w.head;
        // 1 − 1/√(2w² − 1) over |w̄₁|² = w² − 1.
        let root = (2.0 * square - 1.0).sqrt();
        (1.0 / self.eta, 2.0 / (root * (root + 1.0)))
    }
}
