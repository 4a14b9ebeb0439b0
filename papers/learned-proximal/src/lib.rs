//! Learned proximal networks (Fang, Buchanan, Sulam, ICLR 2024), made to be run.
//!
//! # The problem
//!
//! Images are reconstructed from measurements with a denoiser in the place of a proximal operator. If the denoiser is a network, of what is it the proximal operator, and what does it say about the images' distribution?
//!
//! # The method
//!
//! A network that is the gradient of an input-convex potential ψ is a proximal operator exactly, whatever its weights ([`network`]); its regulariser R comes with it at outputs, and by inversion anywhere, with bounds on both sides ([`inversion`]). It is trained by gradients of a
//! gradient, worked out by hand, with a loss that for small γ rewards the posterior's mode: proximal matching ([`training`]). Plugged into proximal gradients or ADMM it descends an objective that is known ([`plug_and_play`]).
//!
//! What a loss's best network is can be said exactly ([`prior`]): at every γ it is a posterior mean after a proximal step, and its regulariser a multiple of that of a posterior mean.
//!
//! | symbol | here |
//! |---|---|
//! | ψ, f = ∇ψ, R | potential, network, regulariser |
//! | W_k ≥ 0, H_k | [`map::Map`] of the layer before, and of the input |
//! | β, α | sharpness of softplus, weight of \|y\|²/2 in ψ |
//! | σ, γ, τ | noise of training, width of proximal matching, τ² = σ²γ²/(γ² + 2σ²) |
//! | h, L, η, ρ | data term, its smoothness, step, weight of ADMM |
//! | L_f | largest eigenvalue of f′ |
//!
//! Beside it: total variation and wavelets ([`classical`]), a denoiser without structure ([`residual`]), measurements ([`operator`]).
//!
//! # An example
//!
//! ```
//! use learned_proximal::inversion::invert;
//! use learned_proximal::network::{ProximalNetwork, Start, Work};
//!
//! let mut random = numerics::random::stream(0, &["example"]);
//! let network = ProximalNetwork::dense(2, &[8, 8], true, (10.0, 0.1))?.with_start(Start::Alive, &mut random);
//! let y = [0.3, -1.2];
//! let mut work = Work::default();
//! let pass = network.potential_and_prox(&y, &mut work);
//! let value = network.regulariser_at_output(&y, &pass)[0];
//!
//! let inverse = invert(&network, &pass.prox, 1e-12, 100);
//! assert!((inverse.lower - value).abs() < 1e-12 && (inverse.y[0] - 0.3).abs() < 1e-9);
//! # Ok::<(), learned_proximal::network::NetworkError>(())
//! ```
//!
//! The library alone, in another crate: `learned-proximal = { path = "…", default-features = false }`.

#[cfg(feature = "lab")]
pub mod claims;
pub mod classical;
#[cfg(feature = "lab")]
pub mod experiments;
pub mod inversion;
pub mod map;
pub mod network;
pub mod operator;
pub mod plug_and_play;
pub mod prior;
pub mod residual;
pub mod training;
