//! Load generator: closed-loop clients that verify every byte.
