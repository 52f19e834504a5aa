//! Answers of known shape, cut in every way.

use super::super::Statuses;
use super::*;
use crate::report::{Way, Wrong};
use crate::tally::Instants;
use squall_wire::Payload;

/// An ear for one connection with the seed 7, and as many requests as there are sizes.
struct Scene {
    ear: HttpEar,
    flights: VecDeque<Flight>,
    notes: Notes,
    at: u64,
}

fn payload(sequence: u64) -> Payload {
    Payload::new(7, 1, sequence)
}

/// A right answer to a request.
fn answer(sequence: u64, size: usize) -> Vec<u8> {
    let mut body = vec![0; size];
    payload(sequence).fill(0, &mut body);
    [format!("HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n").as_bytes(), &body].concat()
}

/// The same in chunks.
fn chunked(sequence: u64, size: usize) -> Vec<u8> {
    let mut body = vec![0; size];
    payload(sequence).fill(0, &mut body);
    let mut bytes = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    for chunk in body.chunks(7) {
        bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        bytes.extend_from_slice(chunk);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"0\r\n\r\n");
    bytes
}

impl Scene {
    fn new(request: Request, sizes: &[u64]) -> Scene {
        let flight = |(sequence, size): (usize, &u64)| {
            let (sequence, size) = (sequence as u64, *size);
            let seeded = request.is_seeded();
            let ask = match seeded {
                true => {
                    Ask::Http { head: request.bytes(), length: "".into(), payload: payload(sequence), size }
                }
                false => Ask::Fixed(request.bytes()),
            };
            let instants = Instants { plan: 0, send: 0, first: None, warmup: false };
            Flight { ask, sequence, began: 0, written: 0, instants }
        };
        let flights = sizes.iter().enumerate().map(flight).collect();
        let notes = Notes { connection: (1, 1), ..Notes::default() };
        Scene { ear: HttpEar::new(Arc::new(request), 7), flights, notes, at: 0 }
    }

    fn echo(sizes: &[u64]) -> Scene {
        let request = Request::seeded("POST", "/", "host", &[]).expect("a request");
        Scene::new(request.expecting(Expect::Echo).expect("has a body"), sizes)
    }

    fn plain(method: &str) -> Scene {
        Scene::new(Request::new(method, "/", "host", &[], b"").expect("a request"), &[0; 10])
    }

    /// What comes of `bytes` in parts of `size`: results of answers with their lengths.
    fn hear(&mut self, bytes: &[u8], size: usize) -> Vec<(u64, Result<(), Failure>)> {
        let mut answers = Vec::new();
        for part in bytes.chunks(size) {
            let mut used = 0;
            while used < part.len() {
                let at = self.at + used as u64;
                match self.ear.hear(&part[used..], at, &self.flights, &mut self.notes) {
                    Heard::More => break,
                    Heard::Over { used: n, received, result, .. } => {
                        answers.push((received, result));
                        self.flights.pop_front();
                        used += n;
                    }
                    Heard::Broken(failure) => return [answers, vec![(0, Err(failure))]].concat(),
                }
            }
            self.at += part.len() as u64;
        }
        answers
    }

    fn results(&mut self, bytes: &[u8], size: usize) -> Vec<Result<(), Failure>> {
        self.hear(bytes, size).into_iter().map(|(_, result)| result).collect()
    }

    fn end(&mut self) -> Heard {
        self.ear.end(self.at, &self.flights, &mut self.notes)
    }

    fn wrong(&self) -> Option<(u64, u64)> {
        let Wrong { connection: 1, attempt: 1, sequence, offset, way: Way::Down } = self.notes.wrong? else {
            return None;
        };
        Some((sequence, offset))
    }
}

#[test]
fn answers_in_a_row_are_told_apart_however_they_are_cut() {
    let text = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello\
        HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n\
        HTTP/1.1 204 Nothing\r\n\r\n\
        HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    for size in 1..text.len() {
        let answers = Scene::plain("GET").hear(text, size);
        let results: Vec<_> = answers.iter().map(|(_, result)| *result).collect();
        assert_eq!(results, [Ok(()), Err(Failure::Status(5)), Ok(()), Ok(())], "in parts of {size}");
        assert_eq!(answers.iter().map(|(n, _)| n).sum::<u64>(), text.len() as u64);
    }
}

#[test]
fn an_answer_to_head_has_no_body() {
    let answers = Scene::plain("HEAD").hear(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 100);
    assert_eq!(answers, [(38, Ok(()))]);
}

#[test]
fn a_body_without_a_length_ends_with_the_connection() {
    let mut scene = Scene::plain("GET");
    assert_eq!(scene.hear(b"HTTP/1.0 200 OK\r\n\r\nhello", 7), []);
    assert!(scene.ear.is_last());
    assert_eq!(scene.end(), Heard::Over { used: 0, which: 0, received: 24, result: Ok(()) });
    assert_eq!(scene.end(), Heard::Broken(Failure::Closed));
}

