//! The metrics from outside: HTTP/1.1 as it goes over a socket.

mod client;
mod exposition;
mod guard;
mod live;
mod paths;
mod services;
mod stop;
