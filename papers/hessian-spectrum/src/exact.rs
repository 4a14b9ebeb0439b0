//! The whole Hessian by responses to pre-activations: N M² flops, an eighth of M products with unit vectors (beyond the paper).
//!
//! W^l_ij moves the loss of an example only through z^l_j, by a^{l−1}_i. So with Γ^m = ∂²ℓ/∂z^m∂z^m (of all that follows), T^{m←l} = ∂z^m/∂z^l and A^{m−1←l} = ∂a^{m−1}/∂z^l, for l ≤ m
//!
//! ```text
//! H[(l; i, j), (m; p, q)] = Σ over examples of a^{l−1}_i ( a^{m−1}_p (Γ^m T^{m←l})_qj + [m > l] A^{m−1←l}_pj δ^m_q )
//! Γ^L = Λ/N,    Γ^{l−1} = σ′ W^l Γ^l W^lᵀ σ′ + diag(σ″ · W^l δ^l)
//! ```
//!
//! with a extended by 1 for the bias. For each unit j of layer l that is one matrix product of a^{l−1}ᵀ with an N × M_m matrix, whose columns come in the order of the parameters. The
//! Gauss–Newton part is the same without the σ″ and δ terms.

use ndarray::linalg::general_mat_mul;
use ndarray::parallel::prelude::*;
use ndarray::{Array1, Array2, Array3, ArrayView2, Axis, s};
use networks::{Loss, Network, softmax};

use crate::point::Point;

/// Examples that go together: the matrix of a unit then stays in the second cache for layers of a few thousand weights.
const BLOCK: usize = 64;

impl Point {
    /// H, M × M, symmetric to the bit. Memory: M² numbers, and min(N, 2048) Σ n_l n_m for the responses.
    pub fn hessian(&self) -> Array2<f64> {
        assemble(self, true)
    }

    /// G, M × M.
    pub fn gauss_newton_matrix(&self) -> Array2<f64> {
        assemble(self, false)
    }

    /// K = Λ^{1/2} J Jᵀ Λ^{1/2}/N, NC × NC, whose eigenvalues other than zero are those of G: the uncentred second moment of the gradients of outputs, seen from the other side.
    ///
    /// Rows are examples, then outputs. Cost: L products of NC × n_l; memory three times (NC)² numbers.
    pub fn output_gram(&self) -> Array2<f64> {
        let network = self.network();
        let pass = network.pass(self.inputs()).expect("shapes were checked");
        let (rows, classes) = pass.outputs().dim();
        let roots = curvature_roots(self.loss(), pass.outputs(), self.targets());
        let mut gram = Array2::<f64>::zeros((rows * classes, rows * classes));
        // δ of example n for the root's column c, in row n C + c.
        let mut stacked: Vec<Array2<f64>> =
            network.widths()[1..].iter().map(|width| Array2::zeros((rows * classes, *width))).collect();
        for c in 0..classes {
            let by_outputs = roots.slice(s![.., .., c]).to_owned();
            for (all, own) in stacked.iter_mut().zip(network.deltas(&pass, by_outputs)) {
                all.slice_mut(s![c..;classes, ..]).assign(&own);
            }
        }
        for (delta, input) in stacked.iter().zip(&pass.inputs) {
            let activations = input.dot(&input.t()) + 1.0;
            let mut products = delta.dot(&delta.t());
            products.axis_iter_mut(Axis(0)).enumerate().for_each(|(row, mut values)| {
                for (mut of_example, a) in
                    values.exact_chunks_mut(classes).into_iter().zip(activations.row(row / classes))
                {
                    of_example *= *a;
                }
            });
            gram += &products;
        }
        gram / rows as f64
    }
}

/// S with S Sᵀ = Λ for each example: N × C × C. For softmax S = diag(√p) − p√pᵀ.
fn curvature_roots(loss: Loss, outputs: ArrayView2<f64>, targets: ArrayView2<f64>) -> Array3<f64> {
    let (rows, classes) = outputs.dim();
    let mut roots = Array3::zeros((rows, classes, classes));
    match loss {
        Loss::Squared => roots.axis_iter_mut(Axis(0)).for_each(|mut root| root.diag_mut().fill(1.0)),
        Loss::CrossEntropy => {
            let shares = softmax(outputs, 1.0);
            for (mut root, p) in roots.axis_iter_mut(Axis(0)).zip(shares.rows()) {
                for ((i, j), entry) in root.indexed_iter_mut() {
                    *entry = f64::from(u8::from(i == j)) * p[i].sqrt() - p[i] * p[j].sqrt();
                }
            }
        }
        Loss::Logistic => {
            for (mut root, (z, y)) in
                roots.axis_iter_mut(Axis(0)).zip(outputs.rows().into_iter().zip(targets.rows()))
            {
                for c in 0..classes {
                    let share = 1.0 / (1.0 + (-y[c] * z[c]).exp());
                    root[(c, c)] = (share * (1.0 - share)).sqrt() * y[c].abs();
                }
            }
        }
    }
    roots
}

