//! Claims: sentences of a paper that a measurement can contradict.
//!
//! The rule of a claim is a range of values under which it counts as reproduced, fixed in the code
//! before any number is known. The verdict is computed from the rule and the measured value with its
//! interval, and from nothing else.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::Failure;
use crate::estimate::Estimate;
use crate::experiment::Experiment;
use crate::page::Verdict;
use crate::store::StoredCell;
use crate::table::{Table, format_number};

/// The values under which a claim counts as reproduced, with the quantity in words.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    quantity: &'static str,
    low: f64,
    high: f64,
}

impl Rule {
    /// Reproduced if `quantity` is at most `bound`.
    pub fn at_most(quantity: &'static str, bound: f64) -> Self {
        Self { quantity, low: f64::NEG_INFINITY, high: bound }
    }

    /// Reproduced if `quantity` is at least `bound`.
    pub fn at_least(quantity: &'static str, bound: f64) -> Self {
        Self { quantity, low: bound, high: f64::INFINITY }
    }

    /// Reproduced if `quantity` lies between the bounds, both included.
    pub fn between(quantity: &'static str, low: f64, high: f64) -> Self {
        Self { quantity, low, high }
    }

    /// *Reproduced* if the whole interval lies in the range, *partly* if the value does but its interval
    /// reaches out of it, *not reproduced* if the value lies outside; *not tested* if it is not finite.
    pub fn judge(&self, estimate: &Estimate) -> Verdict {
        let within = |value: f64| (self.low..=self.high).contains(&value);
        if ![estimate.value, estimate.low, estimate.high].iter().all(|value| value.is_finite()) {
            Verdict::NotTested
        } else if within(estimate.low) && within(estimate.value) && within(estimate.high) {
            Verdict::Reproduced
        } else if within(estimate.value) {
            Verdict::Partly
        } else {
            Verdict::NotReproduced
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { quantity, low, high } = *self;
        match (low.is_finite(), high.is_finite()) {
            (true, true) => {
                write!(f, "{quantity} between {} and {}", format_number(low), format_number(high))
            }
            (true, false) => write!(f, "{quantity} ≥ {}", format_number(low)),
            _ => write!(f, "{quantity} ≤ {}", format_number(high)),
        }
    }
}

/// From the paper's name and the stored cells to an estimate.
type Measure = Box<dyn Fn(&str, &[StoredCell]) -> Result<Estimate, Failure> + Send + Sync>;

/// How a claim is tested, or why it is not.
pub(crate) enum Test {
    Measured {
        experiment: &'static str,
        figure: Option<&'static str>,
        rule: Rule,
        timing: bool,
        measure: Measure,
    },
    Not {
        why: &'static str,
    },
}

/// A claim of a paper, its rule, and the measurement that decides.
pub struct Claim {
    pub(crate) id: &'static str,
    pub(crate) statement: &'static str,
    pub(crate) place: &'static str,
    pub(crate) paper_value: Option<&'static str>,
    pub(crate) test: Test,
}

impl Claim {
    /// A claim that a measurement decides.
    ///
    /// `statement` is the claim in our own words, `place` where the paper makes it; `measure` reads the
    /// estimate off the table of `experiment` and is compared with `rule`.
    pub fn new<E: Experiment>(
        id: &'static str,
        statement: &'static str,
        place: &'static str,
        _experiment: &E,
        rule: Rule,
        measure: impl Fn(&Table<E::Parameters, E::Row>) -> Result<Estimate, Failure> + Send + Sync + 'static,
    ) -> Self {
        let measure: Measure = Box::new(move |paper, cells| measure(&Table::new(paper, cells)?));
        let test = Test::Measured { experiment: E::ID, figure: None, rule, timing: false, measure };
        Self { id, statement, place, paper_value: None, test }
    }

    /// A claim that cannot be tested here, and why.
    pub fn not_tested(
        id: &'static str,
        statement: &'static str,
        place: &'static str,
        why: &'static str,
    ) -> Self {
        Self { id, statement, place, paper_value: None, test: Test::Not { why } }
    }

    /// What the paper gives.
    pub fn paper_value(self, value: &'static str) -> Self {
        Self { paper_value: Some(value), ..self }
    }

    /// The figure of the experiment that shows it.
    pub fn shown_by(mut self, id: &'static str) -> Self {
        if let Test::Measured { figure, .. } = &mut self.test {
            *figure = Some(id);
        }
        self
    }

