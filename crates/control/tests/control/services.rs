//! Links and echo servers that come, go and take each other's place, on one page.

use crate::client::get;
use squall_control::{Collection, EchoCollection, EchoProtocol, EchoSource, serve_services};
use squall_echo::Echo;
use squall_faults::FaultSpec;
use squall_proxy::Proxy;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn echo(into: &EchoCollection) -> Echo {
    let server = squall_echo::tcp().start().await.expect("a free port");
    into.add(EchoSource { name: "e".to_owned(), protocol: EchoProtocol::Tcp, totals: server.totals() });
    server
}

async fn link(to: SocketAddr) -> Proxy {
    Proxy::tcp(to).name("a").start().await.expect("a free port")
}

fn port_of(links: &Collection) -> SocketAddr {
    links.addresses()[0].1.socket_addr().expect("a port")
}

async fn talk(to: SocketAddr) -> TcpStream {
    let mut client = TcpStream::connect(to).await.expect("accepted");
    client.write_all(b"ping").await.expect("sent");
    client.read_exact(&mut [0; 4]).await.expect("an answer");
    client
}

#[tokio::test]
async fn what_takes_the_place_of_another_goes_on_counting() {
    let (links, echoes) = (Collection::new(|upstream, _| Proxy::tcp(upstream)), EchoCollection::default());
    let page = serve_services("127.0.0.1:0".parse().expect("an address"), links.clone(), echoes.clone());
    let page = page.await.expect("a free port");
    let first = echo(&echoes).await;
    links.adopt(link(first.addr()).await);
    let open = talk(port_of(&links)).await;
    let old = links.release("a").await.expect("it runs");
    assert!(links.addresses().is_empty() && links.release("a").await.is_none());
    old.close_port().await;
    assert!(TcpStream::connect(old.addr()).await.is_err());
    let second = echo(&echoes).await;
    links.adopt(link(second.addr()).await);
    drop(talk(port_of(&links)).await);
    assert_eq!(links.metrics()[0].1.connections.accepted, 2);
    assert_eq!(echoes.counts()[0].1.accepted, 2);
    let text = get(page.addr(), "/metrics").await.body;
    for line in [
        "connections_total 4\n",
        "squall_connections_total{link=\"a\",outcome=\"accepted\"} 2\n",
        "squall_echo_connections_total{server=\"e\",outcome=\"accepted\"} 2\n",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    let json = get(page.addr(), "/metrics?format=json").await.body;
    assert!(json.contains("\"total_connections\":4,") && json.contains("\"servers\":{\"e\":"), "{json}");
    drop((open, old));
    assert!(links.remove("a").await.is_some());
    echoes.remove("e");
    assert!(get(page.addr(), "/metrics").await.body.contains("connections_total 0\n"));
}

#[tokio::test]
async fn a_link_that_is_given_back_counts_once() {
    let (links, echoes) = (Collection::new(|upstream, _| Proxy::tcp(upstream)), EchoCollection::default());
    let server = echo(&echoes).await;
    links.adopt(link(server.addr()).await);
    let mut open = talk(port_of(&links)).await;
    let old = links.release("a").await.expect("it runs");
    old.close_port().await;
    // Its connections go on meanwhile.
    open.write_all(b"pong").await.expect("sent");
    open.read_exact(&mut [0; 4]).await.expect("an answer");
    old.restore().await.expect("still free");
    links.put_back(old);
    drop(talk(port_of(&links)).await);
    assert_eq!(links.metrics()[0].1.connections.accepted, 2);
}

#[tokio::test]
async fn faults_change_by_name() {
    let links = Collection::new(|upstream, _| Proxy::tcp(upstream));
    let spec = |text: &str| text.parse::<FaultSpec>().expect("a fault");
    let link = Proxy::tcp("127.0.0.1:9".parse::<SocketAddr>().expect("an address")).name("a");
    let link = link.fault(spec("latency:1ms")).fault(spec("reset:1KiB")).fault(spec("truncate:2KiB"));
    links.adopt(link.start().await.expect("a free port"));
    let wanted = [spec("latency:2ms,name=latency"), spec("loss:1%,name=truncate"), spec("freeze:1s")];
    let done = links.change_faults("a", &["reset".to_owned()], &wanted).await;
    assert!(matches!(done, Some(Ok(()))), "{done:?}");
    let link = links.release("a").await.expect("it runs");
    assert_eq!(link.faults(), ["latency:2ms@down", "loss:1%,name=truncate@down", "freeze:1s@both"],);
    assert!(links.change_faults("a", &[], &wanted).await.is_none());
}

#[tokio::test]
async fn a_port_that_is_closed_leaves_its_connections() {
    let mut server = squall_echo::tcp().start().await.expect("a free port");
    let mut open = talk(server.addr()).await;
    for _ in 0..2 {
        server.close_port().await;
    }
    assert!(TcpStream::connect(server.addr()).await.is_err());
    open.write_all(b"pong").await.expect("sent");
    open.read_exact(&mut [0; 4]).await.expect("an answer");
    drop(open);
    assert_eq!(server.stop(Duration::from_secs(30)).await.accepted, 1);
}
