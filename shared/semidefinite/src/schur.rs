//! The linear system of one iteration: assembly by clusters, Cholesky factors, free variables by a second complement.

use ndarray::{Array2, Axis, s};
use rayon::prelude::*;

use super::{Problem, Terms};
use crate::dense::{self, accumulate, solve_transposed, transposed_product, zeros};
use crate::scalar::{Scalar, Sizes};

/// Constraints whose rows one task assembles.
const PANEL: usize = 64;

/// The constraints that are connected through blocks, and which blocks they share.
#[derive(Debug)]
pub(super) struct Cluster {
    /// The constraints, ascending.
    pub constraints: Vec<usize>,
    /// The blocks.
    pub blocks: Vec<usize>,
}

/// The clusters of a problem, and where in its cluster each constraint stands.
#[derive(Debug)]
pub(super) struct Clusters {
    pub clusters: Vec<Cluster>,
    position: Vec<usize>,
}

impl Clusters {
    /// Finds the connected components of the graph in which a block joins its constraints.
    pub fn new<T: Scalar>(problem: &Problem<T>) -> Self {
        let mut parent: Vec<usize> = (0..problem.constraints()).collect();
        fn root(parent: &mut [usize], mut node: usize) -> usize {
            while parent[node] != node {
                parent[node] = parent[parent[node]];
                node = parent[node];
            }
            node
        }
        let first_and_all: Vec<Vec<usize>> = problem
            .blocks
            .iter()
            .map(|block| match &block.terms {
                Terms::RankOne { constraints, .. } => constraints.clone(),
                Terms::Entries(entries) => entries.iter().map(|entry| entry.0).collect(),
            })
            .collect();
        for constraints in &first_and_all {
            for constraint in constraints {
                let (a, b) = (root(&mut parent, constraints[0]), root(&mut parent, *constraint));
                parent[a.max(b)] = a.min(b);
            }
        }
        let mut clusters: Vec<Cluster> = Vec::new();
        let mut cluster_of_root = vec![usize::MAX; parent.len()];
        let mut position = vec![0; parent.len()];
        for (constraint, place) in position.iter_mut().enumerate() {
            let root = root(&mut parent, constraint);
            if cluster_of_root[root] == usize::MAX {
                cluster_of_root[root] = clusters.len();
                clusters.push(Cluster { constraints: Vec::new(), blocks: Vec::new() });
            }
            let cluster = &mut clusters[cluster_of_root[root]];
            *place = cluster.constraints.len();
            cluster.constraints.push(constraint);
        }
        for (block, constraints) in first_and_all.iter().enumerate() {
            if let Some(first) = constraints.first() {
                let root = root(&mut parent, *first);
                clusters[cluster_of_root[root]].blocks.push(block);
            }
        }
        Self { clusters, position }
    }
}

/// The factored system ((S, B), (Bᵀ, 0)).
pub(super) struct Schur<T> {
    /// Per cluster: U with S = Uᵀ U, and U⁻ᵀ B for its rows of B.
    factors: Vec<(Array2<T>, Array2<T>)>,
    /// The factor of Bᵀ S⁻¹ B.
    free: Option<Array2<T>>,
}

