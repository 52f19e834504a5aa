//! Unix sockets.

use std::io::{ErrorKind, Write};
use std::path::Path;
use std::time::Duration;

use squall_wire::{Address, Env, Listener, Shards, Stream, run_virtual};

const LONG: Duration = Duration::from_secs(60);

/// Runs `test` on a real shard, with an address in a folder of its own.
fn with_path<F, Fut>(test: F)
where
    F: FnOnce(Env, Address) -> Fut,
    Fut: Future<Output = ()> + Send + 'static,
{
    let shards = Shards::background().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let address = Address::Unix(folder.path().join("socket"));
    tokio_test::block_on(shards.spawn(0, test(shards.env(0).clone(), address))).unwrap();
}

fn path(address: &Address) -> &Path {
    match address {
        Address::Unix(path) => path,
        Address::Ip(endpoint) => panic!("{endpoint} is no path"),
    }
}

async fn pair(env: &Env, listener: &Listener) -> (Stream, Stream) {
    let client = env.dial_at(&listener.address()).await.unwrap();
    (client, listener.accept().await.0.attach().unwrap())
}

#[test]
fn bytes_and_half_closes_go_both_ways() {
    with_path(|env, address| async move {
        let listener = env.listen_at(&address).await.unwrap();
        assert_eq!(listener.address(), address);
        let (client, server) = pair(&env, &listener).await;
        client.write_all(b"ping").await.unwrap();
        client.finish().unwrap();
        client.finish().unwrap();
        let mut heard = [0; 8];
        assert_eq!(server.read(&mut heard).await.unwrap(), 4);
        assert_eq!(server.read(&mut heard).await.unwrap(), 0);
        server.write_all(b"pong").await.unwrap();
        assert_eq!(client.read(&mut heard).await.unwrap(), 4);
        assert_eq!(&heard[..4], b"pong");
        drop(server);
        assert_eq!(client.read(&mut heard).await.unwrap(), 0);
        assert_eq!(client.peer_addr().unwrap_err().kind(), ErrorKind::Unsupported);
    });
}

#[test]
fn a_writer_waits_for_a_reader() {
    with_path(|env, address| async move {
        let listener = env.listen_at(&address).await.unwrap();
        let (client, server) = pair(&env, &listener).await;
        let writing = async {
            client.write_all(&vec![7; 4 << 20]).await.unwrap();
            client.finish().unwrap();
        };
        let reading = async {
            let (mut total, mut buf) = (0, vec![0; 65_536]);
            while let Ok(read @ 1..) = server.read(&mut buf).await {
                assert!(buf[..read].iter().all(|byte| *byte == 7));
                total += read;
            }
            total
        };
        assert_eq!(tokio::join!(writing, reading).1, 4 << 20);
    });
}

#[test]
fn what_was_sent_is_drained_once_it_is_read() {
    with_path(|env, address| async move {
        let listener = env.listen_at(&address).await.unwrap();
        let (client, server) = pair(&env, &listener).await;
        client.write_all(b"ping").await.unwrap();
        if cfg!(target_os = "linux") {
            assert!(client.unsent().unwrap() > 0);
        }
        assert_eq!(server.read(&mut [0; 8]).await.unwrap(), 4);
        assert!(client.drained(&env, LONG).await);
    });
}

#[test]
fn an_abort_ends_both_directions_and_resets_if_something_was_unread() {
    with_path(|env, address| async move {
        let listener = env.listen_at(&address).await.unwrap();
        let (client, server) = pair(&env, &listener).await;
        server.write_all(b"last").await.unwrap();
        server.abort().unwrap();
        let mut heard = [0; 8];
        assert_eq!(client.read(&mut heard).await.unwrap(), 4);
        assert_eq!(client.read(&mut heard).await.unwrap(), 0);
        assert_eq!(client.write_all(b"x").await.unwrap_err().kind(), ErrorKind::BrokenPipe);

        let (client, server) = pair(&env, &listener).await;
        client.write_all(b"unread").await.unwrap();
        server.abort().unwrap();
        drop(server);
        assert_eq!(client.read(&mut heard).await.unwrap_err().kind(), ErrorKind::ConnectionReset);
    });
}

#[test]
fn the_file_is_removed_with_the_listener_and_only_then() {
    with_path(|env, address| async move {
        let listener = env.listen_at(&address).await.unwrap();
        let file = path(&address);
        assert!(file.exists());
        let error = env.listen_at(&address).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
        assert!(file.exists(), "the second one left the first one's file alone");
        drop(listener);
        assert!(!file.exists());
        assert_eq!(env.dial_at(&address).await.unwrap_err().kind(), ErrorKind::NotFound);
    });
}

#[test]
fn a_file_left_over_is_replaced() {
    with_path(|env, address| async move {
        // The standard library's listener does not remove its file.
        drop(std::os::unix::net::UnixListener::bind(path(&address)).unwrap());
        assert_eq!(env.dial_at(&address).await.unwrap_err().kind(), ErrorKind::ConnectionRefused);
        let listener = env.listen_at(&address).await.unwrap();
        pair(&env, &listener).await;
    });
}

#[test]
fn a_path_can_refuse_as_a_closed_port_does() {
    with_path(|env, address| async move {
        let refusing = env.refuse_at(&address).unwrap();
        assert!(refusing.is_some());
        assert_eq!(env.dial_at(&address).await.unwrap_err().kind(), ErrorKind::ConnectionRefused);
        drop(refusing);
        assert!(!path(&address).exists());
    });
}

#[test]
fn what_is_no_socket_stays() {
    with_path(|env, address| async move {
        std::fs::File::create(path(&address)).unwrap().write_all(b"precious").unwrap();
        assert_eq!(env.listen_at(&address).await.unwrap_err().kind(), ErrorKind::AddrInUse);
        assert_eq!(std::fs::read(path(&address)).unwrap(), b"precious");
    });
}

#[test]
fn a_file_that_somebody_put_there_instead_stays() {
    with_path(|env, address| async move {
        let listener = env.listen_at(&address).await.unwrap();
        std::fs::remove_file(path(&address)).unwrap();
        let other = env.listen_at(&address).await.unwrap();
        drop(listener);
        pair(&env, &other).await;
    });
}

#[test]
fn a_port_is_listened_on_and_dialled_by_name_too() {
    let test = |shards: Shards| async move {
        let env = shards.env(0);
        let listener = env.listen_at(&"localhost:0".parse().unwrap()).await.unwrap();
        assert_eq!(listener.address(), listener.local_addr().into());
        let port = listener.local_addr().port();
        let client = env.dial_at(&format!("localhost:{port}").parse().unwrap()).await.unwrap();
        assert_eq!(client.peer_addr().unwrap(), listener.local_addr());
    };
    let shards = Shards::background().unwrap();
    tokio_test::block_on(shards.spawn(0, test(shards.clone()))).unwrap();
    run_virtual(test).unwrap();
}

#[test]
fn virtual_time_has_no_files() {
    run_virtual(|shards| async move {
        let address = "unix:socket".parse().unwrap();
        for error in [
            shards.env(0).listen_at(&address).await.map(drop).unwrap_err(),
            shards.env(0).dial_at(&address).await.map(drop).unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::Unsupported);
        }
    })
    .unwrap();
}
