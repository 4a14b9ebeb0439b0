//! Units in which a table is fitted: columns and outcome about zero and of size one, so that tolerances and pivots mean the same whatever the data's units.

use super::clusters::{Cluster, Clusters, MixedError};
use crate::moments::moments;

/// What was taken off each column and the outcome, and divided by.
pub(super) struct Units {
    centres: Vec<f64>,
    /// One for each column.
    pub(super) scales: Vec<f64>,
    outcome: (f64, f64),
    /// The column of the random slope.
    slope: Option<usize>,
}

impl Units {
    /// Centres where the first column is constant, which can take up what is taken off.
    pub(super) fn of(clusters: &Clusters) -> Result<Self, MixedError> {
        let fixed = clusters.fixed;
        let column = |j: usize| -> Vec<f64> {
            clusters
                .clusters
                .iter()
                .flat_map(|cluster| cluster.x[j..].iter().step_by(fixed))
                .copied()
                .collect()
        };
        let first = column(0);
        let intercept = first[0] != 0.0 && first.iter().all(|value| *value == first[0]);
        let (mut centres, mut scales) = (Vec::new(), Vec::new());
        for j in 0..fixed {
            let (centre, size) =
                if j == 0 && intercept { (0.0, first[0]) } else { moments(&column(j), intercept) };
            if size == 0.0 {
                return Err(MixedError::Dependent(format!("column {} is constant", j + 1)));
            }
            centres.push(centre);
            scales.push(size);
        }
        let y: Vec<f64> = clusters.clusters.iter().flat_map(|cluster| cluster.y.clone()).collect();
        let (centre, size) = moments(&y, intercept);
        let outcome = (centre, if size == 0.0 { 1.0 } else { size });
        Ok(Self { centres, scales, outcome, slope: clusters.slope })
    }

    /// The table in these units.
    pub(super) fn scaled(&self, clusters: &Clusters) -> Clusters {
        let fixed = clusters.fixed;
        let scaled = |cluster: &Cluster| {
            let x: Vec<f64> = (cluster.x.iter().enumerate())
                .map(|(place, x)| (x - self.centres[place % fixed]) / self.scales[place % fixed])
                .collect();
            let z = match self.slope {
                Some(column) => x.chunks_exact(fixed).flat_map(|row| [1.0, row[column]]).collect(),
                None => cluster.z.clone(),
            };
            let y = cluster.y.iter().map(|y| (y - self.outcome.0) / self.outcome.1).collect();
            Cluster { name: cluster.name.clone(), y, x, z }
        };
        Clusters { clusters: clusters.clusters.iter().map(scaled).collect(), ..*clusters }
    }

    /// How much of the raw coefficient's absolute value one of the scaled coefficient is.
    pub(super) fn weights(&self) -> Vec<f64> {
        self.scales.iter().map(|scale| self.outcome.1 / scale).collect()
    }

    /// Coefficients in the data's units.
    pub(super) fn coefficients(&self, beta: &[f64]) -> Vec<f64> {
        let mut raw: Vec<f64> = beta.iter().zip(self.weights()).map(|(b, weight)| b * weight).collect();
        let offset: f64 = raw.iter().zip(&self.centres).map(|(b, centre)| b * centre).sum();
        raw[0] += (self.outcome.0 - offset) / self.scales[0];
        raw
    }

    /// Random effects, or a column of their covariance's factor, in the data's units.
    pub(super) fn effects(&self, scaled: &[f64]) -> Vec<f64> {
        let size = self.outcome.1;
        match (self.slope, scaled) {
            (Some(column), [intercept, slope]) => {
                let slope = slope / self.scales[column];
                vec![size * (intercept - slope * self.centres[column]), size * slope]
            }
            _ => scaled.iter().map(|effect| size * effect).collect(),
        }
    }

    /// σ² in the data's units.
    pub(super) fn variance(&self, scaled: f64) -> f64 {
        scaled * self.outcome.1 * self.outcome.1
    }

    /// What the change of units adds to the log-likelihood of so many rows.
    pub(super) fn log_likelihood(&self, rows: usize) -> f64 {
        -(rows as f64) * self.outcome.1.ln()
    }
}
