//! A kernel datagram socket: one system call moves many datagrams, both ways.

use std::cell::Cell;
use std::io::{self, ErrorKind, IoSliceMut};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll, ready};

use quinn_udp::{BATCH_SIZE, RecvMeta, Transmit, UdpSocketState, is_msg_size_err};
use socket2::{Domain, Socket, Type};
use tokio::io::Interest;
use tokio::net::UdpSocket;

use crate::datagrams::LARGEST;
use crate::platform;
use crate::scratch::{Place, lend};

/// Asked for each way, so that a burst outlasts a busy moment.
const BUFFER: usize = 4 << 20;

/// Room for the largest datagram, or for a row of them that the kernel hands over together.
const SLOT: usize = 64 * 1024;

thread_local! {
    /// What one call receives.
    static RECEIVED: Place = const { Cell::new(None) };
    /// Datagrams that are sent together, one behind the other.
    static JOINED: Place = const { Cell::new(None) };
}

/// A UDP socket. It owns no buffer: those are its thread's.
#[derive(Debug)]
pub struct UdpDatagrams {
    socket: UdpSocket,
    state: UdpSocketState,
    addr: SocketAddr,
    /// Larger datagrams are not sent together: they would have to be fragmented on the way to someone, and the kernel
    /// does that only for single ones.
    widest: AtomicUsize,
}

impl UdpDatagrams {
    /// Must be called inside the runtime whose reactor shall watch the socket.
    pub(crate) fn bind(addr: SocketAddr) -> io::Result<Self> {
        let socket = Socket::new(Domain::for_address(addr), Type::DGRAM, None)?;
        // Smaller ones serve too.
        let _ = socket.set_recv_buffer_size(BUFFER);
        let _ = socket.set_send_buffer_size(BUFFER);
        socket.set_nonblocking(true)?;
        // No SO_REUSEADDR: two programs would share the port, and the datagrams.
        socket.bind(&addr.into())?;
        let state = platform::datagram_state(&socket)?;
        let socket = UdpSocket::from_std(socket.into())?;
        Ok(Self { addr: socket.local_addr()?, socket, state, widest: AtomicUsize::new(LARGEST) })
    }

    pub(crate) fn local_addr(&self) -> SocketAddr {
        self.addr
    }

