//! The attributes of a toxic: Toxiproxy's numbers or a fault's texts, and scope keys beside either.

use super::Type;
use super::classic::Classic;
use super::scope::Keys;
use super::toxicity;
use crate::toxiproxy::error::ApiError;
use crate::toxiproxy::json::{Fields, Json, Object, float64};
use squall_faults::value::ValueError;
use squall_faults::{FaultSpec, Kind, Scope, SpecBuilder};

/// A number of Toxiproxy's.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Number {
    Integer(i64),
    Float(f64),
}

#[derive(Clone, Debug)]
pub(super) enum Attributes {
    Classic { classic: &'static Classic, numbers: Vec<Number>, scope: Keys },
    Fault { kind: &'static Kind, keys: Keys },
}

impl Attributes {
    /// Those of a type when nothing is given.
    pub(super) fn new(given: Type) -> Attributes {
        match given {
            Type::Classic(classic) => Attributes::Classic {
                classic,
                numbers: classic.attributes.iter().map(|(_, number)| *number).collect(),
                scope: Keys::default(),
            },
            Type::Fault(kind) => Attributes::Fault { kind, keys: Keys::default() },
        }
    }

    /// Those of a fault that is there.
    pub(super) fn of(spec: &FaultSpec) -> Attributes {
        let mut keys = Keys::default();
        for (key, text) in spec.items() {
            keys.set(key, text);
        }
        Attributes::Fault { kind: spec.kind(), keys }
    }

    /// Takes over what `value` gives and keeps the rest.
    pub(super) fn merge(&mut self, value: &Json) -> Result<(), ApiError> {
        match self {
            Attributes::Classic { classic, numbers, scope } => {
                let fields = Fields::of(value, classic.go).map_err(ApiError::body)?;
                for ((name, _), number) in classic.attributes.iter().zip(numbers) {
                    let given = match number {
                        Number::Integer(_) => fields.integer(name).map(|given| given.map(Number::Integer)),
                        Number::Float(_) => fields.float(name).map(|given| given.map(Number::Float)),
                    };
                    *number = given.map_err(ApiError::body)?.unwrap_or(*number);
                }
                // What is neither an attribute nor a scope key is nobody's.
                let known = |name: &str| Scope::keys().find(|key| key.eq_ignore_ascii_case(name));
                scope.merge(fields, |name| Ok(known(name)))
            }
            Attributes::Fault { kind, keys } => {
                let fields = Fields::of(value, "Fault").map_err(ApiError::body)?;
                let known = kind.params.iter().map(|param| param.name).chain(Scope::keys());
                let known: Vec<_> = known.collect();
                keys.merge(fields, |name| {
                    let key = known.iter().find(|key| key.eq_ignore_ascii_case(&name.replace('-', "_")));
                    match key {
                        Some(key) => Ok(Some(*key)),
                        None => Err(unknown(kind, name, &known)),
                    }
                })
            }
        }
    }

    /// The fault that they describe, but for its name and direction; none for what does nothing.
    pub(super) fn builder(&self, toxicity: f32) -> Result<Option<SpecBuilder>, ApiError> {
        let (fault, params, keys) = match self {
            Attributes::Classic { classic, numbers, scope } => {
                let params = (classic.params)(numbers).map_err(ApiError::attributes)?;
                let Some(fault) = classic.fault else {
                    // Its scope is checked all the same, on a fault that takes any.
                    self.check_scope(scope)?;
                    return Ok(None);
                };
                (fault, params, scope)
            }
            Attributes::Fault { kind, keys } => (kind.name, Vec::new(), keys),
        };
        let mut builder = SpecBuilder::new(fault).map_err(|error| ApiError::attributes(told(&error)))?;
        let armed = ["after", "match", "match_hex"].iter().any(|key| keys.get(key).is_some());
        let own = params.iter().filter(|(key, _)| *key != "after" || !armed);
        let own = own.map(|(key, text)| (*key, text.as_str()));
        for (key, text) in own.chain(keys.iter()) {
            builder.set(key, text).map_err(|error| ApiError::attributes(told(&error.error)))?;
        }
        if let Some(probability) = toxicity::probability(toxicity) {
            let both = "`probability` and a toxicity other than 1 exclude each other";
            builder.set("probability", &probability).map_err(|_| ApiError::attributes(both))?;
        }
        Ok(Some(builder))
    }

    fn check_scope(&self, scope: &Keys) -> Result<(), ApiError> {
        let told = |error: &ValueError| ApiError::attributes(told(error));
        let mut builder = SpecBuilder::new("blackhole").map_err(|error| told(&error))?;
        for (key, text) in scope.iter() {
            builder.set(key, text).map_err(|error| told(&error.error))?;
        }
        builder.finish().map(drop).map_err(|error| told(&error))
    }

    pub(super) fn to_json(&self) -> String {
        let (mut object, keys) = (Object::default(), self.keys());
        if let Attributes::Classic { classic, numbers, .. } = self {
            for ((name, _), number) in classic.attributes.iter().zip(numbers) {
                object = match number {
                    Number::Integer(integer) => object.raw(name, &integer.to_string()),
                    Number::Float(float) => object.raw(name, &float64(*float)),
                };
            }
        }
        keys.iter().fold(object, |object, (key, text)| object.text(key, text)).end()
    }

    fn keys(&self) -> &Keys {
        match self {
            Attributes::Classic { scope, .. } => scope,
            Attributes::Fault { keys, .. } => keys,
        }
    }
}

fn unknown(kind: &Kind, name: &str, known: &[&'static str]) -> ApiError {
    let name: String = name.chars().take(100).collect();
    let help = match squall_faults::nearest(&name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("it takes {}", known.join(", ")),
    };
    ApiError::attributes(format!("`{}` has no parameter `{name}`; {help}", kind.name))
}

/// An error with its remedy.
pub(super) fn told(error: &ValueError) -> String {
    match &error.help {
        Some(help) => format!("{}; {help}", error.message),
        None => error.message.clone(),
    }
}
