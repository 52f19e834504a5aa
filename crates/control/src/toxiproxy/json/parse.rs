//! Reading the first JSON value of a text, with the messages of Go's decoder.

use super::Json;

/// How deep values may be nested.
const DEPTH: usize = 100;

/// The first value in `text`; what follows it is ignored.
///
/// # Errors
/// `EOF` where there is none, `unexpected EOF` where it is cut off, else the character that does not belong, and where.
pub(crate) fn first_value(text: &[u8]) -> Result<Json, String> {
    let mut reader = Reader { text, at: 0 };
    reader.blanks();
    match reader.peek() {
        None => Err("EOF".to_owned()),
        Some(_) => reader.value(0),
    }
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn next(&mut self) -> Result<u8, String> {
        let byte = self.peek().ok_or("unexpected EOF")?;
        self.at += 1;
        Ok(byte)
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    /// The next byte that is no blank.
    fn token(&mut self) -> Result<u8, String> {
        self.blanks();
        self.next()
    }

    fn value(&mut self, depth: usize) -> Result<Json, String> {
        match self.token()? {
            open @ (b'{' | b'[') if depth > DEPTH => Err(invalid(open, "exceeded max depth")),
            b'{' => self.object(depth),
            b'[' => self.array(depth),
            b'"' => self.string().map(Json::String),
            first @ (b'-' | b'0'..=b'9') => self.number(first),
            b't' => self.literal("true", Json::Bool(true)),
            b'f' => self.literal("false", Json::Bool(false)),
            b'n' => self.literal("null", Json::Null),
            other => Err(invalid(other, "looking for beginning of value")),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Json, String> {
        let mut fields = Vec::new();
        loop {
            match self.token()? {
                b'}' if fields.is_empty() => break,
                b'"' => {}
                other => return Err(invalid(other, "looking for beginning of object key string")),
            }
            let key = self.string()?;
            match self.token()? {
                b':' => {}
                other => return Err(invalid(other, "after object key")),
            }
            fields.push((key, self.value(depth + 1)?));
            match self.token()? {
                b',' => {}
                b'}' => break,
                other => return Err(invalid(other, "after object key:value pair")),
            }
        }
        Ok(Json::Object(fields))
    }

    fn array(&mut self, depth: usize) -> Result<Json, String> {
        let mut items = Vec::new();
        self.blanks();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Json::Array(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            match self.token()? {
                b',' => {}
                b']' => return Ok(Json::Array(items)),
                other => return Err(invalid(other, "after array element")),
            }
        }
    }

    fn literal(&mut self, word: &str, value: Json) -> Result<Json, String> {
        for wanted in word.bytes().skip(1) {
            let byte = self.next()?;
            if byte != wanted {
                let place = format!("in literal {word} (expecting {})", quoted(wanted));
                return Err(invalid(byte, &place));
            }
        }
        Ok(value)
    }

    fn number(&mut self, first: u8) -> Result<Json, String> {
        let start = self.at - 1;
        let digit = if first == b'-' { self.digit("in numeric literal")? } else { first };
        if digit != b'0' {
            self.digits();
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digit("after decimal point in numeric literal")?;
            self.digits();
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digit("in exponent of numeric literal")?;
            self.digits();
        }
        let text = self.text.get(start..self.at).unwrap_or_default();
        Ok(Json::Number(String::from_utf8_lossy(text).into_owned()))
    }

    fn digit(&mut self, place: &str) -> Result<u8, String> {
        match self.next()? {
            digit @ b'0'..=b'9' => Ok(digit),
            other => Err(invalid(other, place)),
        }
    }

    fn digits(&mut self) {
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
    }

    /// The rest of a string behind its opening quote. What is no text in it is replaced.
    fn string(&mut self) -> Result<String, String> {
        let mut bytes = Vec::new();
        loop {
            match self.next()? {
                b'"' => return Ok(String::from_utf8_lossy(&bytes).into_owned()),
                b'\\' => {
                    let c = self.escape()?;
                    bytes.extend(c.encode_utf8(&mut [0; 4]).bytes());
                }
                control @ 0..0x20 => return Err(invalid(control, "in string literal")),
                byte => bytes.push(byte),
            }
        }
    }

    fn escape(&mut self) -> Result<char, String> {
        Ok(match self.next()? {
            c @ (b'"' | b'\\' | b'/') => char::from(c),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let high = self.hex()?;
                let rest = self.text.get(self.at..).unwrap_or_default();
                if (0xd800..0xdc00).contains(&high) && rest.starts_with(b"\\u") {
                    let before = self.at;
                    self.at += 2;
                    let low = self.hex()?;
                    if (0xdc00..0xe000).contains(&low) {
                        let c = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                        return Ok(char::from_u32(c).unwrap_or(char::REPLACEMENT_CHARACTER));
                    }
                    self.at = before;
                }
                char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            other => return Err(invalid(other, "in string escape code")),
        })
    }

    fn hex(&mut self) -> Result<u32, String> {
        let mut value = 0;
        for _ in 0..4 {
            let byte = self.next()?;
            let digit = char::from(byte).to_digit(16);
            let place = "in \\u hexadecimal character escape";
            value = value * 16 + digit.ok_or_else(|| invalid(byte, place))?;
        }
        Ok(value)
    }
}

fn invalid(byte: u8, place: &str) -> String {
    format!("invalid character {} {place}", quoted(byte))
}

/// A byte as Go shows it.
fn quoted(byte: u8) -> String {
    match byte {
        b'\'' => r"'\''".to_owned(),
        b'"' => "'\"'".to_owned(),
        b'\n' => r"'\n'".to_owned(),
        b'\r' => r"'\r'".to_owned(),
        b'\t' => r"'\t'".to_owned(),
        b'\\' => r"'\\'".to_owned(),
        0..0x20 | 0x7f => format!(r"'\x{byte:02x}'"),
        other => format!("'{}'", char::from(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Json, String> {
        first_value(text.as_bytes())
    }

    #[test]
    fn the_first_value_counts_and_keeps_its_form() {
        let number = |text: &str| Json::Number(text.to_owned());
        assert_eq!(read(" 100.0 x"), Ok(number("100.0")));
        assert_eq!(read("[-0,1e3]]"), Ok(Json::Array(vec![number("-0"), number("1e3")])));
        let twice = vec![("a".to_owned(), Json::Null), ("A".to_owned(), Json::Bool(true))];
        assert_eq!(read(r#"{"a":null,"A":true}{"#), Ok(Json::Object(twice)));
        assert_eq!(read(r#""\u00e9\ud83d\ude00\ud800\n""#), Ok(Json::String("é😀\u{fffd}\n".to_owned())));
        assert_eq!(first_value(b"\"\xff\""), Ok(Json::String("\u{fffd}".to_owned())));
    }

    #[test]
    fn what_is_wrong_is_told_in_the_words_of_go() {
        for (text, told) in [
            ("", "EOF"),
            (" \n", "EOF"),
            ("{", "unexpected EOF"),
            (r#"{"a"#, "unexpected EOF"),
            ("tru", "unexpected EOF"),
            ("<a>", "invalid character '<' looking for beginning of value"),
            ("{a}", "invalid character 'a' looking for beginning of object key string"),
            (r#"{"a":1,}"#, "invalid character '}' looking for beginning of object key string"),
            (r#"{"a"1}"#, "invalid character '1' after object key"),
            (r#"{"a":1"b"}"#, "invalid character '\"' after object key:value pair"),
            ("[1 2]", "invalid character '2' after array element"),
            ("[1,]", "invalid character ']' looking for beginning of value"),
            ("nil", "invalid character 'i' in literal null (expecting 'u')"),
            ("-x", "invalid character 'x' in numeric literal"),
            ("1.x", "invalid character 'x' after decimal point in numeric literal"),
            ("1ex", "invalid character 'x' in exponent of numeric literal"),
            ("\"a\nb\"", r"invalid character '\n' in string literal"),
            (r#""\x""#, "invalid character 'x' in string escape code"),
            (r#""\u00g0""#, r"invalid character 'g' in \u hexadecimal character escape"),
        ] {
            assert_eq!(read(text), Err(told.to_owned()), "{text}");
        }
    }

    #[test]
    fn endless_nesting_is_refused() {
        for (start, told) in [
            ("[", "invalid character '[' exceeded max depth"),
            ("{\"a\":", "invalid character '{' exceeded max depth"),
        ] {
            assert_eq!(read(&start.repeat(100_000)), Err(told.to_owned()));
        }
    }
}
