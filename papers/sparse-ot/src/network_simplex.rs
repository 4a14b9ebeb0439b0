//! The network simplex method on a complete bipartite graph.
//!
//! A basis of the transport problem is a spanning tree of rows and columns. Potentials with uᵢ + vⱼ = cᵢⱼ on the tree price every other pair; one whose reduced cost cᵢⱼ − uᵢ − vⱼ is negative enters,
//! flow is pushed around the cycle that it closes, and the pair whose flow becomes zero leaves. Costs of a pivot: a look at some columns for a pair to enter, the two paths of the cycle, and the smaller side of the tree for its potentials.
//!
//! Trees are kept strongly feasible (Cunningham 1976): pairs of the tree without flow point to the root, and of several pairs that could leave the last on the cycle does. With that no basis comes back, also where masses are all the same
//! and most pairs of a tree carry nothing.

use pulp::{Arch, NullaryFnOnce};

/// A transport problem whose masses are all positive, and whose totals agree but for rounding.
pub struct Transport<'a> {
    /// Costs, column after column.
    pub costs: &'a [f64],
    /// Masses of the rows.
    pub a: &'a [f64],
    /// Masses of the columns.
    pub b: &'a [f64],
}

const NONE: u32 = u32::MAX;

/// The spanning tree. Nodes are rows, then columns; the root is the last column.
struct Tree {
    rows: usize,
    parent: Vec<u32>,
    /// Children are a list: the first, and the siblings around each.
    first: Vec<u32>,
    next: Vec<u32>,
    previous: Vec<u32>,
    /// Nodes of the subtree, itself included.
    size: Vec<u32>,
    /// Of the pair with the parent.
    flow: Vec<f64>,
    /// u and v.
    potential: Vec<f64>,
    stack: Vec<u32>,
}

/// (row, column, mass) of the m + n − 1 pairs of an optimal tree. Solves to rounding: no reduced cost is below −10⁻¹³ of the costs' range after potentials and flows were computed anew from the last tree.
pub fn solve(transport: &Transport<'_>) -> Vec<(usize, usize, f64)> {
    let (m, n) = (transport.a.len(), transport.b.len());
    let mut tree = Tree::greedy(transport);
    let (low, high) = transport
        .costs
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), c| (low.min(*c), high.max(*c)));
    let tolerance = 1e-13 * (high - low).max(low.abs() * 1e-3);
    // As many pairs as LEMON's rule looks at: the square root of all, in whole columns, four at least.
    let block = (((m * n) as f64).sqrt() as usize).div_ceil(m).max(4).min(n);
    let mut column = 0;
    loop {
        // From here on until a whole round of columns has nothing to offer.
        let mut quiet = 0;
        while quiet < n {
            let mut best = (-tolerance, 0, 0);
            for _ in 0..block {
                let costs = &transport.costs[column * m..(column + 1) * m];
                let price = tree.potential[m + column];
                let least = Arch::new().dispatch(Least { costs, potentials: &tree.potential[..m] });
                if least - price < best.0 {
                    let row = (0..m).find(|i| costs[*i] - tree.potential[*i] == least).unwrap_or(0);
                    best = (least - price, row, column);
                }
                column = if column + 1 == n { 0 } else { column + 1 };
                quiet += 1;
                if quiet >= n && best.0 == -tolerance {
                    break;
                }
            }
            if best.0 < -tolerance {
                tree.pivot(best.1 as u32, (m + best.2) as u32, best.0);
                quiet = 0;
            }
        }
        // Sums of many small steps have rounded: anew, and on if that shows more to do.
        tree.refresh(transport);
        let price = |j: usize| {
            let costs = &transport.costs[j * m..(j + 1) * m];
            Arch::new().dispatch(Least { costs, potentials: &tree.potential[..m] }) - tree.potential[m + j]
        };
        if (0..n).all(|j| price(j) >= -2.0 * tolerance) {
            break;
        }
    }
    let pair = |node: usize| {
        let parent = tree.parent[node] as usize;
        if node < m { (node, parent - m, tree.flow[node]) } else { (parent, node - m, tree.flow[node]) }
    };
    (0..m + n - 1).map(pair).collect()
}

/// The least cᵢ − uᵢ of a column.
struct Least<'a> {
    costs: &'a [f64],
    potentials: &'a [f64],
}

