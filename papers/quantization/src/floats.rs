//! Floats of files, in single precision.

use half::{bf16, f16};

/// How floats are stored, lowest byte first.
#[derive(Clone, Copy)]
pub(crate) enum Stored {
    Half,
    Brain,
    Single,
    Double,
}

/// The numbers of some bytes; what does not fill one at the end is left out.
pub(crate) fn decoded(stored: Stored, bytes: &[u8]) -> Vec<f32> {
    match stored {
        Stored::Half => {
            bytes.as_chunks::<2>().0.iter().map(|two| f16::from_le_bytes(*two).to_f32()).collect()
        }
        Stored::Brain => {
            bytes.as_chunks::<2>().0.iter().map(|two| bf16::from_le_bytes(*two).to_f32()).collect()
        }
        Stored::Single => bytes.as_chunks::<4>().0.iter().map(|four| f32::from_le_bytes(*four)).collect(),
        Stored::Double => {
            bytes.as_chunks::<8>().0.iter().map(|eight| f64::from_le_bytes(*eight) as f32).collect()
        }
    }
}
