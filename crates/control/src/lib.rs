//! HTTP of squall: live metrics.
