//! The command on good and bad input, and the README's examples of it.
