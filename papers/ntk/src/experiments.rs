//! One experiment for each figure of the paper, and for what its theorems say.

pub mod early_stopping;
pub mod fig1;
pub mod fig2;
pub mod fig3;
pub mod positive_definite;
pub mod spectra;

pub use early_stopping::EarlyStopping;
pub use fig1::Figure1;
pub use fig2::Figure2;
pub use fig3::Figure3;
pub use positive_definite::PositiveDefinite;
pub use spectra::Spectra;

use ndarray::Array2;

/// Points of the unit circle at these angles.
fn on_circle(angles: &[f64]) -> Array2<f64> {
    Array2::from_shape_fn((angles.len(), 2), |(i, j)| if j == 0 { angles[i].cos() } else { angles[i].sin() })
}

/// Angles from −π to π in equal steps, the first included.
fn angles(count: usize) -> Vec<f64> {
    use std::f64::consts::PI;
    (0..count).map(|i| -PI + 2.0 * PI * i as f64 / count as f64).collect()
}
