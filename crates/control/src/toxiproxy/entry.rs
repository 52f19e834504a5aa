//! One proxy: what it was asked to be, and the link that it is while it runs.

use super::counts::Counts;
use super::error::ApiError;
use super::json::{Fields, Object, array};
use super::listen::{Listen, ResolveError};
use super::toxic::Toxic;
use squall_faults::Carrier;
use squall_proxy::{Proxy, ProxyBuilder, ProxyError};
use squall_wire::{Address, Endpoint};
use std::fmt;
use std::sync::Arc;

/// Makes links that are told nothing yet but where they lead.
pub(crate) type Make = dyn Fn(Address, Carrier) -> ProxyBuilder + Send + Sync;

/// A proxy as it is kept.
pub(crate) struct Entry {
    /// The address that was asked for.
    pub(crate) requested: String,
    /// The address that is told: the one bound last, or as it was asked for.
    pub(crate) listen: String,
    /// As it was given; whether it means anything shows when it is dialled.
    pub(crate) upstream: String,
    /// The link, while it is enabled.
    pub(crate) proxy: Option<Proxy>,
    /// In the order in which they were added.
    pub(crate) toxics: Vec<Toxic>,
    pub(crate) counts: Counts,
    /// Makes its links, where they are not made as all others are.
    pub(crate) make: Option<Arc<Make>>,
}

/// What a request says of a proxy.
#[derive(Debug)]
pub(crate) struct Wanted<'a> {
    pub(crate) name: Option<&'a str>,
    pub(crate) listen: Option<&'a str>,
    pub(crate) upstream: Option<&'a str>,
    pub(crate) enabled: Option<bool>,
}

/// The longest name and address, in bytes: far more than sense, far less than memory.
pub(crate) const LONGEST: usize = 4096;

impl<'a> Wanted<'a> {
    pub(crate) fn read(fields: Fields<'a>) -> Result<Wanted<'a>, ApiError> {
        let text = |field| match fields.text(field) {
            Ok(Some(text)) if text.len() > LONGEST => {
                Err(ApiError::new(400, format!("{field} is longer than {LONGEST} bytes")))
            }
            read => read.map_err(ApiError::body),
        };
        Ok(Wanted {
            name: text("name")?,
            listen: text("listen")?,
            upstream: text("upstream")?,
            enabled: fields.flag("enabled").map_err(ApiError::body)?,
        })
    }

    /// The name and the upstream, without which there is no proxy.
    pub(crate) fn required(&self) -> Result<(&'a str, &'a str), ApiError> {
        let given = |text: Option<&'a str>| text.filter(|text| !text.is_empty());
        let name = given(self.name).ok_or_else(|| ApiError::missing("name"))?;
        let upstream = given(self.upstream).ok_or_else(|| ApiError::missing("upstream"))?;
        Ok((name, upstream))
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("listen", &self.listen)
            .field("upstream", &self.upstream)
            .finish_non_exhaustive()
    }
}

impl Entry {
    /// A proxy that does not run yet.
    pub(crate) fn new(listen: &str, upstream: &str) -> Entry {
        Entry {
            requested: listen.to_owned(),
            listen: listen.to_owned(),
            upstream: upstream.to_owned(),
            proxy: None,
            toxics: Vec::new(),
            counts: Counts::default(),
            make: None,
        }
    }

    pub(crate) fn carrier(&self) -> Carrier {
        carrier(&self.upstream)
    }

    pub(crate) fn is_enabled(&self) -> bool {
        self.proxy.is_some()
    }

    /// Whether it listens, or is to listen, at `wanted`: as it was asked for, as it is told, or in other words.
    ///
    /// # Errors
    /// Where `wanted` is no address.
    pub(crate) async fn listens_at(known: [&str; 2], wanted: &str) -> Result<bool, ResolveError> {
        let [requested, listen] = known;
        if wanted == requested || wanted == listen {
            return Ok(true);
        }
        Ok(Listen::resolve(wanted).await?.is_at(listen))
    }

    pub(crate) fn to_json(&self, name: &str) -> String {
        let (up, down): (Vec<_>, Vec<_>) = self.toxics.iter().partition(|toxic| toxic.is_upstream());
        let toxics = up.into_iter().chain(down).map(Toxic::to_json);
        Object::default()
            .text("name", name)
            .text("listen", &self.listen)
            .text("upstream", &self.upstream)
            .raw("enabled", if self.is_enabled() { "true" } else { "false" })
            .raw("Logger", "{}")
            .raw("toxics", &array(toxics))
            .end()
    }
}

/// A link that is to be started.
pub(crate) struct Start<'a> {
    pub(crate) name: &'a str,
    pub(crate) listen: &'a str,
    pub(crate) upstream: &'a str,
    pub(crate) toxics: &'a [Toxic],
}

impl Start<'_> {
    /// Binds and accepts, with every toxic in force before the first connection.
    pub(crate) async fn start(self, make: &Make) -> Result<Proxy, ApiError> {
        let failed = |message: String| ApiError::new(500, message);
        let listen = Listen::resolve(self.listen).await.map_err(|error| failed(error.listening()))?;
        let (upstream, carrier) = target(self.upstream);
        let mut refused = None;
        for addr in listen.candidates() {
            let faults = self.toxics.iter().filter_map(Toxic::fault);
            let builder = make(upstream.clone(), carrier).name(self.name).listen_at(addr);
            let builder = faults.fold(builder, |builder, fault| builder.fault(fault.clone()));
            match builder.start().await {
                Ok(proxy) => return Ok(proxy),
                Err(ProxyError::Listen { source, .. }) => refused = Some(source),
                Err(other) => return Err(failed(other.to_string())),
            }
            // Where the port is taken it is so for the other family, too; only one that is missing altogether lets the next in.
            let missing = |error: &std::io::Error| {
                matches!(error.kind(), std::io::ErrorKind::Unsupported | std::io::ErrorKind::AddrNotAvailable)
                    || error.raw_os_error().is_some_and(|code| AF_UNSUPPORTED.contains(&code))
            };
            if !refused.as_ref().is_some_and(missing) {
                break;
            }
        }
        let error = refused.unwrap_or_else(|| std::io::ErrorKind::AddrNotAvailable.into());
        Err(failed(listen.refused(self.listen, &error)))
    }
}

/// What systems say of an address family that they do not have: Linux, macOS.
const AF_UNSUPPORTED: [i32; 2] = [97, 47];

/// What an upstream carries.
pub(crate) fn carrier(upstream: &str) -> Carrier {
    target(upstream).1
}

/// Where an upstream leads. One that is no address leads nowhere, which shows when it is dialled.
fn target(upstream: &str) -> (Address, Carrier) {
    let (rest, carrier) = match upstream.strip_prefix("udp:") {
        Some(rest) if rest.contains(':') => (rest, Carrier::Datagram),
        _ => (upstream, Carrier::Stream),
    };
    let nowhere = |_| Endpoint { host: rest.to_owned(), port: 0 }.into();
    (rest.parse().unwrap_or_else(nowhere), carrier)
}
