//! An axis: its range, where a value falls on it, and its ticks.

/// Values whose magnitude is beyond this are treated like infinity.
const HUGE: f64 = 1e300;

/// Spans that are smaller than this share of the values are rounding noise.
const NOISE: f64 = 1e-12;

/// Decimal exponents within which labels on logarithmic axes are written out.
const PLAIN_EXPONENTS: std::ops::RangeInclusive<i32> = -3..=4;

#[derive(Clone, Debug, Default)]
pub(super) struct Axis {
    /// Value at the left or at the bottom. It is the larger one on an axis that runs backwards.
    pub low: f64,
    pub high: f64,
    pub log: bool,
    /// Tick places given by the author.
    pub places: Option<Vec<f64>>,
    /// Names of the values 0, 1, 2, …
    pub categories: Vec<String>,
}

/// A minor tick has an empty label.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    pub value: f64,
    pub label: String,
}

pub(super) fn usable(value: f64, log: bool) -> bool {
    value.abs() <= HUGE && (!log || value >= 1.0 / HUGE)
}

/// Whether a range given by the author can be drawn.
pub(super) fn valid_range(low: f64, high: f64, log: bool) -> bool {
    usable(low, log)
        && usable(high, log)
        && low < high
        && (log || high - low > (NOISE * low.abs().max(high.abs())).max(1.0 / HUGE))
        && (!log || high / low > 1.0 + NOISE)
}

/// The range that shows all usable values with the share `padding` of room on both sides. Room is
/// never made beyond zero, so that an axis of nonnegative values starts at zero or above.
pub(super) fn fitted(values: impl IntoIterator<Item = f64>, log: bool, padding: f64) -> (f64, f64) {
    let (low, high) = values
        .into_iter()
        .filter(|&value| usable(value, log))
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
    if low > high {
        return if log { (0.1, 10.0) } else { (0.0, 1.0) };
    }
    if log {
        if high / low <= 1.0 + NOISE {
            return ((low / 3.0).max(1.0 / HUGE), (high * 3.0).min(HUGE));
        }
        let room = (high.log10() - low.log10()) * padding;
        return ((low * 10f64.powf(-room)).max(1.0 / HUGE), (high * 10f64.powf(room)).min(HUGE));
    }
    if !valid_range(low, high, false) {
        let room = if low.abs().max(high.abs()) < 1e-290 { 1.0 } else { 0.1 * high.abs() };
        return (low - room, high + room);
    }
    let room = (high - low) * padding;
    let padded = |edge: f64, moved: f64| {
        let crosses = edge == 0.0 || (edge > 0.0) != (moved > 0.0);
        if crosses { 0.0 } else { moved }
    };
    (padded(low, low - room), padded(high, high + room))
}

impl Axis {
    /// Where a value falls: 0 at `low`, 1 at `high`; none for values that cannot be drawn. Far
    /// outside the range the answer is cut off, so that later arithmetic stays finite.
    pub(super) fn fraction(&self, value: f64) -> Option<f64> {
        let scale = |v: f64| if self.log { v.log10() } else { v };
        usable(value, self.log).then(|| {
            let (low, high) = (scale(self.low), scale(self.high));
            ((scale(value) - low) / (high - low)).clamp(-1e6, 1e6)
        })
    }

    fn bounds(&self) -> (f64, f64) {
        (self.low.min(self.high), self.low.max(self.high))
    }

    /// At most `most` labelled ticks inside the range, and unlabelled ones between them on
    /// logarithmic axes. Author's places and categories are all returned.
    pub(super) fn ticks(&self, most: usize) -> Vec<Tick> {
        let (low, high) = self.bounds();
        let inside = |value: f64| usable(value, self.log) && (low..=high).contains(&value);
        if let Some(places) = &self.places {
            let places = places.iter().copied().filter(|&place| inside(place));
            return places.map(|value| Tick { value, label: short(value) }).collect();
        }
        if !self.categories.is_empty() {
            let names = self.categories.iter().enumerate();
            return names
                .map(|(i, name)| Tick { value: i as f64, label: name.clone() })
                .filter(|tick| inside(tick.value))
                .collect();
        }
        if self.log { logarithmic(low, high, most) } else { linear(low, high, most) }
    }
}

/// n · 10^exponent with one rounding at most for |exponent| ≤ 22.
fn scaled(n: f64, exponent: i32) -> f64 {
    if exponent < 0 { n / 10f64.powi(-exponent) } else { n * 10f64.powi(exponent) }
}

