//! Formulas that a user types: parsed, evaluated, and differentiated as often as is asked for.
//!
//! The parser and the derivatives are those of `exmex`; what is added are the conventions that people expect of it: -x^2 is −(x²), 1e-3 is a
//! number, `**` is a power as well as `^`, and a text that is wrong gives one line.

use exmex::{Differentiate, Express, FlatEx};

/// Names that are numbers in a formula.
pub const CONSTANTS: [&str; 6] = ["e", "E", "PI", "π", "TAU", "τ"];

/// Why a text is no formula.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct FormulaError(String);

/// A formula in named variables.
#[derive(Clone, Debug)]
pub struct Formula {
    expression: FlatEx<f64>,
}

impl Formula {
    /// Parses numbers, names, + - * / ^ **, brackets, and functions such as sqrt, exp, ln, sin and cos.
    ///
    /// # Errors
    /// One line on what is wrong.
    pub fn parse(text: &str) -> Result<Self, FormulaError> {
        let conventional = conventional(text).map_err(|why| FormulaError(why.into()))?;
        let expression = exmex::parse(&conventional)
            .map_err(|error| FormulaError(error.msg().lines().next().unwrap_or("no formula").to_owned()))?;
        Ok(Self { expression })
    }

    /// Names of the variables, in the order in which [`evaluate`](Self::evaluate) takes their values.
    pub fn names(&self) -> &[String] {
        self.expression.var_names()
    }

    /// The value; NaN where there is none.
    pub fn evaluate(&self, variables: &[f64]) -> f64 {
        self.expression.eval(variables).unwrap_or(f64::NAN)
    }

    /// The derivative by the variable at a place of [`names`](Self::names), in the same variables; `None` where an operator has none.
    pub fn derivative(&self, place: usize) -> Option<Self> {
        Some(Self { expression: self.expression.clone().partial(place).ok()? })
    }

    /// Whether it is the number zero, whatever the variables; `false` is no proof of the contrary.
    pub fn is_zero(&self) -> bool {
        self.expression.unparse().trim() == "0.0" || self.expression.unparse().trim() == "0"
    }
}

/// The formula as the parser reads it. It binds a sign tighter than a power, (−x)² for -x^2: a zero before a leading minus gives it the rank of a difference,
/// as everywhere in mathematics. It knows no 1e-3: such numbers are written out.
fn conventional(text: &str) -> Result<String, &'static str> {
    let mut written = String::new();
    let mut before = '(';
    let text = text.replace("**", "^");
    let mut rest = text.as_str();
    while let Some(character) = rest.chars().next() {
        let digits = number_length(rest);
        let taken = if digits > 0 && !(before.is_alphanumeric() || before == '_') {
            let number: f64 = rest[..digits].parse().map_err(|_| "a number with two points")?;
            if !number.is_finite() {
                return Err("a number beyond 1e308");
            }
            written += &number.to_string();
            digits
        } else {
            if character == '-' {
                match before {
                    '(' | ',' => written.push('0'),
                    '+' | '-' | '*' | '/' | '^' => {
                        return Err("a minus after an operator needs brackets, as in 2*(-x)");
                    }
                    _ => {}
                }
            }
            written.push(character);
            character.len_utf8()
        };
        before = rest[..taken].trim_end().chars().next_back().unwrap_or(before);
        rest = &rest[taken..];
    }
    Ok(written)
}

/// Length of the number at the beginning of a text, with its exponent; 0 if there is none.
fn number_length(text: &str) -> usize {
    let digits = |text: &str, point: bool| {
        text.find(|c: char| !(c.is_ascii_digit() || point && c == '.')).unwrap_or(text.len())
    };
    let mantissa = digits(text, true);
    let exponent = text[mantissa..].strip_prefix(['e', 'E']).map_or(0, |rest| {
        let sign = usize::from(rest.starts_with(['+', '-']));
        match digits(&rest[sign..], false) {
            0 => 0,
            length => 1 + sign + length,
        }
    });
    if mantissa == 0 { 0 } else { mantissa + exponent }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conventions_are_those_of_mathematics() {
        let value = |text: &str, x: f64| Formula::parse(text).unwrap().evaluate(&[x]);
        assert_eq!(value("-x^2", 3.0), -9.0);
        assert_eq!(value("1e-3*x**2 - 2*(-x)", 2.0), 4.004);
        assert!(value("ln(x)", -1.0).is_nan());
        for text in ["x +", "2*-x", "f(x", "1e999*x"] {
            assert!(!Formula::parse(text).unwrap_err().to_string().contains('\n'), "{text}");
        }
    }

    #[test]
    fn derivatives_are_exact() {
        let formula = Formula::parse("x^3*sin(y) + sqrt(x)/y + exp(-x*y) + (x-y)**4").unwrap();
        let (x, y) = (1.3_f64, -0.7_f64);
        let by_x = formula.derivative(0).unwrap();
        let exact = 3.0 * x * x * y.sin() + 0.5 / x.sqrt() / y - y * (-x * y).exp() + 4.0 * (x - y).powi(3);
        assert!((by_x.evaluate(&[x, y]) - exact).abs() < 1e-13);
        let mixed = by_x.derivative(1).unwrap();
        let exact = 3.0 * x * x * y.cos() - 0.5 / x.sqrt() / (y * y) + (x * y - 1.0) * (-x * y).exp()
            - 12.0 * (x - y).powi(2);
        assert!((mixed.evaluate(&[x, y]) - exact).abs() < 1e-12);
        let square = Formula::parse("(x - 1)^2").unwrap();
        let second = square.derivative(0).and_then(|first| first.derivative(0)).unwrap();
        assert_eq!(second.evaluate(&[1.0]), 2.0);
        assert!(second.derivative(0).unwrap().is_zero());
    }
}
