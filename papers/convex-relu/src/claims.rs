//! The paper's claims and the rules that judge them, fixed before any number was measured here.
//!
//! Thresholds come from a pilot in another language, whose numbers were in view; data are drawn anew here.

use lab::{Claim, Estimate, Rule};
use numerics::growth::exponent;

use crate::experiments::iterations::Task;
use crate::experiments::{Descents, Exact, Hard, Iterations, Neurons, Perturbed, Sampling, Steps};

mod quantities;

/// What could not be looked up, and what is assumed here.
pub const OPEN_QUESTIONS: &[&str] = &[
    "The paper's body was not at hand, only its abstract and section titles were: theorems on sampling are judged in a form that is proven here, the settings of its figures are not known.",
    "That the second method samples neurons and drops the constraints is our reading.",
    "The robust programme is derived here; that the paper's is the same is remembered from another paper of its authors.",
    "Losses are sums, and a bias is a column of ones, regularised like other weights.",
];

/// All claims, in the order in which the reports show them.
pub fn claims() -> Vec<Claim> {
    [convexity(), sampled(), iterated(), robust(), beyond(), not_tested()].into_iter().flatten().collect()
}

fn convexity() -> Vec<Claim> {
    vec![
        Claim::new(
            "exact-equals",
            "The convex programme over all patterns and the training of networks have the same optimum.",
            "introduction (Pilanci, Ergen 2020)",
            &Exact,
            Rule::at_most("largest cost of a network less the bound over all networks, over the cost", 1e-9),
            |table| Ok(Estimate::worst_of(table.rows().map(|(_, row)| row.gap))),
        ),
        Claim::new(
            "few-neurons",
            "An optimal network needs no more than n + 1 neurons, here n.",
            "introduction; n derived here",
            &Exact,
            Rule::at_most("largest number of neurons over rows", 1.0),
            |table| {
                Ok(Estimate::worst_of(table.rows().map(|(cell, row)| row.neurons as f64 / cell.rows as f64)))
            },
        )
        .shown_by("patterns"),
        Claim::new(
            "cover",
            "There are as many patterns as Cover's count says, for rows in general position.",
            "section on convex training",
            &Exact,
            Rule::between("number over the count, farthest from 1", 1.0 - 1e-9, 1.0 + 1e-9),
            |table| {
                let ratios = table.rows().map(|(_, row)| row.patterns as f64 / row.cover);
                Ok(Estimate::farthest_from(1.0, ratios))
            },
        ),
        Claim::new(
            "descent-stuck",
            "Back-propagation can end in spurious local minima and depends on the start.",
            "abstract",
            &Descents,
            Rule::at_least("share of starts of width 10 that end more than 10⁻³ above the optimum", 0.5),
            |table| Ok(table.mean(quantities::stuck(table, |row| row.excess))),
        )
        .shown_by("excess"),
        Claim::new(
            "descent-stuck-not-slow",
            "They are stuck, not slow: ten times the steps do not help them.",
            "abstract",
            &Descents,
            Rule::at_least(
                "share of starts of width 10 that end more than 10⁻³ above it after 30,000 steps",
                0.5,
            ),
            |table| Ok(table.mean(quantities::stuck(table, |row| row.excess_long))),
        )
        .shown_by("excess"),
    ]
}

fn sampled() -> Vec<Claim> {
    vec![
        Claim::new(
            "sampling-bound",
            "The chance that one more sampled pattern lowers the optimum is bounded by the number of rows over that of samples.",
            "section on convex training, in a form proven here: neurons over N + 1",
            &Sampling,
            Rule::at_most("largest mean chance less mean bound, over N and shapes", 0.03),
            |table| Ok(Estimate::worst_of(quantities::above_bound(table))),
        )
        .shown_by("chances"),
        Claim::new(
            "sampling-samples",
            "With (2/ψ)(n + ln 1/ξ) samples the chance is at most ψ with probability 1 − ξ.",
            "section on convex training, in the form of Campi and Garatti (2008)",
            &Sampling,
            Rule::at_most("largest share of draws above the ψ that N buys at ξ = 0.05, N of 80 and more", 0.05),
            |table| Ok(Estimate::worst_of(quantities::beyond_promise(table))),
        ),
        Claim::new(
            "neurons-rate-2",
            "Sampled neurons come to the global optimum as their number grows.",
            "abstract; the rate is derived here",
            &Neurons,
            Rule::between("exponent of the mean excess in N, d = 2", -1.3, -0.7),
            |table| Ok(quantities::excess_exponent(table, 2)),
        )
        .shown_by("excess"),
        Claim::new(
            "neurons-rate-3",
            "Sampled neurons come to the global optimum as their number grows.",
            "abstract; the rate is derived here",
            &Neurons,
            Rule::between("exponent of the mean excess in N, d = 3", -0.65, -0.35),
            |table| Ok(quantities::excess_exponent(table, 3)),
        )
        .shown_by("excess"),
        Claim::new(
            "neurons-chance",
            "The chance that one more neuron helps has the same bound, and attains it.",
            "section on convex training, in a form proven here",
            &Neurons,
            Rule::between("mean chance over mean bound, farthest from 1, where the chance is above 0.002", 0.7, 1.3),
            |table| Ok(Estimate::farthest_from(1.0, quantities::chance_over_bound(table))),
        )
        .shown_by("excess"),
    ]
}

