//! Which request does what.

use super::collection::Collection;
use super::entry::Wanted;
use super::error::ApiError;
use super::gate::{Access, Refusal};
use super::json::{Fields, Json, first_value};
use super::metrics::{self, Exposure};
use super::page;
use super::paths::{self, Route};
use super::request;
use super::toxics::read_all;
use crate::json as counts;
use crate::source::Reading;
use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_LENGTH, HeaderName, HeaderValue};
use axum::http::{Method, Response};
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

/// The largest body of a request, in bytes: thousands of proxies.
const BODY: usize = 1 << 20;

/// What answers, shared by all connections.
pub(crate) struct Api {
    collection: Collection,
    access: Access,
    exposure: Exposure,
    /// How long a body may take to arrive.
    body_time: Duration,
}

/// Everything that a control server serves.
pub(crate) fn app(collection: Collection, access: Access, exposure: Exposure, body_time: Duration) -> Router {
    let api = Arc::new(Api { collection, access, exposure, body_time });
    Router::new().fallback(answer).with_state(api)
}

async fn answer(State(api): State<Arc<Api>>, request: Request) -> Response<Body> {
    if let Err(error) = api.access.check_host(request.uri(), request.headers()) {
        return page::error(&error);
    }
    let Some(path) = paths::decode(request.uri().path()) else { return page::nothing(400) };
    if let Some(clean) = paths::clean(&path) {
        let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
        return page::moved(&format!("{}{query}", paths::encode(&clean)));
    }
    let route = match Route::find(&path) {
        Some(Route::Metrics) if !api.exposure.is_any() => None,
        found => found,
    };
    let Some(route) = route else { return page::unknown_path() };
    let Some(act) = Act::of(request.method(), route) else { return page::nothing(405) };
    let mut response = match api.access.check_caller(request.headers()) {
        Err(Refusal::Browser) => page::browser(),
        Err(Refusal::Stranger) => page::stranger(),
        Ok(()) => api.serve(act, request).await,
    };
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&request::id()) {
        headers.insert(HeaderName::from_static("x-toxiproxy-request-id"), id);
    }
    headers.insert(HeaderName::from_static("x-squall-version"), HeaderValue::from_static(OWN_VERSION));
    response
}

const OWN_VERSION: &str = env!("CARGO_PKG_VERSION");

/// What a request asks for.
enum Act {
    /// Something that is only read.
    Show(Route),
    Create,
    Populate,
    Reset,
    Update(String),
    Delete(String),
    AddToxic(String),
    UpdateToxic(String, String),
    RemoveToxic(String, String),
    ChangeMember(String, String),
}

impl Act {
    /// What `method` means on a path; nothing where it is not allowed there.
    fn of(method: &Method, route: Route) -> Option<Act> {
        let change = *method == Method::POST || *method == Method::PATCH;
        Some(match route {
            Route::Metrics => Act::Show(Route::Metrics),
            Route::Populate if *method == Method::POST => Act::Populate,
            Route::Reset if *method == Method::POST => Act::Reset,
            Route::Populate | Route::Reset => return None,
            route if *method == Method::GET => Act::Show(route),
            Route::Proxies if *method == Method::POST => Act::Create,
            Route::Proxy(proxy) if change => Act::Update(proxy),
            Route::Proxy(proxy) if *method == Method::DELETE => Act::Delete(proxy),
            Route::Toxics(proxy) if *method == Method::POST => Act::AddToxic(proxy),
            Route::Toxic(proxy, toxic) if change => Act::UpdateToxic(proxy, toxic),
            Route::Member(balancer, member) if change => Act::ChangeMember(balancer, member),
            Route::Toxic(proxy, toxic) if *method == Method::DELETE => Act::RemoveToxic(proxy, toxic),
            _ => return None,
        })
    }

    fn reads_body(&self) -> bool {
        !matches!(self, Act::Show(_) | Act::Reset | Act::Delete(_) | Act::RemoveToxic(..))
    }
}

impl Api {
    /// Serves a request as a task of its own: a caller who hangs up leaves nothing half done.
    async fn serve(self: &Arc<Api>, act: Act, request: Request) -> Response<Body> {
        let body = match act.reads_body() {
            true => match read(request, self.body_time).await {
                Ok(body) => body,
                Err(error) => return page::error(&error),
            },
            false => Bytes::new(),
        };
        let api = self.clone();
        let served = tokio::spawn(async move {
            match act {
                Act::Populate => api.populate(&body).await,
                act => api.act(act, &body).await.unwrap_or_else(|error| page::error(&error)),
            }
        });
        served.await.unwrap_or_else(|_| page::error(&ApiError::new(500, "the request could not be served")))
    }

