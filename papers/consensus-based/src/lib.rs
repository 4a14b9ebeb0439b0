//! stub
pub mod canyon;
pub mod consensus;
pub mod curves;
pub mod descent;
pub mod draws;
pub mod envelope;
pub mod evolution;
pub mod hopping;
pub mod movement;
pub mod objective;
pub mod principle;
pub mod problems;
pub mod quadratic;
pub mod swarm;
mod turns;