/// What one layer hands to the assembly, a matrix for each of its units j: (Γ^m T^{m←l})_·j, N × n_m, and A^{m−1←l}_·j, N × n_{m−1}.
struct Responses {
    curved: Vec<Array2<f64>>,
    inputs: Option<Vec<Array2<f64>>>,
}

/// Examples whose responses are in memory at a time.
const CHUNK: usize = 2_048;

fn assemble(point: &Point, whole: bool) -> Array2<f64> {
    let network = point.network();
    let (widths, layers) = (network.widths(), network.layers());
    let offsets: Vec<usize> =
        (0..=layers).map(|l| widths[..=l].windows(2).map(|pair| (pair[0] + 1) * pair[1]).sum()).collect();
    let mut hessian = Array2::zeros((offsets[layers], offsets[layers]));
    let rows = point.inputs().nrows();
    for start in (0..rows).step_by(CHUNK) {
        add_chunk(point, start..(start + CHUNK).min(rows), whole, &offsets, &mut hessian);
    }
    mirror(&mut hessian, &offsets);
    hessian
}

/// Adds the part of some rows to the blocks on and above the diagonal.
fn add_chunk(
    point: &Point,
    chunk: std::ops::Range<usize>,
    whole: bool,
    offsets: &[usize],
    hessian: &mut Array2<f64>,
) {
    let network = point.network();
    let (widths, layers) = (network.widths(), network.layers());
    let (x, y) =
        (point.inputs().slice_move(s![chunk.clone(), ..]), point.targets().slice_move(s![chunk, ..]));
    let pass = network.pass(x).expect("shapes were checked");
    let rows = pass.outputs().nrows();
    let scale = 1.0 / point.inputs().nrows() as f64;
    let by_outputs = point.loss().by_outputs(pass.outputs(), y) * scale;
    // Products with transposed matrices may come by columns.
    let deltas: Vec<Array2<f64>> = network
        .deltas(&pass, by_outputs)
        .iter()
        .map(|delta| delta.as_standard_layout().into_owned())
        .collect();
    let roots = curvature_roots(point.loss(), pass.outputs(), y);
    let curvatures = curvatures(network, &pass, &deltas, (&roots, scale), whole);
    let extended: Vec<Array2<f64>> = pass.inputs.iter().map(extend).collect();
    for l in 0..layers {
        let (inputs, units) = (widths[l], widths[l + 1]);
        let responses: Vec<Responses> = responses(network, &pass, &curvatures, l);
        let block = hessian.slice_mut(s![offsets[l]..offsets[l + 1], ..]);
        let mut block = block
            .into_shape_with_order((inputs + 1, units, offsets[layers]))
            .expect("rows of a matrix are in one piece");
        block.axis_iter_mut(Axis(1)).into_par_iter().enumerate().for_each(|(j, mut of_unit)| {
            for (m, responses) in (l..layers).zip(&responses) {
                let (before, after) = (widths[m], widths[m + 1]);
                let mut target = of_unit.slice_mut(s![.., offsets[m]..offsets[m + 1]]);
                let mut built = Array2::zeros((BLOCK, (before + 1) * after));
                for start in (0..rows).step_by(BLOCK) {
                    let end = (start + BLOCK).min(rows);
                    let mut built = built.slice_mut(s![..end - start, ..]);
                    for (n, mut row) in (start..end).zip(built.rows_mut()) {
                        let curved = responses.curved[j].row(n);
                        let curved = curved.as_slice().expect("rows are in one piece");
                        let row = row.as_slice_mut().expect("rows are in one piece");
                        for (a, part) in extended[m].row(n).iter().zip(row.chunks_exact_mut(after)) {
                            for (x, c) in part.iter_mut().zip(curved) {
                                *x = a * c;
                            }
                        }
                        if let Some(moved) = responses.inputs.as_ref().filter(|_| whole) {
                            let delta = deltas[m].row(n);
                            let delta = delta.as_slice().expect("rows are in one piece");
                            for (a, part) in moved[j].row(n).iter().zip(row.chunks_exact_mut(after)) {
                                for (x, d) in part.iter_mut().zip(delta) {
                                    *x += a * d;
                                }
                            }
                        }
                    }
                    let from = extended[l].slice(s![start..end, ..]);
                    general_mat_mul(1.0, &from.t(), &built, 1.0, &mut target);
                }
            }
        });
    }
}