impl<T: Scalar> Schur<T> {
    /// Assembles and factors the system for the factors of X and Y and the inverse of X in each block; `None` if it is not
    /// positive definite in this precision.
    pub fn new(
        problem: &Problem<T>,
        clusters: &Clusters,
        factors_x: &[Array2<T>],
        factors_y: &[Array2<T>],
        inverses: &[Array2<T>],
        y: &[Array2<T>],
    ) -> Option<Self> {
        let mut factors = Vec::with_capacity(clusters.clusters.len());
        let free_variables = problem.free_cost.len();
        let mut complement = zeros::<T>(free_variables, free_variables);
        for cluster in &clusters.clusters {
            let mut matrix = zeros::<T>(cluster.constraints.len(), cluster.constraints.len());
            for &number in &cluster.blocks {
                match &problem.blocks[number].terms {
                    Terms::RankOne { vectors, weights, constraints } => {
                        let columns = dense::transposed(vectors);
                        // With the weights in one half, their products are in its Gram matrix.
                        let mut through_x = solve_transposed(&factors_x[number], &columns);
                        for mut row in through_x.rows_mut() {
                            row.iter_mut().zip(weights).for_each(|(entry, weight)| *entry *= *weight);
                        }
                        let through_y = dense::product(&factors_y[number], &columns);
                        let places: Vec<usize> =
                            constraints.iter().map(|constraint| clusters.position[*constraint]).collect();
                        add_rank_one(&mut matrix, &through_x, &through_y, &places);
                    }
                    Terms::Entries(entries) => {
                        add_entries(&mut matrix, entries, &clusters.position, &inverses[number], &y[number])
                    }
                }
            }
            let factor = dense::cholesky(&matrix)?;
            let free = problem.free.select(Axis(0), &cluster.constraints);
            let through = solve_transposed(&factor, &free);
            accumulate(&mut complement, &through, &through, 1.0);
            factors.push((factor, through));
        }
        let free = if free_variables == 0 { None } else { Some(dense::cholesky(&complement)?) };
        Some(Self { factors, free })
    }

    /// The solution of S dx + B dz = `right`, Bᵀ dx = `free_right`.
    pub fn solve(&self, clusters: &Clusters, right: &[T], free_right: &[T]) -> (Vec<T>, Vec<T>) {
        let halves: Vec<Array2<T>> = clusters
            .clusters
            .iter()
            .zip(&self.factors)
            .map(|(cluster, (factor, _))| {
                let part = Array2::from_shape_fn((cluster.constraints.len(), 1), |(i, _)| {
                    right[cluster.constraints[i]]
                });
                solve_transposed(factor, &part)
            })
            .collect();
        let mut dz = Array2::from_shape_fn((free_right.len(), 1), |(i, _)| -free_right[i]);
        if let Some(factor) = &self.free {
            for (half, (_, through)) in halves.iter().zip(&self.factors) {
                accumulate(&mut dz, through, half, 1.0);
            }
            dz = dense::solve(factor, &solve_transposed(factor, &dz));
        }
        let mut dx = vec![T::zero(); right.len()];
        for ((cluster, (factor, through)), mut half) in
            clusters.clusters.iter().zip(&self.factors).zip(halves)
        {
            if self.free.is_some() {
                half = half - dense::product(through, &dz);
            }
            let part = dense::solve(factor, &half);
            for (constraint, value) in cluster.constraints.iter().zip(&part) {
                dx[*constraint] = *value;
            }
        }
        (dx, dz.iter().copied().collect())
    }
}

/// Adds w_s w_t (v_sᵀ X⁻¹ v_t)(v_sᵀ Y v_t) to the upper triangle at the places of the terms s and t, given the two
/// halves whose Gram matrices the brackets are, the first with its columns times w.
fn add_rank_one<T: Scalar>(
    matrix: &mut Array2<T>,
    through_x: &Array2<T>,
    through_y: &Array2<T>,
    places: &[usize],
) {
    let size = matrix.nrows();
    let terms = places.len();
    matrix.axis_chunks_iter_mut(Axis(0), PANEL).into_par_iter().enumerate().for_each(|(panel, mut rows)| {
        let first_row = panel * PANEL;
        let start = places.partition_point(|place| *place < first_row);
        let end = places.partition_point(|place| *place < (first_row + PANEL).min(size));
        if start == end {
            return;
        }
        let gram = |half: &Array2<T>| {
            let left = half.slice(s![.., start..end]).as_standard_layout().into_owned();
            let right = half.slice(s![.., start..]).as_standard_layout().into_owned();
            let mut gram = zeros::<T>(end - start, terms - start);
            let sizes = Sizes { depth: half.nrows(), rows: end - start, columns: terms - start };
            let (left, right) =
                (left.as_slice().expect("standard layout"), right.as_slice().expect("standard layout"));
            T::accumulate(gram.as_slice_mut().expect("standard layout"), left, right, sizes, 1.0);
            gram
        };
        let (gram_x, gram_y) = (gram(through_x), gram(through_y));
        for s in start..end {
            let mut row = rows.row_mut(places[s] - first_row);
            for t in start..terms {
                if places[t] >= places[s] {
                    row[places[t]] += gram_x[[s - start, t - start]] * gram_y[[s - start, t - start]];
                }
            }
        }
    });
}

