//! Which path gives what.

use crate::source::{Source, read_all};
use crate::{host, json, text};
use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::fmt::Display;
use std::sync::Arc;

/// What a page of metrics shows, read anew whenever it is asked for. An error is a sentence.
pub(crate) trait Exposition: Send + Sync + 'static {
    /// In the text format of Prometheus.
    fn text(&self) -> Result<String, String>;
    /// As one JSON object and a newline.
    fn json(&self) -> Result<String, String>;
}

impl Exposition for Vec<Source> {
    fn text(&self) -> Result<String, String> {
        text::encode(&read_all(self)).map_err(|error| error.to_string())
    }

    fn json(&self) -> Result<String, String> {
        json::encode(&read_all(self)).map_err(|error| error.to_string())
    }
}

/// Everything that is served.
pub(crate) fn app(exposition: impl Exposition) -> Router {
    let missing =
        || async { (StatusCode::NOT_FOUND, "not found; there are /metrics, /healthz and /readyz\n") };
    metrics(Arc::new(exposition)).merge(health()).fallback(missing).layer(from_fn(host::check))
}

fn metrics(exposition: Arc<dyn Exposition>) -> Router {
    Router::new().route("/metrics", get(show)).with_state(exposition)
}

/// Both are true from the first answer on: whoever serves this has bound all its addresses before.
fn health() -> Router {
    let fine = || async { "ok" };
    Router::new().route("/healthz", get(fine)).route("/readyz", get(fine))
}

async fn show(
    State(exposition): State<Arc<dyn Exposition>>,
    Query(query): Query<Vec<(String, String)>>,
) -> Response {
    let format = query.iter().rev().find(|(key, _)| key == "format").map(|(_, value)| value.as_str());
    match format {
        None | Some("prometheus") => answer(text::CONTENT_TYPE, exposition.text()),
        Some("json") => answer("application/json", exposition.json()),
        Some(other) => {
            let other = other.escape_debug();
            let told = format!("unknown format `{other}`; write `json` or `prometheus`\n");
            (StatusCode::BAD_REQUEST, told).into_response()
        }
    }
}

fn answer(content_type: &'static str, encoded: Result<String, impl Display>) -> Response {
    match encoded {
        Ok(body) => ([(CONTENT_TYPE, content_type), (CACHE_CONTROL, "no-store")], body).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("metrics cannot be written: {error}\n"))
            .into_response(),
    }
}