impl NullaryFnOnce for Least<'_> {
    type Output = f64;

    #[inline(always)]
    fn call(self) -> f64 {
        const LANES: usize = 16;
        let mut least = [f64::INFINITY; LANES];
        let (costs, potentials) = (self.costs.chunks_exact(LANES), self.potentials.chunks_exact(LANES));
        let rest = costs.remainder().iter().zip(potentials.remainder()).map(|(c, u)| c - u);
        let rest = rest.fold(f64::INFINITY, f64::min);
        for (costs, potentials) in costs.zip(potentials) {
            for lane in 0..LANES {
                let reduced = costs[lane] - potentials[lane];
                least[lane] = if reduced < least[lane] { reduced } else { least[lane] };
            }
        }
        least.into_iter().fold(rest, f64::min)
    }
}

impl Tree {
    /// A tree by turns: each column in its turn takes the cheapest row that has mass left. Masses carry a count of infinitesimals, one a row and all of them in the last column, so that no pair of the tree is without flow: such a tree is
    /// strongly feasible at that column.
    fn greedy(transport: &Transport<'_>) -> Self {
        let (m, n) = (transport.a.len(), transport.b.len());
        let mut rows: Vec<(f64, i64)> = transport.a.iter().map(|mass| (*mass, 1)).collect();
        let mut columns: Vec<(f64, i64)> = transport.b.iter().map(|mass| (*mass, 0)).collect();
        columns[n - 1].1 = m as i64;
        let (mut open_rows, mut open_columns): (Vec<usize>, Vec<usize>) =
            ((0..m).collect(), (0..n).collect());
        let mut neighbours: Vec<Vec<u32>> = vec![Vec::new(); m + n];
        let mut turn = 0;
        for left in (1..m + n).rev() {
            turn %= open_columns.len();
            let column = open_columns[turn];
            let costs = &transport.costs[column * m..(column + 1) * m];
            let cheapest = (0..open_rows.len())
                .min_by(|x, y| costs[open_rows[*x]].total_cmp(&costs[open_rows[*y]]))
                .unwrap_or(0);
            let row = open_rows[cheapest];
            neighbours[row].push((m + column) as u32);
            neighbours[m + column].push(row as u32);
            if left == 1 {
                break;
            }
            // One of the two is spent, and only one; the last of a side stays open for what is left of the other.
            let row_first = open_rows.len() > 1 && (open_columns.len() == 1 || rows[row] < columns[column]);
            if row_first {
                columns[column] = (columns[column].0 - rows[row].0, columns[column].1 - rows[row].1);
                open_rows.swap_remove(cheapest);
                turn += 1;
            } else {
                rows[row] = (rows[row].0 - columns[column].0, rows[row].1 - columns[column].1);
                open_columns.remove(turn);
            }
        }
        let mut tree = Self {
            rows: m,
            parent: vec![NONE; m + n],
            first: vec![NONE; m + n],
            next: vec![NONE; m + n],
            previous: vec![NONE; m + n],
            size: vec![1; m + n],
            flow: vec![0.0; m + n],
            potential: vec![0.0; m + n],
            stack: Vec::new(),
        };
        tree.stack.push((m + n - 1) as u32);
        while let Some(node) = tree.stack.pop() {
            for child in &neighbours[node as usize] {
                if *child != tree.parent[node as usize] {
                    tree.hang(*child, node);
                    tree.stack.push(*child);
                }
            }
        }
        tree.refresh(transport);
        tree
    }

    /// Makes a node a child.
    fn hang(&mut self, child: u32, parent: u32) {
        let (c, p) = (child as usize, parent as usize);
        self.parent[c] = parent;
        self.previous[c] = NONE;
        self.next[c] = self.first[p];
        if self.first[p] != NONE {
            self.previous[self.first[p] as usize] = child;
        }
        self.first[p] = child;
    }

    /// Takes a node from its parent.
    fn cut(&mut self, child: u32) {
        let c = child as usize;
        let (previous, next) = (self.previous[c], self.next[c]);
        if previous == NONE {
            self.first[self.parent[c] as usize] = next;
        } else {
            self.next[previous as usize] = next;
        }
        if next != NONE {
            self.previous[next as usize] = previous;
        }
    }