fn iterated() -> Vec<Claim> {
    vec![
        Claim::new(
            "admm-linear",
            "ADMM converges linearly.",
            "abstract",
            &Iterations,
            Rule::at_least("smallest R² over draws of ln error against iterations, errors of 10⁻² to 10⁻⁸, best ρ, small problem", 0.95),
            |table| Ok(Estimate::smallest_of(quantities::linearity(table))),
        )
        .shown_by("errors"),
        Claim::new(
            "admm-accurate",
            "It is accurate after ten thousand iterations.",
            "abstract",
            &Iterations,
            Rule::at_most(
                "error of the cost after 10,000 iterations at the best ρ, largest over draws, small problem",
                1e-8,
            ),
            |table| Ok(Estimate::worst_of(quantities::best_errors(table, Task::Small, 10_000))),
        )
        .shown_by("errors"),
        Claim::new(
            "admm-early",
            "Its first iterations already predict well.",
            "abstract",
            &Iterations,
            Rule::at_least(
                "smallest test accuracy after 10 iterations over that at the end, two moons",
                0.95,
            ),
            |table| Ok(Estimate::smallest_of(quantities::early(table, Task::Moons, 10))),
        ),
        Claim::new(
            "admm-early-strokes",
            "They do so for images of pen strokes, two classes.",
            "abstract",
            &Iterations,
            Rule::at_least("smallest test accuracy after 10 iterations over that after 300", 0.95),
            |table| Ok(Estimate::smallest_of(quantities::early(table, Task::Strokes, 10))),
        ),
        Claim::new(
            "blocks",
            "The step may be taken by random blocks, without an n × n factor, in five sweeps.",
            "section on ADMM",
            &Iterations,
            Rule::at_most(
                "error after 1,000 iterations by blocks over that of the exact step, largest, ρ = 0.01",
                2.0,
            ),
            |table| Ok(Estimate::worst_of(quantities::blocks_over_exact(table))),
        ),
        Claim::new(
            "step-quadratic",
            "A step of ADMM is quadratic in the number of patterns.",
            "abstract",
            &Steps,
            Rule::between("exponent of the step's time in the patterns, factor of all unknowns", 1.65, 2.35),
            |table| {
                let points: Vec<_> = table.rows().map(|(cell, row)| (cell.size as f64, row.dense)).collect();
                Ok(Estimate::exact(exponent(&points).unwrap_or(f64::NAN)))
            },
        )
        .shown_by("steps")
        .on_timing(),
    ]
}

fn robust() -> Vec<Claim> {
    vec![
        Claim::new(
            "robust-exact",
            "The convex robust objective is the true worst-case cost of its network.",
            "section on convex adversarial training",
            &Perturbed,
            Rule::at_most("largest difference to the exact worst case, relative", 1e-6),
            |table| {
                Ok(Estimate::worst_of(table.rows().map(|(_, row)| (row.stated / row.convex - 1.0).abs())))
            },
        ),
        Claim::new(
            "robust-tight",
            "Without perturbation it is the optimum: training does not cost less.",
            "section on convex adversarial training",
            &Perturbed,
            Rule::at_most("largest convex cost over that of training, ε = 0", 1.0 + 1e-6),
            |table| {
                let rows = table.rows().filter(|(cell, _)| cell.size == 0.0);
                Ok(Estimate::worst_of(rows.map(|(_, row)| row.convex / row.pgd.min(row.fgsm))))
            },
        )
        .shown_by("costs"),
        Claim::new(
            "robust-better",
            "Convex training gives networks that are more robust than those trained against FGSM or PGD.",
            "abstract, as we read it",
            &Perturbed,
            Rule::at_least("mean robust test accuracy less the better of the others', ε > 0", 0.0),
            |table| {
                let rows = table.rows().filter(|(cell, _)| cell.size > 0.0);
                Ok(table
                    .mean(rows.map(|(_, row)| row.accuracy_convex - row.accuracy_pgd.max(row.accuracy_fgsm))))
            },
        )
        .shown_by("costs"),
        Claim::new(
            "robust-lower-cost",
            "It has the lower worst-case cost in training.",
            "abstract, as we read it",
            &Perturbed,
            Rule::at_most("mean ratio of worst-case costs, convex over the better of the others, ε > 0", 1.0),
            |table| {
                let rows = table.rows().filter(|(cell, _)| cell.size > 0.0);
                Ok(table.mean(rows.map(|(_, row)| row.convex / row.pgd.min(row.fgsm))))
            },
        )
        .shown_by("costs"),
    ]
}

