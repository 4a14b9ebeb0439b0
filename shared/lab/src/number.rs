//! Numbers for reading.

/// A number for reading: at most six significant digits, powers of ten beyond a million or below a
/// ten-thousandth.
pub fn format_number(number: f64) -> String {
    if number == 0.0 || !number.is_finite() {
        return if number == 0.0 { "0".into() } else { number.to_string() };
    }
    let rounded: f64 = format!("{number:.5e}").parse().unwrap_or(number);
    if (1e-4..1e6).contains(&rounded.abs()) {
        return rounded.to_string();
    }
    format!("{rounded:e}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_for_reading() {
        let expected = [
            (0.0, "0"),
            (1.0, "1"),
            (-0.25, "-0.25"),
            (1.0 / 3.0, "0.333333"),
            (123_456.7, "123457"),
            (999_999.96, "1e6"),
            (0.000_012_345_678, "1.23457e-5"),
            (f64::NAN, "NaN"),
        ];
        for (number, words) in expected {
            assert_eq!(format_number(number), words);
        }
    }
}
