//! What a server tells of its clients, and what it counts of their requests.

use squall_echo::{Client, Ending, Event, Events};
use squall_wire::{Shards, run_virtual};
use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

fn virtually<F: Future<Output = ()> + Send + 'static>(test: impl FnOnce(Shards) -> F + Send + 'static) {
    run_virtual(test).expect("the world does not get stuck");
}

/// What is told until nothing more happens: bytes by client and way, and everything else in order.
async fn all(mut events: Events) -> (BTreeMap<(u64, &'static str), u64>, Vec<Event>) {
    let (mut bytes, mut rest) = (BTreeMap::new(), Vec::new());
    while let Some(event) = events.recv().await {
        match event {
            Event::Received(client, n) => *bytes.entry((client.number, "in")).or_default() += n,
            Event::Sent(client, n) => *bytes.entry((client.number, "out")).or_default() += n,
            other => rest.push(other),
        }
    }
    (bytes, rest)
}

#[test]
fn connections_are_told_from_their_beginning_to_how_they_end() {
    virtually(|shards| async move {
        let env = shards.env(0);
        let mut server = squall_echo::tcp().shards(shards.clone()).idle_timeout(Duration::from_secs(5));
        let events = server.events();
        let server = server.start().await.expect("starts");
        let mut clients = Vec::new();
        for number in 1..=4 {
            let stream = env.dial(server.addr()).await.expect("connects");
            clients.push(Client { number, addr: Some(stream.local_addr().expect("an address")) });
            stream.write_all(b"12345").await.expect("sent");
            let mut buf = [0; 5];
            assert_eq!(stream.read(&mut buf).await.expect("an answer"), 5);
            match number {
                1 => stream.finish().expect("FIN"),
                2 => stream.abort().expect("RST"),
                // The third is forgotten, and the fourth is there until the server stops.
                3 => env.sleep(Duration::from_secs(6)).await,
                _ => drop(server.counts()),
            }
            if number == 4 {
                let counts = tokio::spawn(server.stop(Duration::ZERO)).await.expect("stops");
                assert_eq!((counts.accepted, counts.closed), (4, 4));
                break;
            }
        }
        let (bytes, rest) = all(events).await;
        assert!(bytes.values().all(|n| *n == 5) && bytes.len() == 8, "{bytes:?}");
        let endings = [Ending::Fin, Ending::Reset, Ending::Timeout, Ending::Cancelled];
        let story = clients.iter().zip(endings);
        let story: Vec<Event> = story
            .flat_map(|(client, ending)| [Event::Opened(*client), Event::Closed(*client, ending)])
            .collect();
        assert_eq!(rest, story);
    });
}

#[test]
fn a_mode_that_resets_is_told_as_what_it_does() {
    virtually(|shards| async move {
        let mut server =
            squall_echo::tcp().shards(shards.clone()).mode("reset-after:2B".parse().expect("a mode"));
        let events = server.events();
        let server = server.start().await.expect("starts");
        let client = shards.env(0).dial(server.addr()).await.expect("connects");
        client.write_all(b"123").await.expect("sent");
        while client.read(&mut [0; 8]).await.is_ok_and(|n| n > 0) {}
        server.stop(Duration::from_secs(1)).await;
        let (bytes, rest) = all(events).await;
        assert_eq!(bytes, BTreeMap::from([((1, "in"), 2), ((1, "out"), 2)]));
        assert!(matches!(rest[..], [Event::Opened(_), Event::Closed(_, Ending::Reset)]), "{rest:?}");
    });
}

#[test]
fn a_slow_listener_misses_no_byte() {
    virtually(|shards| async move {
        let mut server = squall_echo::tcp().shards(shards.clone());
        let events = server.events();
        let server = server.start().await.expect("starts");
        let client = shards.env(0).dial(server.addr()).await.expect("connects");
        for _ in 0..5_000 {
            client.write_all(b"x").await.expect("sent");
            client.read(&mut [0]).await.expect("an answer");
        }
        drop(client);
        server.stop(Duration::from_secs(1)).await;
        // Fewer than one for each byte: those of a connection were joined.
        assert_eq!(all(events).await.0, BTreeMap::from([((1, "in"), 5_000), ((1, "out"), 5_000)]));
    });
}

#[test]
fn answers_are_counted_by_status_also_when_the_server_is_gone() {
    virtually(|shards| async move {
        let server = squall_echo::http().shards(shards.clone()).start().await.expect("starts");
        let totals = server.totals();
        let client = shards.env(0).dial(server.addr()).await.expect("connects");
        for query in ["status=503", "status=503", "nonsense", "size=1B"] {
            let request = format!("GET /?{query} HTTP/1.1\r\nHost: x\r\n\r\n");
            client.write_all(request.as_bytes()).await.expect("sent");
        }
        client.write_all(b"what\r\n\r\n").await.expect("sent");
        while client.read(&mut [0; 4096]).await.is_ok_and(|n| n > 0) {}
        let wanted = BTreeMap::from([(200, 1), (400, 2), (503, 2)]);
        assert_eq!((server.answers(), server.counts().requests), (wanted.clone(), 4));
        server.stop(Duration::ZERO).await;
        assert_eq!((totals.answers(), totals.counts().requests), (wanted, 4));
    });
}
