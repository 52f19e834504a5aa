//! What is wrong with a scenario file, and how it is shown: position, source line, caret, help.

use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

/// The text of a scenario file and the name it is shown under.
#[derive(Debug, Clone)]
pub struct Source {
    name: String,
    folder: PathBuf,
    text: String,
}

impl Source {
    /// A source from text already in memory; `name` is what diagnostics print before the line number, and its folder is where
    /// the files are that it mentions.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Source {
        let name = name.into();
        let folder = folder(Path::new(&name));
        Source { name, folder, text: text.into() }
    }

    /// Reads the file at `path`, which becomes the display name.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or is not UTF-8 ([`io::ErrorKind::InvalidData`]).
    pub fn open(path: &Path) -> io::Result<Source> {
        let text = String::from_utf8(std::fs::read(path)?).map_err(|error| {
            let start = error.utf8_error().valid_up_to();
            let line = 1 + error.as_bytes()[..start].iter().filter(|byte| **byte == b'\n').count();
            let what =
                format!("byte {} on line {line} is no UTF-8: save the file in that encoding", start + 1);
            io::Error::new(io::ErrorKind::InvalidData, what)
        })?;
        Ok(Source { name: path.display().to_string(), folder: folder(path), text })
    }

    /// The name shown in diagnostics.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where files with relative names are that the text mentions.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The whole text; spans of diagnostics are byte offsets into it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The line, from 1, with the byte at that offset.
    pub(crate) fn line(&self, at: usize) -> usize {
        1 + self.text.bytes().take(at).filter(|byte| *byte == b'\n').count()
    }
}

fn folder(path: &Path) -> PathBuf {
    path.parent().unwrap_or(Path::new("")).to_owned()
}

/// One mistake in a source text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// What is wrong, as a lowercase fragment.
    pub message: String,
    /// Byte offsets of the offending text. Offsets outside of the text are clamped when shown.
    pub span: Range<usize>,
    /// Printed beside the caret; may be empty.
    pub label: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Diagnostic {
    /// A diagnostic without label and help.
    pub fn new(message: impl Into<String>, span: Range<usize>) -> Diagnostic {
        Diagnostic { message: message.into(), span, label: String::new(), help: None }
    }

    /// Sets the text beside the caret.
    pub fn label(mut self, label: impl Into<String>) -> Diagnostic {
        self.label = label.into();
        self
    }

    /// Sets the help line; `None` leaves it as it was.
    pub fn help(mut self, help: impl Into<Option<String>>) -> Diagnostic {
        self.help = help.into().or(self.help);
        self
    }

    /// The same diagnostic with its span replaced by `place(span)`: from an inner text to the file around it.
    pub(crate) fn moved(mut self, place: impl FnOnce(Range<usize>) -> Range<usize>) -> Diagnostic {
        self.span = place(self.span);
        self
    }
}

/// Renders all diagnostics of a source in order of position, without colour.
///
/// The text is stable: it depends on the arguments alone, not on the terminal or the environment.
pub fn render(source: &Source, diagnostics: &[Diagnostic]) -> String {
    render_with(&Renderer::plain(), source, diagnostics)
}

/// Like [`render`], with ANSI colours.
pub fn render_colored(source: &Source, diagnostics: &[Diagnostic]) -> String {
    render_with(&Renderer::styled(), source, diagnostics)
}

fn render_with(renderer: &Renderer, source: &Source, diagnostics: &[Diagnostic]) -> String {
    let renderer = renderer.clone().decor_style(DecorStyle::Ascii);
    let mut sorted: Vec<&Diagnostic> = diagnostics.iter().collect();
    sorted.sort_by_key(|diagnostic| (diagnostic.span.start, diagnostic.span.end));
    let mut text = String::new();
    for diagnostic in sorted {
        let mut annotation = AnnotationKind::Primary.span(clamp(&source.text, &diagnostic.span));
        if !diagnostic.label.is_empty() {
            annotation = annotation.label(diagnostic.label.as_str());
        }
        let snippet = Snippet::source(source.text.as_str()).path(source.name.as_str()).annotation(annotation);
        let mut group = Level::ERROR.primary_title(diagnostic.message.as_str()).element(snippet);
        if let Some(help) = &diagnostic.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&renderer.render(&[group]));
        text.push('\n');
    }
    text
}

/// The nearest span that lies within `text` and on character boundaries.
fn clamp(text: &str, span: &Range<usize>) -> Range<usize> {
    let mut start = span.start.min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let mut end = span.end.clamp(start, text.len());
    while !text.is_char_boundary(end) {
        end += 1;
    }
    start..end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_no_text_is_told_where() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.toml");
        std::fs::write(&path, b"seed = 1\nname = \"caf\xe9\"\n").expect("written");
        let error = Source::open(&path).expect_err("Latin-1");
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        assert_eq!(error.to_string(), "byte 21 on line 2 is no UTF-8: save the file in that encoding");
    }

    #[test]
    fn shows_position_source_line_caret_and_help() {
        let source = Source::new("a.toml", "seed = 1\nnmae = \"x\"\n");
        let diagnostic = Diagnostic::new("unknown key `nmae`", 9..13)
            .label("not a key")
            .help("did you mean `name`?".to_owned());
        insta::assert_snapshot!(render(&source, &[diagnostic]), @r#"
        error: unknown key `nmae`
         --> a.toml:2:1
          |
        2 | nmae = "x"
          | ^^^^ not a key
          |
          = help: did you mean `name`?
        "#);
    }

    #[test]
    fn sorts_by_position() {
        let source = Source::new("a.toml", "one\ntwo\n");
        let text = render(&source, &[Diagnostic::new("second", 4..7), Diagnostic::new("first", 0..3)]);
        assert!(text.find("first") < text.find("second"), "{text}");
    }

    #[test]
    fn any_span_of_any_text_can_be_shown() {
        for text in ["", "\n", "a", "\tx = \"é\"\r\n\r\ny", "\u{feff}a\u{1f600}", "\r", "a\0b\u{1b}[31m"] {
            let source = Source::new("x", text);
            for start in 0..text.len() + 3 {
                for end in 0..text.len() + 3 {
                    render(&source, &[Diagnostic { label: "l".into(), ..Diagnostic::new("m", start..end) }]);
                }
            }
        }
    }
}
