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

/// Everything that is served.
pub(crate) fn app(sources: Vec<Source>) -> Router {
    let missing =
        || async { (StatusCode::NOT_FOUND, "not found; there are /metrics, /healthz and /readyz\n") };
    metrics(sources).merge(health()).fallback(missing).layer(from_fn(host::check))
}

fn metrics(sources: Vec<Source>) -> Router {
    Router::new().route("/metrics", get(show)).with_state(Arc::from(sources))
}

/// Both are true from the first answer on: whoever serves this has bound all its addresses before.
fn health() -> Router {
    let fine = || async { "ok" };
    Router::new().route("/healthz", get(fine)).route("/readyz", get(fine))
}

async fn show(State(sources): State<Arc<[Source]>>, Query(query): Query<Vec<(String, String)>>) -> Response {
    let format = query.iter().rev().find(|(key, _)| key == "format").map(|(_, value)| value.as_str());
    match format {
        None | Some("prometheus") => answer(text::CONTENT_TYPE, text::encode(&read_all(&sources))),
        Some("json") => answer("application/json", json::encode(&read_all(&sources))),
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
