//! The paper's claims and the rules that judge them, fixed before any number was measured here.
//!
//! Thresholds come from a pilot whose outcomes were in view (README, "Rules"); data and networks are drawn anew here.

use lab::{Claim, Estimate, Rule, Table};
use numerics::growth::exponents;

use crate::experiments::batches::{self, Batches, Other, Way};
use crate::experiments::clusters::{self, Clusters};
use crate::experiments::density::{self, Density};
use crate::experiments::digit_images::{self, DigitImages, Source};
use crate::experiments::marchenko_pastur::{self, MarchenkoPastur};
use crate::experiments::separability::{self, End, Separability};
use crate::experiments::width::{self, Width};
use crate::problems::Geometry;

/// What could not be looked up, and what is assumed here.
pub const OPEN_QUESTIONS: &[&str] = &[
    "The abstract and the opening of section 1 were at hand, and both public programs of the authors; bodies of sections, figures and tables were not. No claim quotes a figure.",
    "The programs do not record which figure used which setting: data, networks and rates here are their defaults.",
    "How outliers were counted in the paper is not known: R1, the largest ratio of neighbours, is ours.",
];

type ClustersTable = Table<clusters::Parameters, clusters::Row>;
type BatchesTable = Table<batches::Parameters, batches::Row>;

/// All claims, in the order in which the reports show them.
pub fn claims() -> Vec<Claim> {
    [shape(), counts(), data_and_network(), gauss_newton(), paths(), controls(), not_tested()]
        .into_iter()
        .flatten()
        .collect()
}

fn shape() -> Vec<Claim> {
    vec![
        Claim::new(
            "bulk-near-zero",
            "After training most eigenvalues are near zero: the middle one is, in modulus, a thousandth of the largest or less.",
            "abstract: \"the bulk is concentrated around zero\"",
            &Clusters,
            Rule::at_most("median of |λ| over λ₁, median over networks", 1e-3),
            |table| Ok(median(boxed(table).map(|(_, row)| row.middle))),
        ),
        Claim::new(
            "outliers-exist",
            "There are outliers away from the bulk.",
            "abstract",
            &Clusters,
            Rule::at_least(
                "share of networks whose gap (R1) is 2 or more, centres in a box, 2 to 5 clusters",
                0.8,
            ),
            |table| {
                Ok(share(table, boxed(table).filter(|(cell, _)| cell.clusters <= 5), |_, row| {
                    row.ratio >= 2.0
                }))
            },
        )
        .shown_by("gaps"),
        Claim::new(
            "start-has-none",
            "At a random start there is no gap.",
            "abstract's two parts; the rule is ours",
            &Clusters,
            Rule::at_least("share of networks whose gap at the start is below 1.5", 0.8),
            |table| Ok(share(table, boxed(table), |_, row| row.start_ratio < 1.5)),
        )
        .shown_by("gaps"),
        Claim::new(
            "nearly-flat",
            "The end is nearly flat or slightly curved downwards: negative eigenvalues are small.",
            "section 1's picture of the surface",
            &Clusters,
            Rule::at_most("largest |λ_min| over λ₁", 0.06),
            |table| Ok(Estimate::worst_of(boxed(table).map(|(_, row)| row.negative))),
        ),
    ]
}

