//! Events and live counts while bytes move.

use crate::bench::*;
use squall_proxy::{Client, CloseReason, Event};

#[test]
fn events_tell_the_whole_story_of_a_connection() {
    both_ways(|shards| async move {
        let echo = echo(&shards).await;
        let proxy = start(proxy(&echo, &shards)).await;
        let mut events = proxy.events();
        let client = dial(shards.env(0), &proxy).await;
        let local = client.local_addr().expect("an address");
        ping(&client, &pattern(3_000)).await;
        client.finish().expect("FIN");
        assert!(read_out(&client).await.1.is_ok());
        let local = Client { number: 1, addr: Some(local) };
        assert_eq!(events.recv().await, Some(Event::ConnectionOpened { peer: local }));
        let (mut up, mut down) = (0, 0);
        let reason = loop {
            match events.recv().await.expect("an event") {
                Event::BytesUpstream { peer, bytes } if peer == local => up += bytes,
                Event::BytesDownstream { peer, bytes } if peer == local => down += bytes,
                Event::ConnectionClosed { peer, reason, .. } if peer == local => break reason,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!((up, down, reason), (3_000, 3_000, Some(CloseReason::Fin)));
        drop(proxy);
    });
}

#[test]
fn counts_are_live_while_a_connection_is_open() {
    both_ways(|shards| async move {
        let echo = echo(&shards).await;
        let proxy = start(proxy(&echo, &shards)).await;
        let client = dial(shards.env(0), &proxy).await;
        ping(&client, &pattern(1_234)).await;
        // The client may have the bytes a moment before they are counted.
        settles(|| proxy.metrics().bytes.down == 1_234).await;
        let metrics = proxy.metrics();
        assert_eq!((metrics.bytes.up, metrics.connections.active), (1_234, 1));
    });
}
