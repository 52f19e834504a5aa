//! Links on unix sockets: on either side, with faults, and what such sockets have not.

use crate::bench::*;
use squall_balance::Algorithm;
use squall_proxy::{
    Balance, Client, CloseReason, Event, Member, Proxy, ProxyBuilder, ProxyError, ProxyProtocol, Relay,
    bridge,
};
use squall_wire::{Address, Env, Shards, Stream};
use std::io::ErrorKind;
use std::sync::Arc;
use tempfile::TempDir;

/// A folder for sockets.
struct Folder(TempDir);

impl Folder {
    fn new() -> Folder {
        Folder(tempfile::tempdir().expect("a folder"))
    }

    fn at(&self, name: &str) -> Address {
        Address::Unix(self.0.path().join(name))
    }

    fn has(&self, name: &str) -> bool {
        self.0.path().join(name).exists()
    }
}

/// A link between an address and an echo at another.
async fn link(shards: &Shards, echo: &squall_echo::Echo, listen: &Address) -> ProxyBuilder {
    Proxy::tcp(echo.address().clone()).listen_at(listen.clone()).shards(shards.clone())
}

async fn echo_at(shards: &Shards, address: &Address) -> squall_echo::Echo {
    squall_echo::tcp()
        .listen_at(address.clone())
        .shards(shards.clone())
        .start()
        .await
        .expect("the echo starts")
}

async fn dial_at(env: &Env, proxy: &Proxy) -> Stream {
    env.dial_at(proxy.address()).await.expect("the proxy accepts")
}

#[test]
fn bytes_and_half_closes_go_from_path_to_path_and_the_file_goes_with_the_link() {
    let folder = Folder::new();
    really(|shards| async move {
        let echo = echo_at(&shards, &folder.at("echo")).await;
        let proxy = start(link(&shards, &echo, &folder.at("proxy")).await).await;
        assert_eq!(
            (proxy.address(), proxy.addr().to_string()),
            (&folder.at("proxy"), "0.0.0.0:0".to_owned())
        );
        assert_eq!(proxy.upstream(), Some(&folder.at("echo")));
        let client = dial_at(shards.env(0), &proxy).await;
        ping(&client, &pattern(50_000)).await;
        client.finish().expect("FIN");
        assert!(read_out(&client).await.1.is_ok());
        proxy.cut().await;
        assert!(!folder.has("proxy"));
        proxy.restore().await.expect("the path is free");
        ping(&dial_at(shards.env(0), &proxy).await, b"again").await;
        let metrics = proxy.stop(PATIENCE).await;
        assert_eq!((metrics.connections.accepted, metrics.bytes.up, metrics.bytes.down), (2, 50_005, 50_005));
        assert!(!folder.has("proxy") && folder.has("echo"));
    });
}

#[test]
fn bulk_arrives_whole_where_only_one_side_is_a_port() {
    let folder = Folder::new();
    really(|shards| async move {
        let (bytes, port) =
            (Arc::new(pattern(8 << 20)), "127.0.0.1:0".parse::<Address>().expect("an address"));
        let path = folder.at("one");
        for (echo_on, proxy_on) in [(&port, &path), (&path, &port)] {
            for mode in [Relay::Splice, Relay::Auto, Relay::Copy] {
                let echo = echo_at(&shards, echo_on).await;
                let proxy = start(link(&shards, &echo, proxy_on).await.relay(mode)).await;
                let client = Arc::new(dial_at(shards.env(1), &proxy).await);
                let (writer, sent) = (client.clone(), bytes.clone());
                let sending = shards.spawn(0, async move {
                    let _ = writer.write_all(&sent).await;
                    let _ = writer.finish();
                });
                let (got, end) = read_out(&client).await;
                assert!(end.is_ok() && got == *bytes, "{mode:?} {proxy_on} to {echo_on}: {}", got.len());
                sending.await.expect("the writer ends");
                echo.stop(PATIENCE).await;
                proxy.stop(PATIENCE).await;
            }
        }
    });
}

#[test]
fn a_reset_ends_both_directions_at_its_byte() {
    let folder = Folder::new();
    really(|shards| async move {
        let echo = echo_at(&shards, &folder.at("echo")).await;
        let builder = link(&shards, &echo, &folder.at("proxy")).await;
        let proxy = start(builder.fault(fault("reset:23456@down"))).await;
        let client = dial_at(shards.env(0), &proxy).await;
        client.write_all(&pattern(50_000)).await.expect("sent");
        let (got, end) = read_out(&client).await;
        assert!(got == pattern(50_000)[..23_456], "{}", got.len());
        // There is no RST: who had read everything of a client's ends as with FIN, but takes nothing more.
        assert!(end.is_ok() || end.is_err_and(|error| error.kind() == ErrorKind::ConnectionReset));
        assert_eq!(client.write_all(b"x").await.expect_err("closed").kind(), ErrorKind::BrokenPipe);
        settles(|| proxy.metrics().closes.reset == 1).await;
    });
}

