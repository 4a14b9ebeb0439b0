//! The best probability of any algorithm with k quantum queries, as a semidefinite programme (Barnum, Saks, Szegedy 2003).
//!
//! For inputs a, b a query with an answer phase multiplies the Gram matrix of the algorithm's states with E[a, b] = χ(a)χ(b) entry by entry. With a positive matrix for
//! every query and time, Σ M₀ = J, Σ M_{t+1} = Σ E∘M_t, and at the end Σ Γ = Σ E∘M_{k−1}: the mean payoff of Γ is maximised. Phases per label are ±1 here; complex ones could only raise
//! an optimum. Every answer comes with a bound that is checked from the dual variables alone.

use ndarray::Array2;
use numerics::symmetric::eigenvalues;
use semidefinite::{Block, Iterate, Problem, Settings, Terms, minimise};

/// What is asked about an unknown input.
#[derive(Clone, Debug)]
pub struct QueryProblem {
    /// How many inputs there are, all equally likely.
    pub inputs: usize,
    /// E of every query with its phase; the query that asks nothing is one of them.
    pub queries: Vec<Array2<f64>>,
    /// Payoff of an answer (row) for an input (column).
    pub payoff: Array2<f64>,
}

/// An optimum between two bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Certified {
    /// What the solver's algorithm attains, up to its infeasibility.
    pub attained: f64,
    /// What no algorithm exceeds: dual objective plus what its infeasibility can be worth.
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

fn outer(signs: &[f64]) -> Array2<f64> {
    Array2::from_shape_fn((signs.len(), signs.len()), |(a, b)| signs[a] * signs[b])
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
        let ask =
            |item: usize| outer(&(0..items).map(|a| if a == item { -1.0 } else { 1.0 }).collect::<Vec<_>>());
        let mut queries = vec![Array2::ones((items, items))];
        queries.extend((0..items).map(ask));
        Self { inputs: items, queries, payoff: Array2::eye(items) }
    }

    /// A unit vector near n hidden signs over √n, by asking for one.
    pub fn signs(count: usize) -> Self {
        let inputs = words(2, count);
        let sign = |bit: usize| if bit == 0 { 1.0 } else { -1.0 };
        let mut queries = vec![Array2::ones((inputs.len(), inputs.len()))];
        queries.extend((0..count).map(|l| outer(&inputs.iter().map(|s| sign(s[l])).collect::<Vec<_>>())));
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
            match answers {
                Answers::Blank => {
                    queries.push(Array2::from_shape_fn((secrets.len(), secrets.len()), |(a, b)| {
                        if given[a] == given[b] { 1.0 } else { 0.0 }
                    }))
                }
                Answers::Phases => {
                    let mut labels = given.clone();
                    labels.sort_unstable();
                    labels.dedup();
                    // A common sign of all labels changes nothing.
                    for pattern in 0..1_usize << (labels.len() - 1) {
                        let sign = |label: &(usize, usize)| {
                            let place = labels.iter().position(|known| known == label).unwrap_or(0);
                            if pattern >> place & 1 == 1 { -1.0 } else { 1.0 }
                        };
                        queries.push(outer(&given.iter().map(sign).collect::<Vec<_>>()));
                    }
                }
            }
        }
        Self { inputs: secrets.len(), queries, payoff: Array2::eye(secrets.len()) }
    }

    /// Matrix variables times constraints of the programme for k queries, which its time grows with.
    pub fn size(&self, queries: usize) -> (usize, usize) {
        let blocks = queries * self.queries.len() + self.payoff.nrows();
        (blocks, (queries + 1) * self.inputs * (self.inputs + 1) / 2)
    }

    /// The optimum of k ≥ 1 queries, with bounds from both sides.
    ///
    /// # Errors
    /// If the solver does not take the programme.
    pub fn optimum(&self, queries: usize) -> Result<Certified, semidefinite::Error> {
        let (s, kinds) = (self.inputs, self.queries.len());
        let triangle = s * (s + 1) / 2;
        let place = |a: usize, b: usize| a * s - a * (a + 1) / 2 + b;
        let pairs: Vec<(usize, usize)> = (0..s).flat_map(|a| (a..s).map(move |b| (a, b))).collect();
        // ⟨A, Y⟩ = Y[a, b] for the symmetric A with these entries.
        let unit = |a: usize, b: usize| if a == b { 1.0 } else { 0.5 };
        let mut blocks = Vec::new();
        for time in 0..queries {
            for query in &self.queries {
                let mut entries: Vec<(usize, usize, usize, f64)> = pairs
                    .iter()
                    .map(|(a, b)| (time * triangle + place(*a, *b), *a, *b, unit(*a, *b)))
                    .collect();
                let moved = pairs.iter().map(|(a, b)| {
                    ((time + 1) * triangle + place(*a, *b), *a, *b, -query[[*a, *b]] * unit(*a, *b))
                });
                entries.extend(moved.filter(|entry| entry.3 != 0.0));
                blocks.push(Block { cost: Array2::zeros((s, s)), terms: Terms::Entries(entries) });
            }
        }
        for answer in self.payoff.rows() {
            let entries =
                pairs.iter().map(|(a, b)| (queries * triangle + place(*a, *b), *a, *b, unit(*a, *b)));
            let cost = Array2::from_diag(&answer.mapv(|payoff| -payoff / s as f64));
            blocks.push(Block { cost, terms: Terms::Entries(entries.collect()) });
        }
        let mut right_hand_side = vec![0.0; (queries + 1) * triangle];
        right_hand_side[..triangle].fill(1.0);
        let problem = Problem {
            right_hand_side,
            blocks,
            free: Array2::zeros(((queries + 1) * triangle, 0)),
            free_cost: Vec::new(),
            constant: 0.0,
        };
        let settings = Settings { gap: 1e-8, infeasibility: 1e-8, iterations: 200, start: 10.0 };
        let solution =
            minimise(&problem, Iterate::start(&problem, settings.start), &settings, &mut |_, _| true)?;
        let dual: f64 = problem.right_hand_side.iter().zip(&solution.iterate.x).map(|(b, x)| b * x).sum();
        // A slack that is not quite positive is worth its least eigenvalue times the trace, which is s at every time.
        let mut missing = vec![0.0_f64; queries + 1];
        for (index, block) in problem.blocks.iter().enumerate() {
            let mut slack = block.cost.clone();
            if let Terms::Entries(entries) = &block.terms {
                for (constraint, a, b, value) in entries {
                    slack[[*a, *b]] -= solution.iterate.x[*constraint] * value;
                    if a != b {
                        slack[[*b, *a]] -= solution.iterate.x[*constraint] * value;
                    }
                }
            }
            let least = eigenvalues(slack.view()).map_or(f64::NEG_INFINITY, |values| values[0]);
            let time = (index / kinds).min(queries);
            missing[time] = missing[time].max(-least);
        }
        let bound = -dual + missing.iter().sum::<f64>() * s as f64;
        Ok(Certified { attained: -solution.primal, bound })
    }
}
