//! `squall faults preview`: what a fault would do to one connection, in virtual time and without a socket.

use super::clients;
use super::connects::{Connects, Crowd};
use super::offer::Offer;
use super::rehearsal::Rehearsal;
use super::{document, timeline};
use crate::exit::Exit;
use crate::{Failure, files, output, parse};
use clap::ArgAction;
use squall::{Rate, Size};
use squall_faults::{Carrier, Direction, FaultSpec};
use std::path::PathBuf;
use std::time::Duration;

/// Show what a fault would do to one connection, without making one.
///
/// All bytes are offered at once, or as fast as --pace says, then the end of the stream; to faults on datagrams, and with
/// --udp, they are offered as datagrams. Faults that act when a client connects are shown clients that connect one after
/// another. Time is virtual, so the answer comes at once and is the same on every machine. A fault on both directions is shown
/// for each.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The fault, FAULT[:VALUE,KEY=VALUE...][@up|down|both].
    #[arg(value_name = "SPEC")]
    spec: FaultSpec,
    /// The seed of every random decision, or `random`.
    #[arg(long, value_name = "N", default_value = "0", value_parser = parse::seed)]
    seed: u64,
    /// Write every single action as JSON to FILE, or to stdout without one.
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, default_missing_value = "-")]
    json: Option<PathBuf>,
    /// How many bytes are offered: 1MiB by default.
    #[arg(long, value_name = "SIZE", value_parser = parse::size, help_heading = "Bytes")]
    bytes: Option<Size>,
    /// How fast they are offered, such as 1MB/s: all at once by default.
    #[arg(long, value_name = "RATE", value_parser = parse::pace, help_heading = "Bytes")]
    pace: Option<Rate>,
    /// What the bytes are, over and over, for faults that wait for a `match`; each datagram begins with it. Zeros by default.
    #[arg(long, value_name = "TEXT", value_parser = clap::builder::NonEmptyStringValueParser::new(), help_heading = "Bytes")]
    payload: Option<String>,
    /// Which connection, by its place in accept order: the first by default.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), help_heading = "Bytes")]
    connection: Option<u64>,
    /// On a stream: how many bytes one read takes at most; 64KiB by default, 1448B with --pace.
    #[arg(long, value_name = "SIZE", value_parser = parse::piece, help_heading = "Streams")]
    chunk: Option<Size>,
    /// Offer datagrams to a fault that acts on either.
    #[arg(long, action = ArgAction::SetTrue, help_heading = "Datagrams")]
    udp: bool,
    /// The payload of one datagram: 1200B by default.
    #[arg(long, value_name = "SIZE", value_parser = parse::datagram, help_heading = "Datagrams")]
    size: Option<Size>,
    /// How many clients connect: 10 by default.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000), help_heading = "Clients that connect")]
    connections: Option<u64>,
    /// The time from one client to the next: 1s by default.
    #[arg(long, value_name = "DURATION", value_parser = parse::duration, help_heading = "Clients that connect")]
    interval: Option<Duration>,
}

/// What a fault is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Show {
    Stream,
    Datagrams,
    Clients,
}

impl Show {
    /// What suits the fault, and these very parameters of it.
    fn of(spec: &FaultSpec, udp: bool) -> Show {
        let fits = |carrier| spec.fits(carrier).is_ok();
        match () {
            () if udp || (fits(Carrier::Datagram) && !fits(Carrier::Stream)) => Show::Datagrams,
            () if spec.kind().is_gate() => Show::Clients,
            () => Show::Stream,
        }
    }

    fn text(self) -> &'static str {
        match self {
            Show::Stream => "a stream",
            Show::Datagrams => "datagrams",
            Show::Clients => "clients that connect",
        }
    }
}

