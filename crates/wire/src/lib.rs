//! Sockets and clocks of squall, real and virtual: shards, listen, dial, RST and FIN, precise timers.