fn counts() -> Vec<Claim> {
    let rule = || Rule::at_least("share of networks with R1 = k", 0.8);
    vec![
        Claim::new(
            "outliers-count-clusters",
            "k well separated clusters in k classes give k outliers.",
            "the outliers depend on the data",
            &Clusters,
            rule(),
            |table| Ok(share(table, boxed(table), |cell, row| row.gap == cell.clusters)),
        )
        .shown_by("counts"),
        Claim::new(
            "less-separated-clusters",
            "k less separated clusters, centres on axes, give k outliers too.",
            "the outliers depend on the data",
            &Clusters,
            rule(),
            |table| Ok(share(table, of(table, Geometry::Axes, true), |cell, row| row.gap == cell.clusters)),
        )
        .shown_by("counts"),
        Claim::new(
            "clusters-or-classes",
            "Where clusters share classes, it is the clusters that count.",
            "the outliers depend on the data; beyond the paper",
            &Clusters,
            rule(),
            |table| Ok(share(table, of(table, Geometry::Box, false), |cell, row| row.gap == cell.clusters)),
        )
        .shown_by("counts"),
        Claim::new(
            "digits-ten-outliers",
            "Ten classes of digits (MNIST) give ten outliers.",
            "the outliers depend on the data",
            &DigitImages,
            Rule::at_least("share of networks with R1 = 9 or 10", 0.8),
            |table| {
                let firsts =
                    table.rows().filter(|(cell, row)| cell.source == Source::Mnist && row.place == 1);
                Ok(table.mean(firsts.map(|(_, row)| as_number((9..=10).contains(&row.gap)))))
            },
        )
        .shown_by("eigenvalues"),
        Claim::new(
            "strokes-ten-outliers",
            "Ten classes of drawn strokes give ten outliers.",
            "the outliers depend on the data",
            &DigitImages,
            Rule::at_least("share of networks with R1 = 9 or 10", 0.8),
            |table: &Table<digit_images::Parameters, digit_images::Row>| {
                let firsts =
                    table.rows().filter(|(cell, row)| cell.source == Source::Strokes && row.place == 1);
                Ok(table.mean(firsts.map(|(_, row)| as_number((9..=10).contains(&row.gap)))))
            },
        )
        .shown_by("eigenvalues"),
    ]
}

fn data_and_network() -> Vec<Claim> {
    vec![
        Claim::new(
            "width-keeps-outliers",
            "More parameters leave the outliers in place.",
            "abstract: the bulk depends on the architecture, the outliers on the data",
            &Width,
            Rule::between(
                "exponent of the mean of the k largest eigenvalues in M, mean over data sets",
                -0.3,
                0.3,
            ),
            |table: &Table<width::Parameters, width::Row>| {
                Ok(table
                    .mean(exponents(table.rows().map(|(_, row)| (row.replicate, row.size as f64, row.top)))))
            },
        )
        .shown_by("widths"),
        Claim::new(
            "width-scales-bulk",
            "More parameters only lengthen the bulk.",
            "abstract: the bulk depends on the architecture",
            &Width,
            Rule::between("exponent of the number of |λ| < λ₁/1000 in M, mean over data sets", 0.9, 1.2),
            |table| {
                Ok(table.mean(exponents(
                    table.rows().map(|(_, row)| (row.replicate, row.size as f64, row.near_zero)),
                )))
            },
        )
        .shown_by("widths"),
        Claim::new(
            "separability-only-outliers",
            "Less separated data move only the outliers, at equal steps.",
            "abstract: the outliers depend on the data",
            &Separability,
            Rule::at_most(
                "growth of λ_{k+1} over growth of λ₁ from deviation 0.5 to 8, mean over sets of centres",
                0.5,
            ),
            |table| Ok(growths(table, End::EqualSteps)),
        )
        .shown_by("spreads"),
        Claim::new(
            "separability-at-equal-gradient",
            "Less separated data move only the outliers, at equal gradients.",
            "abstract: the outliers depend on the data",
            &Separability,
            Rule::at_most(
                "growth of λ_{k+1} over growth of λ₁ from deviation 0.5 to 8, mean over sets of centres",
                0.5,
            ),
            |table| Ok(growths(table, End::EqualGradient)),
        )
        .shown_by("spreads"),
    ]
}

fn gauss_newton() -> Vec<Claim> {
    vec![
        Claim::new(
            "gauss-newton-dominates",
            "At the end H is near its Gauss–Newton part.",
            "section 1: the link to the covariance of gradients",
            &Clusters,
            Rule::at_most("largest |H − G| over |G|, spectral norms", 0.1),
            |table| Ok(Estimate::worst_of(boxed(table).map(|(_, row)| row.rest))),
        ),
        Claim::new(
            "rank",
            "With M large the rank of G is its bound N(C − 1), so that all other eigenvalues are zero or R's.",
            "the degenerate spectrum of over-parametrised networks",
            &Clusters,
            Rule::at_least("share of networks with 2N(C − 1) ≤ M whose G has that rank, to 10⁻¹²", 0.9),
            |table| {
                let large = table
                    .rows()
                    .filter(|(cell, row)| 2 * row.rank_bound <= row.size && cell.deviation == 1.0);
                Ok(table.mean(large.map(|(_, row)| as_number(row.rank == row.rank_bound))))
            },
        ),
        Claim::new(
            "gradients-of-outputs",
            "The outliers of H are those of the second moment of output gradients.",
            "section 1: the link to the covariance of gradients",
            &Clusters,
            Rule::at_most(
                "largest relative difference of the k first eigenvalues, largest over networks",
                0.1,
            ),
            |table| Ok(Estimate::worst_of(boxed(table).map(|(_, row)| row.output_gradients))),
        ),
    ]
}

