//! What the columns of a table mean, and how well a second run must agree with them.

/// A struct whose fields are the columns of a table: what they mean stands in their doc comments.
///
/// Derived: `#[derive(Columns)]`, whose attributes `lab-derive` describes.
pub trait Columns {
    /// The columns, in the order of the fields.
    fn columns() -> Vec<Column>;
}

/// What a column of a table holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// The field's name.
    pub name: &'static str,
    /// What it means, in a few words.
    pub meaning: &'static str,
    /// Its unit, where it has one.
    pub unit: Option<&'static str>,
    /// How far its values may differ between processors.
    pub agreement: Agreement,
}

/// How well a second run must agree with a first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Agreement {
    /// To the last bit on one kind of processor; on another, floats within either of the two tolerances.
    Within {
        /// The distance over the larger magnitude.
        relative: f64,
        /// The distance.
        absolute: f64,
    },
    /// A time: it never repeats, and is kept out of every table that must.
    Time,
}

impl Agreement {
    /// What holds where nothing is said: a relative 1e-6.
    pub const USUAL: Self = Self::Within { relative: 1e-6, absolute: 0.0 };

    /// Whether two values agree. Whatever is not finite agrees with itself alone.
    pub fn holds(self, a: f64, b: f64) -> bool {
        match self {
            Self::Time => true,
            Self::Within { relative, absolute } => {
                let distance = (a - b).abs();
                a == b
                    || distance.is_finite()
                        && (distance <= absolute || distance <= relative * a.abs().max(b.abs()))
            }
        }
    }
}

impl Column {
    /// A column whose floats agree to a relative 1e-6 on any processor.
    pub fn new(name: &'static str, meaning: &'static str) -> Self {
        Self { name, meaning, unit: None, agreement: Agreement::USUAL }
    }

    /// Names the unit.
    pub fn unit(self, unit: &'static str) -> Self {
        Self { unit: Some(unit), ..self }
    }

    /// States another relative tolerance between processors, below 1.
    pub fn within(self, relative: f64) -> Self {
        let absolute = match self.agreement {
            Agreement::Within { absolute, .. } => absolute,
            Agreement::Time => 0.0,
        };
        Self { agreement: Agreement::Within { relative, absolute }, ..self }
    }

    /// States a tolerance in the column's own unit: for residuals near zero, and for counts that depend on rounding.
    pub fn absolute(self, absolute: f64) -> Self {
        let relative = match self.agreement {
            Agreement::Within { relative, .. } => relative,
            Agreement::Time => 0.0,
        };
        Self { agreement: Agreement::Within { relative, absolute }, ..self }
    }

    /// Marks a measured time.
    pub fn time(self) -> Self {
        Self { agreement: Agreement::Time, ..self }
    }

    /// Whether it holds times.
    pub fn is_time(&self) -> bool {
        self.agreement == Agreement::Time
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_tolerance_is_enough() {
        let agreement = Column::new("x", "x").within(0.1).absolute(2.0).agreement;
        assert!(agreement.holds(1.0, 3.0) && agreement.holds(100.0, 109.0) && !agreement.holds(10.0, 13.0));
        let usual = Agreement::USUAL;
        assert!(usual.holds(f64::INFINITY, f64::INFINITY) && !usual.holds(f64::INFINITY, 1.0));
        assert!(!usual.holds(f64::NAN, 1.0) && usual.holds(0.0, 0.0) && !usual.holds(0.0, 1e-300));
    }
}
