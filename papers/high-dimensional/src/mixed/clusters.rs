//! The table of a mixed model, sorted by cluster and checked.

/// Rows by cluster.
#[derive(Clone, Debug)]
pub struct Clusters {
    pub(super) clusters: Vec<Cluster>,
    pub(super) fixed: usize,
    pub(super) random: usize,
    /// The column of the random slope.
    pub(super) slope: Option<usize>,
}

#[derive(Clone, Debug)]
pub(super) struct Cluster {
    pub(super) name: String,
    pub(super) y: Vec<f64>,
    /// Row by row.
    pub(super) x: Vec<f64>,
    pub(super) z: Vec<f64>,
}

/// Random effects of a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effects {
    /// An intercept.
    Intercept,
    /// An intercept and the slope of one column of X.
    Slope(usize),
}

/// Why there is no fit.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum MixedError {
    /// Sizes that do not fit.
    #[error("{0}")]
    Shape(String),
    /// A value that is NaN or infinite.
    #[error("row {}: {value} is not a finite number", .row + 1)]
    NotFinite {
        /// Row, from 0.
        row: usize,
        /// The value.
        value: f64,
    },
    /// No cluster has two rows: variances within and between cannot be told apart.
    #[error("every cluster has one row: a random intercept needs clusters with two rows or more")]
    Singletons,
    /// A parameter outside its range.
    #[error("{name} is {value}, expected {expected}")]
    Parameter {
        /// Which.
        name: &'static str,
        /// Its value.
        value: f64,
        /// Its range.
        expected: String,
    },
    /// The columns of X depend on each other, or the optimiser has nothing to start from.
    #[error("the columns depend on each other: {0}")]
    Dependent(String),
}

impl Clusters {
    /// Rows of X (with its own column of ones where an intercept is wanted) and y, and the name of each row's cluster.
    ///
    /// # Errors
    /// For sizes that do not fit, values that are not finite, and clusters of one row only.
    pub fn new(x: &[Vec<f64>], y: &[f64], groups: &[String], effects: Effects) -> Result<Self, MixedError> {
        let fixed = x.first().map_or(0, Vec::len);
        if fixed == 0 || y.is_empty() {
            return Err(MixedError::Shape("a model needs rows and columns".into()));
        }
        if x.len() != y.len() || groups.len() != y.len() {
            return Err(MixedError::Shape(format!(
                "{} rows, {} outcomes and {} groups",
                x.len(),
                y.len(),
                groups.len()
            )));
        }
        if let Effects::Slope(column) = effects
            && column >= fixed
        {
            return Err(MixedError::Shape(format!(
                "a random slope of column {}, there are {fixed}",
                column + 1
            )));
        }
        let mut clusters: Vec<Cluster> = Vec::new();
        let mut places = std::collections::HashMap::new();
        for (row, ((x, y), group)) in x.iter().zip(y).zip(groups).enumerate() {
            if x.len() != fixed {
                return Err(MixedError::Shape(format!(
                    "row {} has {} columns, the first {fixed}",
                    row + 1,
                    x.len()
                )));
            }
            if let Some(value) = x.iter().chain([y]).find(|value| !value.is_finite()) {
                return Err(MixedError::NotFinite { row, value: *value });
            }
            let place = *places.entry(group.clone()).or_insert_with(|| {
                clusters.push(Cluster { name: group.clone(), y: Vec::new(), x: Vec::new(), z: Vec::new() });
                clusters.len() - 1
            });
            let cluster = &mut clusters[place];
            cluster.y.push(*y);
            cluster.x.extend(x);
            cluster.z.push(1.0);
            if let Effects::Slope(column) = effects {
                cluster.z.push(x[column]);
            }
        }
        if clusters.iter().all(|cluster| cluster.y.len() == 1) {
            return Err(MixedError::Singletons);
        }
        let slope = if let Effects::Slope(column) = effects { Some(column) } else { None };
        Ok(Self { clusters, fixed, random: 1 + usize::from(slope.is_some()), slope })
    }

    /// Rows of all clusters.
    pub fn rows(&self) -> usize {
        self.clusters.iter().map(|cluster| cluster.y.len()).sum()
    }

    /// How many clusters there are.
    pub fn count(&self) -> usize {
        self.clusters.len()
    }

    /// Rows of the largest cluster.
    pub fn largest(&self) -> usize {
        self.clusters.iter().map(|cluster| cluster.y.len()).max().unwrap_or(0)
    }
}
