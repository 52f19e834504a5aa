//! What holds for every kind of fault.

use crate::datagram_drive::*;
use crate::drive::*;
use squall_faults::{Absent, Carrier, FaultSpec, KINDS, LinkId, Plan, PlanError};

fn other(carrier: Carrier) -> Carrier {
    match carrier {
        Carrier::Stream => Carrier::Datagram,
        Carrier::Datagram => Carrier::Stream,
    }
}

fn link(carrier: Carrier) -> Plan {
    match carrier {
        Carrier::Stream => plan(7, &[]),
        Carrier::Datagram => session_plan(7, &[]),
    }
}

const CARRIERS: [Carrier; 2] = [Carrier::Stream, Carrier::Datagram];

#[test]
fn every_example_reads_is_shown_and_goes_where_its_kind_does() {
    for kind in &KINDS {
        let one: FaultSpec = kind.example.parse().expect(kind.example);
        let shown = one.to_string();
        assert_eq!(shown.parse::<FaultSpec>().expect(&shown).to_string(), shown);
        let accepting: Vec<_> =
            CARRIERS.into_iter().filter(|c| link(*c).add(spec(kind.example), 0, at(0)).is_ok()).collect();
        assert!(!accepting.is_empty() && accepting.iter().all(|c| kind.on.include(*c)), "{}", kind.example);
    }
}

#[test]
fn what_fits_one_carrier_names_its_nearest_on_the_other() {
    let parametrised = [
        ("latency:5ms,ordered=true", Carrier::Stream),
        ("loss:nth=3", Carrier::Stream),
        ("loss:pattern=PD", Carrier::Stream),
        ("loss:1%,rtt=5ms", Carrier::Datagram),
        ("blackhole:mode=stop", Carrier::Datagram),
        ("flap:on=1s,off=1s,reset=true", Carrier::Datagram),
    ];
    let mut misfits: Vec<_> = parametrised.into_iter().map(|(text, carrier)| (spec(text), carrier)).collect();
    for kind in &KINDS {
        let missing = CARRIERS.into_iter().find(|carrier| !kind.on.include(*carrier));
        assert_eq!(kind.misfit.is_some(), missing.is_some(), "{}", kind.name);
        misfits.extend(missing.map(|carrier| (spec(kind.example), carrier)));
    }
    assert!(misfits.len() > 15);
    for (one, carrier) in misfits {
        assert_eq!(one.fits(other(carrier)), Ok(()));
        let message = one.fits(carrier).expect_err("a misfit");
        let start = format!("`{}` does not fit a {carrier} link: ", one.kind().name);
        assert!(message.starts_with(&start), "{message}");
        let (_, instead) = message.split_once("; the nearest that does is `").expect("a nearest");
        let instead: FaultSpec =
            instead.trim_end_matches('`').parse().unwrap_or_else(|e| panic!("{message}: {e}"));
        assert_eq!(instead.fits(carrier), Ok(()), "{message}");
        assert_eq!(link(carrier).add(one, 0, at(0)).map(drop), Err(PlanError::Misfit(message)));
    }
}

#[test]
fn a_misfit_says_why() {
    let message = spec("reset:5").fits(Carrier::Datagram).expect_err("a misfit");
    assert_eq!(
        message,
        "`reset` does not fit a UDP link: UDP has no connection that could be reset; the nearest that does is `blackhole`"
    );
    let message = spec("reorder:5%").fits(Carrier::Stream).expect_err("a misfit");
    assert_eq!(
        message,
        "`reorder` does not fit a TCP link: TCP delivers bytes in order, so that another order cannot be seen above it; the nearest that does is `latency:50ms,jitter=20ms`"
    );
}

#[test]
fn defaults_that_are_told_are_those_that_hold() {
    for kind in &KINDS {
        for param in
            kind.params.iter().filter(|p| !kind.example.contains(p.name) && kind.main != Some(p.name))
        {
            let Absent::Default(text) = (param.absent)() else { continue };
            // Given as a value, a default is not shown, and changes nothing.
            let given = format!(
                "{}{}{}={text}",
                kind.example,
                if kind.example.contains(':') { "," } else { ":" },
                param.name
            );
            let plain: FaultSpec = kind.example.parse().expect("an example");
            assert_eq!(
                given.parse::<FaultSpec>().map(|spec| spec.to_string()),
                Ok(plain.to_string()),
                "{given}"
            );
        }
    }
}

#[test]
fn texts_with_any_sign_read_back() {
    for text in [
        "trace:\"a=b.csv\"",
        "trace:\"a,b@c\"",
        "latency:1ms,match=\"a=b, c@d\"",
        "latency:1ms,match=a=b",
        "latency:1ms,match=\" \"",
    ] {
        let one: FaultSpec = text.parse().expect(text);
        let shown = one.to_string();
        let again: FaultSpec = shown.parse().unwrap_or_else(|e| panic!("{e}"));
        assert_eq!((again.to_string(), again.wants()), (shown, one.wants()));
    }
}

#[test]
fn code_that_makes_no_sense_is_refused_as_text_is() {
    use squall_faults::{Flap, Loss, PlanError, Probability, Reorder, Reset, Shape, Slice};
    use std::time::Duration;
    let stream = Plan::new(LinkId::new("a", 7));
    let session = Plan::new(LinkId::new("b", 7).datagrams());
    for (plan, spec) in [
        (&stream, Flap::new(Duration::ZERO, Duration::ZERO).down()),
        (&stream, Slice::new(0).variation(9).down()),
        (&stream, Reset::chance(Probability::ALWAYS).within(0).down()),
        (&stream, Reset::at(1).every(Duration::from_secs(1))),
        (&session, Loss::nth(0).down()),
        (&session, Reorder::chance(Probability::ALWAYS).distance(0).down()),
    ] {
        let added = plan.clone().add(spec.clone(), 0, at(0));
        assert!(matches!(added, Err(PlanError::Invalid { .. })), "{spec}");
    }
}
