//! Echo over TCP.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use squall_echo::{Echo, EchoBuilder, Mode};
use squall_wire::{Shards, Stream, run_virtual};

use crate::worlds::{in_both_worlds, own_address};

const LONG: Duration = Duration::from_secs(3600);

fn on(shards: &Shards) -> EchoBuilder {
    squall_echo::tcp().shards(shards.clone())
}

async fn dial(shards: &Shards, echo: &Echo) -> Stream {
    shards.env(0).dial(echo.addr()).await.unwrap()
}

async fn read_to_end(stream: &Stream) -> Vec<u8> {
    let mut all = Vec::new();
    let mut buf = vec![0; 65_536];
    loop {
        match stream.read(&mut buf).await.unwrap() {
            0 => return all,
            length => all.extend_from_slice(&buf[..length]),
        }
    }
}

async fn ping(stream: &Stream) {
    stream.write_all(b"ping").await.unwrap();
    let mut heard = [0; 4];
    let mut filled = 0;
    while filled < 4 {
        filled += stream.read(&mut heard[filled..]).await.unwrap();
    }
    assert_eq!(&heard, b"ping");
}

/// Waits for something that is about to happen, perhaps on another thread.
async fn until(happened: impl Fn() -> bool) {
    while !happened() {
        tokio::task::yield_now().await;
    }
}

/// Waits until nobody listens at `addr` any more; an acceptor may take its last connection meanwhile.
async fn closed(shards: &Shards, addr: SocketAddr) {
    while shards.env(0).dial(addr).await.is_ok() {
        tokio::task::yield_now().await;
    }
}

#[test]
fn sixty_four_mebibytes_come_back_as_they_were() {
    const TOTAL: usize = 64 << 20;
    in_both_worlds(|shards| async move {
        let echo = on(&shards).start().await.unwrap();
        let client = Arc::new(dial(&shards, &echo).await);
        // Repeats after a prime number of bytes, so that nothing misplaced by a buffer's size looks right.
        const PERIOD: usize = 65_521;
        let pattern: Arc<[u8]> = (0..2 * PERIOD).map(|i| (i % PERIOD % 251) as u8).collect();
        let (writer, data) = (client.clone(), pattern.clone());
        let writing = shards.spawn(0, async move {
            let mut sent = 0;
            while sent < TOTAL {
                let length = PERIOD.min(TOTAL - sent);
                writer.write_all(&data[sent % PERIOD..][..length]).await.unwrap();
                sent += length;
            }
            writer.finish().unwrap();
        });
        let (mut received, mut buf) = (0, vec![0; PERIOD]);
        loop {
            let length = client.read(&mut buf).await.unwrap();
            if length == 0 {
                break;
            }
            assert!(buf[..length] == pattern[received % PERIOD..][..length], "differs after {received}");
            received += length;
        }
        assert_eq!(received, TOTAL);
        writing.await.unwrap();
        let counts = echo.stop(LONG).await;
        assert_eq!((counts.bytes_in, counts.bytes_out), (TOTAL as u64, TOTAL as u64));
        assert_eq!((counts.accepted, counts.active, counts.closed), (1, 0, 1));
    });
}

#[test]
fn what_follows_a_half_close_still_comes_back() {
    in_both_worlds(|shards| async move {
        let echo = on(&shards).buffer(1000).start().await.unwrap();
        let client = dial(&shards, &echo).await;
        client.write_all(&[9; 50_000]).await.unwrap();
        client.finish().unwrap();
        assert_eq!(read_to_end(&client).await, vec![9; 50_000]);
    });
}

#[test]
fn a_client_that_resets_ends_only_its_own_connection() {
    in_both_worlds(|shards| async move {
        let echo = on(&shards).start().await.unwrap();
        let (rude, polite) = (dial(&shards, &echo).await, dial(&shards, &echo).await);
        ping(&rude).await;
        rude.abort().unwrap();
        until(|| echo.counts().closed == 1).await;
        ping(&polite).await;
    });
}

#[test]
fn five_hundred_clients_are_served_at_once() {
    in_both_worlds(|shards| async move {
        let echo = on(&shards).start().await.unwrap();
        let mut clients = Vec::new();
        for _ in 0..500 {
            clients.push(dial(&shards, &echo).await);
        }
        for client in &clients {
            ping(client).await;
        }
        assert_eq!(echo.counts().active, 500);
        for client in &clients {
            ping(client).await;
            client.finish().unwrap();
            assert_eq!(read_to_end(client).await, b"");
        }
        let counts = echo.stop(LONG).await;
        assert_eq!((counts.accepted, counts.closed, counts.bytes_out), (500, 500, 4000));
    });
}

#[test]
fn stopping_lets_connections_finish_but_takes_no_more() {
    in_both_worlds(|shards| async move {
        let echo = on(&shards).listen(own_address(1)).start().await.unwrap();
        let addr = echo.addr();
        let client = dial(&shards, &echo).await;
        ping(&client).await;
        let stopping = shards.spawn(0, echo.stop(LONG));
        closed(&shards, addr).await;
        ping(&client).await;
        client.finish().unwrap();
        assert_eq!(read_to_end(&client).await, b"");
        assert_eq!(stopping.await.unwrap().active, 0);
    });
}

