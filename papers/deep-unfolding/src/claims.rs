//! The paper's claims and the rules that judge them, fixed before any number was measured here.
//!
//! Thresholds come from a pilot whose numbers were in view, on other matrices and signals (README). Claims on trained networks are judged at depth 30 and once more at depth 14.

use lab::{Claim, Estimate, Rule};

use crate::experiments::exact::{self, ExactOptima};
use crate::experiments::hard::{HardThresholds, Method as Hard, Variant};
use crate::experiments::soft::{Method as Soft, SoftThresholds};
use crate::experiments::weights::{self, Weights};
use crate::experiments::{Bias, bias};

mod quantities;

use quantities::{
    conditions, coupling, gains, learned_against_chebyshev, of_soft, relative_objectives, share_better, waits,
};

/// What could not be looked up, and what is assumed here.
pub const OPEN_QUESTIONS: &[&str] = &[
    "The paper's body was not at hand: only both versions' abstracts were. Sizes, weights, signal-to-noise ratio, depth, learning rates, which parameters are trained and how the hard threshold is differentiated are ours.",
    "Whether thresholds are trained beside steps decides the first claim; both are run.",
    "No figure or number of the paper could be looked up, so no claim compares with one.",
];

/// All claims, in the order in which the reports show them.
pub fn claims() -> Vec<Claim> {
    [soft(), hard(), mismatch(), beyond(), not_tested()].into_iter().flatten().collect()
}

fn soft() -> Vec<Claim> {
    let mut all = Vec::new();
    for (id, method, depth) in [
        ("recovers-better-tied", Soft::SupervisedTied, 30),
        ("recovers-better-tied-14", Soft::SupervisedTied, 14),
        ("recovers-better-free", Soft::SupervisedFree, 30),
        ("recovers-better-free-14", Soft::SupervisedFree, 14),
    ] {
        all.push(
            Claim::new(
                id,
                "Supervised ISTA ends with better recovery than the exact LASSO solution, ISTA's limit.",
                "abstract",
                &SoftThresholds,
                Rule::at_least("NMSE of the LASSO less that of the network, dB, mean over matrices", 1.0),
                move |table| {
                    let best = of_soft(table, Soft::Optimum, 0, |row| row.nmse);
                    let found = of_soft(table, method, depth, |row| row.nmse);
                    Ok(table.mean(best.into_iter().zip(found).map(|(best, found)| best - found)))
                },
            )
            .shown_by("layers"),
        );
    }
    for (id, supervised, unsupervised, depth) in [
        ("does-not-minimise-tied", Soft::SupervisedTied, Soft::UnsupervisedTied, 30),
        ("does-not-minimise-tied-14", Soft::SupervisedTied, Soft::UnsupervisedTied, 14),
        ("does-not-minimise-free", Soft::SupervisedFree, Soft::UnsupervisedFree, 30),
        ("does-not-minimise-free-14", Soft::SupervisedFree, Soft::UnsupervisedFree, 14),
    ] {
        all.push(
            Claim::new(
                id,
                "Supervised ISTA does not minimise the objective, which unsupervised ISTA does.",
                "abstract",
                &SoftThresholds,
                Rule::at_least(
                    "mean (F − F*)/F* of supervised over that of unsupervised, smallest over matrices",
                    3.0,
                ),
                move |table| {
                    let left = |method| of_soft(table, method, depth, |row| row.suboptimality);
                    Ok(Estimate::smallest_of(
                        left(supervised).into_iter().zip(left(unsupervised)).map(|(s, u)| s / u),
                    ))
                },
            )
            .shown_by("layers"),
        );
    }
    for (id, method, depth) in [
        ("nearly-the-solution-tied", Soft::UnsupervisedTied, 30),
        ("nearly-the-solution-tied-14", Soft::UnsupervisedTied, 14),
        ("nearly-the-solution-free", Soft::UnsupervisedFree, 30),
        ("nearly-the-solution-free-14", Soft::UnsupervisedFree, 14),
    ] {
        all.push(
            Claim::new(
                id,
                "Unsupervised ISTA arrives at nearly ISTA's solution.",
                "abstract",
                &SoftThresholds,
                Rule::at_most("larger of (F − F*)/F* over 0.01 and of the squared relative distance from the solution over 0.01, largest over matrices", 1.0),
                move |table| {
                    let left = of_soft(table, method, depth, |row| row.suboptimality);
                    let far = of_soft(table, method, depth, |row| 10.0_f64.powf(row.distance / 10.0));
                    Ok(Estimate::worst_of(left.into_iter().chain(far).map(|value| value / 0.01)))
                },
            )
            .shown_by("layers"),
        );
    }
    for (id, method, depth) in [
        ("faster-tied", Soft::UnsupervisedTied, 30),
        ("faster-tied-14", Soft::UnsupervisedTied, 14),
        ("faster-free", Soft::UnsupervisedFree, 30),
        ("faster-free-14", Soft::UnsupervisedFree, 14),
    ] {
        all.push(
            Claim::new(
                id,
                "It arrives there faster than ISTA.",
                "abstract",
                &SoftThresholds,
                Rule::at_least("(F − F*)/F* of ISTA after 3T iterations over that of the network after T layers, smallest over matrices", 1.0),
                move |table| Ok(Estimate::smallest_of(waits(table, method, depth))),
            )
            .shown_by("layers"),
        );
    }
    all.extend([
        Claim::new(
            "nearly-the-solution-median",
            "Unsupervised ISTA arrives at nearly ISTA's optimum in the median.",
            "abstract; the median is ours",
            &SoftThresholds,
            Rule::at_most("median (F − F*)/F*, tied, depth 30, largest over matrices", 0.01),
            |table| Ok(Estimate::worst_of(of_soft(table, Soft::UnsupervisedTied, 30, |row| row.median))),
        )
        .shown_by("layers"),
        Claim::new(
            "does-not-minimise-median",
            "Supervised ISTA does not minimise the objective in the median.",
            "abstract; the median is ours",
            &SoftThresholds,
            Rule::at_least(
                "median (F − F*)/F* of supervised over that of unsupervised, tied, depth 30, smallest over matrices",
                3.0,
            ),
            |table| {
                let left = |method| of_soft(table, method, 30, |row| row.median);
                let pairs = left(Soft::SupervisedTied).into_iter().zip(left(Soft::UnsupervisedTied));
                Ok(Estimate::smallest_of(pairs.map(|(s, u)| s / u)))
            },
        )
        .shown_by("layers"),
    ]);
    all
}

