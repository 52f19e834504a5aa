//! A client that sends a message, waits for its echo, and begins again.

use crate::bench::samples::Samples;
use crate::bench::sockets;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// What a message has.
const MESSAGE: usize = 64;

/// An answer that takes longer is none.
const PATIENCE: Duration = Duration::from_secs(5);

/// Round trips one after another on one connection; the first few are not counted.
pub(crate) fn one_by_one(to: SocketAddr, congestion: &str, count: usize) -> io::Result<Samples> {
    let mut stream = sockets::connect(to, congestion)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut samples = Samples::with_capacity(count);
    let (message, mut answer) = ([7; MESSAGE], [0; MESSAGE]);
    let untold = count / 10 + 2;
    for turn in 0..count + untold {
        let began = Instant::now();
        stream.write_all(&message)?;
        stream.read_exact(&mut answer)?;
        if turn >= untold {
            samples.add(began.elapsed());
        }
    }
    Ok(samples)
}

/// A connection with a request under way.
struct Client {
    stream: TcpStream,
    sent: Instant,
    got: usize,
}

/// Round trips on many connections at a time from one thread, each for itself, for as long as it is `span`; those of the time
/// before, `warm`, are not counted.
pub(crate) fn side_by_side(
    to: SocketAddr,
    congestion: &str,
    connections: usize,
    warm: Duration,
    span: Duration,
) -> io::Result<Samples> {
    let connect = |_| {
        let stream = sockets::connect(to, congestion)?;
        stream.set_nonblocking(true)?;
        Ok(Client { stream, sent: Instant::now(), got: 0 })
    };
    let mut clients = (0..connections).map(connect).collect::<io::Result<Vec<Client>>>()?;
    for client in &mut clients {
        client.send()?;
    }
    let began = Instant::now();
    let mut samples = Samples::with_capacity(1 << 20);
    let patience = Timespec { tv_sec: PATIENCE.as_secs() as i64, tv_nsec: 0 };
    while began.elapsed() < warm + span {
        let mut fds: Vec<_> =
            clients.iter().map(|client| PollFd::new(&client.stream, PollFlags::IN)).collect();
        if poll(&mut fds, Some(&patience))? == 0 {
            return Err(ErrorKind::TimedOut.into());
        }
        let ready: Vec<bool> = fds.iter().map(|fd| !fd.revents().is_empty()).collect();
        drop(fds);
        for (client, _) in clients.iter_mut().zip(ready).filter(|(_, ready)| *ready) {
            if let Some(took) = client.receive()? {
                if began.elapsed() >= warm {
                    samples.add(took);
                }
                client.send()?;
            }
        }
    }
    Ok(samples)
}

impl Client {
    fn send(&mut self) -> io::Result<()> {
        (self.sent, self.got) = (Instant::now(), 0);
        // So little always fits where nothing is under way.
        self.stream.write_all(&[7; MESSAGE])
    }

    /// How long the round trip took, once all of the answer is there.
    fn receive(&mut self) -> io::Result<Option<Duration>> {
        let mut answer = [0; MESSAGE];
        match self.stream.read(&mut answer[self.got..]) {
            Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
            Ok(n) => {
                self.got += n;
                Ok((self.got == MESSAGE).then(|| self.sent.elapsed()))
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::servers::Echo;

    #[test]
    fn both_kinds_of_clients_get_their_answers() {
        let echo = Echo::start("cubic").unwrap();
        assert_eq!(one_by_one(echo.addr, "cubic", 20).unwrap().len(), 20);
        let span = Duration::from_millis(20);
        assert!(side_by_side(echo.addr, "cubic", 4, Duration::ZERO, span).unwrap().len() > 0);
    }
}
