//! The paper's claims and the rules that judge them, fixed before any number was measured.

use std::collections::BTreeMap;

use lab::{Claim, Estimate, Rule, Table};

use crate::experiments::early_stopping::{self, EarlyStopping};
use crate::experiments::fig1::{self, Figure1};
use crate::experiments::fig2::Figure2;
use crate::experiments::fig3::{self, Figure3, Source};
use crate::experiments::positive_definite::PositiveDefinite;
use crate::experiments::spectra::{self, Space, Spectra};
use crate::kernel::Kind;

/// What the paper leaves out or could not be looked up, and what is assumed here.
pub const OPEN_QUESTIONS: &[&str] = &[
    "Section 6.1 does not state the number of training inputs, nor whether batches are full: here 100 inputs, full batches.",
    "Section 6.2 does not state its four points and targets: here those of a third-party reproduction.",
    "Section 6.3 states neither depth, nor which digits, pixel scaling and rate. Here pixels in [0, 1], five layers (the depth whose eigenvalues come closest, by our check; three to \
     six are shown) and rate 10. Smaller profiles run on random strokes.",
    "The paper draws n = 500 and n = 10,000. A network of the latter takes some twenty minutes of a core, so the full profile ends at 4,096 and the quick one at 1,024, with two networks each.",
];