    pub(crate) fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        each: &mut dyn FnMut(SocketAddr, &[u8]),
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.socket.poll_recv_ready(cx))?;
            match self.try_recv(each) {
                Ok(received) => return Poll::Ready(Ok(received)),
                Err(error) if passes(&error) => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    /// A call that does not fill its slots emptied the socket, so readiness is cleared without asking the kernel a
    /// second time. That happens inside `try_io`, which keeps an event that arrives meanwhile.
    fn try_recv(&self, each: &mut dyn FnMut(SocketAddr, &[u8])) -> io::Result<usize> {
        lend(&RECEIVED, BATCH_SIZE * SLOT, |buffer| {
            let mut rest = buffer.chunks_exact_mut(SLOT);
            let mut slots: [_; BATCH_SIZE] =
                std::array::from_fn(|_| IoSliceMut::new(rest.next().unwrap_or_default()));
            let mut metas = [RecvMeta::default(); BATCH_SIZE];
            let mut filled = 0;
            let outcome = self.socket.try_io(Interest::READABLE, || {
                filled = self.state.recv((&self.socket).into(), &mut slots, &mut metas)?;
                if filled < BATCH_SIZE { Err(ErrorKind::WouldBlock.into()) } else { Ok(()) }
            });
            if filled == 0 {
                outcome?;
            }
            let mut received = 0;
            for (slot, meta) in slots.iter().zip(&metas[..filled]) {
                for payload in split(&slot[..meta.len], meta.stride) {
                    received += 1;
                    each(meta.addr, payload);
                }
            }
            Ok(received)
        })
    }

    pub(crate) fn poll_send(
        &self,
        cx: &mut Context<'_>,
        to: SocketAddr,
        datagrams: &[&[u8]],
    ) -> Poll<io::Result<usize>> {
        let mut count = joinable(datagrams, self.state.max_gso_segments(), self.widest.load(Relaxed));
        loop {
            ready!(self.socket.poll_send_ready(cx))?;
            match self.socket.try_io(Interest::WRITABLE, || self.send(to, &datagrams[..count])) {
                Ok(()) => return Poll::Ready(Ok(count)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                // Alone the first may pass, or it is its own error.
                Err(error) if count > 1 => {
                    if is_msg_size_err(&error) {
                        self.widest.fetch_min(datagrams[0].len() - 1, Relaxed);
                    }
                    count = 1;
                }
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    /// Sends `datagrams`, which are [`joinable`], by one call.
    fn send(&self, to: SocketAddr, datagrams: &[&[u8]]) -> io::Result<()> {
        let transmit = |contents: &[u8], segment_size| {
            let whole = Transmit { destination: to, ecn: None, contents, segment_size, src_ip: None };
            self.state.try_send((&self.socket).into(), &whole)
        };
        match datagrams {
            [] => Ok(()),
            [single] => transmit(single, None),
            [first, ..] => lend(&JOINED, SLOT, |buffer| {
                let mut end = 0;
                for payload in datagrams {
                    buffer[end..][..payload.len()].copy_from_slice(payload);
                    end += payload.len();
                }
                transmit(&buffer[..end], Some(first.len()))
            }),
        }
    }
}

/// How many of the first `datagrams`, at least one, can be sent together: those of one size, and then perhaps a smaller
/// one, but not an empty one. At most `segments`; none larger than `widest`.
fn joinable(datagrams: &[&[u8]], segments: usize, widest: usize) -> usize {
    let size = datagrams.first().map_or(0, |first| first.len());
    if size == 0 || size > widest {
        return 1;
    }
    let most = segments.min(LARGEST / size).min(datagrams.len());
    let same = datagrams.iter().take(most).take_while(|payload| payload.len() == size).count();
    let smaller = datagrams.get(same).is_some_and(|next| (1..size).contains(&next.len()));
    if smaller && same < most { same + 1 } else { same.max(1) }
}

/// The datagrams, each `stride` long but perhaps the last, that the kernel put into one slot.
fn split(slot: &[u8], stride: usize) -> impl Iterator<Item = &[u8]> {
    let empty: Option<&[u8]> = slot.is_empty().then_some(slot);
    empty.into_iter().chain(slot.chunks(stride.max(1)))
}

/// Whether to try again: nothing is there after all, or ICMP said something about an earlier datagram.
fn passes(error: &io::Error) -> bool {
    use ErrorKind::{ConnectionRefused, ConnectionReset, HostUnreachable, Interrupted, NetworkUnreachable};
    let about_another = [ConnectionRefused, ConnectionReset, HostUnreachable, NetworkUnreachable];
    let kind = error.kind();
    matches!(kind, ErrorKind::WouldBlock | Interrupted) || about_another.contains(&kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Datagrams;
    use std::future::poll_fn;

    #[test]
    fn datagrams_of_one_size_leave_by_one_call_where_the_system_can() {
        tokio_test::block_on(async {
            let socket = UdpDatagrams::bind("127.0.0.1:0".parse().unwrap()).unwrap();
            let most = socket.state.max_gso_segments().min(10);
            let (to, socket) = (socket.local_addr(), Datagrams::Udp(socket));
            let nowhere = SocketAddr::new(to.ip(), 0);
            for _ in 0..2 {
                let sent = poll_fn(|cx| socket.poll_send(cx, to, &[b"twelve bytes".as_slice(); 10])).await;
                assert_eq!(sent.unwrap(), most);
                // Must not be taken for an inability.
                assert!(socket.send(nowhere, b"x").await.is_err());
            }
        });
    }

    #[test]
    fn what_is_of_one_size_goes_together() {
        let sizes = |sizes: &[usize]| -> Vec<Vec<u8>> { sizes.iter().map(|size| vec![0; *size]).collect() };
        for (datagrams, expected) in [
            (sizes(&[5]), 1),
            (sizes(&[5, 5, 5]), 3),
            (sizes(&[5, 5, 3, 3]), 3),
            (sizes(&[5, 3]), 2),
            (sizes(&[5, 7]), 1),
            (sizes(&[5, 5, 0, 5]), 2),
            (sizes(&[0, 0]), 1),
            (sizes(&[5; 12]), 8),
            (sizes(&[5, 5, 5, 5, 5, 5, 5, 5, 3]), 8),
            (sizes(&[30_000, 30_000, 5_507]), 2),
            (sizes(&[65_508, 1]), 1),
        ] {
            let datagrams: Vec<&[u8]> = datagrams.iter().map(Vec::as_slice).collect();
            let sizes = datagrams.iter().map(|payload| payload.len()).collect::<Vec<_>>();
            assert_eq!(joinable(&datagrams, 8, LARGEST), expected, "{sizes:?}");
        }
        assert_eq!(joinable(&[&[0; 9], &[0; 9]], 8, 8), 1, "too wide for someone");
    }

    #[test]
    fn a_slot_is_split_where_its_datagrams_were() {
        let parts = |length, stride| split(&[7; 10][..length], stride).map(<[u8]>::len).collect::<Vec<_>>();
        assert_eq!(parts(10, 4), [4, 4, 2]);
        assert_eq!(parts(10, 10), [10]);
        assert_eq!(parts(0, 0), [0]);
    }
}
