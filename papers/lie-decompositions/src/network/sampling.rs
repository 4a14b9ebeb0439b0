//! Which group elements a network's features live on.

use std::f64::consts::PI;

use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::haar::{Ball, Law, Points, draw};
use crate::polar::Polar2;

/// A subgroup with a law of its samples.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sampling {
    /// SL(2): Haar measure on t ≤ radius, by Sobol's points with a random shift.
    Special {
        /// T.
        radius: f64,
    },
    /// GL⁺(2): the same times |s| ≤ scale.
    General {
        /// T.
        radius: f64,
        /// B.
        scale: f64,
    },
    /// The authors' log-normal law for SL(2) with equidistant rotations.
    LogNormal {
        /// Variance of log g gᵀ.
        variance: f64,
    },
    /// Rotations, equidistant.
    Rotations,
    /// Scales e^s with |s| up to this.
    Scales {
        /// B.
        scale: f64,
    },
    /// The identity alone: an ordinary convolutional network.
    Identity,
}

impl Sampling {
    /// Draws elements, none for bounds that [`check`](Self::check) refuses. Rotations of a set begin at a random angle.
    pub fn draw(&self, count: usize, random: &mut impl Rng) -> Vec<Polar2> {
        let turned = |k: usize, start: f64| {
            let angle = start + 2.0 * PI * k as f64 / count as f64;
            angle - 2.0 * PI * ((angle + PI) / (2.0 * PI)).floor()
        };
        let from_law = |law: Law, points: Points, random: &mut _| -> Vec<Polar2> {
            draw(law, points, count, random).map(|samples| samples.elements).unwrap_or_default()
        };
        match *self {
            Self::Special { radius } => {
                from_law(Law::Haar(Ball { radius, log_scale: 0.0 }), Points::Sobol, random)
            }
            Self::General { radius, scale } => {
                from_law(Law::Haar(Ball { radius, log_scale: scale }), Points::Sobol, random)
            }
            Self::LogNormal { variance } => {
                let start = random.random_range(-PI..PI);
                let mut elements =
                    from_law(Law::LogNormal { variance, scale: false }, Points::Random, random);
                elements.iter_mut().enumerate().for_each(|(k, element)| element.angle = turned(k, start));
                elements
            }
            Self::Rotations => {
                let start = random.random_range(-PI..PI);
                (0..count).map(|k| Polar2 { angle: turned(k, start), ..Polar2::IDENTITY }).collect()
            }
            Self::Scales { scale } => (0..count)
                .map(|_| Polar2 { scale: random.random_range(-scale..=scale), ..Polar2::IDENTITY })
                .collect(),
            Self::Identity => vec![Polar2::IDENTITY],
        }
    }

    /// That its bounds are bounds.
    ///
    /// # Errors
    /// What is wrong, in a line.
    pub fn check(&self) -> Result<(), String> {
        let bound = |name: &str, value: f64| {
            if value > 0.0 && value <= 10.0 {
                Ok(())
            } else {
                Err(format!("the {name} {value} is not between 0 and 10"))
            }
        };
        match *self {
            Self::Special { radius } => bound("radius", radius),
            Self::General { radius, scale } => {
                bound("radius", radius).and_then(|()| bound("log-scale", scale))
            }
            Self::LogNormal { variance } => bound("variance", variance),
            Self::Scales { scale } => bound("log-scale", scale),
            Self::Rotations | Self::Identity => Ok(()),
        }
    }

    /// Whether elements change areas.
    pub fn has_scale(&self) -> bool {
        matches!(self, Self::General { .. } | Self::Scales { .. })
    }
}
