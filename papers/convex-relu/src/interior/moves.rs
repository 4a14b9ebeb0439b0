//! How far a direction may be followed, and what is left of the products then.

use ndarray::Array1;

use super::{Direction, Method};

impl Method<'_> {
    /// The mean product of what must be complementary.
    pub(super) fn complementarity(&self) -> f64 {
        let blocks = self.blocks.iter();
        let mut sum: f64 =
            blocks.map(|block| block.slack.dot(&block.multiplier) + block.primal.inner(&block.dual)).sum();
        let mut count = self.blocks.len() * (self.problem.rows() + 1);
        if let Some((slopes, hinge)) = self.hinge() {
            sum += hinge.excess.dot(&slopes.p) + hinge.xi.dot(&slopes.rest);
            count += 2 * self.problem.rows();
        }
        sum / count.max(1) as f64
    }

    /// The longest step up to 1 that keeps all positive that must be.
    pub(super) fn longest_step(&self, direction: &Direction) -> f64 {
        let mut step = 1.0_f64;
        let mut limit = |value: &Array1<f64>, change: &Array1<f64>| {
            for (value, change) in value.iter().zip(change).filter(|(_, change)| **change < 0.0) {
                step = step.min(-value / change);
            }
        };
        for (block, change) in self.blocks.iter().zip(&direction.blocks) {
            limit(&block.slack, &change.slack);
            limit(&block.multiplier, &change.multiplier);
        }
        if let (Some(slopes), Some(change)) = (&self.slopes, &direction.slopes) {
            limit(&slopes.p, &change.p);
            limit(&slopes.rest, &change.rest);
            if let (Some(hinge), Some(change)) = (&slopes.hinge, &change.hinge) {
                limit(&hinge.xi, &change.xi);
                limit(&hinge.excess, &change.excess);
            }
        }
        for (block, change) in self.blocks.iter().zip(&direction.blocks) {
            step = step
                .min(block.primal.longest_step(&change.primal))
                .min(block.dual.longest_step(&change.dual));
        }
        step
    }

    /// The mean product after a step.
    pub(super) fn after(&self, direction: &Direction, step: f64) -> f64 {
        let moved = |value: &Array1<f64>, change: &Array1<f64>| value + &(change * step);
        let mut sum = 0.0;
        for (block, change) in self.blocks.iter().zip(&direction.blocks) {
            sum += moved(&block.slack, &change.slack).dot(&moved(&block.multiplier, &change.multiplier));
            let (mut primal, mut dual) = (block.primal.clone(), block.dual.clone());
            primal.advance(step, &change.primal);
            dual.advance(step, &change.dual);
            sum += primal.inner(&dual);
        }
        let mut count = self.blocks.len() * (self.problem.rows() + 1);
        if let (Some((slopes, hinge)), Some(change)) = (self.hinge(), &direction.slopes)
            && let Some(of_hinge) = &change.hinge
        {
            sum += moved(&hinge.excess, &of_hinge.excess).dot(&moved(&slopes.p, &change.p))
                + moved(&hinge.xi, &of_hinge.xi).dot(&moved(&slopes.rest, &change.rest));
            count += 2 * self.problem.rows();
        }
        sum / count.max(1) as f64
    }

    pub(super) fn advance(&mut self, direction: &Direction, step: f64) {
        for (block, change) in self.blocks.iter_mut().zip(&direction.blocks) {
            block.primal.advance(step, &change.primal);
            block.dual.advance(step, &change.dual);
            block.slack.scaled_add(step, &change.slack);
            block.multiplier.scaled_add(step, &change.multiplier);
        }
        if let (Some(slopes), Some(change)) = (&mut self.slopes, &direction.slopes) {
            slopes.p.scaled_add(step, &change.p);
            slopes.rest.scaled_add(step, &change.rest);
            if let (Some(hinge), Some(change)) = (&mut slopes.hinge, &change.hinge) {
                hinge.xi.scaled_add(step, &change.xi);
                hinge.excess.scaled_add(step, &change.excess);
            }
        }
        self.output.scaled_add(step, &direction.output);
    }
}
