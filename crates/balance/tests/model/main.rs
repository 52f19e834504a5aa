//! The pool from outside: who is picked, and who must not be.

mod decisions;
mod determinism;
mod drive;
mod ejection;
mod limits;
mod operations;
mod operators;
mod probes;
mod reconfigure;
mod shares;
mod slow_start;
mod sources;
mod two_choices;
