//! From text to a tape, by recursive descent.
//!
//! ```text
//! sum     = product (("+" | "-") product)*
//! product = signed (("*" | "/" | "%") signed)*
//! signed  = ("-" | "+") signed | power
//! power   = atom (("^" | "**") signed)?
//! atom    = number | name | name "(" sum ("," sum)? ")" | "(" sum ")"
//! ```

use crate::operation::{Function, Node};

/// Names that are numbers in a formula.
pub const CONSTANTS: [&str; 6] = ["e", "E", "PI", "π", "TAU", "τ"];

/// Brackets, signs and powers within each other.
const DEPTH: usize = 200;

/// Why a text is no formula.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct FormulaError(String);

#[derive(Clone, Debug, PartialEq)]
enum Token<'a> {
    Number(f64),
    Name(&'a str),
    Sign(char),
}

/// Numbers, names and signs, each with its place in characters.
fn tokens(text: &str) -> Result<Vec<(usize, Token<'_>)>, FormulaError> {
    let mut tokens = Vec::new();
    let mut rest = text;
    let mut place = 1;
    while let Some(character) = rest.chars().next() {
        let (length, token) = if character.is_whitespace() {
            (character.len_utf8(), None)
        } else if character.is_ascii_digit() || character == '.' {
            let length = number_length(rest);
            let word = &rest[..length.max(1)];
            match word.parse::<f64>() {
                Ok(number) if number.is_finite() => (length, Some(Token::Number(number))),
                Ok(_) => return Err(FormulaError(format!("{word} is beyond 1e308"))),
                Err(_) => return Err(FormulaError(format!("{word} at character {place} is no number"))),
            }
        } else if character.is_alphabetic() || character == '_' {
            let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
            (end, Some(Token::Name(&rest[..end])))
        } else if rest.starts_with("**") {
            (2, Some(Token::Sign('^')))
        } else if "+-*/%^(),".contains(character) {
            (1, Some(Token::Sign(character)))
        } else {
            return Err(FormulaError(format!(
                "{character:?} at character {place} means nothing in a formula"
            )));
        };
        tokens.extend(token.map(|token| (place, token)));
        place += rest[..length].chars().count();
        rest = &rest[length..];
    }
    Ok(tokens)
}

/// Length of the number at the beginning of a text, with its exponent.
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
    mantissa + exponent
}

struct Parser<'a> {
    tokens: Vec<(usize, Token<'a>)>,
    next: usize,
    depth: usize,
    names: Vec<&'a str>,
    nodes: Vec<Node>,
}

/// Names in alphabetical order, and the tape.
pub(crate) fn parse(text: &str) -> Result<(Vec<String>, Vec<Node>), FormulaError> {
    let tokens = tokens(text)?;
    let word = |token: &(usize, Token<'_>)| match token.1 {
        Token::Name(name) => Some(name.to_owned()),
        _ => None,
    };
    // A name before a bracket is a function's.
    let is_function =
        |place: usize| tokens.get(place + 1).is_some_and(|(_, token)| *token == Token::Sign('('));
    let named = tokens.iter().enumerate().filter(|(place, _)| !is_function(*place));
    let mut names: Vec<String> = named.filter_map(|(_, token)| word(token)).collect();
    names.retain(|name| !CONSTANTS.contains(&name.as_str()));
    names.sort();
    names.dedup();
    let mut parser = Parser { tokens, next: 0, depth: 0, names: Vec::new(), nodes: Vec::new() };
    parser.names = names.iter().map(String::as_str).collect();
    parser.sum()?;
    if parser.next < parser.tokens.len() {
        return Err(parser.unexpected("an operator"));
    }
    let nodes = parser.nodes;
    Ok((names, nodes))
}

