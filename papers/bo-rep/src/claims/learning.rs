//! Claims on recurrent networks, encoders and cleaning.

use std::collections::BTreeSet;

use lab::{Claim, Rule, Table};

use super::mean;
use crate::experiments::cleaning::{self, Who};
use crate::experiments::methods::Method;
use crate::experiments::smoothness::{self, Loss};
use crate::experiments::{Cleaning, Representation, Smoothness, representation};
use crate::smoothness::{Fit, Point, fit};

type Smooth = Table<smoothness::Parameters, smoothness::Row>;

/// The fit of each network of a loss at a length: a scale and a repetition each.
fn fitted(table: &Smooth, loss: Loss, length: u32) -> Vec<(u32, Fit)> {
    let cells = table.cells().filter(|(cell, _)| cell.loss == loss && cell.length == length);
    let of = |rows: &[smoothness::Row]| {
        let points = rows.iter().map(|row| Point { gradient: row.gradient, smoothness: row.smoothness });
        fit(&points.filter(|p| p.smoothness > 0.0).collect::<Vec<_>>())
    };
    cells.filter_map(|(cell, rows)| Some((cell.replicate, of(rows)?))).collect()
}

fn replicates(table: &Smooth, loss: Loss) -> BTreeSet<u32> {
    table.rows().filter(|(cell, _)| cell.loss == loss).map(|(cell, _)| cell.replicate).collect()
}

fn lengths(table: &Smooth, loss: Loss) -> BTreeSet<u32> {
    table.rows().filter(|(cell, _)| cell.loss == loss).map(|(cell, _)| cell.length).collect()
}

pub fn networks() -> Vec<Claim> {
    let of_rnn = |id, sentence, rule: Rule, of: fn(&Fit) -> f64| {
        Claim::new(id, sentence, "abstract", &Smoothness, rule, move |table| {
            let long = lengths(table, Loss::Rnn).into_iter().filter(|length| *length >= 10);
            Ok(table.mean(long.flat_map(|length| fitted(table, Loss::Rnn, length)).map(|(_, fit)| of(&fit))))
        })
        .shown_by("growth")
    };
    let linear = |id, sentence, place, loss: Loss| {
        Claim::new(
            id,
            sentence,
            place,
            &Smoothness,
            Rule::at_most(
                "slope of ln L̂ on ln |∇|, upper half of a network's gradients, mean over networks",
                1.1,
            ),
            move |table| {
                let all = lengths(table, loss).into_iter().flat_map(|length| fitted(table, loss, length));
                let slopes: Vec<f64> = all.map(|(_, fit)| fit.upper_slope).collect();
                Ok(table.mean(slopes))
            },
        )
        .shown_by("growth")
    };
    let better = |id, sentence, rule: Rule, quantity: fn(&representation::Row) -> f64| {
        Claim::new(id, sentence, "experiments", &Representation, rule, move |table| {
            let of = |method: Method| -> Vec<f64> {
                let rows = table.rows().filter(|(cell, _)| cell.method == method);
                rows.map(|(_, row)| quantity(row)).collect()
            };
            let plain = representation::METHODS.iter().filter(|method| method.is_plain());
            let rivals = plain.map(|method| of(*method)).filter(|values| !values.is_empty());
            let best = rivals.min_by(|a, b| mean(a).total_cmp(&mean(b))).unwrap_or_default();
            Ok(table.mean(best.iter().zip(of(Method::BoRep)).map(|(rival, ours)| ours - rival)))
        })
        .shown_by("encoders")
    };
    vec![
        of_rnn(
            "rnn-unbounded",
            "Losses of recurrent networks are smooth less where gradients are large.",
            Rule::at_least("correlation of ln L̂ and ln |∇|, lengths of 10 and more, mean over networks", 0.5),
            |fit| fit.correlation,
        ),
        of_rnn(
            "rnn-decades",
            "Their smoothness has no bound that would be of use.",
            Rule::at_least(
                "decades that L̂ spans on one descent, lengths of 10 and more, mean over networks",
                3.0,
            ),
            |fit| fit.decades,
        ),
        linear(
            "rnn-linear-law",
            "It grows at most linearly with the gradient, as (L₀, L₁)-smoothness says: RNN.",
            "abstract: assumption",
            Loss::Rnn,
        ),
        linear("lstm-linear-law", "LSTM.", "abstract: assumption", Loss::Lstm),
        linear("gru-linear-law", "GRU (ours).", "beyond the paper", Loss::Gru),
        Claim::new(
            "length-law",
            "The constant grows with the length of sequences (ours).",
            "beyond the paper",
            &Smoothness,
            Rule::between(
                "exponent in the length of the mean over scales of the 95 % quantile of L̂/|∇|, RNN, mean over repetitions",
                0.7,
                1.7,
            ),
            |table| {
                let slopes = replicates(table, Loss::Rnn).into_iter().filter_map(|replicate| {
                    let points: Vec<(f64, f64)> = lengths(table, Loss::Rnn)
                        .into_iter()
                        .filter_map(|length| {
                            let fits = fitted(table, Loss::Rnn, length).into_iter();
                            let ratios: Vec<f64> = fits
                                .filter(|(number, _)| *number == replicate)
                                .map(|(_, fit)| fit.ratio_95)
                                .collect();
                            (!ratios.is_empty()).then(|| (f64::from(length), mean(&ratios)))
                        })
                        .collect();
                    numerics::growth::exponent(&points)
                });
                Ok(table.mean(slopes))
            },
        ),
        better(
            "representation",
            "BO-REP finds a lower Φ than the plain methods at equal calls.",
            Rule::at_most("Φ of BO-REP less that of the best plain method, mean over data sets", 0.0),
            |row| row.value,
        ),
        better(
            "representation-error",
            "And a better representation: a lower error on all sequences (ours).",
            Rule::at_most("error of BO-REP less that of the best plain method, mean over data sets", 0.0),
            |row| row.error,
        ),
    ]
}