#[test]
fn stopping_without_grace_closes_what_is_open() {
    in_both_worlds(|shards| async move {
        let echo = on(&shards).listen(own_address(2)).start().await.unwrap();
        let addr = echo.addr();
        let client = dial(&shards, &echo).await;
        ping(&client).await;
        let counts = echo.stop(Duration::ZERO).await;
        assert_eq!((counts.active, counts.closed), (0, 1));
        assert_eq!(read_to_end(&client).await, b"");
        assert_eq!(shards.env(0).dial(addr).await.unwrap_err().kind(), ErrorKind::ConnectionRefused);
    });
}

#[test]
fn dropping_the_handle_closes_port_and_connections() {
    in_both_worlds(|shards| async move {
        let echo = on(&shards).listen(own_address(3)).start().await.unwrap();
        let addr = echo.addr();
        let client = dial(&shards, &echo).await;
        ping(&client).await;
        drop(echo);
        assert_eq!(read_to_end(&client).await, b"");
        closed(&shards, addr).await;
        assert_eq!(on(&shards).listen(addr).start().await.unwrap().addr(), addr);
    });
}

#[test]
fn one_connection_too_many_is_closed_at_once() {
    in_both_worlds(|shards| async move {
        let echo = on(&shards).max_connections(2).start().await.unwrap();
        let (first, second) = (dial(&shards, &echo).await, dial(&shards, &echo).await);
        ping(&first).await;
        ping(&second).await;
        let third = dial(&shards, &echo).await;
        assert_eq!(read_to_end(&third).await, b"");
        assert_eq!(echo.counts().refused, 1);

        first.finish().unwrap();
        assert_eq!(read_to_end(&first).await, b"");
        until(|| echo.counts().active == 1).await;
        ping(&dial(&shards, &echo).await).await;
        assert_eq!(echo.counts().accepted, 3);
    });
}

#[test]
fn an_idle_connection_is_closed_and_a_busy_one_is_not() {
    run_virtual(|shards| async move {
        let env = shards.env(0);
        let echo = on(&shards).idle_timeout(Duration::from_millis(10)).start().await.unwrap();
        let client = dial(&shards, &echo).await;
        for _ in 0..5 {
            ping(&client).await;
            env.sleep(Duration::from_millis(9)).await;
        }
        ping(&client).await;
        let last = env.now();
        assert_eq!(read_to_end(&client).await, b"");
        assert_eq!(env.now() - last, 10_000_000);
    })
    .unwrap();
}

#[test]
fn an_idle_connection_is_closed_over_real_sockets_too() {
    let shards = Shards::background().unwrap();
    let on_shard = shards.clone();
    tokio_test::block_on(shards.spawn(0, async move {
        let echo = squall_echo::tcp().idle_timeout(Duration::from_millis(5)).start().await.unwrap();
        let client = dial(&on_shard, &echo).await;
        assert_eq!(read_to_end(&client).await, b"");
        assert_eq!(echo.stop(LONG).await.closed, 1);
    }))
    .unwrap();
}

#[test]
fn an_address_in_use_is_told() {
    in_both_worlds(|shards| async move {
        let echo = on(&shards).start().await.unwrap();
        let error = on(&shards).listen(echo.addr()).start().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
        let told = error.to_string();
        assert!(told.starts_with(&format!("listen {}: address", echo.addr())), "{told}");
        assert!(told.ends_with("in use"), "{told}");
    });
}

#[test]
fn a_blocking_test_on_a_current_thread_runtime_is_served() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let echo = runtime.block_on(squall_echo::tcp().start()).unwrap();
    let client = std::net::TcpStream::connect(echo.addr()).unwrap();
    std::io::Write::write_all(&mut &client, b"blocking").unwrap();
    let mut heard = [0; 8];
    std::io::Read::read_exact(&mut &client, &mut heard).unwrap();
    assert_eq!(&heard, b"blocking");
}

#[test]
fn a_port_that_is_handed_over_is_never_closed_and_what_is_open_stays_where_it_was() {
    in_both_worlds(|shards| async move {
        let mut last = on(&shards).start().await.unwrap();
        let old = dial(&shards, &last).await;
        ping(&old).await;
        let mut before = Vec::new();
        for _ in 0..20 {
            // On its way while the port changes hands: whoever accepts it, it is served.
            let waiting = dial(&shards, &last).await;
            let next = last.hand_over(on(&shards)).await.unwrap();
            assert_eq!(next.addr(), last.addr());
            ping(&waiting).await;
            before.push(std::mem::replace(&mut last, next));
            ping(&old).await;
        }
        let banner: Mode = "banner:new".parse().unwrap();
        let next = last.hand_over(on(&shards).mode(banner)).await.unwrap();
        let heard = dial(&shards, &next).await;
        heard.finish().unwrap();
        assert_eq!(read_to_end(&heard).await, b"new");
        let why = last.hand_over(on(&shards)).await.unwrap_err();
        assert!(why.to_string().ends_with("the port that was to be handed over is closed"), "{why}");
        // It is the last one's to close.
        let addr = next.addr();
        next.stop(Duration::ZERO).await;
        closed(&shards, addr).await;
    });
}

#[test]
fn a_port_of_connections_is_not_handed_over_to_datagrams() {
    in_both_worlds(|shards| async move {
        let mut echo = on(&shards).start().await.unwrap();
        let why = echo.hand_over(squall_echo::udp()).await.unwrap_err();
        assert!(why.to_string().contains("none for datagrams"), "{why}");
        ping(&dial(&shards, &echo).await).await;
    });
}
