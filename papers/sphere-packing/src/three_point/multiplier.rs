//! The polynomials that multiply sums of squares in condition (3): products of base polynomials that are not negative there.

use std::fmt;
use std::str::FromStr;

use crate::Error;

/// The base polynomials, with the letters that stand for them.
///
/// The paper builds its monomials from seven base polynomials that its reviews do not list. These six and the constant 1 are the natural
/// description of the set of condition (3): a reconstruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Base {
    /// `x`: |x|² − r².
    FirstOutside,
    /// `y`: |y|² − r².
    SecondOutside,
    /// `X`: R² − |x|².
    FirstInside,
    /// `Y`: R² − |y|².
    SecondInside,
    /// `d`: |x − y|² − r².
    Distance,
    /// `g`: |x|²|y|² − ⟨x, y⟩², Gram's determinant.
    Gram,
}

impl Base {
    /// All of them, in the order in which a product names them.
    pub const ALL: [Self; 6] = [
        Self::FirstOutside,
        Self::SecondOutside,
        Self::FirstInside,
        Self::SecondInside,
        Self::Distance,
        Self::Gram,
    ];

    /// Its letter.
    pub fn letter(self) -> char {
        match self {
            Self::FirstOutside => 'x',
            Self::SecondOutside => 'y',
            Self::FirstInside => 'X',
            Self::SecondInside => 'Y',
            Self::Distance => 'd',
            Self::Gram => 'g',
        }
    }

    /// What x ↔ y makes of it.
    fn swapped(self) -> Self {
        match self {
            Self::FirstOutside => Self::SecondOutside,
            Self::SecondOutside => Self::FirstOutside,
            Self::FirstInside => Self::SecondInside,
            Self::SecondInside => Self::FirstInside,
            same => same,
        }
    }

    /// Its degree in (|x|², |y|², ⟨x, y⟩).
    pub fn degree(self) -> usize {
        if self == Self::Gram { 2 } else { 1 }
    }
}

/// A product of base polynomials, made symmetric in x and y by adding what the exchange makes of it unless that is the same.
///
/// Written as its letters, "1" for the empty product: "xX" is (|x|² − r²)(R² − |x|²) + (|y|² − r²)(R² − |y|²).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Multiplier {
    factors: Vec<Base>,
}

impl Multiplier {
    /// The product of `factors`; the smaller of the two that the exchange relates stands for both.
    pub fn new(factors: &[Base]) -> Self {
        let mut first = factors.to_vec();
        let mut second: Vec<Base> = factors.iter().map(|factor| factor.swapped()).collect();
        first.sort_unstable();
        second.sort_unstable();
        Self { factors: first.min(second) }
    }

    /// The constant 1.
    pub fn one() -> Self {
        Self { factors: Vec::new() }
    }

    /// Of 1, g(u) + g(v), g(u) g(v) with g(u) = (u − a)(A − u), the distance and Gram's determinant, which together describe the set, those of
    /// degree ≤ 2 · `degree`.
    pub fn usual(degree: usize) -> Vec<Self> {
        let all = ["1", "xX", "xyXY", "d", "g"]
            .iter()
            .map(|text| text.parse::<Self>().expect("these are multipliers"));
        all.filter(|multiplier| multiplier.degree() <= 2 * degree).collect()
    }

    /// Whether this is the constant 1.
    pub fn is_one(&self) -> bool {
        self.factors.is_empty()
    }

    /// The factors, ascending.
    pub fn factors(&self) -> &[Base] {
        &self.factors
    }

    /// The degree in (|x|², |y|², ⟨x, y⟩).
    pub fn degree(&self) -> usize {
        self.factors.iter().map(|factor| factor.degree()).sum()
    }

    /// The factors of the product that the exchange adds; `None` if it is the same product.
    pub fn mirror(&self) -> Option<Vec<Base>> {
        let mut mirror: Vec<Base> = self.factors.iter().map(|factor| factor.swapped()).collect();
        mirror.sort_unstable();
        (mirror != self.factors).then_some(mirror)
    }
}

impl fmt::Display for Multiplier {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        if self.is_one() {
            return formatter.write_str("1");
        }
        self.factors.iter().try_for_each(|factor| write!(formatter, "{}", factor.letter()))
    }
}

impl FromStr for Multiplier {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if text == "1" {
            return Ok(Self::one());
        }
        let fault = |fault: String| Error::Multiplier { text: text.to_owned(), fault };
        if text.is_empty() || text.len() > 40 {
            return Err(fault("expected 1 to 40 letters, or \"1\"".into()));
        }
        let factors: Option<Vec<Base>> =
            text.chars().map(|letter| Base::ALL.into_iter().find(|base| base.letter() == letter)).collect();
        factors
            .map(|factors| Self::new(&factors))
            .ok_or_else(|| fault("its letters must be among x, y, X, Y, d and g".into()))
    }
}
