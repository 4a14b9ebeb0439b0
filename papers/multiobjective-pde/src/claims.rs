//! The claims and the rules that judge them, fixed before any number was measured here.
//!
//! The paper is an overview of which only the abstract could be read: most sentences are those of the abstracts of papers that it reports. Thresholds come from a pilot in another language,
//! whose numbers were in view.

use std::collections::BTreeMap;

use lab::{Claim, Estimate, Rule, Table};
use numerics::bootstrap::median;
use numerics::growth::exponent;

use crate::experiments::covers::Set;
use crate::experiments::fronts::{self, Method, unevenness};
use crate::experiments::problems::Pair;
use crate::experiments::reduction::Choice;
use crate::experiments::{
    BoundedLosses, Certificates, Covers, Descents, Edges, Fronts, Newton, Patches, Paths, Reduction, States,
};
use crate::experiments::{newton, wells};

/// What could not be looked up, and what is assumed here.
pub const OPEN_QUESTIONS: &[&str] = &[
    "Of the paper, an overview, only the abstract was at hand, and of the papers it reports abstracts and one introduction. No mesh, κ, σ, target or table of theirs is known: all experiments are reconstructions.",
    "The abstract of one of them says that a line search makes the local Newton method converge. Of which function its search asks for a decrease is not known; here one on the residual of the optimality system and one on the objective are tried.",
    "How reference points are moved along the front is our reading of a scheme by Banholzer; the distance below the front is a third of that along it.",
    "The proximal bundle method that descent is compared with in the papers was not run: gradient sampling stands in its place.",
    "What reduced models save is counted in flops by the formulas beside them; seconds are shown, and judge nothing.",
];

/// All claims, in the order in which the reports show them.
pub fn claims() -> Vec<Claim> {
    [equation(), control(), fronts(), methods(), beyond(), not_tested()].into_iter().flatten().collect()
}

fn equation() -> Vec<Claim> {
    vec![
        Claim::new(
            "state-newton",
            "Newton's method copes with the switch: few steps, on every grid.",
            "abstract: switches",
            &States,
            Rule::at_most("most Newton steps, all κ and grids", 10.0),
            |table| Ok(Estimate::worst_of(table.rows().map(|(_, row)| row.steps as f64))),
        )
        .shown_by("states"),
        Claim::new(
            "state-meshes",
            "The number of steps hardly depends on the grid.",
            "abstract: switches",
            &States,
            Rule::at_most("most steps on the finest grid less those on the coarsest, all κ", 3.0),
            |table| {
                let mut by_kappa: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
                for (cell, row) in table.rows() {
                    by_kappa.entry(cell.kappa as u64).or_default().push(row.steps as f64);
                }
                Ok(Estimate::worst_of(by_kappa.values().map(|steps| steps[steps.len() - 1] - steps[0])))
            },
        )
        .shown_by("states"),
        Claim::new(
            "state-order",
            "The discretisation converges with order two across the line where the switch acts.",
            "known",
            &States,
            Rule::between("order of the largest error, farthest from 2 over κ", 1.9, 2.1),
            |table| {
                let mut by_kappa: BTreeMap<u64, Vec<(f64, f64)>> = BTreeMap::new();
                for (cell, row) in table.rows() {
                    let h = 1.0 / (cell.n as f64 + 1.0);
                    by_kappa.entry(cell.kappa as u64).or_default().push((h, row.error));
                }
                let orders = by_kappa.values().map(|points| exponent(points).unwrap_or(f64::NAN));
                Ok(Estimate::farthest_from(2.0, orders))
            },
        )
        .shown_by("states"),
        Claim::new(
            "bound-holds",
            "The error of a reduced model is bounded a posteriori (a theorem, tested).",
            "SPP1962-138, title",
            &Reduction,
            Rule::at_least("least ratio of bound to error", 1.0 - 1e-8),
            |table| Ok(Estimate::smallest_of(table.rows().map(|(_, row)| row.least_effectivity))),
        )
        .shown_by("reduction"),
        Claim::new(
            "reduced-decay",
            "Errors of greedy bases fall quickly.",
            "SPP1962-138, title",
            &Reduction,
            Rule::at_most("largest bound with most functions over that with one, greedy", 1e-3),
            |table| {
                let greedy = table.cells().filter(|(cell, _)| cell.choice == Choice::Greedy);
                Ok(Estimate::worst_of(
                    greedy.map(|(_, rows)| rows[rows.len() - 1].estimate / rows[0].estimate),
                ))
            },
        )
        .shown_by("reduction"),
        Claim::new(
            "reduced-work",
            "Reduced states take far less work.",
            "abstract: surrogates",
            &Reduction,
            Rule::at_least("flops of full states over those of reduced ones, 10 greedy functions", 20.0),
            |table| {
                let tenth =
                    table.rows().filter(|(cell, row)| cell.choice == Choice::Greedy && row.size <= 10);
                let largest = tenth.max_by_key(|(_, row)| row.size).map_or(f64::NAN, |(_, row)| row.saved);
                Ok(Estimate::exact(largest))
            },
        )
        .shown_by("reduction"),
    ]
}

