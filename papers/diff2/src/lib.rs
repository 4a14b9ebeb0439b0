//! DIFF2: Differential Private Optimization via Gradient Differences for Nonconvex Distributed Learning (Murata, Suzuki, ICML 2023).
//!
//! # The problem
//!
//! f(x) = (1/P) Σ_p (1/n_p) Σ_i ℓ(x, z_{p,i}) over records on P nodes is to get a small gradient, while nobody who sees all that is sent can tell whether one record
//! was replaced: (ε, δ) differential privacy.
//!
//! # The method
//!
//! Noise must hide one record's share of what is released. A gradient's share is C₁/N whatever the step, a *difference* of two gradients has C₂|x_r − x_{r−1}|/N only.
//! So DIFF2 releases the gradient every T rounds and differences in between ([`mod@train`]), with radii in [`clipping`] and models that give differences without cancellation in
//! [`models`]. [`privacy`] accounts for it exactly, [`schedule`] has the bound that chooses R and T, [`moments`] exact expectations on a quadratic, [`audit`] the best attack, and [`noise`] what must be drawn on a lattice.
//!
//! | symbol | here |
//! |---|---|
//! | R, T | rounds, and from one full gradient to the next: [`schedule::Rounds`] |
//! | C₁, C₂, C₃ | clipping radii of gradients, and of differences over the step's length |
//! | σ₁, σ₂, σ₃ | deviations: z × sensitivity, z a [`privacy::NoiseMultiplier`] |
//! | K, b | local steps and their minibatch: [`plan::Local`] |
//! | N | P min n_p: one record weighs at most 1/N |
//! | μ | the releases are as hard to tell apart as N(0, 1) and N(μ, 1): [`privacy::Mu`] |
//!
//! # An example
//!
//! ```
//! use diff2::models::Logistic;
//! use diff2::noise::Lattice;
//! use diff2::privacy::Mu;
//! use diff2::records::Records;
//! use diff2::schedule::Rounds;
//! use diff2::plan::{Draws, Plan};
//! use diff2::train::train;
//! use ndarray::{Array1, Array2};
//! use rand::SeedableRng;
//!
//! let features = Array2::from_shape_fn((4000, 2), |(i, j)| ((i * (j + 3)) as f64).sin());
//! let labels = Array1::from_shape_fn(4000, |i| if features[[i, 0]] > 0.2 { 1.0 } else { -1.0 });
//! let records = Records::new(features.view(), labels.view(), &[0; 4000])?;
//! let budget = Mu::calibrate(3.0, 1e-5)?;
//! let rounds = Rounds { rounds: 60, restart: 20, share: 0.5 };
//! let plan = Plan::within(budget, rounds, 1.0, (1.0, 0.5))?;
//! let mut random = rand_chacha::ChaCha20Rng::from_os_rng();
//! let draws = Draws::new(rounds.rounds, 1, &mut random);
//! let model = Logistic::new(2);
//! let found = train(&model, &records, &plan, &draws, &[0.0; 2], &mut Lattice::from_system()?, |_| ())?;
//! assert!(found.last[0] > 1.0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The method alone, in another crate: `diff2 = { path = "…", default-features = false }`.

pub mod audit;
#[cfg(feature = "lab")]
pub mod claims;
pub mod clipping;
#[cfg(feature = "lab")]
pub mod experiments;
pub mod models;
pub mod moments;
pub mod noise;
pub mod plan;
pub mod privacy;
pub mod records;
pub mod schedule;
pub mod subsampled;
pub mod train;
