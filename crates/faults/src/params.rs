//! Named parameters: one declaration gives the struct, its reading from text, its showing as text, and its documentation.

use crate::value::ValueError;

/// What is known of one parameter without a value at hand.
#[derive(Clone, Copy, Debug)]
pub struct Param {
    /// Its key, with `_` between words.
    pub name: &'static str,
    /// The kind of its value, such as `duration`.
    pub kind: &'static str,
    /// The words that its value may be, where it is one of a few.
    pub words: &'static [&'static str],
    /// What holds where it is not given.
    pub absent: fn() -> Absent,
    /// What it means, line by line.
    pub doc: &'static [&'static str],
}

/// What holds for a parameter that is not given.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Absent {
    /// It must be given.
    Refused,
    /// Nothing stands in its place.
    Unset,
    /// A default, as it would be written.
    Default(String),
}

/// Texts by key, as they were written.
#[derive(Clone, Default, Debug)]
pub struct Items(Vec<(String, String)>);

impl Items {
    /// The text of `key`, if it was given.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(k, _)| k == key).map(|(_, text)| text.as_str())
    }

    pub(crate) fn insert(&mut self, key: &str, text: &str) {
        self.0.push((key.to_owned(), text.to_owned()));
    }
}

/// A set of named parameters.
pub trait Params: Sized {
    /// What the whole is, line by line.
    const ABOUT: &'static [&'static str];
    /// The parameters in the order in which they are shown.
    const PARAMS: &'static [Param];

    /// Checks one parameter's text by itself.
    ///
    /// # Errors
    /// Where the text is not a value of the parameter's kind.
    fn check(key: &str, text: &str) -> Result<(), ValueError>;

    /// Reads all parameters; those not given take their default.
    ///
    /// # Errors
    /// Where a text is no value of its kind, or a parameter without a default is missing.
    fn read(items: &Items) -> Result<Self, ValueError>;

    /// The text of one parameter, unless it stands at its default.
    fn show(&self, key: &str) -> Option<String>;
}

/// Declares a struct of parameters and implements [`Params`] for it. A field is `name: Type = default` or `name: Type`; the
/// latter is required unless its type has a meaning for absence, as `Option` has. A key that is no identifier is given with
/// `name as "key"`. Doc comments become documentation.
macro_rules! params {
    (
        $(#[doc = $about:literal])*
        pub struct $name:ident {
            $( $(#[doc = $doc:literal])* $field:ident $(as $key:literal)? : $type:ty $(= $default:expr)? ),* $(,)?
        }
    ) => {
        $(#[doc = $about])*
        #[derive(Clone, PartialEq, Debug)]
        pub struct $name { $( $(#[doc = $doc])* pub $field: $type ),* }

        impl $crate::params::Params for $name {
            const ABOUT: &'static [&'static str] = &[$($about),*];
            const PARAMS: &'static [$crate::params::Param] = &[$(
                $crate::params::Param {
                    name: $crate::params::params!(@key $field $($key)?),
                    kind: <$type as $crate::value::Value>::KIND,
                    words: <$type as $crate::value::Value>::WORDS,
                    absent: || $crate::params::absent_of::<$type>($crate::params::params!(@default $($default)?)),
                    doc: &[$($doc),*],
                }
            ),*];

            fn check(key: &str, text: &str) -> Result<(), $crate::value::ValueError> {
                // A fault may have no parameters.
                let _ = text;
                match key {
                    $($crate::params::params!(@key $field $($key)?) => <$type as $crate::value::Value>::parse(text).map(drop),)*
                    _ => Ok(()),
                }
            }

            fn read(items: &$crate::params::Items) -> Result<Self, $crate::value::ValueError> {
                let _ = items;
                Ok($name { $(
                    $field: match items.get($crate::params::params!(@key $field $($key)?)) {
                        Some(text) => <$type as $crate::value::Value>::parse(text)?,
                        None => $crate::params::default_of::<$type>($crate::params::params!(@key $field $($key)?), $crate::params::params!(@default $($default)?))?,
                    }
                ),* })
            }

            fn show(&self, key: &str) -> Option<String> {
                match key {
                    $($crate::params::params!(@key $field $($key)?) => {
                        let default: Option<$type> = $crate::params::params!(@default $($default)?);
                        if default.as_ref() == Some(&self.$field) { return None; }
                        $crate::value::Value::render(&self.$field)
                    })*
                    _ => None,
                }
            }
        }
    };
    (@key $field:ident) => { stringify!($field) };
    (@key $field:ident $key:literal) => { $key };
    (@default) => { None };
    (@default $default:expr) => { Some($default) };
}
pub(crate) use params;

/// A parameter's value where no text was given.
pub(crate) fn default_of<T: crate::value::Value>(name: &str, default: Option<T>) -> Result<T, ValueError> {
    default.or_else(T::absent).ok_or_else(|| ValueError::new(format!("missing `{name}`, a {}", T::KIND)))
}

/// What is told of a parameter with this default, or without one.
pub(crate) fn absent_of<T: crate::value::Value>(default: Option<T>) -> Absent {
    match default.or_else(T::absent).map(|value| value.render()) {
        Some(Some(text)) => Absent::Default(text),
        Some(None) => Absent::Unset,
        None => Absent::Refused,
    }
}
