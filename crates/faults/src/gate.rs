//! The trait that every fault at connect time implements: what becomes of a port, and of a client that comes to it.

use crate::carrier::Misfit;
use crate::params::Params;
use crate::spec::Scope;
use std::fmt::Debug;
use std::time::Duration;

/// A fault that acts before anything moves. The implementing struct is its parameters; whoever owns the port asks.
pub trait Gate: Params + Clone + Debug + Send + Sync + 'static {
    /// The name in every interface, with `_` between words.
    const NAME: &'static str;
    /// Other names that are understood.
    const ALIASES: &'static [&'static str] = &[];
    /// An example that parses, as on the command line.
    const EXAMPLE: &'static str;
    /// The parameter that may be given without its key.
    const MAIN: Option<&'static str>;
    /// Why it makes no sense on datagrams, which have no connections.
    const MISFIT: Misfit;
    /// True where clients that it acts on do not get through.
    const CUTS: bool = true;

    /// Checks what single parameters cannot tell.
    ///
    /// # Errors
    /// A message that says what does not go together.
    fn validate(&self, _scope: &Scope) -> Result<(), String> {
        Ok(())
    }

    /// What it does to the port while it is in force.
    fn port(&self) -> PortState {
        PortState::Open
    }

    /// What becomes of a client that it acts on.
    fn admit(&self) -> Admission {
        Admission::Accept
    }
}

/// What a link's port does.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum PortState {
    /// It accepts.
    #[default]
    Open,
    /// It is closed: connecting is refused.
    Closed,
    /// Connecting does not complete.
    Hung,
}

/// What a fault does with one client.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Admission {
    /// Nothing.
    Accept,
    /// Accept it, then RST.
    Reset,
    /// Accept it, then FIN.
    Close,
    /// Wait so long before reaching for the server.
    Delay(Duration),
    /// As though the server had refused.
    ServerRefuses,
    /// As though the server did not answer.
    ServerHangs,
}

impl Admission {
    /// Whether it is done in the server's name, once there is one.
    pub(crate) fn is_servers(self) -> bool {
        matches!(self, Admission::ServerRefuses | Admission::ServerHangs)
    }
}

/// What all of a link's faults together do with one client.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Welcome {
    /// Whether it gets in.
    pub entry: Entry,
    /// How long it waits before the server is reached for.
    pub delay: Duration,
    /// How the server answers.
    pub server: ServerAnswer,
}

/// Whether a client gets in.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Entry {
    /// It does.
    #[default]
    Accepted,
    /// It gets a RST.
    Reset,
    /// It gets a FIN.
    Closed,
}

/// How the server answers, as far as the client is to see.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum ServerAnswer {
    /// As it does.
    #[default]
    Own,
    /// It refuses.
    Refuses,
    /// It does not.
    Hangs,
}

impl Welcome {
    /// Adds what one more fault does; the first that turns the client away counts.
    pub(crate) fn add(&mut self, admission: Admission) {
        let refused = |welcome: &Welcome| welcome.entry != Entry::Accepted;
        match admission {
            Admission::Accept => {}
            Admission::Reset if !refused(self) => self.entry = Entry::Reset,
            Admission::Close if !refused(self) => self.entry = Entry::Closed,
            Admission::Reset | Admission::Close => {}
            Admission::Delay(delay) => self.delay = self.delay.saturating_add(delay),
            Admission::ServerRefuses if self.server == ServerAnswer::Own => {
                self.server = ServerAnswer::Refuses
            }
            Admission::ServerHangs if self.server == ServerAnswer::Own => self.server = ServerAnswer::Hangs,
            Admission::ServerRefuses | Admission::ServerHangs => {}
        }
    }
}
