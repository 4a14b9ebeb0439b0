//! The global minimum of a smooth function of one variable on an interval.

/// The least of all local minima that a grid of about this spacing brackets, each found by Newton's method within its bracket. `objective` gives value, slope and curvature.
pub fn global_minimum(
    objective: impl Fn(f64) -> (f64, f64, f64),
    (low, high): (f64, f64),
    spacing: f64,
) -> f64 {
    let count = (((high - low) / spacing).ceil() as usize).clamp(32, 4_096);
    let at = |k: usize| low + (high - low) * k as f64 / count as f64;
    let mut best = (f64::INFINITY, low);
    let mut before = objective(at(0)).1;
    for k in 1..=count {
        let slope = objective(at(k)).1;
        // A minimum lies where the slope turns from falling to rising.
        if before < 0.0 && slope >= 0.0 {
            let place = root(&objective, at(k - 1), at(k));
            let value = objective(place).0;
            if value < best.0 {
                best = (value, place);
            }
        }
        before = slope;
    }
    best.1
}

/// The root of the slope in a bracket.
fn root(objective: &impl Fn(f64) -> (f64, f64, f64), mut low: f64, mut high: f64) -> f64 {
    let mut place = 0.5 * (low + high);
    for _ in 0..100 {
        let (_, slope, curvature) = objective(place);
        if slope < 0.0 {
            low = place;
        } else {
            high = place;
        }
        let newton = place - slope / curvature;
        let next = if newton > low && newton < high { newton } else { 0.5 * (low + high) };
        if (next - place).abs() <= 1e-16 * (1.0 + place.abs()) {
            return next;
        }
        place = next;
    }
    place
}
