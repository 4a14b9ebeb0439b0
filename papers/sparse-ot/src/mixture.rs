//! A small mixture of experts for images, with its gradient.
//!
//! An image is cut into tokens xₜ, embedded as hₜ = xₜ V + pₜ with a learned position pₜ. Gates are
//! g = softmax(h G). A router chooses which experts work on which tokens; token t leaves as
//! hₜ + Σₑ gₜₑ fₑ(hₜ) over its experts, fₑ(h) = relu(h Aₑ + aₑ) Bₑ + bₑ, so a token without an expert passes
//! unchanged. The mean over an image's tokens goes through a linear classifier. Gradients flow through
//! gates and experts; the choice itself has none, as in all routers compared here.

use ndarray::{Array1, Array2, ArrayView2, ArrayViewMut2, Axis, s};
use ndarray_rand::RandomExt;
use rand::Rng;
use rand_distr::StandardNormal;

use crate::router::{Assignment, gates};

/// Sizes of a model.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Tokens of an image.
    pub tokens: usize,
    /// Numbers in a token.
    pub inputs: usize,
    /// Length of an embedding.
    pub width: usize,
    /// Hidden units of an expert.
    pub hidden: usize,
    /// Experts.
    pub experts: usize,
    /// Classes.
    pub classes: usize,
}

/// Where the matrices lie among the parameters; a bias is a matrix of one row.
#[derive(Clone, Copy)]
enum Part {
    Embedding,
    Position,
    Gate,
    In(usize),
    InBias(usize),
    Out(usize),
    OutBias(usize),
    Head,
    HeadBias,
}

/// A model: its shape and its parameters, all in one vector.
#[derive(Clone, Debug)]
pub struct Mixture {
    /// Its sizes.
    pub shape: Shape,
    /// Its parameters.
    pub parameters: Vec<f64>,
}

/// What the forward pass leaves for the backward pass.
pub struct Forward {
    embedded: Array2<f64>,
    logits: Array2<f64>,
    gates: Array2<f64>,
}

impl Shape {
    /// Offset, rows and columns of a part.
    fn place(&self, part: Part) -> (usize, usize, usize) {
        let Self { tokens, inputs, width, hidden, experts, classes } = *self;
        let sizes = [inputs * width, tokens * width, width * experts];
        let shared: usize = sizes.iter().sum();
        let expert = width * hidden + hidden + hidden * width + width;
        let head = shared + experts * expert;
        let of = |index: usize| shared + index * expert;
        match part {
            Part::Embedding => (0, inputs, width),
            Part::Position => (sizes[0], tokens, width),
            Part::Gate => (sizes[0] + sizes[1], width, experts),
            Part::In(e) => (of(e), width, hidden),
            Part::InBias(e) => (of(e) + width * hidden, 1, hidden),
            Part::Out(e) => (of(e) + width * hidden + hidden, hidden, width),
            Part::OutBias(e) => (of(e) + width * hidden + hidden + hidden * width, 1, width),
            Part::Head => (head, width, classes),
            Part::HeadBias => (head + width * classes, 1, classes),
        }
    }

    fn parameters(&self) -> usize {
        let (offset, rows, columns) = self.place(Part::HeadBias);
        offset + rows * columns
    }

    fn view<'a>(&self, parameters: &'a [f64], part: Part) -> ArrayView2<'a, f64> {
        let (offset, rows, columns) = self.place(part);
        ArrayView2::from_shape((rows, columns), &parameters[offset..offset + rows * columns])
            .expect("a part has as many parameters as its matrix has entries")
    }

    fn view_mut<'a>(&self, parameters: &'a mut [f64], part: Part) -> ArrayViewMut2<'a, f64> {
        let (offset, rows, columns) = self.place(part);
        ArrayViewMut2::from_shape((rows, columns), &mut parameters[offset..offset + rows * columns])
            .expect("a part has as many parameters as its matrix has entries")
    }
}

