//! What is written can be read, and nothing that is read does harm.

use super::read::{BLOCK, Header, read};
use super::*;
use crate::live::Ends;
use proptest::prelude::*;
use std::net::SocketAddr;

fn ends(source: &str, target: &str) -> Ends {
    let addr = |text: &str| text.parse().expect("an address");
    Ends::Ip { source: addr(source), target: addr(target) }
}

#[test]
fn headers_are_written_as_the_specification_has_them() {
    let v4 = ends("127.0.0.1:258", "127.0.0.2:80");
    assert_eq!(ProxyProtocol::V1.header(&v4), b"PROXY TCP4 127.0.0.1 127.0.0.2 258 80\r\n");
    let block = ProxyProtocol::V2.header(&v4);
    assert_eq!(block[..12], SIGNATURE);
    assert_eq!(block[12..], [0x21, 0x11, 0, 12, 127, 0, 0, 1, 127, 0, 0, 2, 1, 2, 0, 80]);
    let mixed = ends("127.0.0.1:5", "[2001:db8::2]:80");
    assert_eq!(ProxyProtocol::V1.header(&mixed), b"PROXY TCP6 ::ffff:127.0.0.1 2001:db8::2 5 80\r\n");
    let block = ProxyProtocol::V2.header(&mixed);
    assert_eq!((block.len(), &block[12..16]), (52, [0x21, 0x21, 0, 36].as_slice()));
    let mapped = ends("[::ffff:127.0.0.1]:5", "[::ffff:127.0.0.2]:80");
    assert_eq!(ProxyProtocol::V1.header(&mapped), b"PROXY TCP4 127.0.0.1 127.0.0.2 5 80\r\n");
}

#[test]
fn a_client_of_a_unix_socket_is_unknown_in_version_1_and_unnamed_in_version_2() {
    let ends = Ends::Unix("/run/app.sock".into());
    assert_eq!(ProxyProtocol::V1.header(&ends), b"PROXY UNKNOWN\r\n");
    let block = ProxyProtocol::V2.header(&ends);
    assert_eq!(block[12..16], [0x21, 0x31, 0, 216]);
    assert_eq!((block.len(), &block[16..124]), (232, [0; 108].as_slice()));
    assert_eq!((&block[124..137], &block[137..]), (b"/run/app.sock".as_slice(), [0; 95].as_slice()));
    assert_eq!(read(&block), Header::Complete { ends: None, len: 232 });
}

#[test]
fn a_line_is_read_in_its_one_form_only() {
    let complete =
        |text: &str, ends| assert_eq!(read(text.as_bytes()), Header::Complete { ends, len: text.len() });
    complete("PROXY TCP4 1.2.3.4 5.6.7.8 1 65535\r\n", Some(ends("1.2.3.4:1", "5.6.7.8:65535")));
    complete("PROXY TCP6 ::1 ::2 1 2\r\n", Some(ends("[::1]:1", "[::2]:2")));
    complete("PROXY UNKNOWN\r\n", None);
    complete("PROXY UNKNOWN whatever stands here\r\n", None);
    for wrong in [
        "PROXY\r\n",
        "PROXY \r\n",
        "PROXY UNKNOWNS\r\n",
        "PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n",
        "PROXY TCP4 1.2.3.4 5.6.7.8 1 2 3\r\n",
        "PROXY TCP4  1.2.3.4 5.6.7.8 1 2\r\n",
        "PROXY TCP4 ::1 ::2 1 2\r\n",
        "PROXY TCP6 1.2.3.4 5.6.7.8 1 2\r\n",
        "PROXY TCP4 1.2.3.4 5.6.7.8 01 2\r\n",
        "PROXY TCP4 1.2.3.4 5.6.7.8 +1 2\r\n",
        "PROXY TCP4 1.2.3.4 5.6.7.8 65536 2\r\n",
        "PROXY UDP4 1.2.3.4 5.6.7.8 1 2\r\n",
        "PROXY TCP4 \u{e9} 5.6.7.8 1 2\r\n",
        "proxy TCP4 1.2.3.4 5.6.7.8 1 2\r\n",
        "GET / HTTP/1.1\r\n",
    ] {
        assert!(matches!(read(wrong.as_bytes()), Header::Wrong(_)), "{wrong:?}");
    }
    let longest = format!("PROXY UNKNOWN {}\r\n", "x".repeat(107 - 16));
    assert_eq!(read(longest.as_bytes()), Header::Complete { ends: None, len: 107 });
    let longer = format!("PROXY UNKNOWN {}", "x".repeat(107 - 14));
    assert_eq!(read(longer.as_bytes()), Header::Wrong("the line is too long"));
    assert_eq!(read(&longer.as_bytes()[..106]), Header::Incomplete);
}

