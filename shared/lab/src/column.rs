//! What the columns of a table mean, and how well a second run must agree with them.

/// What a column of a table holds.
#[derive(Clone, Debug)]
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
    /// To the last bit on one kind of processor; floats within this relative tolerance on another.
    Within(f64),
    /// A time: it never repeats, and is kept out of every table that must.
    Timing,
}

impl Column {
    /// A column whose floats agree to a relative 1e-6 on any processor.
    pub fn new(name: &'static str, meaning: &'static str) -> Self {
        Self { name, meaning, unit: None, agreement: Agreement::Within(1e-6) }
    }

    /// A measured time in seconds.
    pub fn seconds(name: &'static str, meaning: &'static str) -> Self {
        Self { name, meaning, unit: Some("s"), agreement: Agreement::Timing }
    }

    /// Names the unit.
    pub fn unit(self, unit: &'static str) -> Self {
        Self { unit: Some(unit), ..self }
    }

    /// States another relative tolerance between processors, for example where an iteration's count
    /// may depend on rounding.
    pub fn within(self, relative: f64) -> Self {
        Self { agreement: Agreement::Within(relative), ..self }
    }

    /// Whether it holds times.
    pub fn is_timing(&self) -> bool {
        self.agreement == Agreement::Timing
    }
}