impl Mixture {
    /// A model with weights N(0, 1/fan-in) and biases of zero.
    pub fn new(shape: Shape, random: &mut impl Rng) -> Self {
        let mut parameters = vec![0.0; shape.parameters()];
        let experts = (0..shape.experts).flat_map(|e| [Part::In(e), Part::Out(e)]);
        for part in [Part::Embedding, Part::Position, Part::Gate, Part::Head].into_iter().chain(experts) {
            let mut matrix = shape.view_mut(&mut parameters, part);
            let scale = (matrix.nrows() as f64).sqrt().recip();
            let drawn = Array2::<f64>::random_using(matrix.dim(), StandardNormal, random);
            matrix.assign(&(drawn * scale));
        }
        Self { shape, parameters }
    }

    fn part(&self, part: Part) -> ArrayView2<'_, f64> {
        self.shape.view(&self.parameters, part)
    }

    /// Embeds tokens (images · tokens rows) and scores them against the experts.
    pub fn embed(&self, tokens: ArrayView2<'_, f64>) -> Forward {
        let mut embedded = tokens.dot(&self.part(Part::Embedding));
        let position = self.part(Part::Position);
        for (index, mut row) in embedded.rows_mut().into_iter().enumerate() {
            row += &position.row(index % self.shape.tokens);
        }
        let logits = embedded.dot(&self.part(Part::Gate));
        Forward { gates: gates(logits.view()), embedded, logits }
    }

    /// Class scores of the images (one a row), with the experts working where the assignment says.
    pub fn classify(&self, forward: &Forward, assignment: &Assignment) -> Array2<f64> {
        self.pooled(forward, assignment).dot(&self.part(Part::Head)) + self.part(Part::HeadBias)
    }

    fn pooled(&self, forward: &Forward, assignment: &Assignment) -> Array2<f64> {
        let mut mixed = forward.embedded.clone();
        for (expert, tokens) in assignment.experts.iter().enumerate() {
            let (_, _, output) = self.expert(expert, &forward.embedded.select(Axis(0), tokens));
            for (row, &token) in output.rows().into_iter().zip(tokens) {
                mixed.row_mut(token).scaled_add(forward.gates[(token, expert)], &row);
            }
        }
        let images = mixed.nrows() / self.shape.tokens;
        let mean = |image| {
            mixed.slice(s![image * self.shape.tokens..(image + 1) * self.shape.tokens, ..]).sum_axis(Axis(0))
        };
        let scale = 1.0 / self.shape.tokens as f64;
        let rows: Vec<Array1<f64>> = (0..images).map(|image| mean(image) * scale).collect();
        Array2::from_shape_fn((images, self.shape.width), |(image, index)| rows[image][index])
    }

    /// Before the rectifier, behind it, and the output of an expert.
    fn expert(&self, expert: usize, input: &Array2<f64>) -> (Array2<f64>, Array2<f64>, Array2<f64>) {
        let before = input.dot(&self.part(Part::In(expert))) + self.part(Part::InBias(expert));
        let behind = before.mapv(|value| value.max(0.0));
        let output = behind.dot(&self.part(Part::Out(expert))) + self.part(Part::OutBias(expert));
        (before, behind, output)
    }

    /// The mean cross-entropy of the images' labels; writes its gradient, with the assignment held fixed.
    pub fn loss(
        &self,
        tokens: ArrayView2<'_, f64>,
        labels: &[usize],
        forward: &Forward,
        assignment: &Assignment,
        gradient: &mut [f64],
    ) -> f64 {
        let shape = self.shape;
        gradient.fill(0.0);
        let pooled = self.pooled(forward, assignment);
        let scores = pooled.dot(&self.part(Part::Head)) + self.part(Part::HeadBias);
        let mut slope = gates(scores.view());
        let mut loss = 0.0;
        for (mut row, &label) in slope.rows_mut().into_iter().zip(labels) {
            loss -= row[label].max(f64::MIN_POSITIVE).ln();
            row[label] -= 1.0;
            row.mapv_inplace(|value| value / labels.len() as f64);
        }
        shape.view_mut(gradient, Part::Head).assign(&pooled.t().dot(&slope));
        shape.view_mut(gradient, Part::HeadBias).row_mut(0).assign(&slope.sum_axis(Axis(0)));
        let pooled_slope = slope.dot(&self.part(Part::Head).t()) / shape.tokens as f64;
        // Every token of an image has the same share in its mean.
        let mixed_slope = Array2::from_shape_fn(forward.embedded.dim(), |(token, index)| {
            pooled_slope[(token / shape.tokens, index)]
        });
        let mut embedded_slope = mixed_slope.clone();
        let mut gate_slope = Array2::<f64>::zeros(forward.gates.dim());
        for (expert, chosen) in assignment.experts.iter().enumerate() {
            let input = forward.embedded.select(Axis(0), chosen);
            let (before, behind, output) = self.expert(expert, &input);
            let mut output_slope = mixed_slope.select(Axis(0), chosen);
            for (index, &token) in chosen.iter().enumerate() {
                gate_slope[(token, expert)] = output.row(index).dot(&output_slope.row(index));
                output_slope.row_mut(index).mapv_inplace(|value| value * forward.gates[(token, expert)]);
            }
            let mut hidden_slope = output_slope.dot(&self.part(Part::Out(expert)).t());
            hidden_slope.zip_mut_with(&before, |slope, before| *slope *= f64::from(u8::from(*before > 0.0)));
            shape.view_mut(gradient, Part::Out(expert)).assign(&behind.t().dot(&output_slope));
            shape
                .view_mut(gradient, Part::OutBias(expert))
                .row_mut(0)
                .assign(&output_slope.sum_axis(Axis(0)));
            shape.view_mut(gradient, Part::In(expert)).assign(&input.t().dot(&hidden_slope));
            shape.view_mut(gradient, Part::InBias(expert)).row_mut(0).assign(&hidden_slope.sum_axis(Axis(0)));
            let input_slope = hidden_slope.dot(&self.part(Part::In(expert)).t());
            for (row, &token) in input_slope.rows().into_iter().zip(chosen) {
                embedded_slope.row_mut(token).scaled_add(1.0, &row);
            }
        }
        // Softmax: ∂/∂logit = gate · (slope − Σ gate · slope).
        for (mut slopes, gates) in gate_slope.rows_mut().into_iter().zip(forward.gates.rows()) {
            let mean = slopes.dot(&gates);
            slopes.zip_mut_with(&gates, |slope, gate| *slope = gate * (*slope - mean));
        }
        shape.view_mut(gradient, Part::Gate).assign(&forward.embedded.t().dot(&gate_slope));
        embedded_slope += &gate_slope.dot(&self.part(Part::Gate).t());
        shape.view_mut(gradient, Part::Embedding).assign(&tokens.t().dot(&embedded_slope));
        let mut position = shape.view_mut(gradient, Part::Position);
        for (token, slope) in embedded_slope.rows().into_iter().enumerate() {
            position.row_mut(token % shape.tokens).scaled_add(1.0, &slope);
        }
        loss / labels.len() as f64
    }
}

