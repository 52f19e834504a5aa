//! How answers look: their headers, and the forms of errors.

use super::error::ApiError;
use super::json::Object;
use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, HeaderName, HeaderValue, LOCATION, WWW_AUTHENTICATE};
use axum::http::{Response, StatusCode};

/// Clients compare this with what they need of Toxiproxy.
pub(crate) const VERSION: &str = "2.12.0";

const JSON: &str = "application/json";
const NOSNIFF: (HeaderName, HeaderValue) =
    (HeaderName::from_static("x-content-type-options"), HeaderValue::from_static("nosniff"));

/// JSON that is an answer.
pub(crate) fn json(status: u16, body: String) -> Response<Body> {
    page(status, JSON, body)
}

/// An answer without a word.
pub(crate) fn nothing(status: u16) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status_of(status);
    response
}

/// A refusal. It is JSON and says that it is text, as clients know it.
pub(crate) fn error(error: &ApiError) -> Response<Body> {
    plain(error.status, format!("{}\n", body(error).end()))
}

/// A refusal of several proxies, with those that were made all the same.
pub(crate) fn populate_error(error: &ApiError, made: Option<&str>) -> Response<Body> {
    json(error.status, body(error).raw("proxies", made.unwrap_or("null")).end())
}

fn body(error: &ApiError) -> Object {
    Object::default().text("error", &error.message).raw("status", &error.status.to_string())
}

pub(crate) fn unknown_path() -> Response<Body> {
    plain(404, "404 page not found\n".to_owned())
}

pub(crate) fn browser() -> Response<Body> {
    plain(403, "User agent not allowed\n".to_owned())
}

pub(crate) fn stranger() -> Response<Body> {
    let mut response = error(&ApiError::new(401, "missing or invalid auth token"));
    response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}

pub(crate) fn version() -> Response<Body> {
    page(200, "application/json;charset=utf-8", format!("{{\"version\": \"{VERSION}\"}}\n"))
}

/// The way to the path that was meant.
pub(crate) fn moved(to: &str) -> Response<Body> {
    let mut response = nothing(301);
    // What was encoded fits in a header.
    if let Ok(to) = HeaderValue::from_str(to) {
        response.headers_mut().insert(LOCATION, to);
    }
    response
}

fn plain(status: u16, body: String) -> Response<Body> {
    let mut response = page(status, "text/plain; charset=utf-8", body);
    let (name, value) = NOSNIFF;
    response.headers_mut().insert(name, value);
    response
}

pub(crate) fn page(status: u16, kind: &'static str, body: String) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status_of(status);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

fn status_of(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
