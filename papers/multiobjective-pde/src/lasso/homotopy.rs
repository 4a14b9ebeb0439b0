//! From kink to kink.

use ndarray::{ArrayView1, ArrayView2};
use numerics::sum::fast_dot;

use super::Kink;
use super::screen::{Matrix, Screen};

/// Columns whose squared distance from the span of k active ones is below this times k + 1 of their squared length count as dependent: what rounding leaves of nothing. That is a sine of some 10⁻⁷.
const DEPENDENT: f64 = 8.0 * f64::EPSILON;

/// Steps below this part of λ are none, and values below this part of the largest are zero.
const TIE: f64 = 1e-13;

/// A path at a kink.
pub struct Homotopy {
    matrix: Matrix,
    all: Vec<u32>,
    b: Vec<f64>,
    /// λ.
    pub lambda: f64,
    residual: Vec<f64>,
    /// Aᵀr, of active columns and candidates.
    correlations: Vec<f64>,
    slopes: Vec<f64>,
    screen: Screen,
    /// Active columns in the order in which they came, with signs and values.
    active: Vec<usize>,
    signs: Vec<f64>,
    values: Vec<f64>,
    is_active: Vec<bool>,
    /// Columns that depend on active ones, until one of those leaves.
    excluded: Vec<bool>,
    /// Columns of the upper factor R of the active ones.
    factor: Vec<Vec<f64>>,
    /// The last direction.
    rates: Vec<f64>,
    /// What reached zero since λ last fell, and the signs that it left: rounding must not bring it back at once.
    left: Vec<(usize, f64)>,
    /// Steps of length zero since then.
    still: usize,
}

/// What ends a step.
#[derive(Clone, Copy)]
enum Event {
    /// The active column in a place reaches zero.
    Leaves(usize),
    /// A correlation reaches λ.
    Enters(usize),
    /// λ reaches zero.
    Ends,
}

impl Homotopy {
    /// At |Aᵀb|_∞.
    pub fn new(a: ArrayView2<f64>, b: ArrayView1<f64>) -> Self {
        let matrix = Matrix::new(a);
        let residual = b.to_vec();
        let count = matrix.count();
        let all: Vec<u32> = (0..count as u32).collect();
        let mut correlations = vec![0.0; count];
        matrix.products(&all, &residual, &mut correlations);
        let lambda = correlations.iter().fold(0.0, |most: f64, c| most.max(c.abs()));
        let mut homotopy = Self {
            screen: Screen::new(count),
            matrix,
            all,
            b: b.to_vec(),
            lambda,
            residual,
            correlations,
            slopes: vec![0.0; count],
            active: Vec::new(),
            signs: Vec::new(),
            values: Vec::new(),
            is_active: vec![false; count],
            excluded: vec![false; count],
            factor: Vec::new(),
            rates: Vec::new(),
            left: Vec::new(),
            still: 0,
        };
        if let Some(first) = (0..count).find(|j| homotopy.correlations[*j].abs() == lambda && lambda > 0.0) {
            homotopy.enter(first);
        }
        homotopy
    }

    /// What is there.
    pub fn kink(&self) -> Kink {
        let mut x: Vec<(usize, f64)> = (self.active.iter().copied().zip(self.values.iter().copied()))
            .filter(|(_, value)| *value != 0.0)
            .collect();
        x.sort_unstable_by_key(|(place, _)| *place);
        Kink {
            lambda: self.lambda,
            l1: self.values.iter().map(|value| value.abs()).sum(),
            loss: 0.5 * fast_dot(&self.residual, &self.residual),
            x,
        }
    }

