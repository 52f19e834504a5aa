//! Values that are one of a few fixed words.

/// A value written as one of a few fixed words: its type, the words, and how each is shown.
macro_rules! words {
    ($(#[doc = $doc:literal])* $name:ident, $kind:literal, { $($(#[doc = $vdoc:literal])* $variant:ident = $($word:literal)|+),+ $(,)? }) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum $name { $($(#[doc = $vdoc])* $variant),+ }

        impl $crate::value::Value for $name {
            const KIND: &'static str = $kind;
            const WORDS: &'static [&'static str] = &[$({ let [first, ..] = [$($word),+]; first }),+];

            fn parse(text: &str) -> Result<Self, $crate::value::ValueError> {
                match text {
                    $($($word)|+ => Ok($name::$variant),)+
                    _ => {
                        let words = [$($($word),+),+];
                        Err($crate::value::ValueError::word(text, $kind, &words))
                    }
                }
            }
            fn render(&self) -> Option<String> {
                Some(self.to_string())
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self { $($name::$variant => { let [first, ..] = [$($word),+]; f.write_str(first) })+ }
            }
        }
    };
}
pub(crate) use words;
