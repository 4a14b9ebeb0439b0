//! The best probability of any algorithm with k quantum queries, as a semidefinite programme (Barnum, Saks, Szegedy 2003).
//!
//! For inputs a, b a query with an answer phase multiplies the Gram matrix of the algorithm's states with E[a, b] = χ(a)χ(b) entry by entry. With a positive matrix for
//! every query and time, Σ M₀ = J, Σ M_{t+1} = Σ E∘M_t, and at the end Σ Γ = Σ E∘M_{k−1}: the mean payoff of Γ is maximised. Phases per label are ±1 here; complex ones could only raise
//! an optimum, so that values below one are those of this model. Every answer comes with a bound that is checked from the dual variables alone.

use ndarray::Array2;
use numerics::symmetric::eigenvalues;
use semidefinite::{Block, Iterate, Problem, Settings, Terms, minimise};

/// What is asked about an unknown input.
#[derive(Clone, Debug)]
pub struct QueryProblem {
    /// How many inputs there are, all equally likely.
    pub inputs: usize,
    /// Every query as diagonals Dₗ, which take a Gram matrix M to Σ DₗMDₗ: one diagonal of phases, or one indicator for each answer of a blank register. The query that asks
    /// nothing is one of them.
    pub queries: Vec<Vec<Vec<f64>>>,
    /// Payoff of an answer (row) for an input (column).
    pub payoff: Array2<f64>,
}

/// The programme's two values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Certified {
    /// The primal value, up to the solver's infeasibility of 10⁻⁹.
    pub attained: f64,
    /// What no algorithm of the model exceeds: the dual objective plus what its infeasibility can be worth, up to the rounding of eigenvalues.
    pub bound: f64,
}

/// Ways a query's answer is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answers {
    /// A register that the answer is added to, in any superposition: every sign per label.
    Phases,
    /// A register that is blank whenever it is written to.
    Blank,
}

/// Diagonals times columns.
fn scaled(diagonal: &[f64], columns: &Array2<f64>) -> Array2<f64> {
    let mut product = columns.clone();
    product.outer_iter_mut().zip(diagonal).for_each(|(mut row, factor)| row *= *factor);
    product
}

/// An orthonormal basis of the span of columns, in columns.
fn basis(inputs: usize, columns: impl Iterator<Item = Vec<f64>>) -> Array2<f64> {
    let mut found: Vec<Vec<f64>> = Vec::new();
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    for mut column in columns {
        let before = dot(&column, &column).sqrt();
        for _ in 0..2 {
            for known in &found {
                let along = dot(known, &column);
                column.iter_mut().zip(known).for_each(|(c, k)| *c -= along * k);
            }
        }
        let after = dot(&column, &column).sqrt();
        if after > 1e-9 * before {
            column.iter_mut().for_each(|c| *c /= after);
            found.push(column);
        }
        if found.len() == inputs {
            break;
        }
    }
    Array2::from_shape_fn((inputs, found.len()), |(row, column)| found[column][row])
}

/// All secrets of a length, as letters.
fn words(letters: usize, length: usize) -> Vec<Vec<usize>> {
    (0..letters.pow(length as u32))
        .map(|mut code| {
            (0..length)
                .map(|_| {
                    let letter = code % letters;
                    code /= letters;
                    letter
                })
                .collect()
        })
        .collect()
}

impl QueryProblem {
    /// Which of N items is marked, by asking whether one is.
    pub fn search(items: usize) -> Self {
        let ask = |item: usize| (0..items).map(|a| if a == item { -1.0 } else { 1.0 }).collect::<Vec<_>>();
        let mut queries = vec![vec![vec![1.0; items]]];
        queries.extend((0..items).map(|item| vec![ask(item)]));
        Self { inputs: items, queries, payoff: Array2::eye(items) }
    }

    /// A unit vector near n hidden signs over √n, by asking for one.
    pub fn signs(count: usize) -> Self {
        let inputs = words(2, count);
        let sign = |bit: usize| if bit == 0 { 1.0 } else { -1.0 };
        let mut queries = vec![vec![vec![1.0; inputs.len()]]];
        queries.extend((0..count).map(|l| vec![inputs.iter().map(|s| sign(s[l])).collect::<Vec<_>>()]));
        let payoff = Array2::from_shape_fn((inputs.len(), inputs.len()), |(z, a)| {
            (0..count).map(|l| sign(inputs[z][l]) * sign(inputs[a][l])).sum::<f64>() / count as f64
        });
        Self { inputs: inputs.len(), queries, payoff }
    }

    /// The whole secret of a hidden chain.
    pub fn chain(letters: usize, length: usize, answers: Answers) -> Self {
        let secrets = words(letters, length);
        let mut queries = Vec::new();
        for guess in words(letters, length - 1) {
            let answer = |secret: &Vec<usize>| {
                let right = guess.iter().zip(secret).take_while(|(guess, letter)| guess == letter).count();
                (right, secret[right])
            };
            let given: Vec<(usize, usize)> = secrets.iter().map(answer).collect();
            let mut labels = given.clone();
            labels.sort_unstable();
            labels.dedup();
            match answers {
                Answers::Blank => {
                    if queries.is_empty() {
                        queries.push(vec![vec![1.0; secrets.len()]]);
                    }
                    let indicator = |label: &(usize, usize)| {
                        given.iter().map(|g| f64::from(u8::from(g == label))).collect()
                    };
                    queries.push(labels.iter().map(indicator).collect());
                }
                // A common sign of all labels changes nothing.
                Answers::Phases => queries.extend((0..1_usize << (labels.len() - 1)).map(|pattern| {
                    let sign = |label: &(usize, usize)| {
                        let place = labels.iter().position(|known| known == label).unwrap_or(0);
                        if pattern >> place & 1 == 1 { -1.0 } else { 1.0 }
                    };
                    vec![given.iter().map(sign).collect()]
                })),
            }
        }
        Self { inputs: secrets.len(), queries, payoff: Array2::eye(secrets.len()) }
    }

