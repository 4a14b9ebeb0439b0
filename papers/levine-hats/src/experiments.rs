//! One experiment for each figure or table.

pub mod biased_hats;
pub mod block_values;
pub mod continuous_game;
pub mod convergence;
pub mod many_players;
pub mod search_basins;
pub mod strategy_histogram;
pub mod value_table;
pub mod win_regions;

pub use biased_hats::BiasedHats;
pub use block_values::BlockValues;
pub use continuous_game::ContinuousGame;
pub use convergence::Convergence;
pub use many_players::ManyPlayers;
pub use search_basins::SearchBasins;
pub use strategy_histogram::StrategyHistogram;
pub use value_table::ValueTable;
pub use win_regions::WinRegions;
