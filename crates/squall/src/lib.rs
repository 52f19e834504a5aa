//! Flaky networks on purpose, reproducibly: the squall library.