    /// Matrix variables times constraints of the programme for k queries, which its time grows with.
    pub fn size(&self, queries: usize) -> (usize, usize) {
        let blocks = queries * self.queries.len() + self.payoff.nrows();
        (blocks, 1 + queries * self.inputs * (self.inputs + 1) / 2)
    }

    /// Bases of what states can reach after 1 … k queries, beginning with the vector of ones.
    fn reachable(&self, queries: usize) -> Vec<Array2<f64>> {
        let mut bases = vec![Array2::ones((self.inputs, 1))];
        for time in 0..queries {
            let moved = self.queries.iter().flatten().flat_map(|diagonal| {
                let columns = scaled(diagonal, &bases[time]);
                columns.columns().into_iter().map(|column| column.to_vec()).collect::<Vec<_>>()
            });
            bases.push(basis(self.inputs, moved));
        }
        bases
    }

    /// The optimum of k ≥ 1 queries, with bounds from both sides.
    ///
    /// Before the first query the algorithm knows nothing: Σ M₀ = J has rank one, so that M₀ of a query is its weight times J, a number here. Later matrices are taken in a basis of
    /// what can be reached; otherwise the programme would have no interior.
    ///
    /// # Errors
    /// If the solver does not take the programme.
    pub fn optimum(&self, queries: usize) -> Result<Certified, semidefinite::Error> {
        let (s, kinds) = (self.inputs, self.queries.len());
        let bases = self.reachable(queries);
        let order = |time: usize| bases[time].ncols();
        let pairs = |time: usize| (0..order(time)).flat_map(move |p| (0..=p).map(move |q| (q, p)));
        // Constraint 0: weights sum to one. Then an equation of matrices after every query.
        let mut starts = vec![0, 1];
        (1..=queries).for_each(|time| starts.push(starts[time] + order(time) * (order(time) + 1) / 2));
        let row = |time: usize, (q, p): (usize, usize)| starts[time] + p * (p + 1) / 2 + q;
        // ⟨A, Y⟩ = Y[q, p] for the symmetric A with these entries.
        let unit = |(q, p): (usize, usize)| if q == p { 1.0 } else { 0.5 };
        let own = |time: usize| pairs(time).map(move |pair| (row(time, pair), pair.0, pair.1, unit(pair)));
        let mut blocks = Vec::new();
        for time in 0..queries {
            for query in &self.queries {
                let mut entries: Vec<(usize, usize, usize, f64)> =
                    if time == 0 { vec![(0, 0, 0, 1.0)] } else { own(time).collect() };
                // G takes a state's coordinates to those after the query: rows of Bᵀ D B.
                let moves: Vec<Array2<f64>> = query
                    .iter()
                    .map(|diagonal| bases[time + 1].t().dot(&scaled(diagonal, &bases[time])))
                    .collect();
                for (q, p) in pairs(time + 1) {
                    for b in 0..order(time) {
                        for a in 0..=b {
                            let product =
                                |g: &Array2<f64>| 0.5 * (g[[q, a]] * g[[p, b]] + g[[p, a]] * g[[q, b]]);
                            let value: f64 = moves.iter().map(product).sum();
                            if value.abs() > 1e-14 {
                                entries.push((row(time + 1, (q, p)), a, b, -value));
                            }
                        }
                    }
                }
                let cost = Array2::zeros((order(time), order(time)));
                blocks.push(Block { cost, terms: Terms::Entries(entries) });
            }
        }
        let last = &bases[queries];
        for answer in self.payoff.rows() {
            let cost = last.t().dot(&scaled(&answer.mapv(|payoff| -payoff / s as f64).to_vec(), last));
            blocks.push(Block { cost, terms: Terms::Entries(own(queries).collect()) });
        }
        let constraints = starts[queries + 1];
        let mut right_hand_side = vec![0.0; constraints];
        right_hand_side[0] = 1.0;
        let problem = Problem {
            right_hand_side,
            blocks,
            free: Array2::zeros((constraints, 0)),
            free_cost: Vec::new(),
            constant: 0.0,
        };
        let settings = Settings { gap: 1e-9, infeasibility: 1e-9, iterations: 200, start: 10.0 };
        let solution =
            minimise(&problem, Iterate::start(&problem, settings.start), &settings, &mut |_, _| true)?;
        // A slack that is not quite positive is worth its least eigenvalue times the trace of what it multiplies: 1 for weights, s later.
        let mut missing = vec![0.0_f64; queries + 1];
        for (index, block) in problem.blocks.iter().enumerate() {
            let mut slack = block.cost.clone();
            if let Terms::Entries(entries) = &block.terms {
                for (constraint, a, b, value) in entries {
                    let moved = solution.iterate.x[*constraint] * value;
                    slack[[*a, *b]] -= moved;
                    if a != b {
                        slack[[*b, *a]] -= moved;
                    }
                }
            }
            let least = eigenvalues(slack.view()).map_or(f64::NEG_INFINITY, |values| values[0]);
            let time = (index / kinds).min(queries);
            missing[time] = missing[time].max(-least);
        }
        let traces = (0..=queries).map(|time| if time == 0 { 1.0 } else { s as f64 });
        let lost: f64 = missing.iter().zip(traces).map(|(missing, trace)| missing * trace).sum();
        Ok(Certified { attained: -solution.primal, bound: -solution.iterate.x[0] + lost })
    }
}
