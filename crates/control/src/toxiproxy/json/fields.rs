//! The fields of an object, found and typed as Go does it: names in any case, the last one counts, `null` is absence.

use super::Json;

/// An object's fields, and what the object is called where one of them is of the wrong type.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields<'a> {
    fields: &'a [(String, Json)],
    owner: &'static str,
}

impl<'a> Fields<'a> {
    /// The fields of `value`, none where it is null.
    ///
    /// # Errors
    /// Where it is no object.
    pub(crate) fn of(value: &'a Json, owner: &'static str) -> Result<Fields<'a>, String> {
        match value {
            Json::Null => Ok(Fields { fields: &[], owner }),
            Json::Object(fields) => Ok(Fields { fields, owner }),
            other => {
                let kind = other.kind();
                Err(format!("json: cannot unmarshal {kind} into Go value of type toxiproxy.{owner}"))
            }
        }
    }

    /// Every field that is not null, as it was written.
    pub(crate) fn all(self) -> impl Iterator<Item = (&'a str, &'a Json)> {
        let given = self.fields.iter().filter(|(_, value)| *value != Json::Null);
        given.map(|(name, value)| (name.as_str(), value))
    }

    /// The field of that name, unless it is null.
    pub(crate) fn get(self, name: &str) -> Option<&'a Json> {
        self.all().filter(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value).last()
    }

    pub(crate) fn text(self, name: &str) -> Result<Option<&'a str>, String> {
        self.read(name, "string", |value| match value {
            Json::String(text) => Some(text.as_str()),
            _ => None,
        })
    }

    pub(crate) fn flag(self, name: &str) -> Result<Option<bool>, String> {
        self.read(name, "bool", |value| match value {
            Json::Bool(flag) => Some(*flag),
            _ => None,
        })
    }

    /// An integer: no text, and no number with a point or an exponent.
    pub(crate) fn integer(self, name: &str) -> Result<Option<i64>, String> {
        self.read(name, "int64", |value| match value {
            Json::Number(text) => text.parse().ok(),
            _ => None,
        })
    }

    pub(crate) fn float(self, name: &str) -> Result<Option<f64>, String> {
        self.read(name, "float64", |value| match value {
            Json::Number(text) => text.parse().ok().filter(|number: &f64| number.is_finite()),
            _ => None,
        })
    }

    pub(crate) fn single(self, name: &str) -> Result<Option<f32>, String> {
        self.read(name, "float32", |value| match value {
            Json::Number(text) => text.parse().ok().filter(|number: &f32| number.is_finite()),
            _ => None,
        })
    }

    /// A list, empty where it is absent.
    pub(crate) fn list(self, name: &str) -> Result<&'a [Json], String> {
        let list = self.read(name, "[]toxics.Toxic", |value| match value {
            Json::Array(items) => Some(items.as_slice()),
            _ => None,
        });
        list.map(Option::unwrap_or_default)
    }

    fn read<T>(
        self,
        name: &str,
        go: &str,
        read: impl Fn(&'a Json) -> Option<T>,
    ) -> Result<Option<T>, String> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let Some(read) = read(value) else {
            let is = match value {
                // Where a number of another kind is wanted, Go shows it.
                Json::Number(text) if go != "string" && go != "bool" => format!("number {text}"),
                other => other.kind().to_owned(),
            };
            let owner = self.owner;
            return Err(format!(
                "json: cannot unmarshal {is} into Go struct field {owner}.{name} of type {go}"
            ));
        };
        Ok(Some(read))
    }
}

#[cfg(test)]
mod tests {
    use super::super::first_value;
    use super::*;

    #[test]
    fn names_are_found_in_any_case_and_the_last_one_counts() {
        let value = first_value(br#"{"NAME":"a","name":"b","Name":null,"n":1,"x":[]}"#).expect("JSON");
        let fields = Fields::of(&value, "Proxy").expect("an object");
        assert_eq!(fields.text("name"), Ok(Some("b")));
        assert_eq!(fields.text("upstream"), Ok(None));
        assert_eq!(fields.integer("N"), Ok(Some(1)));
    }

    #[test]
    fn integers_are_strict() {
        for (written, told) in
            [("100.0", "number 100.0"), ("1e3", "number 1e3"), ("\"1\"", "string"), ("true", "bool")]
        {
            let value = first_value(format!("{{\"n\":{written}}}").as_bytes()).expect("JSON");
            let error = Fields::of(&value, "LatencyToxic").expect("an object").integer("n");
            let expected =
                format!("json: cannot unmarshal {told} into Go struct field LatencyToxic.n of type int64");
            assert_eq!(error, Err(expected));
        }
    }

    #[test]
    fn what_is_no_object_is_named() {
        let error = Fields::of(&Json::Array(Vec::new()), "Proxy").map(|_| ());
        assert_eq!(
            error,
            Err("json: cannot unmarshal array into Go value of type toxiproxy.Proxy".to_owned())
        );
        assert!(Fields::of(&Json::Null, "Proxy").is_ok_and(|fields| fields.get("name").is_none()));
    }
}