fn hard() -> Vec<Claim> {
    let mut all = vec![
        Claim::new(
            "better-minima-median",
            "Unfolded IHT arrives at better local minima than IHT run to the end in the median.",
            "abstract; the median is ours",
            &HardThresholds,
            Rule::at_most("median objective over that of 300 iterations of IHT, depth 30, larger of both losses' means over matrices", 0.95),
            |table| {
                let means = [Hard::Supervised, Hard::Unsupervised].map(|method| {
                    table.mean(quantities::relative_medians(table, method, 30)).value
                });
                Ok(Estimate::worst_of(means))
            },
        )
        .shown_by("layers"),
        Claim::new(
            "alike-median",
            "Both losses perform alike for the ℓ0 objective in the median.",
            "abstract; the median is ours",
            &HardThresholds,
            Rule::between("median objective of supervised over that of unsupervised, depth 30, mean over matrices", 0.95, 1.05),
            |table| {
                let of = |method| quantities::relative_medians(table, method, 30);
                Ok(table.mean(of(Hard::Supervised).into_iter().zip(of(Hard::Unsupervised)).map(|(s, u)| s / u)))
            },
        )
        .shown_by("layers"),
    ];
    for (id, method, depth) in [
        ("better-minima-supervised", Hard::Supervised, 30),
        ("better-minima-supervised-14", Hard::Supervised, 14),
        ("better-minima-unsupervised", Hard::Unsupervised, 30),
        ("better-minima-unsupervised-14", Hard::Unsupervised, 14),
    ] {
        all.push(
            Claim::new(
                id,
                "Unfolded IHT arrives at better local minima than IHT run to the end.",
                "abstract",
                &HardThresholds,
                Rule::at_most("mean objective over that of 300 iterations of IHT, mean over matrices", 0.95),
                move |table| {
                    Ok(table.mean(relative_objectives(table, method, Variant::AlmostEverywhere, depth)))
                },
            )
            .shown_by("layers"),
        );
    }
    for (id, method, depth) in [
        ("better-on-most-supervised", Hard::Supervised, 30),
        ("better-on-most-supervised-14", Hard::Supervised, 14),
        ("better-on-most-unsupervised", Hard::Unsupervised, 30),
        ("better-on-most-unsupervised-14", Hard::Unsupervised, 14),
    ] {
        all.push(
            Claim::new(
                id,
                "It does so on most signals.",
                "abstract",
                &HardThresholds,
                Rule::at_least("share of signals with no higher objective than 300 iterations of IHT, mean over matrices", 0.6),
                move |table| Ok(table.mean(share_better(table, method, Variant::AlmostEverywhere, depth))),
            )
            .shown_by("layers"),
        );
    }
    for (id, depth) in [("alike", 30), ("alike-14", 14)] {
        all.push(
            Claim::new(
                id,
                "Both losses perform alike for the ℓ0 objective.",
                "abstract",
                &HardThresholds,
                Rule::at_most("larger of |difference of NMSE| in dB and |difference of objectives| over 5 %, mean over matrices each", 1.0),
                move |table| Ok(Estimate::exact(quantities::unlike(table, depth))),
            )
            .shown_by("layers"),
        );
    }
    for (id, depth) in [("loss-matters-less", 30), ("loss-matters-less-14", 14)] {
        all.push(
            Claim::new(
                id,
                "The loss matters less than for the convex objective: both gains on IHT are the same. What it does there is `does-not-minimise`.",
                "abstract",
                &HardThresholds,
                Rule::between("gain of supervised on IHT's objective over that of unsupervised, means over matrices", 0.8, 1.25),
                move |table| {
                    let gain = |method| {
                        let ratios = relative_objectives(table, method, Variant::AlmostEverywhere, depth);
                        1.0 - ratios.iter().sum::<f64>() / ratios.len() as f64
                    };
                    Ok(Estimate::exact(gain(Hard::Supervised) / gain(Hard::Unsupervised)))
                },
            )
            .shown_by("layers"),
        );
    }
    all
}

