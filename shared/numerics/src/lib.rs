//! The mathematics that two or more papers use. It knows no files, figures or tables.
//!
//! | module | what it holds |
//! |---|---|
//! | [`lbfgs`] | limited-memory BFGS that says why it stopped, also with an l1 penalty |
//! | [`simplex`] | Euclidean projection onto the scaled simplex |
//! | [`normal`] | the normal distribution and the error function |
//! | [`sum`] | compensated sums and dot products |
//! | [`random`] | random streams that are found by name, not by the order of drawing |
//! | [`symmetric`] | eigenvalues of symmetric matrices |
//! | [`cholesky`] | positive definite systems |
//! | [`bootstrap`] | percentile bootstrap intervals |
//! | [`product`] | products of matrices |
//! | [`registers`] | loops in the widest vector registers, and what has to be done after faer |
//! | [`elementary`] | exponentials, tanh, sigmoid and softplus as vector instructions |
//! | [`growth`] | exponents of growth: slopes of logarithms |
//!
//! Every function is deterministic: the same input gives the same bits on any number of threads.

pub mod bootstrap;
pub mod cholesky;
pub mod elementary;
pub mod growth;
pub mod lbfgs;
pub mod normal;
pub mod product;
pub mod random;
pub mod registers;
pub mod simplex;
pub mod sum;
pub mod symmetric;
