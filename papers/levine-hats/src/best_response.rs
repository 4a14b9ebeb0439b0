//! The best answer to a partner's table, for two players, in O(h 2^h).
//!
//! Against g, the guess a on view y wins on s_a(y) = `Σ_b y_b C[a][b]` of the stacks x, where `C[a][b]` counts
//! the x whose hat a is black and on which g points at hat b. So the best response is the *linear argmax* rule
//! f(y) = argmax_a s_a(y), its value is Σ_y max_a s_a(y), and a table of 2^h guesses is answered from h² numbers.
//!
//! Ties are common and matter: a search that always breaks them the same way stalls early. Scores therefore carry
//! random low bits below their value and the number of the hat below these, so that one maximum of whole numbers gives the
//! value, breaks ties, and names the hat. Three random bits are drawn for each hat and pattern of the eight lowest hats: a tie of two goes to the
//! lower hat 7 times in 16, and ties of views that differ in higher hats only are broken alike.

use rand::RngCore;
use rayon::prelude::*;

use crate::strategy::MAX_HEIGHT;

/// Views handled together: the scores of all hats for them stay in the first-level cache.
const BLOCK_BITS: usize = 8;
/// Bits of a score that name the hat.
const HAT_BITS: u32 = 5;
/// Bits of a score below its value: the hat and three random bits.
const LOW_BITS: u32 = HAT_BITS + 3;
/// From this height on the work is shared between threads.
const PARALLEL_HEIGHT: usize = 14;

const _: () = assert!(MAX_HEIGHT <= 1 << HAT_BITS && MAX_HEIGHT as u32 - 1 + LOW_BITS < u32::BITS);

/// Answers tables of one height again and again. What it allocates is small beside the tables: some h² counts a task.
#[derive(Clone, Debug)]
pub struct Responder {
    height: usize,
    /// Views in a block, 2^min(h, 8).
    block: usize,
    /// `[a h + b]`: stacks whose hat a is black and which are answered by b.
    counts: Vec<i32>,
    /// `[a block + low]`: what the lowest bits of the view add to the score of a, with the low bits.
    scores: Vec<i32>,
    ties: Vec<u8>,
}

impl Responder {
    /// For stacks of `height` hats, 1 to 24. Memory: about 30 kB, and the same again for each task while counting.
    ///
    /// # Panics
    /// For another height.
    pub fn new(height: usize) -> Self {
        assert!((1..=MAX_HEIGHT).contains(&height), "heights are 1 to {MAX_HEIGHT}");
        let block = 1 << height.min(BLOCK_BITS);
        let (scores, ties) = (vec![0; height * block], vec![0; height * block]);
        Self { height, block, counts: vec![0; height * height], scores, ties }
    }

    /// Writes the best response to `partner` into `response` and returns on how many of the 4^h colourings the two win.
    /// Both tables hold 2^h guesses below h. The result does not depend on the number of threads.
    ///
    /// # Panics
    /// For tables of another length or with a guess that is no hat of this height.
    pub fn respond(&mut self, partner: &[u8], response: &mut [u8], random: &mut impl RngCore) -> u64 {
        let (height, block) = (self.height, self.block);
        assert_eq!((partner.len(), response.len()), (1 << height, 1 << height), "a table has 2^h guesses");
        self.count(partner);
        self.fill_scores(random);
        let (counts, scores) = (&self.counts, &self.scores);
        let sweep = |(high, guesses): (usize, &mut [u8])| sweep_block(height, counts, scores, high, guesses);
        if height >= PARALLEL_HEIGHT {
            response.par_chunks_mut(block).enumerate().with_min_len(64).map(sweep).sum()
        } else {
            response.chunks_mut(block).enumerate().map(sweep).sum()
        }
    }

    /// The counts C[a][b] of a partner's table.
    fn count(&mut self, partner: &[u8]) {
        let (height, block) = (self.height, self.block);
        let tally = |chunk: usize, tables: &[u8]| {
            let mut tally = Tally::new(height, block);
            let first = chunk * CHUNK;
            for (offset, guesses) in tables.chunks(block).enumerate() {
                tally.add(first + offset, guesses);
            }
            tally.counts()
        };
        /// Blocks that one task counts.
        const CHUNK: usize = 1 << 8;
        self.counts.fill(0);
        let partial: Vec<Vec<i32>> = if height >= PARALLEL_HEIGHT {
            partner
                .par_chunks(block * CHUNK)
                .enumerate()
                .map(|(chunk, tables)| tally(chunk, tables))
                .collect()
        } else {
            vec![tally(0, partner)]
        };
        for counts in partial {
            for (sum, count) in self.counts.iter_mut().zip(counts) {
                *sum += count;
            }
        }
    }