#[test]
fn what_a_link_has_not_read_when_it_is_cut_makes_a_reset_of_the_end() {
    let folder = Folder::new();
    really(|shards| async move {
        let echo = echo_at(&shards, &folder.at("echo")).await;
        let builder = link(&shards, &echo, &folder.at("proxy")).await;
        let proxy = start(builder.fault(fault("blackhole:mode=stop@up"))).await;
        let client = dial_at(shards.env(0), &proxy).await;
        client.write_all(b"unread").await.expect("sent");
        settles(|| proxy.metrics().connections.active == 1).await;
        proxy.cut().await;
        assert_eq!(client.read(&mut [0]).await.expect_err("reset").kind(), ErrorKind::ConnectionReset);
    });
}

#[test]
fn a_client_that_goes_with_something_unread_is_a_reset_to_its_server() {
    let folder = Folder::new();
    really(|shards| async move {
        let env = shards.env(0);
        let server = env.listen("127.0.0.1:0".parse().expect("an address")).expect("listens");
        let builder = Proxy::tcp(server.local_addr()).listen_at(folder.at("proxy")).shards(shards.clone());
        let proxy = start(builder).await;
        let mut events = proxy.events();
        let client = dial_at(env, &proxy).await;
        let upstream = server.accept().await.0.attach().expect("a connection");
        upstream.write_all(b"unread").await.expect("sent");
        settles(|| proxy.metrics().bytes.down == 6).await;
        drop(client);
        assert_eq!(upstream.read(&mut [0]).await.expect_err("reset").kind(), ErrorKind::ConnectionReset);
        let unnamed = Client { number: 1, addr: None };
        assert_eq!(events.recv().await, Some(Event::ConnectionOpened { peer: unnamed }));
        assert_eq!(unnamed.to_string(), "unix#1");
        while let Some(event) = events.recv().await {
            if let Event::ConnectionClosed { peer, reason, .. } = event {
                let by_client = CloseReason::Reset(Some(squall_faults::Peer::Client));
                return assert_eq!((peer, reason), (unnamed, Some(by_client)));
            }
        }
    });
}

#[test]
fn faults_for_some_clients_know_none_without_an_address_and_timed_ones_work() {
    let folder = Folder::new();
    really(|shards| async move {
        let echo = echo_at(&shards, &folder.at("echo")).await;
        let mut builder = link(&shards, &echo, &folder.at("proxy")).await;
        for spec in ["refuse:client=0.0.0.0/0", "reset:0,client=::/0", "latency:20ms@down", "slice:7"] {
            builder = builder.fault(fault(spec));
        }
        let proxy = start(builder).await;
        let began = shards.env(0).now();
        ping(&dial_at(shards.env(0), &proxy).await, &pattern(300)).await;
        assert!(shards.env(0).now() - began >= 20_000_000);
    });
}

#[test]
fn a_closed_path_refuses_and_opens_again_and_none_can_hang() {
    let folder = Folder::new();
    really(|shards| async move {
        let echo = echo_at(&shards, &folder.at("echo")).await;
        let proxy = start(link(&shards, &echo, &folder.at("proxy")).await).await;
        let refused = proxy.inject(fault("refuse:unlisten"));
        let mut lulls = shards.env(0).lulls();
        while shards.env(0).dial_at(proxy.address()).await.err().map(|e| e.kind())
            != Some(ErrorKind::ConnectionRefused)
        {
            lulls.next().await;
        }
        drop(refused);
        // The file is another one: for a moment there is none.
        while shards.env(0).dial_at(proxy.address()).await.is_err() {
            lulls.next().await;
        }
        let error = proxy.try_inject(fault("hang")).expect_err("it cannot");
        assert_eq!(
            error.to_string(),
            "`hang` is unsupported here: connecting to a unix socket cannot be made to hang"
        );
    });
}

#[test]
fn a_path_that_is_taken_is_left_alone_and_one_left_over_is_replaced() {
    let folder = Folder::new();
    really(|shards| async move {
        let echo = echo_at(&shards, &folder.at("echo")).await;
        let Address::Unix(path) = folder.at("proxy") else { return };
        drop(std::os::unix::net::UnixListener::bind(&path).expect("binds"));
        let proxy = start(link(&shards, &echo, &folder.at("proxy")).await).await;
        let second = link(&shards, &echo, &folder.at("proxy")).await.start().await.expect_err("taken");
        assert_eq!(second.to_string(), format!("listen {}: address already in use", folder.at("proxy")));
        ping(&dial_at(shards.env(0), &proxy).await, b"still there").await;
    });
}

