//! A toxic: what was asked for, as it is told again, and the fault that it is.

mod attributes;
mod classic;
mod scope;
mod toxicity;

use super::entry::LONGEST;
use super::error::ApiError;
use super::json::{Fields, Json, Object, float32};
use attributes::Attributes;
use classic::Classic;
use squall_faults::{Carrier, Directions, FaultSpec, Kind, Shape, find_kind};

/// A toxic on a proxy, whether or not the proxy is running.
#[derive(Clone, Debug)]
pub(crate) struct Toxic {
    pub(crate) name: String,
    /// As it was given.
    kind: String,
    /// As it was given.
    stream: String,
    directions: Directions,
    toxicity: f32,
    attributes: Attributes,
    fault: Option<FaultSpec>,
}

/// What a toxic is.
#[derive(Clone, Copy, Debug)]
enum Type {
    /// One of Toxiproxy's, with integers.
    Classic(&'static Classic),
    /// Any fault, with texts as on the command line.
    Fault(&'static Kind),
}

impl Type {
    /// Toxiproxy's types go before the faults of the same name, which `squall.` before the name means.
    fn find(name: &str) -> Option<Type> {
        if let Some(classic) = classic::find(name) {
            return Some(Type::Classic(classic));
        }
        find_kind(name.strip_prefix(OWN).unwrap_or(name)).map(Type::Fault)
    }
}

/// Stands before the name of a fault that is not meant to be a type of Toxiproxy's.
const OWN: &str = "squall.";

/// A toxic that has been named and not been checked against its proxy.
pub(crate) struct Draft<'a> {
    pub(crate) name: String,
    kind: &'a str,
    stream: &'a str,
    directions: Directions,
    toxicity: f32,
    given: Type,
    attributes: Option<&'a Json>,
}

impl<'a> Draft<'a> {
    /// Reads a request for a toxic, in the order in which its mistakes are told.
    pub(crate) fn read(value: &'a Json) -> Result<Draft<'a>, ApiError> {
        let fields = Fields::of(value, "ToxicWrapper").map_err(ApiError::body)?;
        let text = |name| fields.text(name).map_err(ApiError::body);
        let (name, kind, stream) = (text("name")?, text("type")?.unwrap_or_default(), text("stream")?);
        let toxicity = fields.single("toxicity").map_err(ApiError::body)?.unwrap_or(1.0);
        let given = Type::find(kind);
        let stream = stream.unwrap_or("downstream");
        let directions = match stream.to_ascii_lowercase().as_str() {
            "upstream" => Directions::Up,
            "downstream" => Directions::Down,
            "both" if matches!(given, Some(Type::Fault(_))) => Directions::Both,
            _ => return Err(ApiError::stream()),
        };
        let given = given.ok_or_else(ApiError::toxic_type)?;
        let name = match name.unwrap_or_default() {
            name if name.len() > LONGEST => {
                return Err(ApiError::new(400, format!("name is longer than {LONGEST} bytes")));
            }
            "" => format!("{kind}_{stream}"),
            name => name.to_owned(),
        };
        Ok(Draft { name, kind, stream, directions, toxicity, given, attributes: fields.get("attributes") })
    }

    /// The toxic, with its attributes.
    pub(crate) fn finish(self, carrier: Carrier) -> Result<Toxic, ApiError> {
        let mut toxic = Toxic {
            name: self.name,
            kind: self.kind.to_owned(),
            stream: self.stream.to_owned(),
            directions: self.directions,
            toxicity: self.toxicity,
            attributes: Attributes::new(self.given),
            fault: None,
        };
        if let Some(value) = self.attributes {
            toxic.attributes.merge(value)?;
        }
        toxic.settle(carrier)?;
        Ok(toxic)
    }
}

impl Toxic {
    /// A fault that is on a link already.
    pub(crate) fn of(name: &str, spec: FaultSpec) -> Toxic {
        let stream = match spec.directions() {
            _ if spec.kind().is_gate() => "downstream",
            Directions::Up => "upstream",
            Directions::Down => "downstream",
            Directions::Both => "both",
        };
        Toxic {
            name: name.to_owned(),
            kind: format!("{OWN}{}", spec.kind().name),
            stream: stream.to_owned(),
            directions: spec.directions(),
            toxicity: 1.0,
            attributes: Attributes::of(&spec),
            fault: Some(spec.named(name)),
        }
    }

    /// The toxic after a request to change it: attributes are merged into those it has, and everything but these and the
    /// toxicity is ignored.
    pub(crate) fn changed(&self, value: &Json, carrier: Carrier) -> Result<Toxic, ApiError> {
        let fields = Fields::of(value, "ToxicWrapper").map_err(ApiError::body)?;
        let mut toxic = self.clone();
        if let Some(toxicity) = fields.single("toxicity").map_err(ApiError::body)? {
            toxic.toxicity = toxicity;
        }
        if let Some(attributes) = fields.get("attributes") {
            toxic.attributes.merge(attributes)?;
        }
        toxic.settle(carrier)?;
        Ok(toxic)
    }

    /// The fault that does what the toxic says; none for one that does nothing.
    pub(crate) fn fault(&self) -> Option<&FaultSpec> {
        self.fault.as_ref()
    }

    /// Whether the other is the same kind of thing in the same place, so that it may be changed into it.
    pub(crate) fn can_become(&self, other: &Toxic) -> bool {
        self.name == other.name && self.kind == other.kind && self.directions == other.directions
    }

    /// Whether it stands in the list of what goes to the server.
    pub(crate) fn is_upstream(&self) -> bool {
        self.directions.covers(squall_faults::Direction::Up) && self.stream != "downstream"
    }

    fn settle(&mut self, carrier: Carrier) -> Result<(), ApiError> {
        let Some(builder) = self.attributes.builder(self.toxicity)? else {
            self.fault = None;
            return Ok(());
        };
        let spec = builder.finish().map_err(|error| ApiError::attributes(attributes::told(&error)))?;
        spec.fits(carrier).map_err(ApiError::attributes)?;
        if let Some(file) = spec.wants() {
            let kind = spec.kind().name;
            let why = format!("`{kind}` reads `{file}`, and no file is read for a request; use `--fault`");
            return Err(ApiError::attributes(why));
        }
        self.fault = Some(if spec.kind().is_gate() {
            spec.named(&self.name)
        } else {
            spec.toward(self.directions).named(&self.name)
        });
        Ok(())
    }

    pub(crate) fn to_json(&self) -> String {
        Object::default()
            .raw("attributes", &self.attributes.to_json())
            .text("name", &self.name)
            .text("type", &self.kind)
            .text("stream", &self.stream)
            .raw("toxicity", &float32(self.toxicity))
            .end()
    }
}
