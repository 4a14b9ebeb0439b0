//! The k largest of αᵢ − cᵢ, in one pass over a column.
//!
//! A threshold rises during the pass: no entry at or below it can be among the k largest, or matter
//! at all. Sixteen entries at a time are compared to it by their maximum, which the compiler
//! turns into vector instructions; only a block that holds something larger is looked at entry by
//! entry, and its entries go to a buffer that is pruned to k by selection whenever it has grown to
//! twice that. Once the threshold is near its final value, almost every block is skipped, so the
//! pass costs what reading the column costs. Knowing the rows that were largest last time gives a
//! good threshold before the pass begins.

use std::cmp::Ordering;

/// One of the largest entries.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Entry {
    pub score: f64,
    pub row: u32,
}

/// Falling score; of equal scores the lower row comes first. This is the rule for ties.
pub(crate) fn falling(x: &Entry, y: &Entry) -> Ordering {
    y.score.total_cmp(&x.score).then(x.row.cmp(&y.row))
}

const BLOCK: usize = 16;
const LANES: usize = 4;

/// Collects the k largest entries of one column at a time.
#[derive(Clone, Debug)]
pub(crate) struct TopK {
    k: usize,
    /// Entries lower than the largest by this or more do not matter.
    window: f64,
    threshold: f64,
    entries: Vec<Entry>,
}

impl TopK {
    /// For columns of `rows` entries.
    pub fn new(k: usize, rows: usize) -> Self {
        let capacity = (2 * k).min(rows) + BLOCK;
        Self { k, window: 0.0, threshold: 0.0, entries: Vec::with_capacity(capacity) }
    }

    /// Changes how many are kept.
    pub fn set_k(&mut self, k: usize) {
        self.k = k;
    }

    /// Begins a column: only scores above `floor` and above the largest score minus `window`
    /// matter. The largest score itself always does if it is above `floor`.
    pub fn start(&mut self, floor: f64, window: f64) {
        self.window = window;
        self.threshold = floor;
        self.entries.clear();
    }

    /// Raises the threshold by scores that are known to occur. Only as many of the largest as k
    /// bound the k-th largest, so call it with exactly k scores or none.
    pub fn expect(&mut self, scores: impl ExactSizeIterator<Item = f64>) {
        let all = scores.len() >= self.k;
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for score in scores {
            low = low.min(score);
            high = high.max(score);
        }
        // The scores themselves must stay above the threshold.
        if high > f64::NEG_INFINITY {
            self.threshold = self.threshold.max((high - self.window).next_down());
        }
        if all {
            self.threshold = self.threshold.max(low.next_down());
        }
    }

    /// Raises the threshold to `floor`: scores up to it do not matter.
    pub fn raise(&mut self, floor: f64) {
        self.threshold = self.threshold.max(floor);
    }

    /// Takes the rows `first_row..` with scores `alpha − cost`.
    pub fn scan(&mut self, alpha: &[f64], cost: &[f64], first_row: usize) {
        let (alpha_blocks, alpha_rest) = alpha.as_chunks::<BLOCK>();
        let (cost_blocks, cost_rest) = cost.as_chunks::<BLOCK>();
        let mut row = first_row;
        for (alpha, cost) in alpha_blocks.iter().zip(cost_blocks) {
            if largest_difference(alpha, cost) > self.threshold {
                self.take(alpha, cost, row);
            }
            row += BLOCK;
        }
        self.take(alpha_rest, cost_rest, row);
    }

    fn take(&mut self, alpha: &[f64], cost: &[f64], first_row: usize) {
        for (row, (&alpha, &cost)) in (first_row as u32..).zip(alpha.iter().zip(cost)) {
            let score = alpha - cost;
            if score > self.threshold {
                self.entries.push(Entry { score, row });
                let lowest = (score - self.window).next_down();
                if lowest > self.threshold {
                    self.threshold = lowest;
                }
            }
        }
        if self.entries.len() >= 2 * self.k {
            self.prune();
        }
    }

    /// Keeps the k largest; anything that equals the k-th and comes later loses the tie.
    fn prune(&mut self) {
        if self.entries.len() > self.k {
            self.entries.select_nth_unstable_by(self.k - 1, falling);
            self.entries.truncate(self.k);
        }
        if self.entries.len() == self.k {
            let lowest = self.entries.iter().fold(f64::INFINITY, |low, e| low.min(e.score));
            self.threshold = self.threshold.max(lowest);
        }
    }

    /// The k largest that matter, in falling order.
    pub fn finish(&mut self) -> &[Entry] {
        self.prune();
        self.entries.sort_unstable_by(falling);
        if let Some(largest) = self.entries.first() {
            let lowest = largest.score - self.window;
            let within = self.entries.partition_point(|entry| entry.score >= lowest);
            self.entries.truncate(within);
        }
        &self.entries
    }
}

/// max (αᵢ − cᵢ) over a block, in independent lanes.
#[inline]
fn largest_difference(alpha: &[f64; BLOCK], cost: &[f64; BLOCK]) -> f64 {
    let mut high = [f64::NEG_INFINITY; LANES];
    for part in 0..BLOCK / LANES {
        for lane in 0..LANES {
            let score = alpha[part * LANES + lane] - cost[part * LANES + lane];
            high[lane] = if score > high[lane] { score } else { high[lane] };
        }
    }
    high.iter().fold(f64::NEG_INFINITY, |high, &x| if x > high { x } else { high })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// The same as sorting everything, for scores with many ties (few distinct values).
        #[test]
        fn equals_sorting(
            scores in prop::collection::vec((-6i32..6).prop_map(|v| f64::from(v) / 2.0), 1..200),
            k in 1usize..40,
            window in prop::sample::select(vec![0.5, 1.5, f64::INFINITY]),
            floor in prop::sample::select(vec![f64::NEG_INFINITY, 0.0]),
            split in 0usize..200,
        ) {
            let k = k.min(scores.len());
            let costs = vec![0.0; scores.len()];
            let mut sorted: Vec<Entry> =
                (0..).zip(&scores).map(|(row, &score)| Entry { score, row }).collect();
            sorted.sort_by(falling);
            let lowest = sorted[0].score - window;
            let expected: Vec<Entry> = sorted[..k]
                .iter()
                .copied()
                .filter(|e| e.score > floor && e.score >= lowest)
                .collect();
            let split = split.min(scores.len());
            let mut top = TopK::new(k, scores.len());
            for known in [false, true] {
                top.start(floor, window);
                if known && expected.len() == k {
                    top.expect(expected.iter().map(|e| e.score));
                }
                top.scan(&scores[..split], &costs[..split], 0);
                top.scan(&scores[split..], &costs[split..], split);
                prop_assert_eq!(top.finish(), &expected[..]);
            }
        }
    }
}