type Cleaned = Table<cleaning::Parameters, cleaning::Row>;

/// Rows of one kind, in the order of repetitions, with one-sided flips and a linear model.
fn cleaned(table: &Cleaned, who: Who, of: fn(&cleaning::Row) -> f64) -> Vec<f64> {
    let rows = table.rows().filter(|(cell, _)| cell.who == who && cell.one_sided && !cell.recurrent);
    rows.map(|(_, row)| of(row)).collect()
}

pub fn data() -> Vec<Claim> {
    let area = |id, sentence, place, who: Who, rule: Rule| {
        Claim::new(id, sentence, place, &Cleaning, rule, move |table| {
            Ok(table.mean(cleaned(table, who, |row| row.area)))
        })
        .shown_by("areas")
    };
    vec![
        area(
            "cleaning",
            "Learnt weights tell flipped rows from clean ones.",
            "experiments",
            Who::BoRep,
            Rule::at_least("share of pairs in which the flipped row weighs less, one-sided flips", 0.7),
        ),
        Claim::new(
            "cleaning-pays",
            "And the classifier is better for it.",
            "experiments",
            &Cleaning,
            Rule::at_most("error with weights less that without, one-sided flips, mean over data sets", 0.0),
            |table| {
                let (with, without) = (
                    cleaned(table, Who::BoRep, |row| row.error),
                    cleaned(table, Who::Nobody, |row| row.error),
                );
                Ok(table.mean(with.iter().zip(without).map(|(with, without)| with - without)))
            },
        )
        .shown_by("errors"),
        area(
            "redrawn-noise",
            "With labels drawn anew at each access, as the public loader does, nothing can be told apart.",
            "public script",
            Who::Redrawn,
            Rule::between("share of pairs in which the flipped row weighs less", 0.45, 0.55),
        ),
        Claim::new(
            "cleaning-within",
            "Among rows with the same label too, where going by labels tells nothing (ours).",
            "beyond the paper",
            &Cleaning,
            Rule::at_least(
                "share of pairs in which the flipped row weighs less, rows labelled as the first class",
                0.7,
            ),
            |table| Ok(table.mean(cleaned(table, Who::BoRep, |row| row.area_within))),
        )
        .shown_by("areas"),
        Claim::new(
            "script-loop",
            "The public script's lower loop, whose gradients add up and take the upper level's in, ends where the stated loop ends.",
            "public script",
            &Cleaning,
            Rule::at_most("relative difference of the final validation loss, mean over data sets", 0.05),
            |table| {
                let of = |who| cleaned(table, who, |row| row.value);
                let (as_is, cleared) = (of(Who::Script), of(Who::ScriptCleared));
                Ok(table
                    .mean(as_is.iter().zip(cleared).map(|(as_is, cleared)| (as_is / cleared - 1.0).abs())))
            },
        ),
    ]
}