fn paths() -> Vec<Claim> {
    vec![
        Claim::new(
            "batches-connected",
            "The line from a large-batch end to its continuation with small batches has no barrier.",
            "abstract: \"connected through their flat region\"",
            &Batches,
            Rule::at_most(
                "largest loss on the line over that of the worse end, largest over data sets",
                1.05,
            ),
            |table| Ok(Estimate::worst_of(barriers(table, Other::Continued, Way::Line))),
        )
        .shown_by("paths"),
        Claim::new(
            "batches-look-apart",
            "Ends of large and small batches from the same start appear to lie in different basins.",
            "abstract: \"appear to converge to different basins\"",
            &Batches,
            Rule::at_least(
                "largest loss on the line over that of the worse end, largest over data sets",
                2.0,
            ),
            |table| Ok(Estimate::worst_of(barriers(table, Other::SameStart, Way::Line))),
        )
        .shown_by("paths"),
        Claim::new(
            "line-has-barrier",
            "Between ends of different starts the line has a barrier.",
            "beyond the paper",
            &Batches,
            Rule::at_least(
                "largest loss on the line over that of the worse end, smallest over data sets",
                10.0,
            ),
            |table| Ok(Estimate::smallest_of(barriers(table, Other::OtherStart, Way::Line))),
        )
        .shown_by("paths"),
        Claim::new(
            "curve-connects",
            "A curve with one bend has none.",
            "beyond the paper",
            &Batches,
            Rule::at_most(
                "largest loss on the curve over that of the worse end, largest over data sets",
                2.0,
            ),
            |table| Ok(Estimate::worst_of(barriers(table, Other::OtherStart, Way::Bend))),
        )
        .shown_by("paths"),
    ]
}

fn controls() -> Vec<Claim> {
    vec![
        Claim::new(
            "bulk-edges",
            "The bulk of softmax regression on normal data ends where Marchenko and Pastur say.",
            "a control with a known law",
            &MarchenkoPastur,
            Rule::between("mean edge over its law, farthest from 1 over both edges, no clusters", 0.95, 1.05),
            |table: &Table<marchenko_pastur::Parameters, marchenko_pastur::Row>| {
                let draws = || table.rows().filter(|(cell, _)| cell.square == 0.0);
                Ok(Estimate::farthest_from(
                    1.0,
                    [mean(draws().map(|(_, row)| row.lower)), mean(draws().map(|(_, row)| row.upper))],
                ))
            },
        )
        .shown_by("laws"),
        Claim::new(
            "outlier-law",
            "Its outlier is (1 + |μ|²)(1 + γ/|μ|²)/C where |μ|² is far above √γ.",
            "a control with a known law (Baik, Ben Arous, Péché)",
            &MarchenkoPastur,
            Rule::between(
                "mean of the largest eigenvalue over its law, farthest from 1 over |μ|² ≥ 1.4",
                0.95,
                1.05,
            ),
            |table| {
                let squares = [1.44, 2.0, 4.0].map(|square| {
                    mean(table.rows().filter(|(cell, _)| cell.square == square).map(|(_, row)| row.top))
                });
                Ok(Estimate::farthest_from(1.0, squares.into_iter().filter(|ratio| ratio.is_finite())))
            },
        )
        .shown_by("laws"),
        Claim::new(
            "no-outlier-below",
            "Below √γ the largest eigenvalue is at the bulk's edge.",
            "a control with a known law",
            &MarchenkoPastur,
            Rule::between(
                "mean of the largest eigenvalue over the upper edge, farthest from 1 over |μ|² ≤ 0.4",
                0.95,
                1.05,
            ),
            |table| {
                let squares = [0.0, 0.1, 0.2, 0.3, 0.4].map(|square| {
                    mean(table.rows().filter(|(cell, _)| cell.square == square).map(|(_, row)| row.top))
                });
                Ok(Estimate::farthest_from(1.0, squares.into_iter().filter(|ratio| ratio.is_finite())))
            },
        )
        .shown_by("laws"),
        Claim::new(
            "band-holds",
            "The band of the quadrature holds, in at least 95 % of networks.",
            "beyond the paper",
            &Density,
            Rule::at_least("share of networks in which it holds at every place", 0.95),
            |table: &Table<density::Parameters, density::Row>| {
                Ok(table.mean(table.rows().map(|(_, row)| as_number(row.holds))))
            },
        ),
        Claim::new(
            "deflated-moments",
            "With ten outliers deflated, the first two moments come out.",
            "beyond the paper",
            &Density,
            Rule::at_most("largest mean relative error of the two moments", 0.02),
            |table| {
                let rows = || table.rows().filter(|(cell, _)| cell.deflated > 0);
                Ok(Estimate::worst_of([
                    mean(rows().map(|(_, row)| row.first_moment)),
                    mean(rows().map(|(_, row)| row.second_moment)),
                ]))
            },
        )
        .shown_by("moments"),
    ]
}