#[test]
fn a_block_says_how_long_it_is() {
    let block = |command: u8, family: u8, len: u16, rest: &[u8]| {
        [&SIGNATURE[..], &[command, family], &len.to_be_bytes(), rest].concat()
    };
    let addresses = [1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 0, 2];
    let known = Some(ends("1.2.3.4:1", "5.6.7.8:2"));
    let longer = block(0x21, 0x11, 20, &[&addresses[..], &[4, 0, 5, 0, 0, 0, 0, 0]].concat());
    assert_eq!(read(&longer), Header::Complete { ends: known, len: 36 });
    assert_eq!(read(&block(0x20, 0x00, 0, &[])), Header::Complete { ends: None, len: 16 });
    assert_eq!(read(&block(0x20, 0x11, 12, &addresses)), Header::Complete { ends: None, len: 28 });
    assert_eq!(read(&block(0x21, 0x31, 216, &[0; 216])), Header::Complete { ends: None, len: 232 });
    for (command, family, len) in [(0x11, 0x11, 12), (0x22, 0x11, 12), (0x21, 0x11, 11), (0x21, 0x21, 12)] {
        assert!(matches!(read(&block(command, family, len, &addresses)), Header::Wrong(_)));
    }
    let limit = (BLOCK - 16) as u16;
    assert_eq!(read(&block(0x20, 0, limit, &[])), Header::Incomplete);
    assert_eq!(read(&block(0x20, 0, limit + 1, &[])), Header::Wrong("the block is too long"));
}

fn any_addr() -> impl Strategy<Value = SocketAddr> {
    prop_oneof![
        any::<([u8; 4], u16)>().prop_map(|(ip, port)| SocketAddr::from((ip, port))),
        any::<([u8; 16], u16)>().prop_map(|(ip, port)| SocketAddr::from((ip, port))),
    ]
}

proptest! {
    #[test]
    fn what_is_written_is_read_once_it_is_all_there(
        source in any_addr(),
        target in any_addr(),
        version in prop_oneof![Just(ProxyProtocol::V1), Just(ProxyProtocol::V2)],
        behind in prop::collection::vec(any::<u8>(), 0..20),
    ) {
        let header = version.header(&Ends::Ip { source, target });
        let bytes = [&header[..], &behind].concat();
        for cut in 0..header.len() {
            prop_assert_eq!(read(&bytes[..cut]), Header::Incomplete);
        }
        let Header::Complete { ends: Some(Ends::Ip { source: said, target: to }), len } = read(&bytes) else {
            return Err(TestCaseError::fail("it is not read"));
        };
        prop_assert_eq!(len, header.len());
        for (found, given) in [(said, source), (to, target)] {
            prop_assert_eq!(found.ip().to_canonical(), given.ip().to_canonical());
            prop_assert_eq!(found.port(), given.port());
        }
    }

    #[test]
    fn garbage_is_never_taken_beyond_its_end(
        start in prop_oneof![Just(&b""[..]), Just(&b"PROXY "[..]), Just(&b"PROXY TCP4 "[..]), Just(&SIGNATURE[..])],
        garbage in prop::collection::vec(any::<u8>(), 0..5000),
    ) {
        let bytes = [start, &garbage].concat();
        if let Header::Complete { len, .. } = read(&bytes) {
            prop_assert!(len <= bytes.len().min(BLOCK));
        }
        // Whoever sends more than the longest header is told at once.
        prop_assert!(bytes.len() < BLOCK || read(&bytes) != Header::Incomplete);
    }
}