impl Parser<'_> {
    fn unexpected(&self, expected: &str) -> FormulaError {
        FormulaError(match self.tokens.get(self.next) {
            Some((place, token)) => {
                let found = match token {
                    Token::Number(number) => number.to_string(),
                    Token::Name(name) => (*name).to_owned(),
                    Token::Sign(sign) => sign.to_string(),
                };
                format!("expected {expected} instead of {found} at character {place}")
            }
            None => format!("expected {expected} at the end"),
        })
    }

    fn push(&mut self, node: Node) -> usize {
        // What is made of numbers is a number.
        let number =
            |place: usize| if let Node::Number(value) = self.nodes[place] { Some(value) } else { None };
        let operands = node.operands();
        let first = operands.into_iter().flatten().min();
        let folded = match first {
            Some(first) if operands.into_iter().flatten().all(|place| number(place).is_some()) => {
                let value = node.value(|place| number(place).unwrap_or(f64::NAN), &[]);
                // Its operands are the last nodes, and nobody else's.
                self.nodes.truncate(first);
                Node::Number(value)
            }
            _ => node,
        };
        self.nodes.push(folded);
        self.nodes.len() - 1
    }

    /// Takes one of these signs, if it is next.
    fn take(&mut self, signs: &str) -> Option<char> {
        match self.tokens.get(self.next) {
            Some((_, Token::Sign(sign))) if signs.contains(*sign) => {
                self.next += 1;
                Some(*sign)
            }
            _ => None,
        }
    }

    fn sum(&mut self) -> Result<usize, FormulaError> {
        let mut left = self.product()?;
        while let Some(sign) = self.take("+-") {
            let right = self.product()?;
            left = self.push(if sign == '+' { Node::Add(left, right) } else { Node::Subtract(left, right) });
        }
        Ok(left)
    }

    fn product(&mut self) -> Result<usize, FormulaError> {
        let mut left = self.signed()?;
        while let Some(sign) = self.take("*/%") {
            let right = self.signed()?;
            left = self.push(match sign {
                '*' => Node::Multiply(left, right),
                '/' => Node::Divide(left, right),
                _ => Node::Remainder(left, right),
            });
        }
        Ok(left)
    }

    fn signed(&mut self) -> Result<usize, FormulaError> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(FormulaError(format!(
                "more than {DEPTH} brackets, signs or powers within each other"
            )));
        }
        let found = match self.take("+-") {
            Some('-') => {
                let operand = self.signed()?;
                self.push(Node::Negate(operand))
            }
            Some(_) => self.signed()?,
            None => self.power()?,
        };
        self.depth -= 1;
        Ok(found)
    }

    fn power(&mut self) -> Result<usize, FormulaError> {
        let base = self.atom()?;
        if self.take("^").is_none() {
            return Ok(base);
        }
        let exponent = self.signed()?;
        match self.nodes[exponent] {
            // The exponent is the last node.
            Node::Number(number) if exponent == self.nodes.len() - 1 => {
                self.nodes.pop();
                Ok(self.push(Node::PowerOf(base, number)))
            }
            _ => Ok(self.push(Node::Power(base, exponent))),
        }
    }

    fn atom(&mut self) -> Result<usize, FormulaError> {
        let Some((_, token)) = self.tokens.get(self.next).cloned() else {
            return Err(self.unexpected("a number, a name or a bracket"));
        };
        match token {
            Token::Number(number) => {
                self.next += 1;
                Ok(self.push(Node::Number(number)))
            }
            Token::Sign('(') => {
                self.next += 1;
                let found = self.sum()?;
                self.close()?;
                Ok(found)
            }
            Token::Name(name) => {
                let called = matches!(self.tokens.get(self.next + 1), Some((_, Token::Sign('('))));
                if called {
                    return self.call(name);
                }
                self.next += 1;
                let constant = match name {
                    "e" | "E" => Some(std::f64::consts::E),
                    "PI" | "π" => Some(std::f64::consts::PI),
                    "TAU" | "τ" => Some(std::f64::consts::TAU),
                    _ => None,
                };
                Ok(match (constant, self.names.binary_search(&name)) {
                    (Some(number), _) => self.push(Node::Number(number)),
                    (None, Ok(place) | Err(place)) => self.push(Node::Variable(place)),
                })
            }
            Token::Sign(_) => Err(self.unexpected("a number, a name or a bracket")),
        }
    }

    fn call(&mut self, name: &str) -> Result<usize, FormulaError> {
        let two = ["min", "max", "atan2"].contains(&name);
        let function = Function::named(name);
        if function.is_none() && !two {
            return Err(FormulaError(format!("no function {name}")));
        }
        self.next += 2;
        let first = self.sum()?;
        let Some(function) = function else {
            if self.take(",").is_none() {
                return Err(self.unexpected(&format!("a comma and a second argument of {name}")));
            }
            let second = self.sum()?;
            self.close()?;
            return Ok(self.push(match name {
                "min" => Node::Minimum(first, second),
                "max" => Node::Maximum(first, second),
                _ => Node::Angle(first, second),
            }));
        };
        self.close()?;
        Ok(self.push(Node::Call(function, first)))
    }

    fn close(&mut self) -> Result<(), FormulaError> {
        match self.take(")") {
            Some(_) => Ok(()),
            None => Err(self.unexpected("a closing bracket")),
        }
    }
}