fn beyond() -> Vec<Claim> {
    vec![
        Claim::new(
            "generation-small",
            "Patterns generated by the dual prove an optimum over all with a few of them.",
            "beyond the paper",
            &Exact,
            Rule::at_most("largest number of patterns used over rows", 10.0),
            |table| Ok(Estimate::worst_of(table.rows().map(|(cell, row)| row.used as f64 / cell.rows as f64))),
        )
        .shown_by("patterns"),
        Claim::new(
            "chance-small",
            "On orthonormal rows the bound of the chance becomes small.",
            "beyond the paper",
            &Hard,
            Rule::at_most("mean neurons over N + 1, 30 rows, 60 directions", 0.5),
            |table| {
                let rows = table.rows().filter(|(cell, _)| cell.rows == 30 && cell.draws == 60);
                Ok(table.mean(rows.map(|(_, row)| row.chance)))
            },
        ),
        Claim::new(
            "chance-is-not-gap",
            "The gap does not.",
            "beyond the paper",
            &Hard,
            Rule::at_least("mean cost over the closed form, 30 orthonormal rows, 60 directions", 1.05),
            |table| {
                let rows = table.rows().filter(|(cell, _)| cell.rows == 30 && cell.draws == 60);
                Ok(table.mean(rows.map(|(_, row)| row.ratio)))
            },
        )
        .shown_by("ratios"),
        Claim::new(
            "generation-reaches",
            "Where sampling fails, patterns generated from Xᵀν, which in this family is the optimum's direction, reach the closed form.",
            "beyond the paper",
            &Hard,
            Rule::at_most("largest cost over the closed form, less one", 1e-6),
            |table| Ok(Estimate::worst_of(table.rows().map(|(_, row)| row.generated - 1.0))),
        )
        .shown_by("ratios"),
        Claim::new(
            "step-linear",
            "Through the outputs a step of ADMM is linear in the patterns.",
            "beyond the paper",
            &Steps,
            Rule::at_most("exponent of the step's time in the patterns, n × n system", 1.2),
            |table| {
                let points: Vec<_> = table.rows().map(|(cell, row)| (cell.size as f64, row.coupled)).collect();
                Ok(Estimate::exact(exponent(&points).unwrap_or(f64::NAN)))
            },
        )
        .shown_by("steps")
        .on_timing(),
        Claim::new(
            "same-step",
            "Both forms of the step are the same.",
            "beyond the paper",
            &Steps,
            Rule::at_most("largest difference, relative", 1e-10),
            |table| Ok(Estimate::worst_of(table.rows().map(|(_, row)| row.apart))),
        ),
        Claim::new(
            "penalty-matters",
            "ADMM's rate hangs on ρ by orders of magnitude.",
            "beyond the paper",
            &Iterations,
            Rule::at_least("smallest ratio over draws of errors after 4,000 iterations, ρ = 1 over the best, small problem", 1e3),
            |table| Ok(Estimate::smallest_of(quantities::penalty_ratio(table, 4_000))),
        )
        .shown_by("errors"),
    ]
}

fn not_tested() -> Vec<Claim> {
    vec![
        Claim::not_tested(
            "images",
            "The methods train on MNIST, Fashion-MNIST and CIFAR-10 pairs.",
            "numerical experiments",
            "their settings were not at hand; `convex-relu train` takes such tables as CSV or NPY",
        ),
        Claim::not_tested(
            "deeper",
            "The theory extends to deeper networks.",
            "a remark",
            "no algorithm was at hand",
        ),
    ]
}