#[test]
fn what_is_no_answer_is_malformed() {
    for text in [
        &b"SSH-2.0-x\r\n"[..],
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: \xb5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n",
    ] {
        assert_eq!(Scene::plain("GET").hear(text, 100), [(0, Err(Failure::Malformed))]);
    }
}

#[test]
fn an_answer_that_ends_in_the_middle_is_told_from_none() {
    let whole = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
    for length in 0..whole.len() {
        let mut scene = Scene::plain("GET");
        assert_eq!(scene.hear(&whole[..length], 10), []);
        let failure = if length == 0 { Failure::Closed } else { Failure::Incomplete };
        assert_eq!(scene.end(), Heard::Broken(failure), "after {length} bytes");
    }
}

#[test]
fn bodies_that_come_back_are_right_however_they_are_cut() {
    let bytes = [answer(0, 100), chunked(1, 40), answer(2, 3)].concat();
    for size in 1..bytes.len() {
        let mut scene = Scene::echo(&[100, 40, 3]);
        assert_eq!(scene.results(&bytes, size), [Ok(()); 3], "in parts of {size}");
        assert!(scene.notes.is_empty());
    }
}

#[test]
fn a_wrong_byte_of_a_body_is_found_with_its_request_and_place() {
    let right = [answer(0, 100), answer(1, 100), answer(2, 100)].concat();
    let begins = answer(0, 100).len() * 2 - 100;
    for place in [0, 1, 7, 8, 50, 99] {
        for size in [1, 3, 64, right.len()] {
            let mut bytes = right.clone();
            bytes[begins + place] ^= 0x10;
            let mut scene = Scene::echo(&[100; 3]);
            let results = scene.results(&bytes, size);
            assert_eq!(results, [Ok(()), Err(Failure::Corrupt), Ok(())], "byte {place} in parts of {size}");
            assert_eq!(scene.wrong(), Some((1, (begins + place) as u64)));
        }
    }
    let mut bytes = chunked(0, 20);
    let place = bytes.len() - 5 - 2 - 6 + 1;
    bytes[place] ^= 1;
    let mut scene = Scene::echo(&[20]);
    assert_eq!(scene.results(&bytes, 1), [Err(Failure::Corrupt)]);
    assert_eq!(scene.wrong(), Some((0, place as u64)));
}

#[test]
fn bodies_that_are_too_short_or_too_long_are_told_with_the_place() {
    for make in [answer, chunked] {
        let bytes = make(0, 90);
        let mut scene = Scene::echo(&[100]);
        assert_eq!(scene.results(&bytes, 9), [Err(Failure::Truncated)]);
        assert_eq!(scene.wrong(), Some((0, bytes.len() as u64)));
        assert_eq!(scene.notes.extra, 0);
    }
    let bytes = answer(0, 103);
    let mut scene = Scene::echo(&[100]);
    assert_eq!(scene.results(&bytes, 9), [Err(Failure::Extra)]);
    assert_eq!((scene.wrong(), scene.notes.extra), (Some((0, bytes.len() as u64 - 3)), 3));
    let bytes = chunked(0, 103);
    let mut scene = Scene::echo(&[100]);
    assert_eq!(scene.results(&bytes, 9), [Err(Failure::Extra)]);
    // The last chunk has 5 bytes and ends the body.
    assert_eq!((scene.wrong(), scene.notes.extra), (Some((0, bytes.len() as u64 - 5 - 2 - 3)), 3));
}

