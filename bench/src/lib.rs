//! Benchmarks of signing and verifying.
