//! Identities, certificates and refusals of the library.