fn share(table: &Table<newton::Parameters, newton::Row>, of: fn(&newton::Row) -> bool) -> f64 {
    let all = table.rows().filter(|(cell, _)| cell.n == 11);
    let (count, hits) =
        all.fold((0.0, 0.0), |(count, hits), (_, row)| (count + 1.0, hits + f64::from(u8::from(of(row)))));
    hits / count
}

fn control() -> Vec<Claim> {
    vec![
        Claim::new(
            "local-degenerates",
            "The local pseudo-semismooth Newton method fails on some problems.",
            "COAP 2022, abstract, as recalled",
            &Newton,
            Rule::at_least("share of 11 × 11 problems that it does not solve", 0.05),
            |table| Ok(Estimate::exact(1.0 - share(table, |row| row.local))),
        )
        .shown_by("solved"),
        Claim::new(
            "search-cures",
            "A line search removes this.",
            "COAP 2022, abstract, as recalled",
            &Newton,
            Rule::at_least(
                "share of the problems that the local method loses, solved with a search on the residual",
                0.9,
            ),
            |table| {
                let lost = 1.0 - share(table, |row| row.local);
                Ok(Estimate::exact(share(table, |row| !row.local && row.residual_search) / lost))
            },
        )
        .shown_by("solved"),
        Claim::new(
            "strong-stationary",
            "An optimal state can vanish on a whole set, with χ strictly between 0 and 1 there.",
            "family of COAP 2022",
            &Patches,
            Rule::at_least("least increase of the objective over perturbed controls, χ < 1; minus infinity where the certificate is above one", 0.0),
            |table| {
                let inside = table.rows().filter(|(cell, _)| cell.chi < 1.0);
                Ok(Estimate::smallest_of(inside.map(|(_, row)| {
                    if row.certificate <= 1.0 { row.least_increase } else { f64::NEG_INFINITY }
                })))
            },
        )
        .shown_by("residuals"),
        Claim::new(
            "two-sets-miss",
            "No choice of χ in {0, 1} satisfies the system there.",
            "family of COAP 2022",
            &Patches,
            Rule::at_least("least residual with χ in {0, 1} on the strip, of points with χ < 1", 1e-3),
            |table| {
                let inside = table.rows().filter(|(cell, _)| cell.chi < 1.0);
                Ok(Estimate::smallest_of(inside.map(|(_, row)| row.residual_of_two_sets)))
            },
        )
        .shown_by("residuals"),
    ]
}

fn systems(table: &Table<fronts::Parameters, fronts::Row>, method: Method) -> f64 {
    let rows = table.rows().filter(|(cell, _)| cell.method == method);
    let (count, sum) =
        rows.fold((0.0, 0.0), |(count, sum), (_, row)| (count + 1.0, sum + row.systems as f64));
    sum / count
}

fn fronts() -> Vec<Claim> {
    vec![
        Claim::new(
            "fronts-agree",
            "Reference points find the points of weighted sums, where those are proven to be optimal (a theorem, tested).",
            "COAP 2022, introduction",
            &Certificates,
            Rule::at_most("largest distance of objectives, certified points", 1e-8),
            |table| {
                let proven = table.rows().filter(|(_, row)| row.proven());
                Ok(Estimate::worst_of(proven.map(|(_, row)| row.apart)))
            },
        ),
        Claim::new(
            "even-points",
            "Reference points spread evenly, weights do not.",
            "COAP 2022, introduction",
            &Fronts,
            Rule::at_least(
                "largest gap over smallest, weights over reference points, target against cost",
                5.0,
            ),
            |table| {
                Ok(Estimate::exact(
                    unevenness(table, Pair::Cost, Method::Weights)
                        / unevenness(table, Pair::Cost, Method::ReferencePoints),
                ))
            },
        )
        .shown_by("fronts"),
        Claim::new(
            "dearer-points",
            "A point by reference point is dearer.",
            "COAP 2022, introduction",
            &Fronts,
            Rule::at_least("linear systems a point, reference points over weights", 1.0),
            |table| {
                Ok(Estimate::exact(systems(table, Method::ReferencePoints) / systems(table, Method::Weights)))
            },
        ),
    ]
}

