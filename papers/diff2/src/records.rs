//! Records on nodes, in blocks that a loop takes at once.

use ndarray::{ArrayView1, ArrayView2};

/// Records of a block.
pub const LANES: usize = 64;

/// A number for each record of a block.
pub type Lanes = [f64; LANES];

/// Why data cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordsError {
    /// No record or no feature.
    #[error("there are no records")]
    Empty,
    /// Lengths differ.
    #[error("{features} rows of features, {targets} targets and {nodes} nodes")]
    Lengths {
        /// Rows.
        features: usize,
        /// Targets.
        targets: usize,
        /// Nodes.
        nodes: usize,
    },
    /// A number that is not finite, or a row whose squares overflow.
    #[error("record {} is not finite, or too large", .0 + 1)]
    NotFinite(usize),
    /// Nodes are not numbered from 0 without a gap.
    #[error("node {0} has no records")]
    EmptyNode(usize),
    /// Copies below one.
    #[error("a record stands for {0} records")]
    Copies(String),
}

/// Up to 64 records of one node: features by columns, zeros behind the last record.
#[derive(Clone, Debug)]
pub struct Block {
    pub(crate) features: Vec<Lanes>,
    pub(crate) targets: Lanes,
    /// |x|².
    pub(crate) squares: Lanes,
    pub(crate) count: usize,
    pub(crate) node: usize,
}

impl Block {
    fn new(node: usize, rows: &[usize], features: ArrayView2<f64>, targets: ArrayView1<f64>) -> Self {
        let mut block = Self {
            features: vec![[0.0; LANES]; features.ncols()],
            targets: [0.0; LANES],
            squares: [0.0; LANES],
            count: rows.len(),
            node,
        };
        for (lane, row) in rows.iter().enumerate() {
            for (column, value) in block.features.iter_mut().zip(features.row(*row)) {
                column[lane] = *value;
            }
            block.targets[lane] = targets[*row];
            block.squares[lane] = features.row(*row).iter().map(|x| x * x).sum();
        }
        block
    }

    /// Records in it.
    pub fn count(&self) -> usize {
        self.count
    }

    /// A record's features and target.
    pub fn record(&self, lane: usize) -> (impl Iterator<Item = f64> + '_, f64) {
        (self.features.iter().map(move |column| column[lane]), self.targets[lane])
    }
}

/// Records on P nodes. The objective is the mean over nodes of each node's mean loss.
#[derive(Clone, Debug)]
pub struct Records {
    blocks: Vec<Block>,
    sizes: Vec<usize>,
    features: usize,
    copies: f64,
}

impl Records {
    /// N rows of p features, N targets, and each record's node, numbered from 0.
    ///
    /// # Errors
    /// [`RecordsError`] for what is empty, not finite or of different lengths.
    pub fn new(
        features: ArrayView2<f64>,
        targets: ArrayView1<f64>,
        nodes: &[usize],
    ) -> Result<Self, RecordsError> {
        if features.is_empty() {
            return Err(RecordsError::Empty);
        }
        if features.nrows() != targets.len() || features.nrows() != nodes.len() {
            return Err(RecordsError::Lengths {
                features: features.nrows(),
                targets: targets.len(),
                nodes: nodes.len(),
            });
        }
        for (row, (x, y)) in features.outer_iter().zip(targets).enumerate() {
            if !(x.iter().map(|x| x * x).sum::<f64>().is_finite() && y.is_finite()) {
                return Err(RecordsError::NotFinite(row));
            }
        }
        let count = nodes.iter().max().map_or(0, |largest| largest.saturating_add(1));
        let mut rows = vec![Vec::new(); count.min(nodes.len() + 1)];
        for (row, node) in nodes.iter().enumerate() {
            // A number beyond the records leaves a gap before it.
            if let Some(rows) = rows.get_mut(*node) {
                rows.push(row);
            }
        }
        if let Some(node) = rows.iter().position(Vec::is_empty) {
            return Err(RecordsError::EmptyNode(node));
        }
        let blocks = rows.iter().enumerate().flat_map(|(node, rows)| {
            rows.chunks(LANES).map(move |rows| Block::new(node, rows, features, targets))
        });
        Ok(Self {
            blocks: blocks.collect(),
            sizes: rows.iter().map(Vec::len).collect(),
            features: features.ncols(),
            copies: 1.0,
        })
    }

    /// Every record stands for `copies` equal ones: objective and gradients stay, one record's share shrinks.
    ///
    /// # Errors
    /// [`RecordsError::Copies`] below 1.
    pub fn repeated(mut self, copies: f64) -> Result<Self, RecordsError> {
        if !(copies >= 1.0 && copies.is_finite()) {
            return Err(RecordsError::Copies(copies.to_string()));
        }
        self.copies = copies;
        Ok(self)
    }

    /// Blocks, node by node.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// Blocks of one node.
    pub fn blocks_of(&self, node: usize) -> &[Block] {
        let range = self.blocks.partition_point(|block| block.node < node)..;
        let blocks = &self.blocks[range];
        &blocks[..blocks.partition_point(|block| block.node == node)]
    }

    /// p.
    pub fn features(&self) -> usize {
        self.features
    }

    /// P.
    pub fn nodes(&self) -> usize {
        self.sizes.len()
    }

    /// Records of a node, copies counted once.
    pub fn size(&self, node: usize) -> usize {
        self.sizes[node]
    }

    /// What a stored record of this node weighs in the objective: 1/(P n_p).
    pub fn weight(&self, node: usize) -> f64 {
        1.0 / (self.nodes() as f64 * self.sizes[node] as f64)
    }

    /// The largest share of one record: 1/N with N = P min n_p, copies counted.
    pub fn share(&self) -> f64 {
        let least = self.sizes.iter().min().copied().unwrap_or(1);
        1.0 / (self.nodes() as f64 * least as f64 * self.copies)
    }

    /// One record's share in its own node's mean, where `node` stands.
    pub fn share_at(&self, node: usize) -> f64 {
        1.0 / (self.sizes[node] as f64 * self.copies)
    }

    /// Some records of a node, by their place in it.
    pub fn picked(&self, node: usize, places: &[usize]) -> Vec<Block> {
        let blocks = self.blocks_of(node);
        let picked = places.chunks(LANES).map(|places| {
            let mut block = Block {
                features: vec![[0.0; LANES]; self.features],
                targets: [0.0; LANES],
                squares: [0.0; LANES],
                count: places.len(),
                node,
            };
            for (lane, place) in places.iter().enumerate() {
                let (from, at) = (&blocks[place / LANES], place % LANES);
                for (column, source) in block.features.iter_mut().zip(&from.features) {
                    column[lane] = source[at];
                }
                block.targets[lane] = from.targets[at];
                block.squares[lane] = from.squares[at];
            }
            block
        });
        picked.collect()
    }
}
