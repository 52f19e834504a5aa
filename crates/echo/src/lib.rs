//! Echo servers over squall-wire.
