//! The optimum of heights up to 4 by looking at every strategy.
//!
//! A table g is worth Φ(g) = Σ_y max_a s_a(y), the value of the best response, and the optimum is the largest Φ. Going down the tree
//! of partial tables, stack x answered by b adds a fixed pattern to the scores: 1 at (a, y) if x_a = y_b = 1. For h = 4 the scores are
//! 4 × 16 bytes. What is answered to the white stack never matters, which leaves 4^15 tables.
//!
//! Two ways that must agree: every table ([`count_all`]), and one of each class under renaming the hats that g points
//! at ([`count_classes`]), which leaves 1/24 of them.
//!
//! Where only the largest value is asked for ([`optimum`]), subtrees are left out that cannot exceed the best table so far: a stack adds to
//! half of the views, and at most 1 to the largest score of each; one with a single black hat only where its row is at the top.

use std::sync::atomic::{AtomicU8, Ordering};

use rayon::prelude::*;

/// How many tables have which value: `[v]` counts the tables g with Φ(g) = v of 4^h colourings. The length is 4^h + 1.
pub type Histogram = Vec<u64>;

/// Heights that can be counted: 4^15 tables at the largest.
pub const MAX_HEIGHT: usize = 4;

/// Visits all h^(2^h − 1) tables. Cost at h = 4: 1.07·10^9 leaves.
///
/// # Panics
/// For heights outside 1 to 4.
pub fn count_all(height: usize) -> Histogram {
    count(height, Renaming::Distinct)
}

/// Visits one table of each class under permutations of the hats that it points at (the first use of each hat in order), and counts
/// it for its whole class of h!/(h − m)!, where m hats are used: renaming them permutes the hats of y, which leaves Φ alone.
///
/// # Panics
/// For heights outside 1 to 4.
pub fn count_classes(height: usize) -> Histogram {
    count(height, Renaming::Same)
}

/// The largest Φ of all tables, by branch and bound over the classes; `known` is a value that some table has, or 0. The better it is, the less is visited. At
/// h = 4 a tenth of the time of [`count_classes`].
///
/// # Panics
/// For heights outside 1 to 4.
pub fn optimum(height: usize, known: u8) -> u8 {
    let (tree, tasks, depth) = Tree::with_tasks(height, Renaming::Same);
    let best = AtomicU8::new(known);
    tasks.par_iter().for_each(|(scores, used)| tree.improve(scores, depth, *used, &best));
    best.into_inner()
}

/// Whether tables that differ by a renaming of hats are visited one by one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Renaming {
    Distinct,
    Same,
}

/// Views y, the columns of the scores.
const VIEWS: usize = 16;
/// Levels of the tree above which subtrees become tasks.
const TASK_DEPTH: usize = 4;

type Row = [u8; VIEWS];
type Scores = [Row; MAX_HEIGHT];

struct Tree {
    height: usize,
    renaming: Renaming,
    /// The stacks in the order in which they are answered: those with one black hat last, because they change one row of the scores only.
    stacks: Vec<usize>,
    /// `[b][y]` is y_b.
    patterns: Scores,
}

fn count(height: usize, renaming: Renaming) -> Histogram {
    let (tree, tasks, depth) = Tree::with_tasks(height, renaming);
    let counted = tasks.par_iter().map(|(scores, used)| {
        let mut histogram = [0; 256];
        tree.descend(scores, depth, *used, &mut histogram);
        histogram
    });
    let mut total = vec![0; (1 << (2 * height)) + 1];
    for histogram in counted.collect::<Vec<[u64; 256]>>() {
        for (sum, tables) in total.iter_mut().zip(histogram) {
            *sum += tables;
        }
    }
    total
}

impl Tree {
    /// The tree, and the roots of its subtrees at some level: scores, and how many hats are used.
    fn with_tasks(height: usize, renaming: Renaming) -> (Self, Vec<(Scores, usize)>, usize) {
        assert!((1..=MAX_HEIGHT).contains(&height), "heights 1 to {MAX_HEIGHT} can be counted");
        let mut stacks: Vec<usize> = (1..1 << height).collect();
        stacks.sort_by_key(|stack| std::cmp::Reverse(stack.count_ones()));
        let patterns =
            std::array::from_fn(|b| std::array::from_fn(|y| (y < 1 << height && y >> b & 1 == 1) as u8));
        let tree = Self { height, renaming, stacks, patterns };
        let mut tasks = vec![(Scores::default(), 0)];
        let depth = TASK_DEPTH.min(tree.stacks.len() - 1);
        for level in 0..depth {
            let children = |(scores, used): &(Scores, usize)| {
                let (scores, used) = (*scores, *used);
                tree.choices(used)
                    .map(|b| (tree.answered(&scores, level, b), used.max(b + 1)))
                    .collect::<Vec<_>>()
            };
            tasks = tasks.iter().flat_map(children).collect();
        }
        (tree, tasks, depth)
    }