    /// Marks a claim on a measured time: its value stays out of the files that must repeat.
    pub fn on_timing(mut self) -> Self {
        if let Test::Measured { timing, .. } = &mut self.test {
            *timing = true;
        }
        self
    }
}

/// A claim after the run: what `verdicts.json` holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    /// The claim's id.
    pub id: String,
    /// The claim in our own words.
    pub statement: String,
    /// Where in the paper it stands.
    pub place: String,
    /// What the paper gives.
    pub paper_value: Option<String>,
    /// What was measured.
    pub estimate: Option<Estimate>,
    /// The rule in words.
    pub rule: Option<String>,
    /// The verdict.
    pub verdict: Verdict,
    /// Why it is not tested, or what to know beside the verdict.
    pub reason: Option<String>,
    /// The experiment that decides.
    pub experiment: Option<String>,
    /// The figure that shows it.
    pub figure: Option<String>,
    /// Whether its value is a time, and kept in `timing-verdicts.json`.
    pub timing: bool,
}

/// The cells of one experiment as a judge sees them.
pub(crate) struct Evidence<'a> {
    /// Ended cells in the order of the grid.
    pub cells: &'a [StoredCell],
    /// How many cells the grid has.
    pub grid: usize,
    /// How many of them are neither missing nor failed.
    pub ended: usize,
    /// How many were skipped, diverged or timed out.
    pub without_value: usize,
}

impl Claim {
    /// The experiment that decides, if one does.
    pub(crate) fn experiment(&self) -> Option<&'static str> {
        match self.test {
            Test::Measured { experiment, .. } => Some(experiment),
            Test::Not { .. } => None,
        }
    }

    /// Judges the claim from the cells of its experiment, of which there are none where `evidence` is `None`.
    pub(crate) fn judge(&self, paper: &str, evidence: Option<Evidence<'_>>) -> Result<Judged, Failure> {
        let mut judged = Judged {
            id: self.id.into(),
            statement: self.statement.into(),
            place: self.place.into(),
            paper_value: self.paper_value.map(Into::into),
            estimate: None,
            rule: None,
            verdict: Verdict::NotTested,
            reason: None,
            experiment: None,
            figure: None,
            timing: false,
        };
        let (rule, measure) = match &self.test {
            Test::Not { why } => {
                judged.reason = Some((*why).into());
                return Ok(judged);
            }
            Test::Measured { experiment, figure, rule, timing, measure } => {
                judged.experiment = Some((*experiment).into());
                judged.figure = figure.map(Into::into);
                judged.rule = Some(rule.to_string());
                judged.timing = *timing;
                (rule, measure)
            }
        };
        let Some(evidence) = evidence else {
            judged.reason = Some("its experiment has not run".into());
            return Ok(judged);
        };
        if evidence.ended < evidence.grid {
            judged.reason = Some(format!("{} of {} cells", evidence.ended, evidence.grid));
            return Ok(judged);
        }
        let estimate = measure(paper, evidence.cells)?;
        judged.verdict = rule.judge(&estimate);
        if judged.verdict == Verdict::NotTested {
            judged.reason =
                Some("this profile measures nothing it needs, or a value that is not finite".into());
        } else {
            judged.estimate = Some(estimate);
        }
        if evidence.without_value > 0 {
            let Evidence { without_value, grid, .. } = evidence;
            judged.reason = Some(format!(
                "{without_value} of {grid} cells have no value: skipped, diverged or timed out"
            ));
            // What is missing could have contradicted the claim.
            if judged.verdict == Verdict::Reproduced {
                judged.verdict = Verdict::Partly;
            }
        }
        Ok(judged)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_decides_between_reproduced_and_partly() {
        let rule = Rule::between("slope", -0.57, -0.43);
        assert_eq!(rule.judge(&Estimate::with_interval(-0.5, -0.55, -0.45)), Verdict::Reproduced);
        assert_eq!(rule.judge(&Estimate::with_interval(-0.5, -0.6, -0.45)), Verdict::Partly);
        assert_eq!(rule.judge(&Estimate::with_interval(-0.4, -0.5, -0.3)), Verdict::NotReproduced);
        assert_eq!(rule.judge(&Estimate::exact(-0.43)), Verdict::Reproduced);
        assert_eq!(rule.judge(&Estimate::exact(f64::NAN)), Verdict::NotTested);
    }

    #[test]
    fn rules_in_words() {
        assert_eq!(Rule::at_most("nonzeros", 0.0).to_string(), "nonzeros ≤ 0");
        assert_eq!(Rule::at_least("ratio", 0.5).to_string(), "ratio ≥ 0.5");
        assert_eq!(Rule::between("slope", -1.0, 1.0).to_string(), "slope between -1 and 1");
    }
}
