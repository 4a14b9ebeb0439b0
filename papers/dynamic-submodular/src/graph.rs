//! Undirected graphs as lists of neighbours, and the random graphs of the experiments.

use rand::Rng;
use rand::seq::index::sample;

/// An undirected graph without loops or multiple edges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graph {
    starts: Vec<usize>,
    neighbours: Vec<u32>,
}

impl Graph {
    /// From pairs of nodes below `nodes`; loops are dropped, repeated edges (in either direction) count once.
    /// Cost: O(n + m log m).
    ///
    /// # Panics
    /// For a node beyond their number, or more than 2^32 nodes.
    pub fn new(nodes: usize, edges: impl IntoIterator<Item = (usize, usize)>) -> Self {
        assert!(u32::try_from(nodes).is_ok(), "nodes are numbered in 32 bits");
        let mut pairs: Vec<(u32, u32)> = Vec::new();
        for (a, b) in edges {
            assert!(a < nodes && b < nodes, "edge ({a}, {b}) of a graph with {nodes} nodes");
            if a != b {
                pairs.push((a as u32, b as u32));
                pairs.push((b as u32, a as u32));
            }
        }
        pairs.sort_unstable();
        pairs.dedup();
        let mut starts = vec![0; nodes + 1];
        for (node, _) in &pairs {
            starts[*node as usize + 1] += 1;
        }
        for node in 0..nodes {
            starts[node + 1] += starts[node];
        }
        Self { starts, neighbours: pairs.into_iter().map(|(_, neighbour)| neighbour).collect() }
    }

    /// The number of nodes.
    pub fn nodes(&self) -> usize {
        self.starts.len() - 1
    }

    /// The number of edges.
    pub fn edges(&self) -> usize {
        self.neighbours.len() / 2
    }

    /// The neighbours of a node in ascending order.
    pub fn neighbours(&self, node: usize) -> &[u32] {
        &self.neighbours[self.starts[node]..self.starts[node + 1]]
    }

    /// The number of neighbours of a node.
    pub fn degree(&self, node: usize) -> usize {
        self.starts[node + 1] - self.starts[node]
    }
}

/// Preferential attachment (Barabási and Albert 1999): each new node is joined to `attached` different earlier ones, chosen with
/// probability proportional to their degree. The first `attached` nodes begin without edges.
pub fn barabasi_albert(nodes: usize, attached: usize, random: &mut impl Rng) -> Graph {
    let mut edges = Vec::new();
    // Every end of every edge: a uniform draw from it is a draw by degree.
    let mut ends: Vec<usize> = (0..attached.min(nodes)).collect();
    for node in attached..nodes {
        let mut chosen = Vec::with_capacity(attached);
        while chosen.len() < attached {
            let end = ends[random.random_range(0..ends.len())];
            if !chosen.contains(&end) {
                chosen.push(end);
            }
        }
        for other in chosen {
            edges.push((node, other));
            ends.extend([node, other]);
        }
    }
    Graph::new(nodes, edges)
}

/// A uniformly random graph with n·degree/2 edges (Erdős and Rényi's G(n, m)).
pub fn erdos_renyi(nodes: usize, degree: f64, random: &mut impl Rng) -> Graph {
    let pairs = nodes * nodes.saturating_sub(1) / 2;
    let count = ((nodes as f64 * degree / 2.0).round() as usize).min(pairs);
    // Pair number p is (a, b) with b < a and p = a(a − 1)/2 + b.
    let pair = |p: usize| {
        let mut a = ((1.0 + (1.0 + 8.0 * p as f64).sqrt()) / 2.0) as usize;
        while a * (a - 1) / 2 > p {
            a -= 1;
        }
        while (a + 1) * a / 2 <= p {
            a += 1;
        }
        (a, p - a * (a - 1) / 2)
    };
    Graph::new(nodes, sample(random, pairs, count).into_iter().map(pair))
}
