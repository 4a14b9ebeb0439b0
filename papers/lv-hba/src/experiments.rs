//! Experiments on the value function, both toys of the authors' program, support vector machines, and the cost of an iteration.

use lab::key;

pub mod cost;
pub mod machines;
pub mod merely_convex;
pub mod penalty_path;
pub mod strongly_convex;
pub mod value_functions;

pub use cost::Cost;
pub use machines::Machines;
pub use merely_convex::MerelyConvexToy;
pub use penalty_path::PenaltyPath;
pub use strongly_convex::StronglyConvexToy;
pub use value_functions::ValueFunctions;
