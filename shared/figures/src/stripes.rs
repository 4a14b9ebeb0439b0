//! The stripes that tell filled areas apart where colours are not enough.

use super::scene::{Rect, Scene, clip_line};
use super::theme::WHITE;

/// White stripes: none, rising, falling or level.
pub(super) fn hatch(scene: &mut Scene, area: Rect, direction: usize) {
    let (slope, spacing) = match direction {
        1 => (-1.0, 7.0),
        2 => (1.0, 7.0),
        3 => (0.0, 5.0),
        _ => return,
    };
    let reach = area.width();
    let first = ((area.top - reach) / spacing).floor() as i64;
    let last = ((area.bottom + reach) / spacing).ceil() as i64;
    for i in first..=last {
        let y = i as f64 * spacing;
        for part in clip_line(&[(area.left, y), (area.right, y + slope * reach)], area) {
            scene.stroke(part, 1.3, WHITE);
        }
    }
}