fn not_tested() -> Vec<Claim> {
    vec![
        Claim::not_tested(
            "convolutions",
            "The same holds for convolutional networks and CIFAR.",
            "the authors' programs",
            "no such network or data here",
        ),
        Claim::not_tested(
            "generalisation",
            "The notion of wide and sharp basins needs a new perspective.",
            "abstract",
            "a view, which no number decides",
        ),
        Claim::not_tested(
            "infinite",
            "What holds as N and M grow without end.",
            "section 1",
            "finite sizes only, but for the control with a known law",
        ),
    ]
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let values: Vec<f64> = values.collect();
    values.iter().sum::<f64>() / values.len() as f64
}

fn median(values: impl Iterator<Item = f64>) -> Estimate {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    Estimate::exact(values.get(values.len() / 2).copied().unwrap_or(f64::NAN))
}

fn as_number(holds: bool) -> f64 {
    f64::from(u8::from(holds))
}

/// Networks at deviation 1; with a class for each cluster, or with fewer classes.
fn of(
    table: &ClustersTable,
    geometry: Geometry,
    same: bool,
) -> impl Iterator<Item = (&clusters::Parameters, &clusters::Row)> {
    table.rows().filter(move |(cell, _)| {
        cell.geometry == geometry && cell.deviation == 1.0 && (cell.classes == cell.clusters) == same
    })
}

/// Centres in a box, a class for each cluster.
fn boxed(table: &ClustersTable) -> impl Iterator<Item = (&clusters::Parameters, &clusters::Row)> {
    of(table, Geometry::Box, true)
}

fn share<'a>(
    table: &ClustersTable,
    networks: impl Iterator<Item = (&'a clusters::Parameters, &'a clusters::Row)>,
    holds: impl Fn(&clusters::Parameters, &clusters::Row) -> bool,
) -> Estimate {
    table.mean(networks.map(|(cell, row)| as_number(holds(cell, row))))
}

/// For each set of centres, the growth of λ_{k+1} over that of λ_1 from the smallest to the largest deviation.
fn growths(table: &Table<separability::Parameters, separability::Row>, end: End) -> Estimate {
    let at = |deviation: f64| -> Vec<(f64, f64)> {
        let rows = table.rows().filter(|(cell, _)| cell.end == end && cell.deviation == deviation);
        rows.map(|(_, row)| (row.first, row.next)).collect()
    };
    table.mean(at(0.5).into_iter().zip(at(8.0)).map(|(narrow, wide)| wide.1 / narrow.1 / (wide.0 / narrow.0)))
}

/// For each data set, the largest loss on a path over that of its worse end.
fn barriers(table: &BatchesTable, other: Other, way: Way) -> Vec<f64> {
    let cells = table.cells().filter(|(cell, _)| cell.other == other);
    let of_sets = cells.flat_map(|(cell, rows)| {
        (0..cell.seeds).map(move |replicate| {
            let along = || rows.iter().filter(move |row| row.way == way && row.replicate == replicate);
            let worst = along().map(|row| row.mean_loss).fold(f64::NAN, f64::max);
            let ends = along()
                .filter(|row| row.place == 0.0 || row.place == 1.0)
                .map(|row| row.mean_loss)
                .fold(f64::NAN, f64::max);
            worst / ends
        })
    });
    of_sets.collect()
}