/// Multiples of the smallest step of the form 1, 2 or 5 times a power of ten that gives at most
/// `most` of them.
fn linear(low: f64, high: f64, most: usize) -> Vec<Tick> {
    let most = most.max(2);
    let mut exponent = ((high - low) / most as f64).log10().floor() as i32;
    loop {
        for multiple in [1.0, 2.0, 5.0] {
            let step = scaled(multiple, exponent);
            let first = (low / step - 1e-9).ceil();
            let count = (high / step + 1e-9).floor() - first + 1.0;
            if count <= most as f64 {
                let values: Vec<f64> = (0..count.max(0.0) as usize)
                    .map(|i| scaled((first + i as f64) * multiple, exponent) + 0.0)
                    .collect();
                let labels = labels(&values, exponent);
                return values.into_iter().zip(labels).map(|(value, label)| Tick { value, label }).collect();
            }
        }
        exponent += 1;
    }
}

/// 1, 2 and 5 times powers of ten if they are few enough or span less than two decades, else powers
/// of ten, else every second, third, … power. A range that is too short for these gets linear ticks.
fn logarithmic(low: f64, high: f64, most: usize) -> Vec<Tick> {
    let exponents = low.log10().floor() as i32..=high.log10().ceil() as i32;
    let (low, high) = (low * (1.0 - 1e-9), high * (1.0 + 1e-9));
    let all: Vec<(u32, i32, f64)> = exponents
        .flat_map(|exponent| (1..10).map(move |digit| (digit, exponent, scaled(f64::from(digit), exponent))))
        .filter(|&(_, _, value)| (low..=high).contains(&value))
        .collect();
    let decades = all.iter().filter(|(digit, ..)| *digit == 1).count();
    let fine = all.iter().filter(|(digit, ..)| [1, 2, 5].contains(digit)).count();
    if fine < 2 {
        return linear(low, high, most);
    }
    let stride = decades.div_ceil(most.max(2)).max(1) as i32;
    let labelled = |digit: u32, exponent: i32| {
        if fine <= most || decades < 2 {
            [1, 2, 5].contains(&digit)
        } else {
            digit == 1 && exponent.rem_euclid(stride) == 0
        }
    };
    let plain = all
        .iter()
        .filter(|(digit, exponent, _)| labelled(*digit, *exponent))
        .all(|(_, exponent, _)| PLAIN_EXPONENTS.contains(exponent));
    all.iter()
        .filter(|(digit, ..)| stride == 1 || *digit == 1)
        .map(|&(digit, exponent, value)| {
            let label = match (labelled(digit, exponent), plain) {
                (false, _) => String::new(),
                (true, true) => format!("{value}"),
                (true, false) => power(&digit.to_string(), exponent),
            };
            Tick { value, label }
        })
        .collect()
}

/// mantissa × 10^exponent in print.
fn power(mantissa: &str, exponent: i32) -> String {
    let raised: String = exponent
        .to_string()
        .chars()
        .map(|c| match c {
            '-' => '⁻',
            digit => ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'][digit as usize - '0' as usize],
        })
        .collect();
    match mantissa {
        "1" => format!("10{raised}"),
        "-1" => format!("−10{raised}"),
        _ => format!("{}×10{raised}", mantissa.replace('-', "−")),
    }
}

/// The value with digits down to 10^last, as a mantissa and a power.
fn scientific(value: f64, last: i32) -> String {
    let exponent = |text: &str| text.split_once('e').and_then(|(_, e)| e.parse::<i32>().ok()).unwrap_or(0);
    let digits = (exponent(&format!("{value:e}")) - last).clamp(0, 15) as usize;
    let text = format!("{value:.digits$e}");
    let mantissa = text.split('e').next().unwrap_or_default();
    let mantissa =
        if mantissa.contains('.') { mantissa.trim_end_matches('0').trim_end_matches('.') } else { mantissa };
    power(mantissa, exponent(&text))
}

/// Labels of multiples of 10^exponent, all in the same form: plain, or with powers of ten where
/// that is shorter and plain digits would be more than six.
fn labels(values: &[f64], exponent: i32) -> Vec<String> {
    let decimals = (-exponent).clamp(0, 20) as usize;
    let longest = |labels: &[String]| labels.iter().map(|l| l.chars().count()).max().unwrap_or(0);
    let plain: Vec<String> =
        values.iter().map(|value| format!("{value:.decimals$}").replace('-', "−")).collect();
    let powers: Vec<String> = values
        .iter()
        .map(|&value| if value == 0.0 { "0".to_string() } else { scientific(value, exponent) })
        .collect();
    let digits = longest(&plain.iter().map(|label| label.replace('−', "")).collect::<Vec<_>>());
    let fits = exponent >= -20 && (digits <= 6 || longest(&plain) < longest(&powers));
    if fits { plain } else { powers }
}