fn methods() -> Vec<Claim> {
    let mut claims = vec![
        Claim::new(
            "descent-stops",
            "Descent ends at critical points.",
            "JOTA 2021, abstract",
            &Descents,
            Rule::at_least("share of starts, all pairs of seven functions", 1.0),
            |table| {
                let all = table.rows().count() as f64;
                Ok(Estimate::exact(table.rows().filter(|(_, row)| row.critical).count() as f64 / all))
            },
        )
        .shown_by("work"),
        Claim::new(
            "few-subgradients",
            "It takes few subgradients (there against a bundle method, here against gradient sampling).",
            "JOTA 2021, abstract",
            &Descents,
            Rule::at_most("median ratio of subgradients, starts where both end at critical points", 0.5),
            |table| {
                let both = table.rows().filter(|(_, row)| row.critical && row.sampling_critical);
                let ratios = both.map(|(_, row)| row.subgradients as f64 / row.sampling_subgradients as f64);
                Ok(Estimate::exact(median(ratios)))
            },
        )
        .shown_by("work"),
        Claim::new(
            "more-evaluations",
            "And more evaluations than subgradients.",
            "JOTA 2021, abstract",
            &Descents,
            Rule::at_least("median ratio of evaluations to subgradients", 1.0),
            |table| {
                let ratios = table.rows().map(|(_, row)| row.calls as f64 / row.subgradients as f64);
                Ok(Estimate::exact(median(ratios)))
            },
        ),
    ];
    claims.extend([
        Claim::new(
            "cover",
            "Descent and subdivision give the whole Pareto set.",
            "JOTA 2021, abstract",
            &Covers,
            Rule::at_most("Hausdorff distance at the last depth over a box's diameter, nonsmooth pairs", 2.0),
            |table| {
                let last = table.rows().filter(|(cell, row)| {
                    cell.set != Set::Quadratics && row.halvings == cell.depth
                });
                Ok(Estimate::worst_of(last.map(|(_, row)| row.to_cover.max(row.to_set) / row.diameter)))
            },
        )
        .shown_by("covers"),
        Claim::new(
            "inexact-superset",
            "With inexact gradients subdivision gives a superset (a theorem for the outer test, tested).",
            "MDPI MCA 2021, abstract",
            &Covers,
            Rule::at_most("exact points in no box, all depths, quadratics", 0.0),
            |table| {
                let outer = table.rows().filter(|(cell, _)| cell.set == Set::Quadratics);
                Ok(Estimate::worst_of(outer.map(|(_, row)| row.missed as f64)))
            },
        )
        .shown_by("covers"),
        Claim::new(
            "inexact-bound",
            "Which is not farther from the set than a bound (here (2e + Lr)/μ for boxes of half diagonal r).",
            "MDPI MCA 2021, abstract",
            &Covers,
            Rule::at_most("largest distance over the bound, all depths, quadratics", 1.0),
            |table| {
                let outer = table.rows().filter(|(cell, _)| cell.set == Set::Quadratics);
                Ok(Estimate::worst_of(outer.map(|(_, row)| row.to_set / row.bound)))
            },
        )
        .shown_by("covers"),
        Claim::new(
            "path-exact",
            "A regularisation path is a Pareto set, piecewise smooth: exactly the kinks of rational arithmetic, no other.",
            "arXiv 2111.06775, abstract",
            &Paths,
            Rule::at_most("largest error at known kinks, and where their number differs infinity", 1e-12),
            |table| {
                let errors = table.rows().map(|(_, row)| {
                    if row.kinks == row.known { row.error } else { f64::INFINITY }
                });
                Ok(Estimate::worst_of(errors))
            },
        ),
        Claim::new(
            "path-conditions",
            "Every point of a path is critical.",
            "arXiv 2111.06775, abstract",
            &Paths,
            Rule::at_most("largest violation, at kinks and between", 1e-11),
            |table| Ok(Estimate::worst_of(table.rows().map(|(_, row)| row.violation))),
        )
        .shown_by("violations"),
        Claim::new(
            "weights-miss",
            "For losses that are not convex weights miss compromises.",
            "arXiv 2012.07483, abstract",
            &BoundedLosses,
            Rule::at_least("least share of arc length that no weight reaches, compromises alone", 0.1),
            |table| {
                let share = |rows: &[wells::Row]| {
                    let arc = |of: fn(&wells::Row) -> bool| -> f64 {
                        let inside = rows.windows(2).filter(|pair| pair.iter().all(of));
                        inside.map(|pair| pair[1].arc - pair[0].arc).sum()
                    };
                    arc(|row| row.compromise && !row.reached) / arc(|row| row.compromise)
                };
                Ok(Estimate::smallest_of(table.cells().map(|(_, rows)| share(rows))))
            },
        )
        .shown_by("curves"),
        Claim::new(
            "continuation-follows",
            "Continuation does not.",
            "arXiv 2012.07483, abstract",
            &BoundedLosses,
            Rule::at_most("largest violation of criticality along the curves, and infinity where one does not end at λ = 0", 1e-10),
            |table| {
                let worst = |rows: &[wells::Row]| {
                    let ends = rows[rows.len() - 1].lambda == 0.0;
                    rows.iter().map(|row| row.residual).fold(if ends { 0.0 } else { f64::INFINITY }, f64::max)
                };
                Ok(Estimate::worst_of(table.cells().map(|(_, rows)| worst(rows))))
            },
        )
        .shown_by("curves"),
        Claim::new(
            "hierarchy",
            "The boundary of the set of three objectives is made of sets of two.",
            "MDPI MCA 2022, abstract, as recalled",
            &Edges,
            Rule::at_most("largest distance of a boundary box to them, in diameters", 2.0),
            |table| Ok(Estimate::worst_of(table.rows().map(|(_, row)| row.away))),
        )
        .shown_by("edges"),
    ]);
    claims
}

