//! The fault that CONTRIBUTING.md adds as an example, built and run so that the example stays true.

mod hiccup;

use crate::engine::{Action, Conn, Opening, Range};
use crate::spec::FaultSpec;
use crate::{Direction, LinkId, Plan, Size, Tick};
pub use hiccup::Hiccup;
use std::time::Duration;

#[test]
fn the_guide_shows_this_file() {
    let guide = include_str!("../../../../CONTRIBUTING.md");
    assert!(guide.contains(include_str!("hiccup.rs")), "CONTRIBUTING.md and worked_example/hiccup.rs differ");
}

#[test]
fn it_does_what_it_says() {
    let mut plan = Plan::new(LinkId::new("proxy", 0));
    let fault = FaultSpec::from(Hiccup { pause: Duration::from_secs(1), at: Size::bytes(4) });
    assert_eq!(fault.to_string(), "hiccup:1s,at=4B@down");
    plan.add(fault, 0, Tick::ZERO).expect("a free name");
    let opening = Opening { number: 1, label: None, client: None, limit: 1 << 20 };
    let mut conn = Conn::open(&plan, opening, Tick::ZERO);
    conn.push(Direction::Down, Tick::ZERO, 10);
    let write = |offset, len| Some(Action::Write { range: Range { offset, len }, alone: false });
    assert_eq!(conn.pop(Direction::Down, Tick::ZERO), write(0, 4));
    assert_eq!(conn.next_due(), Some(Tick::from_nanos(1_000_000_000)));
    assert_eq!(conn.pop(Direction::Down, Tick::from_nanos(1_000_000_000)), write(4, 6));
    assert_eq!(plan.faults()[0].fired(), 1);
}
