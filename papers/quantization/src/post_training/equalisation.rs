//! Cross-layer equalisation (Nagel and others 2019).

use crate::network::Network;

/// Scales neighbouring layers so that the weights into a channel and those out of it have the same range, `rounds` times over all pairs.
///
/// A rectifier commutes with positive factors, so W₁ → S⁻¹W₁, b₁ → S⁻¹b₁, W₂ → W₂S leaves the function as it is. With ranges r₁ and r₂ of a channel the factor is √(r₁/r₂), after which
/// both are √(r₁r₂). Channels without weights on one side are left alone.
pub fn equalise(network: &mut Network, rounds: usize) {
    for _ in 0..rounds {
        for l in 0..network.layers.len().saturating_sub(1) {
            let (before, after) = network.layers.split_at_mut(l + 1);
            let (first, second) = (&mut before[l], &mut after[0]);
            let channels = first.weights.nrows();
            for channel in 0..channels {
                let range = |values: ndarray::ArrayView1<f32>| {
                    values.iter().fold(0f32, |range, w| range.max(w.abs()))
                };
                // Inputs of the next layer come channel by channel, for pixels and for patches.
                let columns: Vec<usize> = (channel..second.weights.ncols()).step_by(channels).collect();
                let out = range(first.weights.row(channel));
                let into =
                    columns.iter().map(|column| range(second.weights.column(*column))).fold(0.0, f32::max);
                let factor = (out / into).sqrt();
                if factor.is_normal() {
                    first.weights.row_mut(channel).mapv_inplace(|w| w / factor);
                    first.biases[channel] /= factor;
                    for column in columns {
                        second.weights.column_mut(column).mapv_inplace(|w| w * factor);
                    }
                }
            }
        }
    }
}
