//! What is asked of the control API.

use crate::Failure;
use serde_json::{Map, Value, json};
use squall::{Directions, LinkedSpec};

/// A toxic that is to be added.
#[derive(clap::Args)]
pub(super) struct AddToxic {
    /// The proxy.
    pub(super) proxy: String,
    /// What it is: latency, bandwidth, slow_close, timeout, reset_peer, slicer, limit_data, noop, packet_loss, or any fault.
    #[arg(short = 't', long = "type", value_name = "TYPE")]
    kind: String,
    /// Its name; TYPE_STREAM by default.
    #[arg(short = 'n', long = "toxicName", visible_alias = "name", value_name = "NAME")]
    name: Option<String>,
    /// With which probability it acts on a connection, from 0 to 1.
    #[arg(long, visible_alias = "tox", value_name = "F", default_value_t = 1.0, value_parser = part)]
    toxicity: f32,
    /// An attribute, or a scope key such as connections=1-2. May be given more than once.
    #[arg(short = 'a', long = "attribute", value_name = "K=V")]
    attributes: Vec<Attribute>,
    #[command(flatten)]
    stream: Stream,
}

/// In which direction.
#[derive(clap::Args)]
#[group(multiple = false)]
pub(super) struct Stream {
    /// On what runs to the server.
    #[arg(short = 'u', long)]
    upstream: bool,
    /// On what runs to the client, as it does by default.
    #[arg(short = 'd', long)]
    downstream: bool,
    /// On both, as two toxics.
    #[arg(long)]
    both: bool,
}

/// A toxic that is to be changed.
#[derive(clap::Args)]
pub(super) struct UpdateToxic {
    /// The proxy.
    pub(super) proxy: String,
    /// The toxic.
    #[arg(short = 'n', long = "toxicName", visible_alias = "name", value_name = "NAME")]
    pub(super) name: String,
    /// With which probability it acts on a connection; by default it stays as it is.
    #[arg(long, visible_alias = "tox", value_name = "F", value_parser = part)]
    toxicity: Option<f32>,
    /// An attribute that changes. May be given more than once.
    #[arg(short = 'a', long = "attribute", value_name = "K=V")]
    attributes: Vec<Attribute>,
}

/// A key and its value: a number where it is written as one.
#[derive(Clone, Debug)]
pub(super) struct Attribute(String, Value);

impl std::str::FromStr for Attribute {
    type Err = String;

    fn from_str(text: &str) -> Result<Attribute, String> {
        let (key, value) = text.split_once('=').ok_or("write KEY=VALUE")?;
        if key.is_empty() {
            return Err("write KEY=VALUE".to_owned());
        }
        let number = serde_json::from_str(value).ok().filter(Value::is_number);
        Ok(Attribute(key.to_owned(), number.unwrap_or_else(|| value.into())))
    }
}

/// A part of one.
fn part(text: &str) -> Result<f32, String> {
    let number = text.parse().ok().filter(|number| (0.0..=1.0).contains(number));
    number.ok_or_else(|| "write a number from 0 to 1, such as 0.5".to_owned())
}

fn attributes(given: &[Attribute]) -> Value {
    Value::Object(given.iter().map(|Attribute(key, value)| (key.clone(), value.clone())).collect())
}

impl AddToxic {
    /// One request for each direction.
    pub(super) fn bodies(&self) -> Result<Vec<Value>, Failure> {
        let streams = match self.stream {
            Stream { both: true, .. } => vec!["upstream", "downstream"],
            Stream { upstream: true, .. } => vec!["upstream"],
            Stream { .. } => vec!["downstream"],
        };
        let several = streams.len() > 1;
        let body = |stream: &str| {
            let mut body = json!({
                "type": self.kind,
                "stream": stream,
                "toxicity": short(self.toxicity),
                "attributes": attributes(&self.attributes),
            });
            if let Some(name) = &self.name {
                body["name"] = if several { format!("{name}_{stream}").into() } else { name.as_str().into() };
            }
            body
        };
        Ok(streams.into_iter().map(body).collect())
    }
}

impl UpdateToxic {
    pub(super) fn body(&self) -> Value {
        let mut body = json!({"attributes": attributes(&self.attributes)});
        if let Some(toxicity) = self.toxicity {
            body["toxicity"] = short(toxicity);
        }
        body
    }
}

/// The number in its shortest form, which is what was written.
fn short(number: f32) -> Value {
    serde_json::from_str(&number.to_string()).unwrap_or_default()
}

/// The toxic that a fault is.
pub(super) fn fault(linked: &LinkedSpec) -> Result<Value, Failure> {
    if let Some(link) = &linked.link {
        return Err(Failure::usage(format!("the proxy stands before the fault, so `{link}:` has no place")));
    }
    let spec = &linked.spec;
    let stream = match spec.directions() {
        _ if spec.kind().is_gate() => "downstream",
        Directions::Up => "upstream",
        Directions::Down => "downstream",
        Directions::Both => "both",
    };
    let items = spec.items().into_iter().map(|(key, text)| (key.to_owned(), Value::from(text)));
    Ok(json!({
        "type": format!("squall.{}", spec.kind().name),
        "name": spec.name().unwrap_or(spec.kind().name),
        "stream": stream,
        "attributes": items.collect::<Map<_, _>>(),
    }))
}

/// All proxies as a configuration.
pub(super) fn config(proxies: &Value) -> Value {
    let proxies = proxies.as_object().into_iter().flat_map(Map::values);
    let keys = ["name", "listen", "upstream", "enabled", "toxics"];
    let item = |proxy: &Value| keys.iter().map(|key| ((*key).to_owned(), proxy[*key].clone())).collect();
    Value::Array(proxies.map(|proxy| Value::Object(item(proxy))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_numbers_where_they_are_written_so() {
        let value = |text: &str| text.parse::<Attribute>().map(|Attribute(_, value)| value);
        assert_eq!(value("latency=100"), Ok(json!(100)));
        assert_eq!(value("loss_rate=0.5"), Ok(json!(0.5)));
        assert_eq!(value("p=1%"), Ok(json!("1%")));
        assert_eq!(value("match=a=b"), Ok(json!("a=b")));
        assert!(value("latency").is_err() && value("=1").is_err());
    }

    #[test]
    fn a_fault_is_a_toxic_with_texts() {
        let spec = "latency:50ms,jitter=5ms,connections=1-2@both".parse().expect("a spec");
        let expected = json!({
            "type": "squall.latency",
            "name": "latency",
            "stream": "both",
            "attributes": {"delay": "50ms", "jitter": "5ms", "connections": "1-2"},
        });
        assert_eq!(fault(&spec).map_err(|failure| failure.message), Ok(expected));
    }
}