pub(super) fn main(mut args: Args) -> Result<Exit, Failure> {
    args.spec = files::supply(args.spec)?;
    let show = Show::of(&args.spec, args.udp);
    let carrier = if show == Show::Datagrams { Carrier::Datagram } else { Carrier::Stream };
    args.spec.fits(carrier).map_err(Failure::usage)?;
    args.check(show)?;
    let text = if show == Show::Clients { args.clients()? } else { args.traffic(carrier)? };
    match &args.json {
        Some(target) => output::write(target, &text)?,
        None => output::print(&text)?,
    }
    Ok(Exit::Ok)
}

impl Args {
    /// Refuses options that would change nothing.
    fn check(&self, show: Show) -> Result<(), Failure> {
        use Show::{Clients, Datagrams, Stream};
        let traffic: &[Show] = &[Stream, Datagrams];
        let options: [(bool, &str, &[Show]); 8] = [
            (self.bytes.is_some(), "--bytes", traffic),
            (self.pace.is_some(), "--pace", traffic),
            (self.payload.is_some(), "--payload", traffic),
            (self.connection.is_some(), "--connection", traffic),
            (self.chunk.is_some(), "--chunk", &[Stream]),
            (self.size.is_some(), "--size", &[Datagrams]),
            (self.connections.is_some(), "--connections", &[Clients]),
            (self.interval.is_some(), "--interval", &[Clients]),
        ];
        let idle = options.into_iter().find(|(given, _, shows)| *given && !shows.contains(&show));
        let Some((_, option, shows)) = idle else { return Ok(()) };
        let wanted: Vec<_> = shows.iter().map(|show| show.text()).collect();
        let udp = match (show, shows) {
            (Stream, [Datagrams]) if self.spec.fits(Carrier::Datagram).is_ok() => "; add --udp",
            _ => "",
        };
        Err(Failure::usage(format!(
            "{option} is for {}, and `{}` is previewed with {}{udp}",
            wanted.join(" or "),
            self.spec,
            show.text()
        )))
    }

    /// What becomes of bytes, in each direction of the fault.
    fn traffic(&self, carrier: Carrier) -> Result<String, Failure> {
        let offer = self.offer(carrier);
        let covered = Direction::BOTH.into_iter().filter(|each| self.spec.directions().covers(*each));
        let rehearsals = covered.map(|direction| Rehearsal::of(&self.spec, direction, &offer));
        let rehearsals = rehearsals.collect::<Result<Vec<_>, _>>().map_err(Failure::usage)?;
        if self.json.is_some() {
            return Ok(format!("{:#}\n", document::of(&self.spec, &offer, &rehearsals)));
        }
        let mut text = format!("{}: {offer}\n", self.spec);
        for rehearsal in &rehearsals {
            text.push_str(&format!("\n{}", timeline::render(rehearsal, &offer)));
        }
        Ok(text)
    }

    fn offer(&self, carrier: Carrier) -> Offer {
        let (option, default) = match carrier {
            Carrier::Stream if self.pace.is_some() => (self.chunk, squall_faults::DEFAULT_SEGMENT),
            Carrier::Stream => (self.chunk, 65_536),
            Carrier::Datagram => (self.size, 1_200),
        };
        Offer {
            carrier,
            bytes: self.bytes.map_or(1 << 20, Size::as_bytes),
            piece: option.map_or(default, Size::as_bytes),
            pace: self.pace,
            payload: self.payload.clone().unwrap_or_default().into_bytes(),
            seed: self.seed,
            connection: self.connection.unwrap_or(1),
        }
    }

    /// What becomes of clients.
    fn clients(&self) -> Result<String, Failure> {
        let crowd = Crowd {
            clients: self.connections.unwrap_or(10),
            interval: self.interval.unwrap_or(Duration::from_secs(1)),
            seed: self.seed,
        };
        let connects = Connects::of(&self.spec, &crowd).map_err(Failure::usage)?;
        Ok(match &self.json {
            Some(_) => format!("{:#}\n", clients::document(&self.spec, &crowd, &connects)),
            None => clients::render(&self.spec, &crowd, &connects),
        })
    }
}
