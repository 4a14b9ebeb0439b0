//! Quantum queries: exact optima of small problems, state vectors, and what coherent noise allows.

pub mod amplitudes;
pub mod interrogation;
pub mod optimum;
pub mod truncation;
