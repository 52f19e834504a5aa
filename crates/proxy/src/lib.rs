//! The relay: accept, dial, one pump per connection, a live plan of faults.
