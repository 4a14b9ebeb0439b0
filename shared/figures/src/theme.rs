//! The house look: colours, dashes, markers and the sizes of text.

/// Red, green, blue.
pub(super) type Rgb = (u8, u8, u8);

pub(super) const WHITE: Rgb = (255, 255, 255);
pub(super) const INK: Rgb = (0x1f, 0x1f, 0x1f);
pub(super) const SOFT_INK: Rgb = (0x4a, 0x4a, 0x4a);
pub(super) const AXIS: Rgb = (0x6e, 0x6e, 0x6e);
pub(super) const GRID: Rgb = (0xe3, 0xe3, 0xe3);
pub(super) const MISSING: Rgb = (0xbd, 0xbd, 0xbd);

pub(super) const TITLE: f64 = 15.0;
pub(super) const PANEL_TITLE: f64 = 12.5;
pub(super) const LABEL: f64 = 12.0;
pub(super) const SMALL: f64 = 11.0;

/// Distance of two baselines in units of the text size.
pub(super) const LEADING: f64 = 1.3;

/// Okabe and Ito's eight colours, told apart under every common colour blindness. Their yellow is
/// darkened to olive: on white it has a contrast of 1.3 to 1 only.
const PALETTE: [Rgb; 8] = [
    (0x00, 0x72, 0xb2),
    (0xd5, 0x5e, 0x00),
    (0x00, 0x9e, 0x73),
    (0xcc, 0x79, 0xa7),
    (0xe6, 0x9f, 0x00),
    (0x56, 0xb4, 0xe9),
    (0x2b, 0x2b, 0x2b),
    (0x8c, 0x86, 0x1a),
];

/// Lengths of strokes and gaps, in px.
const DASHES: [&[f64]; 6] =
    [&[], &[7.0, 3.0], &[2.0, 2.2], &[9.0, 2.5, 2.0, 2.5], &[13.0, 3.5], &[6.0, 2.0, 1.8, 2.0, 1.8, 2.0]];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Marker {
    Disc,
    Square,
    Triangle,
    Diamond,
    TriangleDown,
    Cross,
    Plus,
    Ring,
}

const MARKERS: [Marker; 8] = [
    Marker::Disc,
    Marker::Square,
    Marker::Triangle,
    Marker::Diamond,
    Marker::TriangleDown,
    Marker::Cross,
    Marker::Plus,
    Marker::Ring,
];

/// How one series looks. Two slots below 24 differ in more than the colour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Style {
    pub color: Rgb,
    pub dash: &'static [f64],
    pub marker: Marker,
    /// Direction of the stripes in a filled area; 0 is plain.
    pub hatch: usize,
}

impl Style {
    pub(super) fn slot(slot: usize) -> Self {
        let shifted = slot.wrapping_add(slot / PALETTE.len());
        Self {
            color: PALETTE[slot % PALETTE.len()],
            dash: DASHES[shifted % DASHES.len()],
            marker: MARKERS[shifted % MARKERS.len()],
            hatch: shifted % 4,
        }
    }

    /// Reference lines are grey and never plain.
    pub(super) fn reference(nth: usize) -> Self {
        Self { color: AXIS, dash: DASHES[1 + nth % (DASHES.len() - 1)], marker: Marker::Ring, hatch: 0 }
    }
}