    /// What each pattern of the lowest hats of a view adds to the score of each guess, in the order of Gray's code: one addition
    /// for each.
    fn fill_scores(&mut self, random: &mut impl RngCore) {
        random.fill_bytes(&mut self.ties);
        let rows = self.scores.chunks_mut(self.block).zip(self.ties.chunks(self.block));
        for (a, (scores, ties)) in rows.enumerate() {
            let counts = &self.counts[a * self.height..];
            scores[0] = 0;
            for low in 1..self.block {
                let lowest = low.trailing_zeros() as usize;
                scores[low] = scores[low & (low - 1)] + counts[lowest];
            }
            for (score, tie) in scores.iter_mut().zip(ties) {
                let random = i32::from(tie >> (u8::BITS - (LOW_BITS - HAT_BITS))) << HAT_BITS;
                *score = *score << LOW_BITS | random | a as i32;
            }
        }
    }
}

/// The best guesses for the views of one block, which share their bits above the lowest; returns the sum of their values.
///
/// A value is at most 2^(h−1), so that at the largest height a shifted score is at most 2^31: scores are kept below it by this much.
fn sweep_block(height: usize, counts: &[i32], scores: &[i32], high: usize, guesses: &mut [u8]) -> u64 {
    const SHIFT: i32 = i32::MIN;
    let block = guesses.len();
    let mut best = [i32::MIN; 1 << BLOCK_BITS];
    let best = &mut best[..block];
    for (a, scores) in scores.chunks_exact(block).enumerate() {
        let row = &counts[a * height..(a + 1) * height];
        let seen =
            row.iter().skip(BLOCK_BITS).enumerate().map(|(hat, count)| count * (high >> hat & 1) as i32);
        let base = (seen.sum::<i32>() << LOW_BITS).wrapping_add(SHIFT);
        for (best, score) in best.iter_mut().zip(scores) {
            *best = (*best).max(score.wrapping_add(base));
        }
    }
    let mut value = 0;
    for (guess, &best) in guesses.iter_mut().zip(best.iter()) {
        let score = best.wrapping_sub(SHIFT) as u32;
        *guess = (score & ((1 << HAT_BITS) - 1)) as u8;
        value += u64::from(score >> LOW_BITS);
    }
    value
}

/// Counts in two steps: how often each guess stands at each place of a block, and in each block.
struct Tally {
    height: usize,
    block: usize,
    /// `[b block + low]`.
    by_place: Vec<i32>,
    /// `[b h + a]` for hats a above the lowest.
    by_high_hat: Vec<i32>,
}

impl Tally {
    fn new(height: usize, block: usize) -> Self {
        Self { height, block, by_place: vec![0; height * block], by_high_hat: vec![0; height * height] }
    }

    fn add(&mut self, high: usize, guesses: &[u8]) {
        let mut in_block = [0; MAX_HEIGHT];
        for (low, &guess) in guesses.iter().enumerate() {
            self.by_place[usize::from(guess) * self.block + low] += 1;
            in_block[usize::from(guess)] += 1;
        }
        for (hats, count) in self.by_high_hat.chunks_mut(self.height).zip(in_block) {
            for (hat, sum) in hats.iter_mut().skip(BLOCK_BITS).enumerate() {
                *sum += count * (high >> hat & 1) as i32;
            }
        }
    }

    /// `[a h + b]`.
    fn counts(&self) -> Vec<i32> {
        let (height, block) = (self.height, self.block);
        let mut counts = vec![0; height * height];
        for b in 0..height {
            let places = &self.by_place[b * block..(b + 1) * block];
            for a in 0..height {
                let low = places.iter().enumerate().map(|(low, count)| count * (low >> a & 1) as i32);
                counts[a * height + b] =
                    if a < BLOCK_BITS { low.sum() } else { self.by_high_hat[b * height + a] };
            }
        }
        counts
    }
}