    async fn act(&self, act: Act, body: &[u8]) -> Result<Response<Body>, ApiError> {
        let all = &self.collection;
        match act {
            Act::Show(route) => self.show(route),
            Act::Populate => Ok(self.populate(body).await),
            Act::Reset => all.reset().await.map(|()| page::nothing(204)),
            Act::Create => {
                let value = decode(body)?;
                let fields = Fields::of(&value, "Proxy").map_err(ApiError::body)?;
                let wanted = Wanted::read(fields)?;
                let toxics = fields.list("toxics").map_err(ApiError::body)?;
                let (_, upstream) = wanted.required()?;
                let toxics = read_all(toxics, super::entry::carrier(upstream))?;
                all.create(wanted, toxics).await.map(|proxy| page::json(201, proxy))
            }
            Act::Update(proxy) => {
                all.look(&proxy, |_| ())?;
                let value = decode(body)?;
                let wanted = Wanted::read(Fields::of(&value, "Proxy").map_err(ApiError::body)?)?;
                all.update(&proxy, wanted).await.map(|proxy| page::json(200, proxy))
            }
            Act::Delete(proxy) => all.delete(&proxy).await.map(|()| page::nothing(204)),
            Act::AddToxic(proxy) => {
                all.look(&proxy, |_| ())?;
                all.add_toxic(&proxy, &decode(body)?).await.map(|toxic| page::json(200, toxic))
            }
            Act::UpdateToxic(proxy, toxic) => {
                all.toxic(&proxy, &toxic)?;
                let changed = all.update_toxic(&proxy, &toxic, &decode(body)?).await;
                changed.map(|toxic| page::json(200, toxic))
            }
            Act::ChangeMember(balancer, member) => {
                all.member(&balancer, &member)?;
                all.change_member(&balancer, &member, &decode(body)?).map(|member| page::json(200, member))
            }
            Act::RemoveToxic(proxy, toxic) => {
                all.remove_toxic(&proxy, &toxic).await.map(|()| page::nothing(204))
            }
        }
    }

    fn show(&self, route: Route) -> Result<Response<Body>, ApiError> {
        let all = &self.collection;
        let body = match route {
            Route::Version => return Ok(page::version()),
            Route::Metrics => return metrics::page(all, &self.exposure),
            Route::Proxy(proxy) => all.get(&proxy)?,
            Route::Toxics(proxy) => all.toxics(&proxy)?,
            Route::Toxic(proxy, toxic) => all.toxic(&proxy, &toxic)?,
            Route::Balancers => all.balancers()?,
            Route::Balancer(balancer) => all.balancer(&balancer)?,
            Route::Member(balancer, member) => all.member(&balancer, &member)?,
            Route::Links => links(&all.metrics())?,
            Route::Link(link) => {
                let metrics = all.metrics_of(&link)?;
                counts::encode_link(&metrics).map_err(|error| ApiError::new(500, error.to_string()))?
            }
            Route::Proxies | Route::Populate | Route::Reset => all.list(),
        };
        Ok(page::json(200, body))
    }

    async fn populate(&self, body: &[u8]) -> Response<Body> {
        match self.collection.populate_body(body).await {
            Ok(made) => page::json(201, format!("{{\"proxies\":{}}}", made.as_deref().unwrap_or("null"))),
            Err((error, made)) => page::populate_error(&error, made.as_deref()),
        }
    }
}

fn links(metrics: &[(String, squall_proxy::Metrics)]) -> Result<String, ApiError> {
    let readings: Vec<Reading<'_>> =
        metrics.iter().map(|(name, metrics)| (name.as_str(), metrics.clone())).collect();
    counts::encode(&readings).map_err(|error| ApiError::new(500, error.to_string()))
}

fn decode(body: &[u8]) -> Result<Json, ApiError> {
    first_value(body).map_err(ApiError::body)
}

/// The whole body, within its bounds of size and time.
async fn read(request: Request, limit: Duration) -> Result<Bytes, ApiError> {
    let large = || ApiError::new(413, format!("request body is larger than {BODY} bytes"));
    let length = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if length.is_some_and(|length: u64| length > BODY as u64) {
        return Err(large());
    }
    match tokio::time::timeout(limit, to_bytes(request.into_body(), BODY)).await {
        Ok(Err(error)) if is_broken(&error) => Err(ApiError::body("unexpected EOF")),
        Ok(read) => read.map_err(|_| large()),
        Err(_) => Err(ApiError::new(408, "the request body did not arrive in time")),
    }
}

/// Whether a body ended before its end, or is no body, rather than being too large.
fn is_broken(error: &(dyn Error + 'static)) -> bool {
    error.is::<hyper::Error>() || error.source().is_some_and(is_broken)
}
