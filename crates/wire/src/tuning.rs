//! Settings of kernel sockets for people who need them: congestion control and buffer sizes.

use std::io;

use socket2::{Domain, SockRef, Socket, Type};

use crate::platform;

/// How TCP sockets are to be set up. A virtual world has no such settings and ignores them.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Tuning {
    /// The congestion control, such as `cubic`; the system's default unless given. Linux only.
    pub congestion: Option<String>,
    /// Bytes of the receive buffer. Giving it ends the kernel's own sizing, which bounds the speed over long paths.
    pub receive_buffer: Option<usize>,
    /// Bytes of the send buffer, with the same effect.
    pub send_buffer: Option<usize>,
}

impl Tuning {
    /// Tries the settings on a socket that is thrown away.
    ///
    /// # Errors
    /// What the system says to the first that it does not take; the error names it.
    pub fn check(&self) -> io::Result<()> {
        self.apply(SockRef::from(&Socket::new(Domain::IPV4, Type::STREAM, None)?))
    }

    /// Sets a socket up that is not connected yet; what a listener accepts takes after it.
    pub(crate) fn apply(&self, socket: SockRef<'_>) -> io::Result<()> {
        let named = |what: String| {
            move |error: io::Error| io::Error::new(error.kind(), format!("{what}: {}", crate::reason(&error)))
        };
        if let Some(name) = &self.congestion {
            let what = format!("congestion control `{name}`");
            platform::set_congestion(&socket, name).map_err(named(what))?;
        }
        if let Some(bytes) = self.receive_buffer {
            socket.set_recv_buffer_size(bytes).map_err(named(format!("receive buffer of {bytes} bytes")))?;
        }
        if let Some(bytes) = self.send_buffer {
            socket.set_send_buffer_size(bytes).map_err(named(format!("send buffer of {bytes} bytes")))?;
        }
        Ok(())
    }
}
