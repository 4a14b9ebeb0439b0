//! The densest packings that are known, and bounds from the literature, for comparison.

use std::f64::consts::PI;

/// A packing: its usual name and its density.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Packing {
    /// Conway and Sloane's name.
    pub name: &'static str,
    /// The share of space that its balls cover.
    pub density: f64,
}

/// The densest packing known, by closed form where the name says which; `None` where this crate has none at hand. Optimal in dimensions 1, 2, 3, 8 and 24.
pub fn best_known(dimension: usize) -> Option<Packing> {
    let root_two = 2f64.sqrt();
    let (name, density) = match dimension {
        1 => ("Z", 1.0),
        2 => ("A2", PI / 12f64.sqrt()),
        3 => ("D3", PI / 18f64.sqrt()),
        4 => ("D4", PI.powi(2) / 16.0),
        5 => ("D5", PI.powi(2) / (15.0 * root_two)),
        6 => ("E6", PI.powi(3) / (48.0 * 3f64.sqrt())),
        7 => ("E7", PI.powi(3) / 105.0),
        8 => ("E8", PI.powi(4) / 384.0),
        9 => ("Λ9", 2.0 * PI.powi(4) / (945.0 * root_two)),
        12 => ("K12", PI.powi(6) / 19_440.0),
        16 => ("Λ16", PI.powi(8) / 645_120.0),
        24 => ("Leech", PI.powi(12) / 479_001_600.0),
        _ => return None,
    };
    Some(Packing { name, density })
}

/// Bounds of the literature in one dimension.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Published {
    /// Cohn and Elkies' bound, as tabled.
    pub two_point: f64,
    /// Cohn, de Laat and Salmon's bound: of degree 9 in dimensions 3 to 7, of unknown degree in 12 and 16.
    pub three_point: f64,
}

/// Tabled bounds. They came through summaries of the papers, whose text was not at hand.
pub fn published(dimension: usize) -> Option<Published> {
    let (two_point, three_point) = match dimension {
        3 => (0.779747, 0.770270440),
        4 => (0.647705, 0.636107333),
        5 => (0.524981, 0.512645131),
        6 => (0.417674, 0.410303282),
        7 => (0.327456, 0.321147106),
        12 => (0.083775, 0.079712),
        16 => (0.025194, 0.024995),
        _ => return None,
    };
    Some(Published { two_point, three_point })
}

/// The best published upper bound of the density, from a table kept by H. Cohn, as quoted in the source of a computer algebra system in 2025. In dimension 3, where
/// packings are solved, the three-point bound of degree 9. The paper says that it lowered all from dimension 4 on; by how much is not known here.
pub fn tabled(dimension: usize) -> Option<f64> {
    Some(match dimension {
        3 => 0.770_270_44,
        4 => 0.636_107_332_155_132_9,
        5 => 0.512_645_130_625_302_7,
        6 => 0.410_303_281_880_186_5,
        7 => 0.321_147_106_675_555_9,
        9 => 0.191_120_415_296_896_3,
        10 => 0.143_410_087_108_254_7,
        11 => 0.106_725_293_456_763_1,
        12 => 0.079_711_771_066_898_7,
        13 => 0.060_164_438_098_386_0,
        14 => 0.045_061_221_193_518_1,
        15 => 0.033_756_443_279_789_9,
        16 => 0.024_994_409_384_523_7,
        _ => return None,
    })
}
