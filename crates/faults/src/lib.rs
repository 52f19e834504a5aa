//! The fault model of squall: every fault as a pure function of byte ranges, time and keyed draws.
