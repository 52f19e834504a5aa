//! Recursive descent from words to a tree: `or`, `and`, `not`, comparison, `+ -`, `* /`, sign.

use std::ops::Range;

use super::ast::{Arithmetic, Comparison, Node};
use super::lexer::{Token, Word, tokens};
use crate::diagnostic::Diagnostic;

/// Bounds the depth of the tree, whose walks recurse.
const MAX_WORDS: usize = 500;
/// Bounds the recursion of the parser, which takes several calls for one parenthesis.
const MAX_NESTING: usize = 32;

/// Parses a whole expression.
pub(super) fn parse(text: &str) -> Result<Node, Diagnostic> {
    Parser::new(text)?.whole(Parser::or)
}

/// Parses the bounds of `path`, such as `>= 100ms and <= 2s`.
pub(super) fn parse_band(path: &str, band: &str) -> Result<Node, Diagnostic> {
    Parser::new(band)?.whole(|parser| parser.band(path))
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    nesting: usize,
    end: usize,
}

impl Parser {
    fn new(text: &str) -> Result<Parser, Diagnostic> {
        let tokens = tokens(text)?;
        if let Some(token) = tokens.get(MAX_WORDS) {
            let message = format!("the expression is longer than {MAX_WORDS} words");
            return Err(Diagnostic::new(message, token.span.clone()));
        }
        Ok(Parser { tokens, at: 0, nesting: 0, end: text.trim_end().len() })
    }

    fn whole(
        mut self,
        rule: impl FnOnce(&mut Parser) -> Result<Node, Diagnostic>,
    ) -> Result<Node, Diagnostic> {
        let node = rule(&mut self)?;
        let Some(token) = self.tokens.get(self.at) else { return Ok(node) };
        let diagnostic = Diagnostic::new("expected an operator", token.span.clone());
        Err(match token.word {
            Word::Close => Diagnostic::new("unmatched `)`", token.span.clone()),
            Word::Comparison(_) => diagnostic
                .label("comparisons do not chain")
                .help("join two comparisons with `and`".to_owned()),
            _ => diagnostic.label("nothing connects this to what stands before it"),
        })
    }

    fn or(&mut self) -> Result<Node, Diagnostic> {
        let mut left = self.and()?;
        while self.take(|word| matches!(word, Word::Or)).is_some() {
            left = Node::Or { left: Box::new(left), right: Box::new(self.and()?) };
        }
        Ok(left)
    }

    fn and(&mut self) -> Result<Node, Diagnostic> {
        let mut left = self.not()?;
        while self.take(|word| matches!(word, Word::And)).is_some() {
            left = Node::And { left: Box::new(left), right: Box::new(self.not()?) };
        }
        Ok(left)
    }

    fn not(&mut self) -> Result<Node, Diagnostic> {
        match self.take(|word| matches!(word, Word::Not)) {
            Some(span) => {
                let inner = Box::new(self.nested(&span, Parser::not)?);
                Ok(Node::Not { inner, start: span.start })
            }
            None => self.comparison(),
        }
    }

    fn comparison(&mut self) -> Result<Node, Diagnostic> {
        let left = self.sum()?;
        match self.comparison_sign() {
            Some(op) => Ok(Node::Compare { op, left: Box::new(left), right: Box::new(self.sum()?) }),
            None => Ok(left),
        }
    }

    /// Comparisons without a left side, which is `path` for each of them. The path stands outside of the text: its span is
    /// empty, at the comparison sign.
    fn band(&mut self, path: &str) -> Result<Node, Diagnostic> {
        let mut bounds: Option<Node> = None;
        loop {
            let span = self.next_span();
            let Some(op) = self.comparison_sign() else {
                return Err(Diagnostic::new("expected a comparison", span).help(
                    "a band is one comparison, such as `>= 100ms`, or several joined by `and`".to_owned(),
                ));
            };
            let left = Box::new(Node::Path { path: path.to_owned(), span: span.start..span.start });
            let bound = Node::Compare { op, left, right: Box::new(self.sum()?) };
            bounds = Some(match bounds {
                Some(left) => Node::And { left: Box::new(left), right: Box::new(bound) },
                None => bound,
            });
            match (bounds, self.take(|word| matches!(word, Word::And))) {
                (Some(bounds), None) => return Ok(bounds),
                (more, _) => bounds = more,
            }
        }
    }