fn beyond() -> Vec<Claim> {
    vec![
        Claim::new(
            "certificate-sound",
            "No control is below a point that the certificate proves (a theorem, tested).",
            "beyond the paper",
            &Certificates,
            Rule::at_least("least gap of weighted sums, certified points", -1e-12),
            |table| {
                let proven = table.rows().filter(|(_, row)| row.proven());
                Ok(Estimate::smallest_of(proven.map(|(_, row)| row.least_gap)))
            },
        ),
        Claim::new(
            "certificate-holds",
            "It proves at least half of the points, over fronts for several κ.",
            "beyond the paper",
            &Certificates,
            Rule::at_least("share of weights, all κ", 0.5),
            |table| {
                let all = table.rows().count() as f64;
                let proven = table.rows().filter(|(_, row)| row.proven()).count() as f64;
                Ok(Estimate::exact(proven / all))
            },
        )
        .shown_by("certificates"),
        Claim::new(
            "three-sets",
            "A search on the objective and three sets where it stalls solve the problems.",
            "beyond the paper",
            &Newton,
            Rule::at_least("share of 11 × 11 problems with a residual of 1e-10", 0.95),
            |table| Ok(Estimate::exact(share(table, |row| row.together))),
        )
        .shown_by("solved"),
        Claim::new(
            "patches-found",
            "They find known optimal controls whose state vanishes on a strip.",
            "beyond the paper",
            &Patches,
            Rule::at_most("largest error of a control, relative", 1e-9),
            |table| Ok(Estimate::worst_of(table.rows().map(|(_, row)| row.error))),
        ),
        Claim::new(
            "bound-efficient",
            "The reduced model's bound is at most 1 + κ/λ₁ times its error, no constant being estimated (a theorem, tested).",
            "beyond the paper",
            &Reduction,
            Rule::at_most("largest ratio of bound to error, over 1 + κ/λ₁", 1.0),
            |table| {
                Ok(Estimate::worst_of(table.rows().map(|(_, row)| row.largest_effectivity / row.allowed)))
            },
        )
        .shown_by("reduction"),
    ]
}

fn not_tested() -> Vec<Claim> {
    [
        ("thousandfold", "Reduced models save more than a thousand evaluations of the full one.", "SPP1962-017, abstract", "a semilinear heat equation whose data are not known"),
        ("bundle", "Descent takes fewer subgradients than a proximal bundle method, and more evaluations.", "JOTA 2021, abstract", "the method's Fortran is not ours to copy"),
        ("state-constraints", "State constraints, parabolic equations, Pascoletti–Serafini scalarisation, trust-region reduced models.", "papers reported", "statements and data were not at hand"),
    ]
    .into_iter()
    .map(|(id, sentence, place, reason)| Claim::not_tested(id, sentence, place, reason))
    .collect()
}
