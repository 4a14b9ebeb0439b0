//! `sparse-ot colours`: colour transfer between a user's own images.

use std::path::PathBuf;

use clap::Args;
use lab::arguments::positive;
use lab::table::format_number;
use lab::{image_file, remark};
use numerics::random::stream;
use sparse_ot::colour::{Palette, palette_problem, transferred};
use sparse_ot::{Regulariser, RelaxationOptions, solve_relaxation};

use super::at_least_one;

/// Gives the source image the colours of the target: palettes by k-means, matched by transport.
#[derive(Args)]
pub struct Colours {
    /// The image to recolour: .png
    #[arg(long, value_name = "FILE")]
    source: PathBuf,
    /// The image whose colours it gets: .png
    #[arg(long, value_name = "FILE")]
    target: PathBuf,
    /// Where the new image goes: .png
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Source colours that a target colour may be matched with
    #[arg(long, value_parser = at_least_one, default_value_t = 2)]
    k: usize,
    /// Strength of the regulariser, for squared distances of colours in [0, 1]³
    #[arg(long, value_parser = positive, default_value_t = 1.0)]
    gamma: f64,
    /// Colours of each palette
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=4096), default_value_t = 256)]
    colours: u16,
    /// Seed of k-means
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

impl Colours {
    /// Reads, recolours, writes and says what was done.
    ///
    /// # Errors
    /// One line that names the file and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        let palette = |path: &PathBuf, name: &str| -> anyhow::Result<Palette> {
            let image = image_file::read_png(path)?.mapv(|byte| f64::from(byte) / 255.0);
            Ok(Palette::of(image.view(), self.colours.into(), &mut stream(self.seed, &["colours", name])))
        };
        let (source, target) = (palette(&self.source, "source")?, palette(&self.target, "target")?);
        let problem = palette_problem(&source, &target)?;
        let found =
            solve_relaxation(&problem, Regulariser::new(self.k, self.gamma), &RelaxationOptions::default())?;
        // The relaxed plan meets both marginals, so every source colour is matched.
        let plan = &found.relaxed_plan;
        let recoloured = source.paint(&transferred(plan, &source.colours, &target.colours));
        image_file::write_png(&self.out, recoloured.view())?;
        remark(&format!(
            "colours              {} matched with {}\n\
             transport cost       {} (squared distance of colours in [0, 1]³)\n\
             nonzeros per column  {} in the mean\n\
             relative gap         {}\n\
             image                {}",
            plan.rows(),
            plan.columns(),
            format_number(plan.cost(problem.cost())),
            format_number(plan.nonzeros() as f64 / plan.columns() as f64),
            format_number(found.relative_gap),
            self.out.display()
        ))?;
        Ok(())
    }
}