/// The same for constraints given by entries: ⟨A_s, X⁻¹ A_t Y⟩. Where the constraints have few entries, as in problems of graphs, every pair of entries is a product of two numbers;
/// otherwise X⁻¹ A_t Y is formed for every t (Fujisawa, Kojima and Nakata 1997).
fn add_entries<T: Scalar>(
    matrix: &mut Array2<T>,
    entries: &[(usize, usize, usize, T)],
    position: &[usize],
    inverse: &Array2<T>,
    y: &Array2<T>,
) {
    /// The nonzero places of A, on both sides of its diagonal, and their values.
    struct Constraint<T> {
        place: usize,
        entries: Vec<(usize, usize, T)>,
    }
    let constraints: Vec<Constraint<T>> = entries
        .chunk_by(|a, b| a.0 == b.0)
        .map(|group| {
            let both = |&(_, row, column, value): &(usize, usize, usize, T)| {
                let other = (row != column).then_some((column, row, value));
                std::iter::once((row, column, value)).chain(other)
            };
            Constraint { place: position[group[0].0], entries: group.iter().flat_map(both).collect() }
        })
        .collect();
    let mut up_to = 0;
    let entries_up_to: Vec<usize> = constraints
        .iter()
        .map(|constraint| {
            up_to += constraint.entries.len();
            up_to
        })
        .collect();
    let columns: Vec<Vec<T>> = constraints
        .par_iter()
        .zip(entries_up_to)
        .enumerate()
        .map(|(t, (constraint, up_to))| {
            let mut sums = vec![T::zero(); t + 1];
            // Two multiplications for each pair of entries, one for each of an image.
            if 2 * up_to <= y.len() {
                for (sum, other) in sums.iter_mut().zip(&constraints) {
                    for &(i, j, value) in &other.entries {
                        let mut image = T::zero();
                        for &(p, q, value) in &constraint.entries {
                            image += value * (inverse[[i, p]] * y[[q, j]]);
                        }
                        *sum += value * image;
                    }
                }
                return sums;
            }
            let mut image = zeros::<T>(y.nrows(), y.ncols());
            for &(p, q, value) in &constraint.entries {
                for i in 0..y.nrows() {
                    let factor = value * inverse[[i, p]];
                    for j in 0..y.ncols() {
                        image[[i, j]] += factor * y[[q, j]];
                    }
                }
            }
            for (sum, other) in sums.iter_mut().zip(&constraints) {
                for &(i, j, value) in &other.entries {
                    *sum += value * image[[i, j]];
                }
            }
            sums
        })
        .collect();
    for (constraint, sums) in constraints.iter().zip(columns) {
        for (other, sum) in constraints.iter().zip(sums) {
            matrix[[other.place, constraint.place]] += sum;
        }
    }
}

/// ⟨A_i, M⟩ over all blocks, for symmetric M.
pub(super) fn products<T: Scalar>(problem: &Problem<T>, matrices: &[Array2<T>]) -> Vec<T> {
    let mut sums = vec![T::zero(); problem.constraints()];
    for (block, matrix) in problem.blocks.iter().zip(matrices) {
        block.add_products(&mut sums, matrix, 1.0);
    }
    sums
}

/// Bᵀ x.
pub(super) fn free_products<T: Scalar>(problem: &Problem<T>, x: &[T]) -> Vec<T> {
    let column = Array2::from_shape_fn((x.len(), 1), |(i, _)| x[i]);
    transposed_product(&problem.free, &column).iter().copied().collect()
}

/// B z.
pub(super) fn free_combination<T: Scalar>(problem: &Problem<T>, z: &[T]) -> Vec<T> {
    problem
        .free
        .rows()
        .into_iter()
        .map(|row| {
            let mut sum = T::zero();
            for (a, b) in row.iter().zip(z) {
                sum += *a * *b;
            }
            sum
        })
        .collect()
}
