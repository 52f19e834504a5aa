//! Evaluates an expression over a report.

use std::cmp::Ordering;

use serde_json::Value;

use super::Outcome;
use super::ast::{Comparison, Node};
use super::lookup::{Measured, find};
use super::units::{Quantity, humanize};
use crate::diagnostic::Diagnostic;

/// Evaluates `root`, whose spans refer to `text`.
///
/// Both sides of `and` and `or` are always evaluated: a value that is missing must never hide behind the other side.
pub(super) fn outcome(root: &Node, report: &Value) -> Result<Outcome, Diagnostic> {
    let mut evaluation = Evaluation { report, compared: Vec::new(), limits: Vec::new() };
    let holds = evaluation.truth(root)?;
    let limit = match (evaluation.compared.len(), evaluation.limits.pop()) {
        (1, limit) => limit.flatten(),
        _ => None,
    };
    let actual = match evaluation.compared.as_slice() {
        [] => holds.to_string(),
        [(_, value)] => value.clone(),
        several => {
            several.iter().map(|(name, value)| format!("{name} = {value}")).collect::<Vec<_>>().join(", ")
        }
    };
    Ok(Outcome { holds, actual, limit })
}

struct Evaluation<'a> {
    report: &'a Value,
    /// The left sides of the comparisons made so far: what they are called, and their values.
    compared: Vec<(String, String)>,
    /// Their right sides, where those name values.
    limits: Vec<Option<String>>,
}

impl Evaluation<'_> {
    fn truth(&mut self, node: &Node) -> Result<bool, Diagnostic> {
        match self.value(node)? {
            Measured::Truth(truth) => Ok(truth),
            Measured::Number(_) => Err(Diagnostic::new("expected a comparison, found a number", node.span())),
        }
    }

    fn number(&mut self, node: &Node) -> Result<Quantity, Diagnostic> {
        match self.value(node)? {
            Measured::Number(quantity) => Ok(quantity),
            Measured::Truth(_) => Err(Diagnostic::new("expected a number, found true or false", node.span())),
        }
    }

    fn value(&mut self, node: &Node) -> Result<Measured, Diagnostic> {
        match node {
            Node::Literal { value, .. } => Ok(Measured::Number(*value)),
            Node::Path { path, span } => find(self.report, path)
                .map_err(|(message, help)| Diagnostic::new(message, span.clone()).help(help)),
            Node::Negate { inner, .. } => {
                let Quantity { number, dimension } = self.number(inner)?;
                Ok(Measured::Number(Quantity::new(number.neg(), dimension)))
            }
            Node::Arithmetic { op, left, right } => {
                let (l, r) = (self.number(left)?, self.number(right)?);
                let Some((dimension, scale)) = l.dimension.combine(*op, r.dimension) else {
                    let message = format!("cannot {} {} and {}", op.verb(), l.dimension, r.dimension);
                    return Err(Diagnostic::new(message, node.span()));
                };
                match op.apply(l.number, r.number) {
                    Some(number) => Ok(Measured::Number(Quantity::new(number.mul(scale), dimension))),
                    None => Err(Diagnostic::new("division by zero", right.span())),
                }
            }
            Node::Compare { op, left, right } => {
                let (l, r) = (self.number(left)?, self.number(right)?);
                if l.dimension.alike(r.dimension).is_none() {
                    let message = format!("cannot compare {} with {}", l.dimension, r.dimension);
                    return Err(Diagnostic::new(message, node.span()));
                }
                let name = match left.as_ref() {
                    Node::Path { path, .. } => path.clone(),
                    _ => format!("left of `{}`", op.symbol()),
                };
                self.compared.push((name, humanize(l)));
                let mut names_value = false;
                right.walk(&mut |node| names_value |= matches!(node, Node::Path { .. }));
                self.limits.push(names_value.then(|| humanize(r)));
                match l.number.order(r.number) {
                    Some(order) => Ok(Measured::Truth(op.holds(order))),
                    None => Err(Diagnostic::new("a value is not a number", node.span())),
                }
            }
            Node::Not { inner, .. } => Ok(Measured::Truth(!self.truth(inner)?)),
            Node::And { left, right } => {
                let (l, r) = (self.truth(left)?, self.truth(right)?);
                Ok(Measured::Truth(l && r))
            }
            Node::Or { left, right } => {
                let (l, r) = (self.truth(left)?, self.truth(right)?);
                Ok(Measured::Truth(l || r))
            }
        }
    }
}

impl Comparison {
    fn holds(self, order: Ordering) -> bool {
        match self {
            Comparison::Eq => order.is_eq(),
            Comparison::Ne => order.is_ne(),
            Comparison::Lt => order.is_lt(),
            Comparison::Le => order.is_le(),
            Comparison::Gt => order.is_gt(),
            Comparison::Ge => order.is_ge(),
        }
    }
}
