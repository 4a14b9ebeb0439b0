//! Grover's search and amplitude amplification, by their angles and by a state vector.

/// Grover's success with k queries among N: sin²((2k + 1) asin N^(−1/2)).
pub fn grover(items: f64, queries: u64) -> f64 {
    let angle = (1.0 / items.sqrt()).asin();
    ((2.0 * queries as f64 + 1.0) * angle).sin().powi(2)
}

/// Iterations after which a part of probability q first has probability one half or more: about π/(8√q).
pub fn amplification_queries(probability: f64) -> u64 {
    let angle = probability.sqrt().asin();
    // sin²((2k + 1)θ) ≥ ½ from (2k + 1)θ = π/4 on.
    ((std::f64::consts::FRAC_PI_4 / angle - 1.0) / 2.0).ceil().max(0.0) as u64
}

/// Expected calls of a coin in superposition until it shows, by the best number k of iterations: a try takes 2k + 1 calls, as an iteration takes the coin back and tosses it
/// again, and succeeds with probability sin²((2k + 1) asin √q). About 1.38/√q.
pub fn expected_amplification(probability: f64) -> f64 {
    let most = (std::f64::consts::FRAC_PI_4 / probability.sqrt()).ceil() as u64;
    let expected = |k: u64| (2 * k + 1) as f64 / grover(1.0 / probability, k);
    (0..=most).map(expected).fold(f64::INFINITY, f64::min)
}

/// A register of qubits with real amplitudes, which is all that search needs: 8·2ⁿ bytes.
#[derive(Clone, Debug)]
pub struct Register {
    amplitudes: Vec<f64>,
}

impl Register {
    /// n qubits in the uniform superposition, n ≤ 32.
    ///
    /// # Panics
    /// For more qubits.
    pub fn uniform(qubits: u32) -> Self {
        assert!(qubits <= 32, "2^32 amplitudes take 34 GB");
        let size = 1_usize << qubits;
        Self { amplitudes: vec![1.0 / (size as f64).sqrt(); size] }
    }

    /// The amplitudes.
    pub fn amplitudes(&self) -> &[f64] {
        &self.amplitudes
    }

    /// So many iterations of Grover's search for a marked item: the sign flips, then the reflection about the mean.
    ///
    /// An iteration reads and writes the register once: the sum that the next reflection needs is taken while this one is written.
    pub fn search(&mut self, marked: usize, iterations: u64) {
        let size = self.amplitudes.len() as f64;
        let mut sum = sum(&self.amplitudes);
        for _ in 0..iterations {
            self.amplitudes[marked] = -self.amplitudes[marked];
            sum += 2.0 * self.amplitudes[marked];
            let twice = 2.0 * sum / size;
            let mut partial = [0.0; 8];
            let mut chunks = self.amplitudes.chunks_exact_mut(8);
            for chunk in &mut chunks {
                for (amplitude, partial) in chunk.iter_mut().zip(&mut partial) {
                    *amplitude = twice - *amplitude;
                    *partial += *amplitude;
                }
            }
            let rest = chunks.into_remainder();
            rest.iter_mut().for_each(|amplitude| *amplitude = twice - *amplitude);
            sum = partial.iter().sum::<f64>() + rest.iter().sum::<f64>();
        }
    }

    /// The probability of an item.
    pub fn probability(&self, item: usize) -> f64 {
        self.amplitudes[item] * self.amplitudes[item]
    }
}

fn sum(values: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    let chunks = values.chunks_exact(8);
    let rest: f64 = chunks.remainder().iter().sum();
    for chunk in chunks {
        sums.iter_mut().zip(chunk).for_each(|(sum, value)| *sum += value);
    }
    sums.iter().sum::<f64>() + rest
}