/// The right answer to the first request with a length that its body does not have.
fn answer_that_says(length: &str) -> Vec<u8> {
    let body = answer(0, 100).split_off(answer(0, 100).len() - 100);
    [format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n").as_bytes(), &body].concat()
}

#[test]
fn a_length_that_says_too_much_is_an_answer_cut_short_where_no_byte_of_it_came() {
    for length in ["101", "109", "18446744073709551615"] {
        let mut scene = Scene::echo(&[100]);
        assert_eq!(scene.hear(&answer_that_says(length), 10), []);
        assert_eq!(scene.end(), Heard::Broken(Failure::Incomplete), "{length}");
        assert_eq!(scene.ear.lost(&scene.flights, &mut scene.notes), None);
        assert!(scene.notes.is_empty());
    }
}

#[test]
fn of_a_length_that_says_too_much_the_bytes_that_came_count() {
    let mut scene = Scene::echo(&[100]);
    let bytes = [answer_that_says("18446744073709551615"), b"more".to_vec()].concat();
    assert_eq!(scene.hear(&bytes, 10), []);
    assert_eq!(scene.end(), Heard::Broken(Failure::Incomplete));
    assert_eq!(scene.ear.lost(&scene.flights, &mut scene.notes), Some(Failure::Extra));
    assert_eq!((scene.wrong(), scene.notes.extra), (Some((0, bytes.len() as u64 - 4)), 4));
}

#[test]
fn what_was_wrong_before_the_connection_was_lost_counts() {
    let mut bytes = answer(0, 100);
    let place = bytes.len() - 60;
    bytes[place] ^= 1;
    let mut scene = Scene::echo(&[100]);
    assert_eq!(scene.hear(&bytes[..place + 10], 10), []);
    assert_eq!(scene.end(), Heard::Broken(Failure::Incomplete));
    assert_eq!(scene.ear.lost(&scene.flights, &mut scene.notes), Some(Failure::Corrupt));
    assert_eq!(scene.wrong(), Some((0, place as u64)));
    let mut scene = Scene::echo(&[100]);
    assert_eq!(scene.hear(&bytes[..place], 10), []);
    assert_eq!(scene.ear.lost(&scene.flights, &mut scene.notes), None);
}

#[test]
fn bodies_of_other_requests_are_mixed_up_and_not_merely_wrong() {
    let swapped = [answer(0, 50), answer(2, 70), answer(1, 60)].concat();
    let doubled = [answer(0, 50), answer(0, 50), answer(2, 70)].concat();
    for size in [1, 5, 1000] {
        let mixed = Err(Failure::MixedUp);
        assert_eq!(Scene::echo(&[50, 60, 70]).results(&swapped, size), [Ok(()), mixed, mixed]);
        assert_eq!(Scene::echo(&[50, 60, 70]).results(&doubled, size), [Ok(()), mixed, Ok(())]);
    }
    let foreign = [answer(0, 50), answer(5, 60), answer(2, 70)].concat();
    let mut scene = Scene::echo(&[50, 60, 70]);
    assert_eq!(scene.results(&foreign, 9), [Ok(()), Err(Failure::Corrupt), Ok(())]);
}

#[test]
fn a_text_is_expected_of_every_answer() {
    let request = || Request::new("GET", "/", "host", &[], b"").expect("a request");
    let expecting = || request().expecting(Expect::Text(b"hello"[..].into())).expect("has a body");
    let body = |text: &str| format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{text}", text.len());
    let bytes = ["hello", "help!", "hell", "hello!", ""].map(body).concat();
    let (corrupt, short, long) = (Failure::Corrupt, Failure::Truncated, Failure::Extra);
    let results = Scene::new(expecting(), &[0; 5]).results(bytes.as_bytes(), 3);
    assert_eq!(results, [Ok(()), Err(corrupt), Err(short), Err(long), Err(short)]);
    let until_end = b"HTTP/1.0 200 OK\r\n\r\nhell";
    let mut scene = Scene::new(expecting(), &[0]);
    assert_eq!(scene.hear(until_end, 100), []);
    assert!(matches!(scene.end(), Heard::Over { result: Err(Failure::Truncated), .. }));
}

#[test]
fn a_fixed_body_is_expected_back_as_it_is() {
    let request = Request::new("PUT", "/", "host", &[], b"ping").expect("a request");
    let mut scene = Scene::new(request.expecting(Expect::Echo).expect("has a body"), &[0; 2]);
    let bytes =
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npingHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npong";
    assert_eq!(scene.results(bytes, 11), [Ok(()), Err(Failure::Corrupt)]);
}

#[test]
fn other_statuses_may_be_expected_and_only_their_bodies_are_compared() {
    let request = Request::new("GET", "/", "host", &[], b"").expect("a request");
    let request = request.expecting(Expect::Text(b"no"[..].into())).expect("has a body");
    let statuses = Statuses::ranges([(404, 404), (500, 599)]).expect("ranges");
    let mut scene = Scene::new(request.expecting_status(statuses), &[0; 4]);
    let text = |status: u16, body: &str| format!("HTTP/1.1 {status} X\r\nContent-Length: 2\r\n\r\n{body}");
    let bytes = [text(404, "no"), text(200, "ok"), text(503, "no"), text(404, "ko")].concat();
    let results = scene.results(bytes.as_bytes(), 7);
    assert_eq!(results, [Ok(()), Err(Failure::Status(2)), Ok(()), Err(Failure::Corrupt)]);
}

#[test]
fn what_cannot_be_expected_is_refused() {
    let request = |method| Request::new(method, "/", "host", &[], b"").expect("a request");
    assert!(request("HEAD").expecting(Expect::Text(b"x"[..].into())).is_err());
    assert!(request("GET").expecting(Expect::Echo).is_err());
    for header in [("Content-length", "5"), ("transfer-encoding", "chunked")] {
        assert!(Request::seeded("POST", "/", "host", &[header]).is_err());
        assert!(Request::new("GET", "/", "host", &[header], b"").is_err());
        assert!(Request::new("POST", "/", "host", &[header], b"hello").is_err());
    }
    assert!(Request::new("GET", "/", "host", &[("Host", "other")], b"").is_ok());
}
