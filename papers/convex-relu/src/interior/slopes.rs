//! Slopes of losses that are no squares, as variables of the interior point.

use ndarray::Array1;

/// Minus the loss's derivative times y, as a variable of its own: then stationarity is linear, and steps that overshoot are cut where p leaves (0, 1).
#[derive(Clone, Debug)]
pub struct Slopes {
    /// p, and 1 − p, carried along: near p = 1 a difference would have no digits.
    pub p: Array1<f64>,
    pub rest: Array1<f64>,
    /// Of the hinge alone, which is ξ ≥ 0 and ξ ≥ 1 − y f with multipliers 1 − p and p.
    pub hinge: Option<Slacks>,
}

#[derive(Clone, Debug)]
pub struct Slacks {
    pub xi: Array1<f64>,
    pub excess: Array1<f64>,
}

/// What slopes lack: by the loss's curvature times `slope`, and what products ξ(1 − p) lack.
pub struct Lacking {
    pub slope: Array1<f64>,
    pub at_xi: Array1<f64>,
}

impl Slopes {
    /// dp by −y df.
    pub fn curvature(&self) -> Array1<f64> {
        match &self.hinge {
            None => (&self.p * &self.rest).mapv(|w| w.max(1e-200)),
            Some(hinge) => &self.p / &(&hinge.excess + &(&self.p * &hinge.xi / &self.rest)),
        }
    }

    /// Of p = 1/(1 + e^(y f)) for the logistic loss, of two products for the hinge; `margins` are y f.
    pub fn lacking(&self, target: f64, before: Option<&Self>, margins: &Array1<f64>) -> Lacking {
        let Some(hinge) = &self.hinge else {
            let logit = self.p.mapv(f64::ln) - self.rest.mapv(f64::ln);
            return Lacking { slope: -(margins + &logit), at_xi: Array1::zeros(0) };
        };
        let mut at_xi = target - &hinge.xi * &self.rest;
        let mut at_excess = target - &hinge.excess * &self.p;
        if let Some((before, of_hinge)) = before.and_then(|before| Some((before, before.hinge.as_ref()?))) {
            at_xi -= &(&of_hinge.xi * &before.rest);
            at_excess -= &(&of_hinge.excess * &before.p);
        }
        Lacking { slope: &at_excess / &self.p - &at_xi / &self.rest, at_xi }
    }

    /// For outputs whose margins move by `moved`.
    pub fn change(&self, lacking: &Lacking, curvature: &Array1<f64>, moved: &Array1<f64>) -> Self {
        let p = curvature * &(&lacking.slope - moved);
        let hinge = self.hinge.as_ref().map(|hinge| {
            let xi = (&lacking.at_xi + &(&hinge.xi * &p)) / &self.rest;
            let excess = &xi + moved;
            Slacks { xi, excess }
        });
        Self { rest: -&p, p, hinge }
    }
}
