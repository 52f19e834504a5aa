//! Tests that drive the built binary.
