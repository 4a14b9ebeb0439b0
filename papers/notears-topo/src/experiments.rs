//! The paper's comparisons as experiments, and those that its method calls for.
//!
//! The text of the paper's tables was not at hand. Settings are those of its abstract, its code and the field: ER and SF graphs, weights on ±[0.5, 2], n = 1000.

pub mod instance;
pub mod logistic;
pub mod neighbourhoods;
pub mod networks;
pub mod penalised;
pub mod protein_signalling;
pub mod sample_size;
pub mod score_gap;
pub mod time;
pub mod work;

pub use logistic::LogisticScore;
pub use neighbourhoods::Neighbourhoods;
pub use networks::Networks;
pub use penalised::Penalised;
pub use protein_signalling::ProteinSignalling;
pub use sample_size::SampleSize;
pub use score_gap::ScoreGap;
pub use time::SearchTime;
pub use work::Work;