/// A single number with at most four significant digits.
pub(super) fn short(value: f64) -> String {
    if value == 0.0 {
        return "0".to_string();
    }
    let rounded: f64 = format!("{value:.3e}").parse().unwrap_or(value);
    let plain = format!("{rounded}");
    let size = plain.trim_start_matches('-').len();
    if size <= 6 { plain.replace('-', "−") } else { scientific(rounded, -400) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labelled(low: f64, high: f64, log: bool, most: usize) -> Vec<String> {
        let axis = Axis { low, high, log, ..Axis::default() };
        axis.ticks(most).into_iter().map(|tick| tick.label).filter(|label| !label.is_empty()).collect()
    }

    #[test]
    fn linear_ticks_are_multiples_of_one_two_five() {
        assert_eq!(labelled(0.0, 1.0, false, 7), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(labelled(-1.0, 1.0, false, 5), ["−1.0", "−0.5", "0.0", "0.5", "1.0"]);
        assert_eq!(labelled(0.0, 97.0, false, 7), ["0", "20", "40", "60", "80"]);
        assert_eq!(
            labelled(0.0, 0.0032, false, 7),
            ["0.0000", "0.0005", "0.0010", "0.0015", "0.0020", "0.0025", "0.0030"]
        );
        assert_eq!(labelled(0.0, 2.1e6, false, 5), ["0", "5×10⁵", "10⁶", "1.5×10⁶", "2×10⁶"]);
        assert_eq!(labelled(0.0, 3e-7, false, 4), ["0", "10⁻⁷", "2×10⁻⁷", "3×10⁻⁷"]);
    }

    #[test]
    fn a_backward_axis_has_the_same_ticks() {
        assert_eq!(labelled(31.5, -0.5, false, 7), labelled(-0.5, 31.5, false, 7));
    }

    #[test]
    fn logarithmic_ticks_are_decades_where_they_fit() {
        assert_eq!(labelled(1e-3, 1e3, true, 7), ["0.001", "0.01", "0.1", "1", "10", "100", "1000"]);
        assert_eq!(labelled(1e-8, 1e-2, true, 7), ["10⁻⁸", "10⁻⁷", "10⁻⁶", "10⁻⁵", "10⁻⁴", "10⁻³", "10⁻²"]);
        assert_eq!(labelled(1e-12, 1.0, true, 7), ["10⁻¹²", "10⁻¹⁰", "10⁻⁸", "10⁻⁶", "10⁻⁴", "10⁻²", "10⁰"]);
        assert_eq!(labelled(0.15, 6.0, true, 4), ["0.2", "0.5", "1", "2", "5"]);
        assert_eq!(labelled(1.0, 64.0, true, 7), ["1", "2", "5", "10", "20", "50"]);
        assert_eq!(labelled(1.5e-6, 7e-6, true, 7), ["2×10⁻⁶", "5×10⁻⁶"]);
        assert_eq!(labelled(3.0, 4.0, true, 6), ["3.0", "3.2", "3.4", "3.6", "3.8", "4.0"]);
    }

    #[test]
    fn minor_ticks_fill_the_decades() {
        let axis = Axis { low: 1.0, high: 1e4, log: true, ..Axis::default() };
        let minor = axis.ticks(5).into_iter().filter(|tick| tick.label.is_empty()).count();
        assert_eq!(minor, 4 * 8);
    }

    #[test]
    fn ranges_are_padded_but_not_across_zero() {
        assert_eq!(fitted([0.0, 10.0], false, 0.05), (0.0, 10.5));
        assert_eq!(fitted([-10.0, 10.0], false, 0.05), (-11.0, 11.0));
        assert_eq!(fitted([0.1, 10.0], false, 0.05), (0.0, 10.495));
        assert_eq!(fitted([5.0], false, 0.05), (4.5, 5.5));
        assert_eq!(fitted([0.0, f64::NAN], false, 0.05), (-1.0, 1.0));
        assert_eq!(fitted([], false, 0.05), (0.0, 1.0));
        assert_eq!(fitted([0.0, -1.0, f64::INFINITY], true, 0.05), (0.1, 10.0));
        assert_eq!(fitted([3.0, 0.0], true, 0.05), (1.0, 9.0));
        assert_eq!(fitted([1e-300, 1e300], true, 0.05), (1e-300, 1e300));
    }

    #[test]
    fn short_numbers() {
        let shown = [0.5, 8.0, 1e6, -0.25, 1e-9, 123456.0, 0.1 + 0.2].map(short);
        assert_eq!(shown, ["0.5", "8", "10⁶", "−0.25", "10⁻⁹", "123500", "0.3"]);
    }
}
