//! Cuts the text of an expression into words.

use std::ops::Range;

use super::ast::{Arithmetic, Comparison};
use super::units::{Quantity, literal};
use crate::diagnostic::Diagnostic;

#[derive(Debug, Clone)]
pub(super) enum Word {
    Number(Quantity),
    Path(String),
    Arithmetic(Arithmetic),
    Comparison(Comparison),
    And,
    Or,
    Not,
    Open,
    Close,
}

#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) word: Word,
    pub(super) span: Range<usize>,
}

/// The words of `text`, or the first character that belongs to none.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, Diagnostic> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let (word, len) =
            next(&text[at..]).map_err(|diagnostic| diagnostic.moved(|s| s.start + at..s.end + at))?;
        tokens.push(Token { word, span: at..at + len });
        at += len;
    }
    Ok(tokens)
}

/// The word that `rest` begins with, and its length.
fn next(rest: &str) -> Result<(Word, usize), Diagnostic> {
    const SYMBOLS: [(&str, Word); 12] = [
        ("==", Word::Comparison(Comparison::Eq)),
        ("!=", Word::Comparison(Comparison::Ne)),
        ("<=", Word::Comparison(Comparison::Le)),
        (">=", Word::Comparison(Comparison::Ge)),
        ("<", Word::Comparison(Comparison::Lt)),
        (">", Word::Comparison(Comparison::Gt)),
        ("+", Word::Arithmetic(Arithmetic::Add)),
        ("-", Word::Arithmetic(Arithmetic::Sub)),
        ("*", Word::Arithmetic(Arithmetic::Mul)),
        ("/", Word::Arithmetic(Arithmetic::Div)),
        ("(", Word::Open),
        (")", Word::Close),
    ];
    if let Some((symbol, word)) = SYMBOLS.iter().find(|(symbol, _)| rest.starts_with(symbol)) {
        return Ok((word.clone(), symbol.len()));
    }
    match rest.chars().next() {
        Some(first) if first.is_ascii_digit() => number(rest),
        Some(first) if first.is_ascii_alphabetic() || first == '_' => Ok(word(rest)),
        _ => Err(stray(rest)),
    }
}

fn number(rest: &str) -> Result<(Word, usize), Diagnostic> {
    let digits = leading(rest, |c| c.is_ascii_digit() || c == '.');
    let tail = &rest[digits..];
    let mut unit = if tail.starts_with('%') { 1 } else { leading(tail, char::is_alphanumeric) };
    // `10MB/s` is one word; in `10MB/sum` the slash divides.
    if unit > 0 && tail[unit..].starts_with("/s") && leading(&tail[unit + 2..], is_name) == 0 {
        unit += 2;
    }
    let len = digits + unit;
    match literal(&rest[..digits], &tail[..unit]) {
        Ok(quantity) => Ok((Word::Number(quantity), len)),
        Err(refusal) => Err(Diagnostic::new(refusal.message, 0..len).help(refusal.help)),
    }
}

/// A keyword or a path. A point belongs to it only between name characters.
fn word(rest: &str) -> (Word, usize) {
    let mut len = leading(rest, is_name);
    while rest[len..].starts_with('.') {
        let more = leading(&rest[len + 1..], is_name);
        if more == 0 {
            break;
        }
        len += 1 + more;
    }
    let word = match &rest[..len] {
        "and" => Word::And,
        "or" => Word::Or,
        "not" => Word::Not,
        path => Word::Path(path.to_owned()),
    };
    (word, len)
}

/// The diagnostic for a character that begins no word, with what was probably meant.
fn stray(rest: &str) -> Diagnostic {
    const MEANT: [(&str, &str); 4] =
        [("&&", "write `and`"), ("||", "write `or`"), ("!", "write `not`"), ("=", "write `==`")];
    let first = rest.chars().next().map_or(0, char::len_utf8);
    let meant = MEANT.iter().find(|(symbol, _)| rest.starts_with(symbol));
    let len = meant.map_or(first, |(symbol, _)| symbol.len());
    let digits = rest.strip_prefix('.').map(|rest| &rest[..leading(rest, |c| c.is_ascii_digit())]);
    let help = match (meant, digits) {
        (Some((_, help)), _) => Some((*help).to_owned()),
        (None, Some("")) => Some("a point stands between two names of a path, and within numbers".to_owned()),
        (None, Some(digits)) => Some(format!("write `0.{digits}`")),
        (None, None) => None,
    };
    Diagnostic::new(format!("unexpected `{}`", rest[..len].escape_debug()), 0..len).help(help)
}

fn leading(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|c| !belongs(c)).unwrap_or(text.len())
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}
