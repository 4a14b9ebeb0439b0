//! Facility location: how well a set of facilities serves all customers.

use ndarray::{Array2, ArrayView2};

use super::Function;

/// Why similarities are no facility-location function.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum FacilityError {
    /// No element or no customer.
    #[error("expected at least one element and one customer")]
    Empty,
    /// A similarity that is negative, NaN or infinite.
    #[error(
        "the similarity of element {element} and customer {customer} is {value}: expected a finite number, at least 0"
    )]
    Similarity {
        /// The element.
        element: usize,
        /// The customer.
        customer: usize,
        /// What stands there.
        value: f64,
    },
    /// A customer beyond their number.
    #[error("element {element} serves customer {customer}, but there are {customers}")]
    Customer {
        /// The element.
        element: usize,
        /// The customer.
        customer: usize,
        /// The number of customers.
        customers: usize,
    },
}

/// f(S) = Σ over customers c of max_{e ∈ S} w(e, c), with similarities w ≥ 0 stored in single precision and summed in double.
///
/// State: the best similarity of each customer. A gain reads one row, 4 bytes a customer.
#[derive(Clone, Debug)]
pub struct FacilityLocation {
    /// `[element][customer]`.
    similarity: Array2<f32>,
}

/// The best similarity of each customer, and their sum.
#[derive(Clone, Debug)]
pub struct Served {
    best: Vec<f32>,
    value: f64,
}

impl FacilityLocation {
    /// From similarities, elements × customers.
    ///
    /// # Errors
    /// For an empty matrix and for entries that are negative or not finite.
    pub fn new(similarity: ArrayView2<f64>) -> Result<Self, FacilityError> {
        if similarity.is_empty() {
            return Err(FacilityError::Empty);
        }
        let wrong = |value: &f64| !((*value as f32).is_finite() && *value >= 0.0);
        if let Some(((element, customer), &value)) = similarity.indexed_iter().find(|(_, value)| wrong(value))
        {
            return Err(FacilityError::Similarity { element, customer, value });
        }
        Ok(Self { similarity: similarity.mapv(|value| value as f32) })
    }

    /// Points are elements and customers; w(e, c) = exp(−‖x_e − x_c‖² / (2 σ²)) with the bandwidth σ > 0. Memory: 4 N² bytes.
    ///
    /// # Errors
    /// For no points, and for coordinates or a bandwidth for which similarities are not finite.
    pub fn of_points(points: ArrayView2<f64>, bandwidth: f64) -> Result<Self, FacilityError> {
        let similarity = |(a, b): (usize, usize)| {
            let square: f64 = points.row(a).iter().zip(points.row(b)).map(|(x, y)| (x - y) * (x - y)).sum();
            (-square / (2.0 * bandwidth * bandwidth)).exp() as f32
        };
        if points.is_empty() {
            return Err(FacilityError::Empty);
        }
        let similarity = Array2::from_shape_fn((points.nrows(), points.nrows()), similarity);
        match similarity.indexed_iter().find(|(_, value)| !value.is_finite()) {
            Some(((element, customer), value)) => {
                Err(FacilityError::Similarity { element, customer, value: f64::from(*value) })
            }
            None => Ok(Self { similarity }),
        }
    }

    fn row(&self, element: usize) -> impl Iterator<Item = f32> {
        self.similarity.row(element).into_iter().copied()
    }
}

impl Function for FacilityLocation {
    type State = Served;

    fn elements(&self) -> usize {
        self.similarity.nrows()
    }

    fn empty(&self) -> Served {
        Served { best: vec![0.0; self.similarity.ncols()], value: 0.0 }
    }

    fn value(&self, state: &Served) -> f64 {
        state.value
    }

    fn gain(&self, state: &Served, element: usize) -> f64 {
        let row = self.similarity.row(element);
        let Some(row) = row.as_slice() else { return 0.0 };
        // Eight sums side by side, in a fixed order: the loop then needs no addition to wait for another.
        let mut sums = [0.0_f64; 8];
        let (rows, rest) = row.as_chunks::<8>();
        let (bests, best_rest) = state.best.as_chunks::<8>();
        for (row, best) in rows.iter().zip(bests) {
            for lane in 0..8 {
                sums[lane] += f64::from((row[lane] - best[lane]).max(0.0));
            }
        }
        let tail = rest.iter().zip(best_rest).map(|(new, best)| f64::from((new - best).max(0.0)));
        sums.iter().sum::<f64>() + tail.sum::<f64>()
    }

    fn add(&self, state: &mut Served, element: usize) {
        for (best, new) in state.best.iter_mut().zip(self.row(element)) {
            if new > *best {
                *best = new;
            }
        }
        state.value = state.best.iter().map(|best| f64::from(*best)).sum();
    }
}

/// [`FacilityLocation`] with a list of customers for each element; similarities not listed are 0.
#[derive(Clone, Debug)]
pub struct SparseFacilityLocation {
    rows: Vec<Vec<(u32, f32)>>,
    customers: usize,
}

impl SparseFacilityLocation {
    /// From lists of (customer, similarity), one for each element. Of a customer named twice the larger similarity counts.
    ///
    /// # Errors
    /// For no elements or customers, customers beyond their number, and similarities that are negative or not finite.
    pub fn new(rows: Vec<Vec<(u32, f32)>>, customers: usize) -> Result<Self, FacilityError> {
        if rows.is_empty() || customers == 0 {
            return Err(FacilityError::Empty);
        }
        let mut kept = Vec::with_capacity(rows.len());
        for (element, mut row) in rows.into_iter().enumerate() {
            for &(customer, value) in &row {
                let customer = customer as usize;
                if customer >= customers {
                    return Err(FacilityError::Customer { element, customer, customers });
                }
                if !(value.is_finite() && value >= 0.0) {
                    return Err(FacilityError::Similarity { element, customer, value: value.into() });
                }
            }
            row.sort_by(|left, right| left.0.cmp(&right.0).then(right.1.total_cmp(&left.1)));
            row.dedup_by_key(|(customer, _)| *customer);
            kept.push(row);
        }
        Ok(Self { rows: kept, customers })
    }
}

impl Function for SparseFacilityLocation {
    type State = Served;

    fn elements(&self) -> usize {
        self.rows.len()
    }

    fn empty(&self) -> Served {
        Served { best: vec![0.0; self.customers], value: 0.0 }
    }

    fn value(&self, state: &Served) -> f64 {
        state.value
    }

    fn gain(&self, state: &Served, element: usize) -> f64 {
        let improved = self.rows[element].iter().map(|&(customer, new)| new - state.best[customer as usize]);
        improved.filter(|more| *more > 0.0).map(f64::from).sum()
    }

    fn add(&self, state: &mut Served, element: usize) {
        for &(customer, new) in &self.rows[element] {
            let best = &mut state.best[customer as usize];
            if new > *best {
                state.value += f64::from(new) - f64::from(*best);
                *best = new;
            }
        }
    }
}
