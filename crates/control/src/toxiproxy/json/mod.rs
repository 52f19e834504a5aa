//! JSON as the clients of this API know it from Go: read leniently where Go does, refused in its words, written in its style.

mod fields;
mod parse;
mod write;

pub(crate) use fields::Fields;
pub(crate) use parse::first_value;
pub(crate) use write::{Object, array, float32, float64};

/// A value as it was written. Numbers keep their text, and objects the order and the repetition of their keys.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Number(String),
    String(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    /// What the value is, as an error names it.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Json::Null => "null",
            Json::Bool(_) => "bool",
            Json::Number(_) => "number",
            Json::String(_) => "string",
            Json::Array(_) => "array",
            Json::Object(_) => "object",
        }
    }
}
