//! The grammar of `--fault`: `[LINK:]FAULT[:ITEM,ITEM...][@DIR]`, where an item is `KEY=VALUE`, and the first may be the
//! main parameter's value alone. A value with `,` or `@` in it is written in double quotes.

use super::{FaultSpec, Part, SpecBuilder, SpecError};
use crate::kind::find_kind;
use crate::value::ValueError;
use std::ops::Range;
use std::str::FromStr;

/// A spec and the link that it is for; without one it is for every link of the command.
#[derive(Clone, Debug)]
pub struct LinkedSpec {
    /// The link's name.
    pub link: Option<String>,
    /// The fault.
    pub spec: FaultSpec,
}

impl FromStr for FaultSpec {
    type Err = SpecError;

    fn from_str(text: &str) -> Result<FaultSpec, SpecError> {
        let linked = text.parse::<LinkedSpec>()?;
        match linked.link {
            None => Ok(linked.spec),
            Some(link) => {
                let error = ValueError::new(format!("no link is named here, so `{link}:` has no place"));
                Err(Reader { text }.error(0..link.len(), error))
            }
        }
    }
}

impl FromStr for LinkedSpec {
    type Err = SpecError;

    fn from_str(text: &str) -> Result<LinkedSpec, SpecError> {
        Reader { text }.read()
    }
}

struct Reader<'a> {
    text: &'a str,
}

impl Reader<'_> {
    fn error(&self, span: Range<usize>, error: ValueError) -> SpecError {
        SpecError { text: self.text.to_owned(), span, message: error.message, help: error.help }
    }

    fn read(&self) -> Result<LinkedSpec, SpecError> {
        let (end, direction) = self.direction()?;
        let head = self.word(0, end);
        let after_head = (head.end < end).then(|| self.word(head.end + 1, end));
        // The first word is a link only where the second is a fault: an unknown fault is then reported as what it is.
        let is_fault = |span: &Range<usize>| find_kind(&self.text[span.clone()]).is_some();
        let (link, fault) = match after_head {
            Some(second) if !is_fault(&head) && is_fault(&second) => {
                (Some(self.text[head].to_owned()), second)
            }
            _ => (None, head),
        };
        let mut builder =
            SpecBuilder::new(&self.text[fault.clone()]).map_err(|error| self.error(fault.clone(), error))?;
        if fault.end < end {
            for (i, item) in self.items(fault.end + 1, end)?.into_iter().enumerate() {
                self.item(&mut builder, item, i == 0)?;
            }
        }
        if let Some(span) = direction {
            let text = &self.text[span.clone()];
            builder.set_directions(text).map_err(|error| self.error(span, error))?;
        }
        let spec = builder.finish().map_err(|error| self.error(fault.start..end, error))?;
        Ok(LinkedSpec { link, spec })
    }

    /// The word from `start` up to the next `:`.
    fn word(&self, start: usize, end: usize) -> Range<usize> {
        start..self.text[start..end].find(':').map_or(end, |i| start + i)
    }

    /// Where the part before the direction ends, and the direction after `@`.
    fn direction(&self) -> Result<(usize, Option<Range<usize>>), SpecError> {
        let mut quoted = false;
        for (i, c) in self.text.char_indices() {
            match c {
                '"' => quoted = !quoted,
                '@' if !quoted => return Ok((i, Some(i + 1..self.text.len()))),
                _ => {}
            }
        }
        if quoted {
            let open = self.text.rfind('"').unwrap_or(0);
            return Err(self.error(open..open + 1, ValueError::new("this quote is not closed")));
        }
        Ok((self.text.len(), None))
    }

    /// Splits at commas outside quotes.
    fn items(&self, start: usize, end: usize) -> Result<Vec<Range<usize>>, SpecError> {
        let mut items = Vec::new();
        let (mut from, mut quoted) = (start, false);
        for (i, c) in self.text[start..end].char_indices() {
            match c {
                '"' => quoted = !quoted,
                ',' if !quoted => {
                    items.push(from..start + i);
                    from = start + i + 1;
                }
                _ => {}
            }
        }
        items.push(from..end);
        match items.iter().find(|item| item.is_empty()) {
            Some(empty) => {
                let error = ValueError::new("something is missing here").help("write KEY=VALUE");
                Err(self.error(empty.clone(), error))
            }
            None => Ok(items),
        }
    }

    fn item(&self, builder: &mut SpecBuilder, item: Range<usize>, first: bool) -> Result<(), SpecError> {
        let text = &self.text[item.clone()];
        let Some(equals) = text.find('=').filter(|at| !text[..*at].contains(['"', '.'])) else {
            if !first {
                let error = ValueError::new(format!("`{text}` has no key")).help("write KEY=VALUE");
                return Err(self.error(item, error));
            }
            let (span, value) = self.unquote(item)?;
            return builder.set_main(value).map_err(|e| self.error(span, e.error));
        };
        let key = item.start..item.start + equals;
        let (span, value) = self.unquote(key.end + 1..item.end)?;
        builder.set(&self.text[key.clone()], value).map_err(|e| match e.part {
            Part::Key => self.error(key, e.error),
            Part::Value => self.error(span, e.error),
        })
    }

    /// A value without its quotes, and where it stands.
    fn unquote(&self, span: Range<usize>) -> Result<(Range<usize>, &str), SpecError> {
        let text = &self.text[span.clone()];
        match text.strip_prefix('"') {
            None if !text.contains('"') => Ok((span, text)),
            Some(rest) if rest.find('"').is_some_and(|i| i + 1 == rest.len()) => {
                let span = span.start + 1..span.end - 1;
                Ok((span.clone(), &self.text[span]))
            }
            _ => {
                Err(self
                    .error(span, ValueError::new("a quoted value is one pair of quotes around the whole")))
            }
        }
    }
}