    /// Raises `best` to the largest value below a node, if that is more.
    fn improve(&self, scores: &Scores, level: usize, used: usize, best: &AtomicU8) {
        let most = scores.iter().skip(1).fold(scores[0], |most, row| maximum(&most, row));
        let value = usize::from(sum(&most));
        let rest = &self.stacks[level..];
        if rest.is_empty() {
            best.fetch_max(value as u8, Ordering::Relaxed);
            return;
        }
        let gain = if rest.len() > self.height {
            rest.len() << (self.height - 1)
        } else {
            // Stacks of one black hat are left: each adds to one row, once, and counts where that row is at the top already.
            rest.iter().map(|stack| self.gain(&scores[stack.trailing_zeros() as usize], &most)).sum()
        };
        if value + gain <= usize::from(best.load(Ordering::Relaxed)) {
            return;
        }
        for b in self.choices(used) {
            self.improve(&self.answered(scores, level, b), level + 1, used.max(b + 1), best);
        }
    }

    /// In how many views that one answer adds to a row is at the top, for the best answer.
    fn gain(&self, row: &Row, most: &Row) -> usize {
        let at_top: Row = std::array::from_fn(|y| u8::from(row[y] == most[y]));
        let views = |pattern: &Row| sum(&std::array::from_fn(|y| at_top[y] & pattern[y]));
        self.patterns[..self.height].iter().map(|pattern| usize::from(views(pattern))).max().unwrap_or(0)
    }

    /// The hats that the next stack may be answered by, `used` of them having been named before.
    fn choices(&self, used: usize) -> std::ops::Range<usize> {
        match self.renaming {
            Renaming::Distinct => 0..self.height,
            Renaming::Same => 0..self.height.min(used + 1),
        }
    }

    /// How many tables one leaf stands for.
    fn class_size(&self, used: usize) -> u64 {
        match self.renaming {
            Renaming::Distinct => 1,
            Renaming::Same => (self.height - used + 1..=self.height).product::<usize>() as u64,
        }
    }

    fn answered(&self, scores: &Scores, level: usize, b: usize) -> Scores {
        let mut scores = *scores;
        for (a, row) in scores.iter_mut().enumerate() {
            if self.stacks[level] >> a & 1 == 1 {
                add(row, &self.patterns[b]);
            }
        }
        scores
    }

    fn descend(&self, scores: &Scores, level: usize, used: usize, histogram: &mut [u64; 256]) {
        if level + 1 == self.stacks.len() {
            return self.last(scores, used, histogram);
        }
        for b in self.choices(used) {
            self.descend(&self.answered(scores, level, b), level + 1, used.max(b + 1), histogram);
        }
    }

    /// The last stack has one black hat, so three of the four rows are done: one addition and one maximum for each table.
    fn last(&self, scores: &Scores, used: usize, histogram: &mut [u64; 256]) {
        let hat = self.stacks[self.stacks.len() - 1].trailing_zeros() as usize;
        let mut others = Row::default();
        for (_, row) in scores.iter().enumerate().filter(|(a, _)| *a != hat) {
            others = maximum(&others, row);
        }
        for b in self.choices(used) {
            let mut row = scores[hat];
            add(&mut row, &self.patterns[b]);
            let value = sum(&maximum(&others, &row));
            histogram[usize::from(value)] += self.class_size(used.max(b + 1));
        }
    }
}

fn add(row: &mut Row, pattern: &Row) {
    for (score, one) in row.iter_mut().zip(pattern) {
        *score += one;
    }
}

fn maximum(left: &Row, right: &Row) -> Row {
    std::array::from_fn(|y| left[y].max(right[y]))
}

/// The sum of all bytes. No value exceeds the min-weight bound, 93 at height 4, so no byte overflows on the way.
fn sum(row: &Row) -> u8 {
    let whole = u128::from_le_bytes(*row);
    let halves = (whole as u64).wrapping_add((whole >> 64) as u64);
    (halves.wrapping_mul(0x0101_0101_0101_0101) >> 56) as u8
}