impl Forward {
    /// Scores of the tokens against the experts, before softmax.
    pub fn logits(&self) -> &Array2<f64> {
        &self.logits
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::router::{capacity, expert_choice};
    use numerics::random::stream;

    /// Central differences with step 1e-5 err by about 1e-10 of the third derivative and 1e-11 of rounding;
    /// kinks of the rectifier within a step are avoided by this seed's draw.
    #[test]
    fn the_gradient_agrees_with_differences() {
        let shape = Shape { tokens: 3, inputs: 2, width: 4, hidden: 5, experts: 2, classes: 3 };
        let mut random = stream(0, &["mixture"]);
        let mut model = Mixture::new(shape, &mut random);
        let tokens = Array2::<f64>::random_using((6, 2), StandardNormal, &mut random);
        let labels = [2, 0];
        let assignment = expert_choice(model.embed(tokens.view()).gates.view(), capacity(6, 2, 1.0));
        let mut gradient = vec![0.0; model.parameters.len()];
        let mut unused = gradient.clone();
        let forward = model.embed(tokens.view());
        model.loss(tokens.view(), &labels, &forward, &assignment, &mut gradient);
        for (index, slope) in gradient.into_iter().enumerate() {
            let mut at = |shift: f64| {
                model.parameters[index] += shift;
                let forward = model.embed(tokens.view());
                let loss = model.loss(tokens.view(), &labels, &forward, &assignment, &mut unused);
                model.parameters[index] -= shift;
                loss
            };
            let difference = (at(1e-5) - at(-1e-5)) / 2e-5;
            assert!((slope - difference).abs() < 1e-7, "parameter {index}: {slope} and {difference}");
        }
    }
}
