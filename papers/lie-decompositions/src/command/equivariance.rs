//! `lie-decompositions equivariance`.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use lab::arguments::{not_negative, usage};
use lab::say;
use lab::table::format_number;
use lie_decompositions::glyphs::{Deformation, Ranges};
use lie_decompositions::matrix::{apply2, inverse2};
use lie_decompositions::network::training::{averaged, classes, relative_change};
use ndarray::Array2;
use numerics::random::stream;

use super::images::Images;
use super::stored::Trained;

/// A trained network and images, which are deformed with bilinear interpolation.
#[derive(Args)]
pub struct EquivarianceCommand {
    /// The network: .json, written by train
    #[arg(long, value_name = "FILE")]
    net: PathBuf,
    #[command(flatten)]
    images: Images,
    /// Rotations by up to so many degrees
    #[arg(long, value_parser = not_negative, default_value_t = 20.0, allow_negative_numbers = true)]
    rotation: f64,
    /// Shears by up to
    #[arg(long, value_parser = not_negative, default_value_t = 0.2, allow_negative_numbers = true)]
    shear: f64,
    /// Scales of each axis by up to e to the power of
    #[arg(long, value_parser = not_negative, default_value_t = 0.2, allow_negative_numbers = true)]
    scale: f64,
    /// Shifts by up to this part of half the canvas
    #[arg(long, value_parser = not_negative, default_value_t = 0.1, allow_negative_numbers = true)]
    shift: f64,
    /// Seed of deformations and samples
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

impl EquivarianceCommand {
    /// Deforms and says.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        let trained = Trained::read(&self.net)?;
        for (name, value, most) in [
            ("--rotation", self.rotation, 360.0),
            ("--shear", self.shear, 10.0),
            ("--scale", self.scale, 10.0),
            ("--shift", self.shift, 2.0),
        ] {
            if value > most {
                return Err(usage(format!("{name} is at most {most}")));
            }
        }
        let (pixels, side) = self.images.read(Some(trained.range))?;
        let run = |pixels: &Array2<f32>, purpose: &str| {
            let sets = (&trained.sampling, trained.samples, 3);
            averaged(
                &trained.network,
                pixels.view(),
                sets,
                &mut stream(self.seed, &["equivariance", purpose]),
            )
            .with_context(|| self.images.images.display().to_string())
        };
        let upright = run(&pixels, "samples")?;
        let named = classes(&upright);
        let none = Ranges { rotation: 0.0, shear: 0.0, squeeze: 0.0, shift: 0.0 };
        let all =
            Ranges { rotation: self.rotation, shear: self.shear, squeeze: self.scale, shift: self.shift };
        let mut text = format!("images              {} of {side} x {side}", pixels.nrows());
        let mut line = |name: &str, change: f64, same: f64| {
            text += &format!(
                "\n{name:<20}outputs change by {}, {} keep their class",
                format_number(change),
                format_number(same)
            );
        };
        let same = |logits: &Array2<f32>| {
            let kept = classes(logits).iter().zip(&named).filter(|(a, b)| a == b).count();
            kept as f64 / named.len() as f64
        };
        let resampled = run(&pixels, "other samples")?;
        line("other samples", relative_change(&resampled, &upright), same(&resampled));
        for (name, ranges) in [
            ("rotation", Ranges { rotation: self.rotation, ..none }),
            ("shear", Ranges { shear: self.shear, ..none }),
            ("scales", Ranges { squeeze: self.scale, ..none }),
            ("shift", Ranges { shift: self.shift, ..none }),
            ("all of them", all),
        ] {
            let mut random = stream(self.seed, &["equivariance", name]);
            let mut deformed = pixels.clone();
            for mut row in deformed.rows_mut() {
                let map = ranges.draw(&mut random);
                let image = row.to_vec();
                let moved = resampled_image(&image, side, &map);
                row.iter_mut().zip(moved).for_each(|(to, from)| *to = from);
            }
            let logits = run(&deformed, "samples")?;
            line(name, relative_change(&logits, &upright), same(&logits));
        }
        Ok(say(&text)?)
    }
}

/// The image at h⁻¹(x − y), bilinear, with its least value beyond its edges.
fn resampled_image(image: &[f32], side: usize, map: &Deformation) -> Vec<f32> {
    let background = image.iter().copied().fold(f32::INFINITY, f32::min);
    let inverse = inverse2(&map.h);
    let centre = |k: usize| (2.0 * k as f64 + 1.0) / side as f64 - 1.0;
    let at = |x: i64, y: i64| {
        let inside = (0..side as i64).contains(&x) && (0..side as i64).contains(&y);
        if inside { image[y as usize * side + x as usize] } else { background }
    };
    (0..side * side)
        .map(|place| {
            let point = [centre(place % side) - map.shift[0], centre(place / side) - map.shift[1]];
            let from = apply2(&inverse, point).map(|x| 0.5 * ((x + 1.0) * side as f64 - 1.0));
            let (x, y) = (from[0].floor(), from[1].floor());
            let (u, v) = ((from[0] - x) as f32, (from[1] - y) as f32);
            let (x, y) = (x as i64, y as i64);
            (1.0 - v) * ((1.0 - u) * at(x, y) + u * at(x + 1, y))
                + v * ((1.0 - u) * at(x, y + 1) + u * at(x + 1, y + 1))
        })
        .collect()
}