#[test]
fn what_leads_nowhere_is_refused() {
    let folder = Folder::new();
    really(|shards| async move {
        let Address::Unix(path) = folder.at("own") else { return };
        drop(std::os::unix::net::UnixListener::bind(&path).expect("binds"));
        let own = || folder.at("own");
        let looped = Proxy::tcp(own()).listen_at(own()).start().await.expect_err("a loop");
        assert!(matches!(looped, ProxyError::Loop { .. }) && folder.has("own"), "{looped}");
        let member = Balance::new(Algorithm::RoundRobin).member(own());
        let looped = Proxy::balance(member).listen_at(own()).start().await.expect_err("a loop");
        assert!(matches!(looped, ProxyError::Loop { .. }), "{looped}");
        for builder in [Proxy::udp(own()), Proxy::udp(shards_addr(&shards)).listen_at(own())] {
            let error = builder.start().await.expect_err("datagrams");
            assert_eq!(error.to_string(), "link `proxy` carries datagrams, which unix sockets do not here");
        }
        // Nobody answers there, which is not the link's failure.
        let proxy = start(Proxy::tcp(own()).shards(shards.clone())).await;
        // The reset may come before the client has noticed that it is connected.
        if let Ok(client) = shards.env(0).dial(proxy.addr()).await {
            assert!(client.read(&mut [0]).await.is_err());
        }
        settles(|| proxy.metrics().connections.failed == 1).await;
    });
    virtually(|shards| async move {
        let wanted = Proxy::tcp(nowhere(shards.env(0))).listen_at(Address::Unix("a".into())).shards(shards);
        let error = wanted.start().await.expect_err("no files");
        assert_eq!(error.to_string(), "listen unix:a: there are no unix sockets in virtual time");
    });
}

fn shards_addr(shards: &Shards) -> std::net::SocketAddr {
    nowhere(shards.env(0))
}

#[test]
fn servers_are_told_of_unnamed_clients_as_the_proxy_protocol_has_it() {
    let folder = Folder::new();
    really(|shards| async move {
        let env = shards.env(0);
        let server = env.listen_at(&folder.at("server")).await.expect("listens");
        let to_server =
            || Proxy::tcp(folder.at("server")).listen_at(folder.at("proxy")).shards(shards.clone());
        for (version, says, len) in [
            (ProxyProtocol::V1, &b"PROXY UNKNOWN\r\n"[..], 15),
            (ProxyProtocol::V2, b"\r\n\r\n\0\r\nQUIT\n\x21\x31\0\xd8", 232),
        ] {
            let proxy = start(to_server().proxy_protocol(version)).await;
            let client = dial_at(env, &proxy).await;
            client.write_all(b"hello").await.expect("sent");
            let upstream = server.accept().await.0.attach().expect("a connection");
            let heard = read_exact(&upstream, len + 5).await;
            assert!(heard.starts_with(says) && heard.ends_with(b"hello"), "{heard:?}");
            proxy.cut().await;
        }
        // What a client says of itself counts, where that is asked for.
        let proxy = start(to_server().accept_proxy().proxy_protocol(ProxyProtocol::V1)).await;
        let mut events = proxy.events();
        let client = dial_at(env, &proxy).await;
        let said = b"PROXY TCP4 10.1.2.3 192.0.2.1 5 80\r\n";
        client.write_all(said).await.expect("sent");
        let upstream = server.accept().await.0.attach().expect("a connection");
        assert_eq!(read_exact(&upstream, said.len()).await, said);
        let stated = Client { number: 1, addr: "10.1.2.3:5".parse().ok() };
        assert_eq!(events.recv().await, Some(Event::ConnectionOpened { peer: stated }));
    });
}

#[test]
fn members_may_be_paths_and_all_clients_of_a_path_are_one_source() {
    let folder = Folder::new();
    really(|shards| async move {
        let echoes = [echo_at(&shards, &folder.at("a")).await, echo_at(&shards, &folder.at("b")).await];
        let pool = || {
            let members = echoes.iter().map(|echo| Member::new(echo.address().clone()));
            members.fold(Balance::new(Algorithm::SourceHash), Balance::member)
        };
        let proxy = start(Proxy::balance(pool()).listen_at(folder.at("pool")).shards(shards.clone())).await;
        for _ in 0..8 {
            ping(&dial_at(shards.env(0), &proxy).await, b"hello").await;
        }
        let mut members = proxy.metrics().members;
        members.sort_by_key(|member| member.picks);
        assert_eq!(members.iter().map(|member| member.picks).collect::<Vec<_>>(), [0, 8]);
        assert!(
            members.iter().all(|member| member.name == member.address && member.name.starts_with("unix:"))
        );
    });
}

#[test]
fn a_bridge_has_paths_at_both_ends() {
    let folder = Folder::new();
    really(|shards| async move {
        let echo = echo_at(&shards, &folder.at("echo")).await;
        let waits = squall_proxy::BridgeEnd::listen_at(folder.at("bridge"));
        let bridge = bridge(waits, echo.address().clone()).shards(shards.clone()).start().expect("starts");
        assert_eq!(bridge.addresses(), &[Some(folder.at("bridge")), None]);
        assert_eq!(bridge.addrs(), [None, None]);
        let client = shards.env(0).dial_at(&folder.at("bridge")).await.expect("it waits");
        ping(&client, b"hello").await;
        assert!(!folder.has("bridge"), "who waited has come");
        client.finish().expect("FIN");
        let bridged = bridge.finish().await.expect("both were there");
        assert_eq!((bridged.bytes.up, bridged.reason), (5, CloseReason::Fin));
    });
}