/// All claims, in the order in which the reports show them.
pub fn claims() -> Vec<Claim> {
    vec![
        Claim::new(
            "convergence-at-initialisation",
            "At initialisation the tangent kernel tends to its limit as the width grows; here at the rate n^(−1/2).",
            "Theorem 1; Figure 1. The rate is not the paper's",
            &Figure1,
            Rule::between("exponent of the distance in the width, n ≥ 128", -0.57, -0.43),
            |table| Ok(slope(table, |row| row.initial_error)),
        )
        .shown_by("scaling"),
        Claim::new(
            "constancy-in-training",
            "In training the kernel changes less and less as the width grows; here at the rate 1/n.",
            "Theorem 2; Figure 1. The rate is not the paper's",
            &Figure1,
            Rule::between("exponent of the change in the width, n ≥ 128", -1.12, -0.88),
            |table| Ok(slope(table, |row| row.change)),
        )
        .shown_by("scaling"),
        Claim::new(
            "inflation",
            "The kernel of finite networks inflates in training.",
            "Section 6.1",
            &Figure1,
            Rule::at_least("mean relative growth of the trace, smallest over widths", 0.0),
            |table| {
                let mut growth: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
                for (cell, rows) in table.cells() {
                    growth.entry(cell.width).or_default().extend(rows.first().map(|row| row.inflation));
                }
                let means = growth.into_values().map(|values| numerics::bootstrap::mean(&values));
                Ok(Estimate::smallest_of(means))
            },
        )
        .shown_by("kernels"),
        Claim::new(
            "gaussian-limit",
            "Outputs of trained networks follow the Gaussian law of the limit: 80 % of them lie between its 10 % and 90 % quantiles.",
            "Section 6.2; Figure 2",
            &Figure2,
            Rule::between("share of outputs of the widest networks inside the band, mean over networks", 0.7, 0.9),
            |table| {
                let widest = table.cells().map(|(cell, _)| cell.width).max();
                let shares = table.cells().filter(|(cell, _)| Some(cell.width) == widest).map(|(_, rows)| {
                    rows.iter().filter(|row| row.inside).count() as f64 / rows.len() as f64
                });
                Ok(table.mean(shares))
            },
        )
        .paper_value("0.8 (by definition of the quantiles)")
        .shown_by("functions"),
        Claim::new(
            "linear-decay",
            "Along a principal component the error decays as 0.5 exp(−λ₂t): training is linear in function space, here for the widest networks measured.",
            "Section 6.3; Figure 3 (c)",
            &Figure3,
            Rule::at_most("largest difference of ‖g_t‖ and 0.5 exp(−λ₂t), over the starting value, widest networks", 0.15),
            |table| {
                let rows = widest(table);
                let limit = |row: &fig3::Row| 0.5 * (-row.second * row.time).exp();
                Ok(Estimate::worst_of(rows.into_iter().filter_map(|row| Some((row.along? - limit(row)).abs() / 0.5))))
            },
        )
        .shown_by("decay"),
        Claim::new(
            "little-leaks-across",
            "The error across the component stays small and is smaller for wider networks.",
            "Section 6.3; Figure 3 (b)",
            &Figure3,
            Rule::at_most("largest ‖h_t‖ of the widest networks over that of the narrowest", 1.0),
            |table| {
                let largest = |rows: Vec<&fig3::Row>| rows.into_iter().filter_map(|row| row.across).fold(f64::NAN, f64::max);
                let narrowest = table.cells().map(|(cell, _)| cell.width).filter(|width| *width > 0).min();
                let widest_width = table.cells().map(|(cell, _)| cell.width).max();
                let ratio = largest(widest(table)) / largest(of_width(table, narrowest));
                Ok(Estimate::exact(if narrowest < widest_width { ratio } else { f64::NAN }))
            },
        )
        .paper_value("0.14 at most (n = 100)")
        .shown_by("decay"),
        Claim::new(
            "narrow-is-faster",
            "Narrower networks converge faster along the component, because their kernel inflates.",
            "Section 6.3",
            &Figure3,
            Rule::at_most("‖g_t‖, mean over the time of training and networks, narrowest over widest", 1.0),
            |table| {
                let error = |width: Option<usize>| {
                    let errors: Vec<f64> = of_width(table, width).into_iter().filter_map(|row| row.along).collect();
                    numerics::bootstrap::mean(&errors)
                };
                let widths = || table.cells().map(|(cell, _)| cell.width).filter(|width| *width > 0);
                // A single width has nothing to be compared with.
                let (narrowest, widest) = (widths().min(), widths().max());
                let ratio = if narrowest < widest { error(narrowest) / error(widest) } else { f64::NAN };
                Ok(Estimate::exact(ratio))
            },
        )
        .shown_by("decay"),
        Claim::new(
            "eigenvalues-of-digits",
            "The first eigenvalues on MNIST are 0.0457, 0.00108, 0.00078: consistent with some depth from 3 to 6, since the paper states neither depth nor digits.",
            "Section 6.3",
            &Figure3,
            Rule::at_most("largest of |ln(λ_i over the paper's)|, smallest over depths", 0.25),
            |table| {
                let paper = [0.0457_f64, 0.00108, 0.00078];
                let limits = table.rows().filter(|(cell, _)| cell.width == 0 && cell.source == Source::Mnist);
                let off = limits.map(|(_, row)| {
                    let ours = [row.first, row.second, row.third];
                    ours.iter().zip(paper).map(|(ours, theirs)| (ours / theirs).ln().abs()).fold(0.0, f64::max)
                });
                Ok(Estimate::exact(off.reduce(f64::min).unwrap_or(f64::NAN)))
            },
        )
        .paper_value("0.0457, 0.00108, 0.00078"),
        Claim::new(
            "largest-components-first",
            "Noise lies along components of small eigenvalues and is fitted last, so that stopping early helps.",
            "Section 5; introduction",
            &EarlyStopping,
            Rule::at_most("smallest error at a finite time over the error at the end, noisy targets, mean over draws", 0.9),
            |table| {
                let ratios = table.cells().filter(|(cell, _)| cell.noise > 0.0).filter_map(|(_, rows)| {
                    let best = rows.iter().map(|row| row.test_error).reduce(f64::min)?;
                    Some(best / rows.first()?.final_error)
                });
                Ok(table.mean(ratios))
            },
        )
        .shown_by("error"),
        Claim::new(
            "descent-follows-flow",
            "Gradient descent at rate 1 follows gradient flow: the linear equation in function space.",
            "Section 3; used throughout",
            &EarlyStopping,
            Rule::at_most("largest difference of their outputs on the training points, for t from 1 to 4096", 0.1),
            |table| {
                let differences = table.rows().filter_map(|(_, row): (&early_stopping::Parameters, _)| row.descent_difference);
                Ok(Estimate::worst_of(differences))
            },
        ),
        Claim::new(
            "positive-definite",
            "With two layers or more the limiting kernel is positive definite on the sphere.",
            "Proposition 2",
            &PositiveDefinite,
            Rule::at_least("smallest eigenvalue over 1e-16 N of the largest, smallest over draws in three and ten dimensions", 10.0),
            |table| {
                let rows = table.rows().filter(|(cell, _)| cell.dimension > 2);
                let margin = rows.map(|(cell, row)| row.smallest / (1e-16 * cell.points as f64 * row.largest));
                Ok(Estimate::smallest_of(margin))
            },
        )
        .shown_by("smallest"),
        Claim::new(
            "bias-matters",
            "Without bias two layers are not enough: odd harmonics from the third on are missing.",
            "beyond the paper, whose Proposition 2 is for its parametrisation with β > 0",
            &Spectra,
            Rule::at_most("largest |λ_k| for odd k ≥ 3 over λ_1, circle, two layers, β = 0", 1e-12),
            |table| {
                let bare: Vec<&spectra::Row> = table
                    .rows()
                    .filter(|(cell, _)| cell.bias == 0.0 && cell.depth == 2)
                    .map(|(_, row)| row)
                    .collect();
                let first = bare.iter().find(|row| row.k == 1).map_or(f64::NAN, |row| row.eigenvalue);
                let odd = bare.iter().filter(|row| row.k >= 3 && row.k % 2 == 1);
                Ok(Estimate::worst_of(odd.map(|row| row.eigenvalue.abs() / first)))
            },
        ),
        Claim::new(
            "decay-on-the-circle",
            "Eigenvalues of the tangent kernel fall as k^(−2) on the circle, at every depth.",
            "beyond the paper: Bietti and Bach 2021",
            &Spectra,
            Rule::between("exponent over the upper half of the frequencies, farthest from −2 over depths and parities", -2.1, -1.9),
            |table| {
                let mut exponents = Vec::new();
                for (_, rows) in table.cells().filter(|(cell, _)| {
                    cell.space == Space::Circle && cell.kind == Kind::Ntk && cell.bias > 0.0
                }) {
                    for parity in [0, 1] {
                        let last = rows.len() - 1 - parity;
                        let (low, high) = (&rows[last / 2 - last / 2 % 2 + parity], &rows[last]);
                        let (from, to) = (low.k as f64, high.k as f64);
                        exponents.push((high.eigenvalue / low.eigenvalue).ln() / (to / from).ln());
                    }
                }
                Ok(Estimate::farthest_from(-2.0, exponents))
            },
        )
        .shown_by("eigenvalues"),
    ]
}