/// a with a column of ones.
fn extend(input: &Array2<f64>) -> Array2<f64> {
    let mut extended = Array2::ones((input.nrows(), input.ncols() + 1));
    extended.slice_mut(s![.., ..input.ncols()]).assign(input);
    extended
}

/// The blocks below the diagonal from those above it; blocks on the diagonal, computed whole, by their mean.
fn mirror(hessian: &mut Array2<f64>, offsets: &[usize]) {
    let size = hessian.nrows();
    for bounds in offsets.windows(2) {
        for i in bounds[0]..bounds[1] {
            for j in i + 1..bounds[1] {
                let mean = f64::midpoint(hessian[(i, j)], hessian[(j, i)]);
                (hessian[(i, j)], hessian[(j, i)]) = (mean, mean);
            }
        }
        // Squares of sixty-four, so that neither reads nor writes leave the cache.
        for top in (bounds[0]..bounds[1]).step_by(64) {
            for left in (bounds[1]..size).step_by(64) {
                for i in top..(top + 64).min(bounds[1]) {
                    for j in left..(left + 64).min(size) {
                        hessian[(j, i)] = hessian[(i, j)];
                    }
                }
            }
        }
    }
}

/// Γ^l for l = 1, …, L: N × n_l × n_l.
fn curvatures(
    network: &Network<f64>,
    pass: &networks::Pass<f64>,
    deltas: &[Array2<f64>],
    (roots, scale): (&Array3<f64>, f64),
    whole: bool,
) -> Vec<Array3<f64>> {
    let mut last = roots.clone();
    last.axis_iter_mut(Axis(0)).into_par_iter().zip(roots.axis_iter(Axis(0))).for_each(
        |(mut curvature, root)| {
            curvature.assign(&(root.dot(&root.t()) * scale));
        },
    );
    let mut curvatures = vec![last];
    for l in (1..network.layers()).rev() {
        let (weights, z) = (network.weights(l), &pass.before[l - 1]);
        let width = weights.nrows();
        let slopes = z.mapv(|z| network.activation().derivative(z));
        let bends: Option<Array2<f64>> = (whole && !network.activation().is_piecewise_linear())
            .then(|| deltas[l].dot(&weights.t()) * z.mapv(|z| network.activation().second_derivative(z)));
        let mut curvature = Array3::zeros((z.nrows(), width, width));
        let after = &curvatures[curvatures.len() - 1];
        curvature.axis_iter_mut(Axis(0)).into_par_iter().zip(after.axis_iter(Axis(0))).enumerate().for_each(
            |(n, (mut own, after))| {
                let slope = slopes.row(n);
                let scaled = &weights * &slope.insert_axis(Axis(1));
                own.assign(&scaled.dot(&after).dot(&scaled.t()));
                if let Some(bends) = &bends {
                    own.diag_mut().scaled_add(1.0, &bends.row(n));
                }
            },
        );
        curvatures.push(curvature);
    }
    curvatures.reverse();
    curvatures
}

/// Of layer l (from 0), for m = l, …, L − 1.
fn responses(
    network: &Network<f64>,
    pass: &networks::Pass<f64>,
    curvatures: &[Array3<f64>],
    l: usize,
) -> Vec<Responses> {
    let (rows, units) = pass.before[l].dim();
    let unit = |j: usize| -> Array1<f64> { (0..units).map(|k| f64::from(u8::from(j == k))).collect() };
    // T^{m←l}_·j for each unit j: N × n_m.
    let mut moved: Vec<Array2<f64>> =
        (0..units).map(|j| unit(j).broadcast((rows, units)).expect("a row for all").to_owned()).collect();
    let mut all = Vec::new();
    for (m, curvature) in curvatures.iter().enumerate().skip(l) {
        let inputs = (m > l).then(|| {
            let slopes = pass.before[m - 1].mapv(|z| network.activation().derivative(z));
            let inputs: Vec<Array2<f64>> = moved.par_iter().map(|moved| moved * &slopes).collect();
            moved = inputs.par_iter().map(|input| input.dot(&network.weights(m))).collect();
            inputs
        });
        let curved = moved.par_iter().map(|moved| {
            let mut curved = Array2::zeros(moved.dim());
            for ((mut out, row), curvature) in
                curved.rows_mut().into_iter().zip(moved.rows()).zip(curvature.axis_iter(Axis(0)))
            {
                out.assign(&curvature.dot(&row));
            }
            curved
        });
        all.push(Responses { curved: curved.collect(), inputs });
    }
    all
}