    /// Makes a column active, unless it depends on those that are.
    fn enter(&mut self, j: usize) -> bool {
        let column = self.matrix.column(j);
        let mut entries: Vec<f64> =
            self.active.iter().map(|i| fast_dot(self.matrix.column(*i), column)).collect();
        for k in 0..entries.len() {
            let above: f64 = fast_dot(&self.factor[k][..k], &entries[..k]);
            entries[k] = (entries[k] - above) / self.factor[k][k];
        }
        let square = fast_dot(column, column);
        let rest = square - fast_dot(&entries, &entries);
        if rest <= DEPENDENT * (entries.len() + 1) as f64 * square {
            self.excluded[j] = true;
            return false;
        }
        entries.push(rest.sqrt());
        self.factor.push(entries);
        self.active.push(j);
        self.signs.push(self.correlations[j].signum());
        self.values.push(0.0);
        self.rates.push(0.0);
        self.is_active[j] = true;
        true
    }

    /// Takes the active column in a place out: rotations make the factor triangular again.
    fn leave(&mut self, place: usize) {
        let column = self.active[place];
        self.is_active[column] = false;
        self.correlations[column] = self.signs[place] * self.lambda;
        self.active.remove(place);
        self.signs.remove(place);
        self.values.remove(place);
        self.rates.remove(place);
        self.factor.remove(place);
        for k in place..self.factor.len() {
            let (x, y) = (self.factor[k][k], self.factor[k][k + 1]);
            let length = x.hypot(y);
            let (cosine, sine) = (x / length, y / length);
            for column in &mut self.factor[k..] {
                let (x, y) = (column[k], column[k + 1]);
                column[k] = cosine * x + sine * y;
                column[k + 1] = cosine * y - sine * x;
            }
            self.factor[k].truncate(k + 1);
        }
        if self.excluded.contains(&true) {
            self.excluded.fill(false);
            self.screen.invalidate();
        } else if !self.screen.candidates.contains(&(column as u32)) {
            self.screen.candidates.push(column as u32);
        }
    }

    /// (RᵀR)⁻¹ v.
    fn solve(&self, v: &mut [f64]) {
        let count = v.len();
        for k in 0..count {
            let above = fast_dot(&self.factor[k][..k], &v[..k]);
            v[k] = (v[k] - above) / self.factor[k][k];
        }
        for k in (0..count).rev() {
            v[k] /= self.factor[k][k];
            let (value, column) = (v[k], &self.factor[k]);
            v[..k].iter_mut().zip(column).for_each(|(v, r)| *v -= r * value);
        }
    }

    /// (A_SᵀA_S)⁻¹ sign, where columns that entered together and would move against their signs have left again.
    ///
    /// The direction minimises ½|A_S d|² − ⟨sign, d⟩ among those that move coordinates at zero with their signs only: the non-negative least squares of Lawson and Hanson, from the last direction.
    fn direction(&mut self) -> Vec<f64> {
        loop {
            let mut wanted = self.signs.clone();
            self.solve(&mut wanted);
            let mut nearest: Option<(f64, usize)> = None;
            for (place, value) in self.values.iter().enumerate() {
                if *value == 0.0 && wanted[place] * self.signs[place] < 0.0 {
                    let reach = self.rates[place] / (self.rates[place] - wanted[place]);
                    if nearest.is_none_or(|(least, _)| reach < least) {
                        nearest = Some((reach, place));
                    }
                }
            }
            let Some((reach, place)) = nearest else {
                self.rates.clone_from(&wanted);
                return wanted;
            };
            for (rate, wanted) in self.rates.iter_mut().zip(&wanted) {
                *rate += reach * (wanted - *rate);
            }
            self.leave(place);
        }
    }