/// The exponent of a quantity in the width from 128 on: the slope of its mean logarithm, with a bootstrap over networks in every width.
fn slope(table: &Table<fig1::Parameters, fig1::Row>, quantity: fn(&fig1::Row) -> f64) -> Estimate {
    let mut logs: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    for (cell, rows) in table.cells().filter(|(cell, _)| cell.width >= 128) {
        logs.entry(cell.width).or_default().extend(rows.first().map(|row| quantity(row).ln()));
    }
    let fit = |means: &[(f64, f64)]| {
        let mean = |value: fn(&(f64, f64)) -> f64| means.iter().map(value).sum::<f64>() / means.len() as f64;
        let (x, y) = (mean(|point| point.0), mean(|point| point.1));
        let across: f64 = means.iter().map(|point| (point.0 - x).powi(2)).sum();
        means.iter().map(|point| (point.0 - x) * (point.1 - y)).sum::<f64>() / across
    };
    if logs.len() < 3 {
        return Estimate::exact(f64::NAN);
    }
    let center: Vec<(f64, f64)> = logs
        .iter()
        .map(|(width, values)| ((*width as f64).ln(), numerics::bootstrap::mean(values)))
        .collect();
    let mut random = table.resampling(&["claims", "slope"]);
    let mut slopes: Vec<f64> = (0..2_000)
        .map(|_| {
            let resampled = logs.iter().map(|(width, values)| {
                let draws =
                    values.iter().map(|_| values[rand::Rng::random_range(&mut random, 0..values.len())]);
                ((*width as f64).ln(), draws.sum::<f64>() / values.len() as f64)
            });
            fit(&resampled.collect::<Vec<_>>())
        })
        .collect();
    slopes.sort_by(f64::total_cmp);
    let quantile = |probability| numerics::bootstrap::quantile(&slopes, probability);
    Estimate::with_interval(fit(&center), quantile(0.025), quantile(0.975))
}

fn of_width(table: &Table<fig3::Parameters, fig3::Row>, width: Option<usize>) -> Vec<&fig3::Row> {
    table.rows().filter(|(cell, _)| cell.width > 0 && Some(cell.width) == width).map(|(_, row)| row).collect()
}

fn widest(table: &Table<fig3::Parameters, fig3::Row>) -> Vec<&fig3::Row> {
    of_width(table, table.cells().map(|(cell, _)| cell.width).max())
}
