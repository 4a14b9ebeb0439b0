//! One experiment for each question that the paper's bounds and the published studies of its relatives ask.

pub mod contest;
pub mod email_enron;
pub mod exact_ratio;
pub mod facility_location;
pub mod queries_against_n;
pub mod queries_against_settings;
pub mod time_per_update;
pub mod value_over_time;

pub use email_enron::EmailEnron;
pub use exact_ratio::ExactRatio;
pub use facility_location::Facilities;
pub use queries_against_n::QueriesAgainstN;
pub use queries_against_settings::QueriesAgainstSettings;
pub use time_per_update::TimePerUpdate;
pub use value_over_time::ValueOverTime;
