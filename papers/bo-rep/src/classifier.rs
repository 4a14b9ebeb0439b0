//! A recurrent network with a linear head on its last state, and the logistic loss of labels ±1.

use ndarray::{Array1, Array2, ArrayView1, Axis};
use networks::{Batch, Cell, NetworkError, Recurrent, Tape};
use rand::Rng;

/// The network's shape; parameters are those of the cell, then w and c of the margin z = hᵀw + c.
#[derive(Clone, Debug)]
pub struct Classifier {
    network: Recurrent,
}

/// What passes leave behind; reused from call to call.
#[derive(Clone, Debug, Default)]
pub struct Work {
    tape: Tape,
    tangent: Tape,
    last: Array2<f64>,
    slopes: Vec<f64>,
    curvatures: Vec<f64>,
}

/// 1/(1 + e^(−z)).
pub(crate) fn sigmoid(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

/// ln(1 + e^(−z)).
pub fn logistic(margin: f64) -> f64 {
    (-margin.abs()).exp().ln_1p() + (-margin).max(0.0)
}

impl Classifier {
    /// A network of this shape.
    ///
    /// # Errors
    /// No token or no unit.
    pub fn new(cell: Cell, tokens: usize, hidden: usize) -> Result<Self, NetworkError> {
        let network = Recurrent::from_parameters(
            cell,
            tokens,
            hidden,
            vec![0.0; Recurrent::count(cell, tokens, hidden)],
        )?;
        Ok(Self { network })
    }

    /// Parameters: normal weights of deviation scale/√h, a forget offset of 1, c = 0.
    pub fn draw(&self, scale: f64, random: &mut impl Rng) -> Result<Vec<f64>, NetworkError> {
        use rand_distr::StandardNormal;
        let network = &self.network;
        let hidden = network.hidden();
        let drawn = Recurrent::new(network.cell(), network.vocabulary(), hidden, scale, random)?;
        let mut parameters = drawn.with_forget_offset(1.0).parameters;
        let deviation = scale / (hidden as f64).sqrt();
        parameters.extend((0..hidden).map(|_| deviation * random.sample::<f64, _>(StandardNormal)));
        parameters.push(0.0);
        Ok(parameters)
    }

    /// Their number.
    pub fn parameters(&self) -> usize {
        self.network.parameters.len() + self.network.hidden() + 1
    }

    /// Tokens that it knows.
    pub fn tokens(&self) -> usize {
        self.network.vocabulary()
    }

    fn split<'a>(&self, parameters: &'a [f64]) -> (&'a [f64], ArrayView1<'a, f64>, f64) {
        let (cell, head) = parameters.split_at(self.network.parameters.len());
        let (w, c) = head.split_at(self.network.hidden());
        (cell, ArrayView1::from(w), c[0])
    }

    fn network(&self, cell: &[f64]) -> Recurrent {
        let mut network = self.network.clone();
        network.parameters.copy_from_slice(cell);
        network
    }

    /// z of each sequence.
    pub fn margins(&self, parameters: &[f64], batch: &Batch, work: &mut Work) -> Array1<f64> {
        let (cell, w, c) = self.split(parameters);
        let network = self.network(cell);
        network.forward(batch, &mut work.tape);
        work.last = network.last(batch, &work.tape);
        work.last.dot(&w) + c
    }

    /// Writes the gradient of Σ weightᵢ ln(1 + e^(−lᵢ zᵢ)) and gives the losses.
    pub fn gradient(
        &self,
        parameters: &[f64],
        batch: &Batch,
        (labels, weights): (&[f64], &[f64]),
        work: &mut Work,
        out: &mut [f64],
    ) -> Vec<f64> {
        let margins = self.margins(parameters, batch, work);
        let (cell, w, _) = self.split(parameters);
        work.slopes.clear();
        work.curvatures.clear();
        let mut losses = Vec::with_capacity(labels.len());
        for ((z, label), weight) in margins.iter().zip(labels).zip(weights) {
            let miss = sigmoid(-label * z);
            losses.push(logistic(label * z));
            work.slopes.push(-label * miss);
            work.curvatures.push(weight * miss * (1.0 - miss));
        }
        out.fill(0.0);
        let slopes = weighted(&work.slopes, weights);
        let by_last = outer(slopes.view(), w);
        let (of_cell, of_head) = out.split_at_mut(cell.len());
        let network = self.network(cell);
        network.pull(batch, &mut work.tape, by_last.view(), of_cell);
        write_head(&work.last.t().dot(&slopes), slopes.sum(), of_head);
        losses
    }

    /// Writes the Hessian of that sum times `direction`, after [`gradient`](Self::gradient) at the same point, and gives the derivative of each unweighted loss along the direction.
    pub fn product(
        &self,
        parameters: &[f64],
        batch: &Batch,
        weights: &[f64],
        direction: &[f64],
        work: &mut Work,
        out: &mut [f64],
    ) -> Vec<f64> {
        let (cell, w, _) = self.split(parameters);
        let (cell_along, w_along, c_along) = self.split(direction);
        let network = self.network(cell);
        let moved = network.push(batch, &work.tape, cell_along, &mut work.tangent);
        let along = moved.dot(&w) + work.last.dot(&w_along) + c_along;
        let slopes = weighted(&work.slopes, weights);
        let bent = &along * &ArrayView1::from(&work.curvatures);
        let by_last_along = outer(bent.view(), w) + outer(slopes.view(), w_along);
        out.fill(0.0);
        let (of_cell, of_head) = out.split_at_mut(cell.len());
        network.pull_push(batch, &work.tape, cell_along, &mut work.tangent, by_last_along.view(), of_cell);
        write_head(&(work.last.t().dot(&bent) + moved.t().dot(&slopes)), bent.sum(), of_head);
        along.iter().zip(&work.slopes).map(|(along, slope)| along * slope).collect()
    }
}

fn weighted(slopes: &[f64], weights: &[f64]) -> Array1<f64> {
    slopes.iter().zip(weights).map(|(slope, weight)| slope * weight).collect()
}

fn outer(column: ArrayView1<f64>, row: ArrayView1<f64>) -> Array2<f64> {
    let column = column.insert_axis(Axis(1));
    &column * &row
}

fn write_head(w: &Array1<f64>, c: f64, out: &mut [f64]) {
    let (of_w, of_c) = out.split_at_mut(w.len());
    of_w.iter_mut().zip(w).for_each(|(out, w)| *out = *w);
    of_c[0] = c;
}