    /// Flows, sizes and potentials from the tree alone.
    fn refresh(&mut self, transport: &Transport<'_>) {
        let m = self.rows;
        let root = (self.parent.len() - 1) as u32;
        let mut order = vec![root];
        let mut place = 0;
        while place < order.len() {
            let mut child = self.first[order[place] as usize];
            while child != NONE {
                order.push(child);
                child = self.next[child as usize];
            }
            place += 1;
        }
        self.potential[root as usize] = 0.0;
        for node in &order[1..] {
            let (node, parent) = (*node as usize, self.parent[*node as usize] as usize);
            let (row, column) = if node < m { (node, parent - m) } else { (parent, node - m) };
            self.potential[node] = transport.costs[column * m + row] - self.potential[parent];
        }
        // What a subtree has too much of goes up; from a column it is what is missing that comes down.
        let mut excess: Vec<f64> =
            transport.a.iter().copied().chain(transport.b.iter().map(|b| -b)).collect();
        self.size.fill(1);
        for node in order[1..].iter().rev() {
            let (node, parent) = (*node as usize, self.parent[*node as usize] as usize);
            let flow = if node < m { excess[node] } else { -excess[node] };
            self.flow[node] = flow.max(0.0);
            excess[parent] += excess[node];
            self.size[parent] += self.size[node];
        }
    }

    /// Brings in the pair of a row and a column, whose reduced cost is negative.
    fn pivot(&mut self, row: u32, column: u32, reduced: f64) {
        // Where the two paths up meet.
        let (mut x, mut y) = (row, column);
        while x != y {
            if self.size[x as usize] < self.size[y as usize] {
                x = self.parent[x as usize];
            } else {
                y = self.parent[y as usize];
            }
        }
        let join = x;
        // Flow goes from the join down to the row, over the new pair, and from the column up. It is lost on the pairs of rows on the first path, and of columns on the second; of several that could leave, the last on that way does.
        let m = self.rows as u32;
        let (mut most, mut leaving, mut on_row_side) = (f64::INFINITY, NONE, true);
        let mut node = row;
        while node != join {
            if node < m && self.flow[node as usize] < most {
                (most, leaving) = (self.flow[node as usize], node);
            }
            node = self.parent[node as usize];
        }
        node = column;
        while node != join {
            if node >= m && self.flow[node as usize] <= most {
                (most, leaving, on_row_side) = (self.flow[node as usize], node, false);
            }
            node = self.parent[node as usize];
        }
        if most > 0.0 {
            for (start, loses_at_row) in [(row, true), (column, false)] {
                let mut node = start;
                while node != join {
                    let loses = (node < m) == loses_at_row;
                    let flow = &mut self.flow[node as usize];
                    *flow = if loses { *flow - most } else { *flow + most };
                    node = self.parent[node as usize];
                }
            }
        }
        let (inside, outside) = if on_row_side { (row, column) } else { (column, row) };
        self.rehang(inside, outside, leaving, join, most);
        self.shift(inside, reduced);
    }

    /// Cuts the subtree at `leaving` off and hangs it, turned around, from `outside` by `inside`.
    fn rehang(&mut self, inside: u32, outside: u32, leaving: u32, join: u32, flow: f64) {
        let moved = self.size[leaving as usize];
        let mut node = self.parent[leaving as usize];
        while node != join {
            self.size[node as usize] -= moved;
            node = self.parent[node as usize];
        }
        node = outside;
        while node != join {
            self.size[node as usize] += moved;
            node = self.parent[node as usize];
        }
        // Along the way from inside to leaving every parent becomes a child.
        let (mut node, mut above, mut carried, mut below) = (inside, outside, flow, 0);
        loop {
            let parent = self.parent[node as usize];
            self.cut(node);
            let (own, passed) = (self.size[node as usize], self.flow[node as usize]);
            self.hang(node, above);
            self.flow[node as usize] = carried;
            // What hung below it on this way hangs above it now.
            self.size[node as usize] = moved - below;
            below = own;
            if node == leaving {
                break;
            }
            (above, carried, node) = (node, passed, parent);
        }
    }

    /// Changes the potentials of the side of `inside`, or of the other if that is smaller, so that the new pair is priced.
    fn shift(&mut self, inside: u32, reduced: f64) {
        let m = self.rows as u32;
        let total = self.parent.len() as u32;
        let whole = self.size[inside as usize];
        let inner = 2 * whole <= total;
        // On the side of a row's subtree rows rise by the reduced cost and columns fall; on the other side it is the other way round.
        let rows_rise = (inside < m) == inner;
        let by = if rows_rise { reduced } else { -reduced };
        self.stack.clear();
        self.stack.push(if inner { inside } else { total - 1 });
        while let Some(node) = self.stack.pop() {
            self.potential[node as usize] += if node < m { by } else { -by };
            let mut child = self.first[node as usize];
            while child != NONE {
                if inner || child != inside {
                    self.stack.push(child);
                }
                child = self.next[child as usize];
            }
        }
    }
}
