//! The page of metrics: Toxiproxy's families and the process's where they were asked for, then squall's own.

use super::collection::Collection;
use super::error::ApiError;
use super::page::page as answer;
use crate::text::{self, counter, gauge};
use axum::body::Body;
use axum::http::Response;
use prometheus::proto::MetricFamily;
use squall_proxy::{Bytes, Metrics};
use squall_wire::lock;
use std::fmt;
use std::sync::Arc;

/// A number of the process.
#[derive(Clone, PartialEq, Debug)]
pub struct Gauge {
    /// The family's name.
    pub name: &'static str,
    /// What it is, in a sentence.
    pub help: &'static str,
    /// Its value now.
    pub value: f64,
    /// Whether it never falls.
    pub rises: bool,
}

/// Reads the numbers of the process.
type Process = dyn Fn() -> Vec<Gauge> + Send + Sync;

/// Which metrics a control server shows. Without any there is no page of them.
#[derive(Clone, Default)]
pub struct Exposure {
    proxies: bool,
    process: Option<Arc<Process>>,
}

impl Exposure {
    /// Nothing.
    pub fn new() -> Exposure {
        Exposure::default()
    }

    /// The bytes of every proxy, by direction.
    #[must_use]
    pub fn proxies(self) -> Exposure {
        Exposure { proxies: true, ..self }
    }

    /// What `read` says of the process whenever it is asked. It must not block.
    #[must_use]
    pub fn process(self, read: impl Fn() -> Vec<Gauge> + Send + Sync + 'static) -> Exposure {
        Exposure { process: Some(Arc::new(read)), ..self }
    }

    pub(crate) fn is_any(&self) -> bool {
        self.proxies || self.process.is_some()
    }
}

impl fmt::Debug for Exposure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let process = self.process.is_some();
        f.debug_struct("Exposure").field("proxies", &self.proxies).field("process", &process).finish()
    }
}

/// A proxy and where it leads, with its counts.
struct Row {
    name: String,
    listen: String,
    upstream: String,
    metrics: Metrics,
}

/// What is shown now.
pub(crate) fn page(all: &Collection, exposure: &Exposure) -> Result<Response<Body>, ApiError> {
    let rows: Vec<Row> = {
        let entries = lock(&all.0.entries);
        let row = |(name, entry): (&String, &super::entry::Entry)| Row {
            name: name.clone(),
            listen: entry.listen.clone(),
            upstream: entry.upstream.clone(),
            metrics: entry.counts.read(),
        };
        entries.iter().map(row).collect()
    };
    let mut families = Vec::new();
    if exposure.proxies {
        let help = "Bytes read from the sender of each direction.";
        families.push(bytes("toxiproxy_proxy_received_bytes_total", help, &rows, |metrics| metrics.received));
        let help = "Bytes written to the receiver of each direction.";
        families.push(bytes("toxiproxy_proxy_sent_bytes_total", help, &rows, |metrics| metrics.bytes));
    }
    if let Some(process) = &exposure.process {
        families.extend(process().into_iter().map(|number| text::number(&number)));
        // Scripts look for these to tell that metrics of the process are on.
        families.push(gauge(
            "go_goroutines",
            "None: no part of this server is written in Go.",
            [(Vec::new(), 0)],
        ));
        let label = vec![("version", "none")];
        families.push(gauge("go_info", "No part of this server is written in Go.", [(label, 1)]));
        let labels = ["checksum", "path", "version"].map(|label| (label, "")).to_vec();
        families.push(gauge("go_build_info", "No part of this server is written in Go.", [(labels, 1)]));
    }
    let causes = ["encoding", "gathering"].map(|cause| (vec![("cause", cause)], 0));
    families.push(counter("promhttp_metric_handler_errors_total", "Errors of this page.", causes));
    families.retain(|family| !family.get_metric().is_empty());
    let readings: Vec<_> = rows.iter().map(|row| (row.name.as_str(), row.metrics.clone())).collect();
    let encoded = text::encode_families(&families).and_then(|own| Ok(own + &text::encode(&readings)?));
    let body = encoded.map_err(|error| ApiError::new(500, format!("metrics cannot be written: {error}")))?;
    Ok(answer(200, text::CONTENT_TYPE, body))
}

/// A family of Toxiproxy's, its labels in their order.
fn bytes(name: &str, help: &str, rows: &[Row], read: fn(&Metrics) -> Bytes) -> MetricFamily {
    let samples = rows.iter().flat_map(|row| {
        let Bytes { up, down } = read(&row.metrics);
        [("downstream", down), ("upstream", up)].map(|(direction, count)| {
            let labels = vec![
                ("direction", direction),
                ("listener", row.listen.as_str()),
                ("proxy", row.name.as_str()),
                ("upstream", row.upstream.as_str()),
            ];
            (labels, count)
        })
    });
    counter(name, help, samples)
}