fn mismatch() -> Vec<Claim> {
    let mut all = Vec::new();
    for (id, depth) in [("generalises", 30), ("generalises-14", 14)] {
        all.push(
            Claim::new(
                id,
                "Where test conditions differ, unsupervised IHT keeps its gain on IHT.",
                "abstract of the second version",
                &HardThresholds,
                Rule::at_least("conditions of six with a lower objective than IHT's, the smaller count of means and of medians", 5.0),
                move |table| Ok(Estimate::exact(conditions(table, depth, quantities::keeps_gain))),
            )
            .shown_by("conditions"),
        );
    }
    for (id, depth) in [("degrades", 30), ("degrades-14", 14)] {
        all.push(
            Claim::new(
                id,
                "Supervised IHT tends to degrade there.",
                "abstract of the second version",
                &HardThresholds,
                Rule::at_least("conditions of six where it is worse than unsupervised by 1 dB or 5 % of the objective, though not in the training's, the smaller count of means and of medians", 2.0),
                move |table| Ok(Estimate::exact(conditions(table, depth, quantities::degrades))),
            )
            .shown_by("conditions"),
        );
    }
    all
}

fn beyond() -> Vec<Claim> {
    vec![
        Claim::new(
            "chebyshev",
            "Learned steps resemble Chebyshev steps.",
            "Takabe and Wadayama (2020), abstract",
            &SoftThresholds,
            Rule::at_least("share of random steps between the learned extremes whose sorted logarithms correlate less with Chebyshev's, unsupervised, tied, depth 30, mean over matrices", 0.95),
            |table| Ok(table.mean(learned_against_chebyshev(table, 30))),
        )
        .shown_by("steps"),
        Claim::new(
            "chebyshev-untrained",
            "Chebyshev steps need no training and minimise no worse than trained ones.",
            "beyond the paper",
            &SoftThresholds,
            Rule::at_most("(F − F*)/F* of Chebyshev steps over that of unsupervised, tied, depth 30, largest over matrices", 1.0),
            |table| {
                let left = |method| of_soft(table, method, 30, |row| row.suboptimality);
                Ok(Estimate::worst_of(left(Soft::Chebyshev).into_iter().zip(left(Soft::UnsupervisedTied)).map(|(c, u)| c / u)))
            },
        )
        .shown_by("layers"),
        Claim::new(
            "coupling",
            "Unsupervised training with free thresholds finds the proximal map's threshold t = λg by itself.",
            "beyond the paper",
            &SoftThresholds,
            Rule::between("t/(λg) of the last five layers that is farthest from 1, depth 30, over matrices", 0.85, 1.15),
            |table| Ok(Estimate::farthest_from(1.0, coupling(table, 30))),
        ),
        Claim::new(
            "free-at-every-weight",
            "Free thresholds recover better than the LASSO at every weight.",
            "beyond the paper",
            &Weights,
            Rule::at_least("NMSE of the LASSO less that of the network, dB, mean over matrices, smallest over weights", 1.0),
            |table| {
                let rows = table.rows().filter(|(cell, _)| cell.method == weights::Method::SupervisedFree);
                let means = table.means_by(rows.map(|(cell, row)| (cell.weight, row.gain)), "gain of free thresholds");
                Ok(Estimate::smallest_of(means.iter().map(|mean| mean.mean)))
            },
        )
        .shown_by("weights"),
        Claim::new(
            "bias",
            "Gradients of automatic differentiation miss a tenth or more of the derivative through a hard threshold.",
            "beyond the paper",
            &Bias,
            Rule::at_least("largest |missing|/|derivative| of one layer on one number over steps from 0.5 to 1.5, supervised", 0.1),
            |table| {
                let inside = table.rows().filter(|(cell, _)| (0.5..=1.5).contains(&cell.step) && cell.loss == crate::training::Loss::Supervised);
                Ok(Estimate::worst_of(inside.map(|(_, row)| ((row.exact - row.almost_everywhere) / row.exact).abs())))
            },
        )
        .shown_by("derivatives"),
        Claim::new(
            "unbiased",
            "With the boundary part, in a narrow window, gradients have no bias.",
            "beyond the paper",
            &Bias,
            Rule::at_most("largest distance of a mean over ten draws from the exact derivative, standard errors", 4.5),
            |table| Ok(Estimate::exact(bias::largest_deviation(table, |row| row.boundary))),
        )
        .shown_by("derivatives"),
        Claim::new(
            "boundary-gain",
            "The gradient with the boundary part finds better minima than the almost-everywhere one.",
            "beyond the paper",
            &HardThresholds,
            Rule::at_most("objective over that of almost-everywhere training, unsupervised, tied, depth 14, mean over matrices", 0.95),
            |table| Ok(table.mean(gains(table, Variant::Boundary, 14))),
        ),
        Claim::new(
            "untrained-descent",
            "Coordinate descent from the LASSO solution, which needs no training, finds better minima than every network.",
            "beyond the paper",
            &HardThresholds,
            Rule::at_most("its objective over that of the best network of any depth and training, largest over matrices", 1.0),
            |table| Ok(Estimate::worst_of(quantities::against_best_network(table))),
        )
        .shown_by("conditions"),
        Claim::new(
            "misses-optima",
            "IHT misses the global optimum of most small problems.",
            "beyond the paper",
            &ExactOptima,
            Rule::at_least("share of problems missed by 300 iterations, mean over matrices", 0.5),
            |table| Ok(table.mean(table.rows().filter(|(cell, _)| cell.method == exact::Method::Iht).map(|(_, row)| row.missed))),
        )
        .shown_by("missed"),
        Claim::new(
            "descent-finds-optima",
            "Descent from the LASSO solution finds it in most.",
            "beyond the paper",
            &ExactOptima,
            Rule::at_most("share of problems missed, mean over matrices", 0.25),
            |table| Ok(table.mean(table.rows().filter(|(cell, _)| cell.method == exact::Method::FromLasso).map(|(_, row)| row.missed))),
        )
        .shown_by("missed"),
    ]
    .into_iter()
    .chain(surrogates())
    .collect()
}

fn surrogates() -> Vec<Claim> {
    let of = |(id, variant, depth): (&'static str, Variant, usize)| {
        Claim::new(
            id,
            "The surrogate gradient finds better minima than the almost-everywhere one; with free thresholds better ones still.",
            "beyond the paper",
            &HardThresholds,
            Rule::at_most(
                "objective over that of almost-everywhere training, unsupervised, mean over matrices",
                0.95,
            ),
            move |table| Ok(table.mean(gains(table, variant, depth))),
        )
    };
    [
        ("surrogate-gain", Variant::Surrogate, 30),
        ("surrogate-gain-14", Variant::Surrogate, 14),
        ("surrogate-free-gain", Variant::SurrogateFree, 30),
        ("surrogate-free-gain-14", Variant::SurrogateFree, 14),
    ]
    .into_iter()
    .map(of)
    .collect()
}

fn not_tested() -> Vec<Claim> {
    vec![Claim::not_tested(
        "figures",
        "The paper's own curves and decibels.",
        "body",
        "the paper's body was not at hand",
    )]
}
