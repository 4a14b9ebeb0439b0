//! Sums of operators of low rank about a known zero: F_i(z) = Σ_r ⟨right_ir, z − z*⟩ left_ir.

use ndarray::Array2;
use numerics::symmetric::eigen;

use crate::operator::FiniteSum;

/// n parts of the same rank; F is affine with the zero z*.
#[derive(Clone, Debug)]
pub struct LowRankSum {
    zero: Vec<f64>,
    rank: usize,
    /// For part i and term r: left then right, each of length d.
    terms: Vec<f64>,
    average_constant: f64,
    constant: f64,
}

impl LowRankSum {
    /// F_i(z) = ⟨a_i, z − z*⟩ a_i: cocoercive, with L = max |a_i|² on average. One row of `vectors` is a_i.
    ///
    /// # Panics
    /// If the columns of `vectors` are not as many as `zero` is long, or there is no row.
    pub fn projections(vectors: &Array2<f64>, zero: Vec<f64>) -> Self {
        let average = vectors.rows().into_iter().map(|a| a.dot(&a)).fold(0.0, f64::max);
        let terms = vectors.rows().into_iter().flat_map(|a| [a.to_vec(), a.to_vec()].concat()).collect();
        Self::new(zero, 1, terms, average)
    }

    /// F_i(x, y) = (⟨q_i, y − y*⟩ p_i, −⟨p_i, x − x*⟩ q_i): monotone, not cocoercive. L² is the largest of the eigenvalues of the means of |p_i|² q_i q_iᵀ and |q_i|² p_i p_iᵀ.
    ///
    /// # Panics
    /// If the numbers of rows differ or the columns do not add up to the length of `zero`.
    pub fn bilinear(p: &Array2<f64>, q: &Array2<f64>, zero: Vec<f64>) -> Self {
        assert_eq!(p.nrows(), q.nrows(), "p and q differ in rows");
        let (left, right) = (p.ncols(), q.ncols());
        let average = |of: &Array2<f64>, by: &Array2<f64>| {
            let mut scaled = of.clone();
            for (mut row, other) in scaled.rows_mut().into_iter().zip(by.rows()) {
                row *= other.dot(&other).sqrt();
            }
            largest(&(scaled.t().dot(&scaled) / of.nrows() as f64))
        };
        let constant = average(p, q).max(average(q, p)).sqrt();
        let mut terms = Vec::new();
        for (p, q) in p.rows().into_iter().zip(q.rows()) {
            let (above, below) =
                ([p.to_vec(), vec![0.0; right]].concat(), [vec![0.0; left], q.to_vec()].concat());
            let negative = below.iter().map(|x| -x).collect();
            terms.extend([above.clone(), below, negative, above].concat());
        }
        Self::new(zero, 2, terms, constant)
    }

    fn new(zero: Vec<f64>, rank: usize, terms: Vec<f64>, average_constant: f64) -> Self {
        let d = zero.len();
        assert!(
            !terms.is_empty() && terms.len().is_multiple_of(2 * rank * d),
            "the parts do not have the zero's dimension"
        );
        let mut sum = Self { zero, rank, terms, average_constant, constant: 0.0 };
        let mut matrix = Array2::zeros((d, d));
        let (mut point, mut image) = (sum.zero.clone(), vec![0.0; d]);
        for k in 0..d {
            point[k] += 1.0;
            sum.full(&point, &mut image);
            matrix.column_mut(k).assign(&ndarray::aview1(&image));
            point[k] = sum.zero[k];
        }
        sum.constant = largest(&matrix.t().dot(&matrix)).sqrt();
        sum
    }

    /// z*.
    pub fn zero(&self) -> &[f64] {
        &self.zero
    }
}

fn largest(symmetric: &Array2<f64>) -> f64 {
    eigen(symmetric.view()).map_or(f64::NAN, |(values, _)| values.into_iter().fold(0.0, f64::max))
}

impl FiniteSum for LowRankSum {
    fn dimension(&self) -> usize {
        self.zero.len()
    }

    fn components(&self) -> usize {
        self.terms.len() / (2 * self.rank * self.zero.len())
    }

    fn full(&self, point: &[f64], out: &mut [f64]) {
        out.fill(0.0);
        let scale = 1.0 / self.components() as f64;
        for term in self.terms.chunks_exact(2 * self.zero.len()) {
            add_term(term, point, &self.zero, scale, out);
        }
    }

    fn add_difference(&self, part: usize, u: &[f64], v: &[f64], scale: f64, out: &mut [f64]) {
        let length = 2 * self.zero.len();
        let terms = &self.terms[part * self.rank * length..(part + 1) * self.rank * length];
        for term in terms.chunks_exact(length) {
            add_term(term, u, v, scale, out);
        }
    }

    fn average_constant(&self) -> f64 {
        self.average_constant
    }

    fn constant(&self) -> f64 {
        self.constant
    }
}

/// out += scale ⟨right, u − v⟩ left.
fn add_term(term: &[f64], u: &[f64], v: &[f64], scale: f64, out: &mut [f64]) {
    let (left, right) = term.split_at(u.len());
    // Four sums, which do not wait for one another.
    let mut sums = [0.0; 4];
    let (rights, us, vs) = (right.chunks_exact(4), u.chunks_exact(4), v.chunks_exact(4));
    let mut product: f64 = rights
        .remainder()
        .iter()
        .zip(us.remainder())
        .zip(vs.remainder())
        .map(|((r, u), v)| r * (u - v))
        .sum();
    for ((r, u), v) in rights.zip(us).zip(vs) {
        for k in 0..4 {
            sums[k] += r[k] * (u[k] - v[k]);
        }
    }
    product += (sums[0] + sums[1]) + (sums[2] + sums[3]);
    let factor = scale * product;
    for (o, l) in out.iter_mut().zip(left) {
        *o += factor * l;
    }
}