    /// On to the next kink; `false` at the end of the path.
    pub fn advance(&mut self) -> bool {
        loop {
            if self.lambda <= 0.0 || self.active.is_empty() {
                return false;
            }
            // λ falls by γ: x grows by γd with d = (A_SᵀA_S)⁻¹ sign, correlations by −γ Aᵀ(A_S d).
            let direction = self.direction();
            let mut moved = vec![0.0; self.residual.len()];
            for (j, d) in self.active.iter().zip(&direction) {
                moved.iter_mut().zip(self.matrix.column(*j)).for_each(|(m, a)| *m += d * a);
            }
            let speed = fast_dot(&moved, &moved).sqrt();
            let (step, event) = loop {
                let (step, event) = self.next_event(&direction, &moved);
                let spans = self.active.len() == self.b.len();
                if spans || step <= self.screen.horizon(&self.residual, self.lambda, speed) {
                    break (step, event);
                }
                self.matrix.products(&self.all, &self.residual, &mut self.correlations);
                let skip = |j: usize| self.is_active[j] || self.excluded[j];
                let at = (self.lambda, speed);
                self.screen.renew(&self.matrix, &self.correlations, &self.residual, at, skip);
            };
            // What ties is at one kink: rounding sets it apart by no more than this.
            let moves = step > TIE * self.lambda;
            if moves {
                self.left.clear();
                self.still = 0;
                self.screen.passed();
                self.values.iter_mut().zip(&direction).for_each(|(x, d)| *x += step * d);
                if self.active.len() == self.b.len() {
                    self.screen.invalidate();
                }
                for j in &self.screen.candidates {
                    self.correlations[*j as usize] -= step * self.slopes[*j as usize];
                }
                self.lambda = if matches!(event, Event::Ends) { 0.0 } else { self.lambda - step };
                self.refresh();
            } else {
                self.still += 1;
                if self.still > 100 + 4 * self.matrix.count() {
                    return false;
                }
            }
            // A dependent column makes no kink, and what happens without a step belongs to the last one.
            let kink = match event {
                Event::Leaves(place) => {
                    self.values[place] = 0.0;
                    self.left.push((self.active[place], self.signs[place]));
                    self.leave(place);
                    moves
                }
                Event::Enters(j) => self.enter(j) && moves,
                Event::Ends => true,
            };
            if kink {
                return true;
            }
        }
    }

    /// The nearest event among active columns and candidates.
    fn next_event(&mut self, direction: &[f64], moved: &[f64]) -> (f64, Event) {
        let (mut step, mut event) = (self.lambda, Event::Ends);
        for (place, (value, d)) in self.values.iter().zip(direction).enumerate() {
            let zero = -value / d;
            if *value != 0.0 && zero > 0.0 && zero < step {
                (step, event) = (zero, Event::Leaves(place));
            }
        }
        if self.active.len() == self.b.len() {
            // Active columns span everything: the residual shrinks towards zero, and all correlations with it.
            return (step, event);
        }
        self.matrix.products(&self.screen.candidates, moved, &mut self.slopes);
        for j in self.screen.candidates.iter().map(|j| *j as usize) {
            if self.is_active[j] || self.excluded[j] {
                continue;
            }
            for sign in [1.0, -1.0] {
                if self.left.contains(&(j, sign)) {
                    continue;
                }
                // sign(c − γ slope) = λ − γ.
                let gap = (self.lambda - sign * self.correlations[j]).max(0.0);
                let closing = 1.0 - sign * self.slopes[j];
                if closing > 0.0 && gap < step * closing {
                    (step, event) = (gap / closing, Event::Enters(j));
                }
            }
        }
        (step, event)
    }

    /// Active values from the normal equations and the residual from them, so that errors do not add up over kinks.
    fn refresh(&mut self) {
        let mut values: Vec<f64> = (self.active.iter().zip(&self.signs))
            .map(|(j, sign)| fast_dot(self.matrix.column(*j), &self.b) - self.lambda * sign)
            .collect();
        self.solve(&mut values);
        // What reaches zero together with another is zero as well.
        let most = values.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
        values.iter_mut().filter(|value| value.abs() <= TIE * most).for_each(|value| *value = 0.0);
        self.values = values;
        self.residual.copy_from_slice(&self.b);
        for (j, value) in self.active.iter().zip(&self.values) {
            self.residual.iter_mut().zip(self.matrix.column(*j)).for_each(|(r, a)| *r -= value * a);
        }
    }
}
