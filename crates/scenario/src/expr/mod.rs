//! The language of `that = "..."`: report paths, numbers with units, arithmetic, comparisons, logic.

mod ast;
mod check;
mod dimension;
mod eval;
mod lexer;
mod lookup;
mod number;
mod parser;
#[cfg(test)]
mod tests;
mod units;

use std::fmt;
use std::ops::Range;

use serde_json::Value;

pub use dimension::{Dimension, Kind};
pub use number::Number;
pub use units::{Quantity, humanize};

use crate::diagnostic::Diagnostic;
use ast::Node;

/// A parsed expression. Spans of its diagnostics are byte offsets into [`Expr::text`].
#[derive(Debug, Clone)]
pub struct Expr {
    text: String,
    root: Node,
}

/// The answer to an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Whether it is true.
    pub holds: bool,
    /// The value left of the comparison with its unit, such as `812ms`; of several comparisons, each with its path.
    pub actual: String,
    /// The value right of the comparison with its unit, where there is one comparison and its right side names a value.
    pub limit: Option<String>,
}

/// A report path as it stands in an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathUse<'a> {
    /// The path, without `counts.` or `timing.` and without a unit suffix.
    pub path: &'a str,
    /// Where it stands in the text.
    pub span: Range<usize>,
    /// Whether it is part of one side of `==` or `!=`, where only exact values make sense.
    pub compared_exactly: bool,
}

impl Expr {
    /// Parses an expression.
    ///
    /// # Errors
    ///
    /// The first place where the text stops being an expression.
    pub fn parse(text: &str) -> Result<Expr, Diagnostic> {
        Ok(Expr { text: text.to_owned(), root: parser::parse(text)? })
    }

    /// Parses the bounds of one path, such as `>= 100ms` or `>= 100ms and <= 2s`. Its text is the band alone.
    ///
    /// # Errors
    ///
    /// The first place where the text stops being a band.
    pub fn parse_band(path: &str, band: &str) -> Result<Expr, Diagnostic> {
        Ok(Expr { text: band.to_owned(), root: parser::parse_band(path, band)? })
    }

    /// The expression as written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Every path in the expression, in order, repeated where it is repeated.
    pub fn paths(&self) -> Vec<PathUse<'_>> {
        let mut paths = Vec::new();
        let mut exactly: Vec<Range<usize>> = Vec::new();
        self.root.walk(&mut |node| match node {
            Node::Compare { op, .. } if op.needs_exact() => exactly.push(node.span()),
            Node::Path { path, span } => {
                let within = |side: &Range<usize>| side.start <= span.start && span.end <= side.end;
                paths.push(PathUse {
                    path,
                    span: span.clone(),
                    compared_exactly: exactly.iter().any(within),
                });
            }
            _ => {}
        });
        paths
    }

    /// Every mismatch of operands, given what each path yields; a path that yields nothing is left to the caller.
    pub fn check(&self, kind_of: &dyn Fn(&str) -> Option<Kind>) -> Vec<Diagnostic> {
        let mut errors = Vec::new();
        check::truth(&self.root, kind_of, &mut errors);
        errors
    }

    /// Evaluates the expression over a report with the objects `counts` and `timing`.
    ///
    /// ```
    /// use serde_json::json;
    /// use squall_scenario::expr::Expr;
    ///
    /// let report = json!({ "counts": {}, "timing": { "load": { "upload": { "latency": { "max_ns": 812_000_000 } } } } });
    /// let outcome = Expr::parse("load.upload.latency.max >= 700ms")?.evaluate(&report)?;
    /// assert!(outcome.holds);
    /// assert_eq!(outcome.actual, "812ms");
    /// # Ok::<(), squall_scenario::diagnostic::Diagnostic>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A path the report does not have or has no number for, operands that do not fit, a division by zero.
    pub fn evaluate(&self, report: &Value) -> Result<Outcome, Diagnostic> {
        eval::outcome(&self.root, report)
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