    fn comparison_sign(&mut self) -> Option<Comparison> {
        match self.tokens.get(self.at)?.word {
            Word::Comparison(op) => {
                self.at += 1;
                Some(op)
            }
            _ => None,
        }
    }

    fn sum(&mut self) -> Result<Node, Diagnostic> {
        self.chain(&[Arithmetic::Add, Arithmetic::Sub], Parser::product)
    }

    fn product(&mut self) -> Result<Node, Diagnostic> {
        self.chain(&[Arithmetic::Mul, Arithmetic::Div], Parser::signed)
    }

    /// Operands of `rule` joined by any of `ops`, grouped from the left.
    fn chain(
        &mut self,
        ops: &[Arithmetic],
        rule: fn(&mut Parser) -> Result<Node, Diagnostic>,
    ) -> Result<Node, Diagnostic> {
        let mut left = rule(self)?;
        while let Some(Word::Arithmetic(op)) = self.tokens.get(self.at).map(|token| &token.word) {
            let op = *op;
            if !ops.contains(&op) {
                break;
            }
            self.at += 1;
            left = Node::Arithmetic { op, left: Box::new(left), right: Box::new(rule(self)?) };
        }
        Ok(left)
    }

    fn signed(&mut self) -> Result<Node, Diagnostic> {
        match self.take(|word| matches!(word, Word::Arithmetic(Arithmetic::Sub))) {
            Some(span) => {
                let inner = Box::new(self.nested(&span, Parser::signed)?);
                Ok(Node::Negate { inner, start: span.start })
            }
            None => self.operand(),
        }
    }

    fn operand(&mut self) -> Result<Node, Diagnostic> {
        let Some(Token { word, span }) = self.tokens.get(self.at).cloned() else {
            let message =
                if self.tokens.is_empty() { "empty expression" } else { "the expression ends too early" };
            return Err(Diagnostic::new(message, self.end..self.end).label("expected a value"));
        };
        self.at += 1;
        match word {
            Word::Number(value) => Ok(Node::Literal { value, span }),
            Word::Path(path) => Ok(Node::Path { path, span }),
            Word::Open => {
                let inner = self.nested(&span, Parser::or)?;
                match self.take(|word| matches!(word, Word::Close)) {
                    Some(_) => Ok(inner),
                    None => Err(Diagnostic::new("unclosed `(`", span).label("no `)` belongs to this")),
                }
            }
            Word::Arithmetic(_) | Word::Comparison(_) | Word::And | Word::Or | Word::Not | Word::Close => {
                Err(Diagnostic::new("expected a value", span).label("not a path or a number"))
            }
        }
    }

    /// Runs `rule` one level deeper; `opened` is what opened the level.
    fn nested(
        &mut self,
        opened: &Range<usize>,
        rule: fn(&mut Parser) -> Result<Node, Diagnostic>,
    ) -> Result<Node, Diagnostic> {
        if self.nesting == MAX_NESTING {
            return Err(Diagnostic::new(
                format!("nested more than {MAX_NESTING} levels deep"),
                opened.clone(),
            ));
        }
        self.nesting += 1;
        let node = rule(self)?;
        self.nesting -= 1;
        Ok(node)
    }

    /// Steps over the next word if `wanted`, and says where it stood.
    fn take(&mut self, wanted: impl FnOnce(&Word) -> bool) -> Option<Range<usize>> {
        let token = self.tokens.get(self.at).filter(|token| wanted(&token.word))?;
        self.at += 1;
        Some(token.span.clone())
    }

    fn next_span(&self) -> Range<usize> {
        self.tokens.get(self.at).map_or(self.end..self.end, |token| token.span.clone())
    }
}
