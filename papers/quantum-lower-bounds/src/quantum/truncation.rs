//! The hybrid argument, measured: the same algorithm on the true oracle and on oracles that know less.
//!
//! A state over (query, answer register) is taken through k queries and k + 1 unitaries. The j-th truncated oracle answers as if the secret ended after level j, so that what comes out
//! cannot depend on later letters. The root mean square over secrets of the distance between the two final states is at most 2k/√N.

use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

/// What an algorithm does between queries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// The uniform superposition of queries, and nothing else.
    Uniform,
    /// After every query the reflection about the mean of all queries, as in Grover's search: an attempt to skip levels.
    Reflections,
    /// Three reflections about random states of the whole space.
    Random,
}

/// A hidden chain with N letters and T levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Game {
    /// N ≥ 2.
    pub letters: usize,
    /// T ≥ 2.
    pub length: usize,
}

/// What came out, over random secrets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// Root mean square of the distance between final states.
    pub distance: f64,
    /// Mean probability that what is measured names the whole secret, unknown letters being guessed; NaN after several queries, whose answers are added up in one register.
    pub success: f64,
}

impl Game {
    fn queries(&self) -> usize {
        self.letters.pow(self.length as u32 - 1)
    }

    /// Labels of answers, and the blank.
    fn answers(&self) -> usize {
        self.letters * self.length + 1
    }

    /// Amplitudes of a state.
    pub fn size(&self) -> usize {
        self.queries() * self.answers()
    }

    /// How many letters of the secret a query begins with, up to `most`.
    fn right(&self, mut query: usize, secret: &[usize], most: usize) -> usize {
        let mut right = 0;
        while right < most && right + 1 < self.length && query % self.letters == secret[right] {
            query /= self.letters;
            right += 1;
        }
        right
    }

    /// Adds the answer to the register, for an oracle that knows `levels` letters.
    fn ask(&self, secret: &[usize], levels: usize, state: &mut [f64]) {
        let answers = self.answers();
        for (query, register) in state.chunks_exact_mut(answers).enumerate() {
            let right = self.right(query, secret, levels - 1);
            register.rotate_right(1 + right * self.letters + secret[right]);
        }
    }

    /// Runs k < T queries of an algorithm on so many secrets.
    pub fn measure(&self, family: Family, queries: usize, secrets: usize, random: &mut impl Rng) -> Measured {
        let size = self.size();
        let mirrors: Vec<Vec<f64>> = match family {
            Family::Random => (0..3 * (queries + 1)).map(|_| unit(size, random)).collect(),
            _ => Vec::new(),
        };
        let between = |time: usize, state: &mut [f64]| match family {
            Family::Uniform => {}
            Family::Reflections => {
                if time > 0 {
                    reflect_about_mean(self.answers(), state);
                }
            }
            Family::Random => {
                mirrors[3 * time..3 * (time + 1)].iter().for_each(|mirror| reflect(mirror, state))
            }
        };
        let (mut distances, mut success) = (0.0, 0.0);
        for _ in 0..secrets {
            let secret: Vec<usize> = (0..self.length).map(|_| random.random_range(0..self.letters)).collect();
            let mut state = vec![0.0; size];
            let start = 1.0 / (self.queries() as f64).sqrt();
            state.iter_mut().step_by(self.answers()).for_each(|amplitude| *amplitude = start);
            let mut truncated = state.clone();
            for time in 0..queries {
                between(time, &mut state);
                between(time, &mut truncated);
                self.ask(&secret, self.length, &mut state);
                self.ask(&secret, time + 1, &mut truncated);
            }
            between(queries, &mut state);
            between(queries, &mut truncated);
            distances += state.iter().zip(&truncated).map(|(a, b)| (a - b) * (a - b)).sum::<f64>();
            success += self.success(&secret, &state);
        }
        Measured {
            distance: (distances / secrets as f64).sqrt(),
            success: if queries == 1 { success / secrets as f64 } else { f64::NAN },
        }
    }

    /// A measured label (i, letter) beside a query names i + 1 letters; the others are guessed.
    fn success(&self, secret: &[usize], state: &[f64]) -> f64 {
        let answers = self.answers();
        let mut sum = 0.0;
        for (query, register) in state.chunks_exact(answers).enumerate() {
            let right = self.right(query, secret, self.length - 1);
            for level in 0..=right {
                let amplitude = register[1 + level * self.letters + secret[level]];
                sum +=
                    amplitude * amplitude * (self.letters as f64).powi(-((self.length - 1 - level) as i32));
            }
        }
        sum
    }
}

fn unit(size: usize, random: &mut impl Rng) -> Vec<f64> {
    let mut vector: Vec<f64> = (0..size).map(|_| StandardNormal.sample(random)).collect();
    let length = vector.iter().map(|v| v * v).sum::<f64>().sqrt();
    vector.iter_mut().for_each(|v| *v /= length);
    vector
}

fn reflect(mirror: &[f64], state: &mut [f64]) {
    let twice = 2.0 * mirror.iter().zip(state.iter()).map(|(m, s)| m * s).sum::<f64>();
    state.iter_mut().zip(mirror).for_each(|(s, m)| *s -= twice * m);
}

/// 2|u⟩⟨u| − 1 on the queries, for every answer.
fn reflect_about_mean(answers: usize, state: &mut [f64]) {
    let queries = (state.len() / answers) as f64;
    for answer in 0..answers {
        let twice = 2.0 * state.iter().skip(answer).step_by(answers).sum::<f64>() / queries;
        state.iter_mut().skip(answer).step_by(answers).for_each(|amplitude| *amplitude = twice - *amplitude);
    }
}
