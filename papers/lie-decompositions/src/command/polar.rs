//! `lie-decompositions polar`.

use std::path::PathBuf;

use anyhow::bail;
use clap::Args;
use lab::arguments::check_output;
use lab::input::matrix;
use lab::polars::prelude::Column;
use lab::say;
use lab::table::{format_number, write_columns};
use lie_decompositions::exponential::has_logarithm;
use lie_decompositions::matrix::{Matrix, determinant2, frobenius};
use lie_decompositions::polar::{Polar, Polar2};

use super::Group;

/// Matrices of up to 5 × 5.
#[derive(Args)]
pub struct PolarCommand {
    /// One matrix a row, its entries row by row: .csv or .npy
    #[arg(long, value_name = "FILE")]
    matrices: PathBuf,
    /// Which group they are in
    #[arg(long, value_enum, default_value = "gl")]
    group: Group,
    /// Write coordinates, one matrix a row: .csv
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// How far from one a determinant of SL(n) may be.
const UNIT: f64 = 1e-6;

impl PolarCommand {
    /// Decomposes and says.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        check_output(self.out.as_deref(), "csv", [self.matrices.as_path()])?;
        let table = matrix(&self.matrices)?;
        let rows: Vec<Vec<f64>> = table.rows().into_iter().map(|row| row.to_vec()).collect();
        match table.ncols() {
            4 => self.plane(&rows),
            9 => self.higher::<3>(&rows),
            16 => self.higher::<4>(&rows),
            25 => self.higher::<5>(&rows),
            columns => bail!("{}: {columns} numbers a row, expected 4, 9, 16 or 25", self.matrices.display()),
        }
    }

    fn fault(&self, row: usize, fault: &str) -> anyhow::Error {
        anyhow::anyhow!("{}: row {}: {fault}", self.matrices.display(), row + 1)
    }

    fn plane(&self, rows: &[Vec<f64>]) -> anyhow::Result<()> {
        let mut found = Vec::with_capacity(rows.len());
        let (mut residual, mut without, mut squeeze) = (0.0_f64, 0, 0.0_f64);
        for (place, row) in rows.iter().enumerate() {
            let g = [[row[0], row[1]], [row[2], row[3]]];
            let polar = Polar2::of(&g).map_err(|fault| self.fault(place, &fault.to_string()))?;
            if self.group == Group::Sl && (determinant2(&g) - 1.0).abs() > UNIT {
                return Err(self.fault(place, "the determinant is not one"));
            }
            let made = polar.matrix();
            let away: Matrix<2> = std::array::from_fn(|i| std::array::from_fn(|j| made[i][j] - g[i][j]));
            residual = residual.max(frobenius(&away) / frobenius(&g));
            without += usize::from(!has_logarithm(&g));
            squeeze = squeeze.max(polar.squeeze);
            found.push((polar, has_logarithm(&g)));
        }
        if let Some(out) = &self.out {
            let column = |name: &str, of: fn(&Polar2) -> f64| {
                Column::new(name.into(), found.iter().map(|(polar, _)| of(polar)).collect::<Vec<f64>>())
            };
            write_columns(
                out,
                vec![
                    column("scale", |polar| polar.scale),
                    column("squeeze", |polar| polar.squeeze),
                    column("axis", |polar| polar.axis),
                    column("angle", |polar| polar.angle),
                    Column::new(
                        "has_logarithm".into(),
                        found.iter().map(|(_, has)| *has).collect::<Vec<bool>>(),
                    ),
                ],
            )?;
        }
        Ok(say(&format!(
            "matrices            {} of 2 x 2\nlargest squeeze     {}\nwithout logarithm   {without}\nlargest residual    {}",
            rows.len(),
            format_number(squeeze),
            format_number(residual),
        ))?)
    }

    fn higher<const N: usize>(&self, rows: &[Vec<f64>]) -> anyhow::Result<()> {
        let mut found = Vec::with_capacity(rows.len());
        let (mut residual, mut radius) = (0.0_f64, 0.0_f64);
        for (place, row) in rows.iter().enumerate() {
            let g: Matrix<N> = std::array::from_fn(|i| std::array::from_fn(|j| row[i * N + j]));
            let polar = Polar::of(&g).map_err(|fault| self.fault(place, &fault.to_string()))?;
            let log_determinant: f64 = (0..N).map(|i| polar.log_spd[i][i]).sum();
            if self.group == Group::Sl && log_determinant.exp_m1().abs() > UNIT {
                return Err(self.fault(place, "the determinant is not one"));
            }
            residual = residual.max(polar.residual(&g));
            radius = radius.max(frobenius(&polar.log_spd));
            found.push(polar);
        }
        if let Some(out) = &self.out {
            let mut columns = Vec::new();
            for (name, of) in [
                ("log_spd", (|polar| &polar.log_spd) as fn(&Polar<N>) -> &Matrix<N>),
                ("rotation", |polar| &polar.rotation),
            ] {
                for i in 0..N {
                    for j in 0..N {
                        let values: Vec<f64> = found.iter().map(|polar| of(polar)[i][j]).collect();
                        columns.push(Column::new(format!("{name}_{}{}", i + 1, j + 1).into(), values));
                    }
                }
            }
            write_columns(out, columns)?;
        }
        Ok(say(&format!(
            "matrices            {} of {N} x {N}\nlargest |log p|     {}\nlargest residual    {}",
            rows.len(),
            format_number(radius),
            format_number(residual),
        ))?)
    }
}
