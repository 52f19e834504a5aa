//! Whether the operands of an expression fit together, found without a report.

use super::ast::Node;
use super::dimension::{Dimension, Kind, remedy};
use crate::diagnostic::Diagnostic;

/// What `node` yields when every path yields `kind_of(path)`; mismatches are pushed onto `errors`.
///
/// A path of unknown kind yields nothing and causes no error here: whoever knows the paths reports it.
pub(super) fn kind(
    node: &Node,
    kind_of: &dyn Fn(&str) -> Option<Kind>,
    errors: &mut Vec<Diagnostic>,
) -> Option<Kind> {
    match node {
        Node::Literal { value, .. } => Some(value.dimension.into()),
        Node::Path { path, .. } => kind_of(path),
        Node::Negate { inner, .. } => Some(number(inner, kind_of, errors)?.into()),
        Node::Arithmetic { op, left, right } => {
            let (l, r) = both(number(left, kind_of, errors), number(right, kind_of, errors))?;
            match l.combine(*op, r) {
                Some((dimension, _)) => Some(dimension.into()),
                None => {
                    let message = format!("cannot {} {l} and {r}", op.verb());
                    errors.push(Diagnostic::new(message, node.span()).help(remedy((left, l), (right, r))));
                    None
                }
            }
        }
        Node::Compare { left, right, .. } => {
            let operands = both(number(left, kind_of, errors), number(right, kind_of, errors));
            if let Some((l, r)) = operands.filter(|(l, r)| l.alike(*r).is_none()) {
                let message = format!("cannot compare {l} with {r}");
                errors.push(Diagnostic::new(message, node.span()).help(remedy((left, l), (right, r))));
            }
            Some(Kind::Truth)
        }
        Node::Not { inner, .. } => {
            truth(inner, kind_of, errors);
            Some(Kind::Truth)
        }
        Node::And { left, right } | Node::Or { left, right } => {
            truth(left, kind_of, errors);
            truth(right, kind_of, errors);
            Some(Kind::Truth)
        }
    }
}

/// Demands that `node` be true or false.
pub(super) fn truth(node: &Node, kind_of: &dyn Fn(&str) -> Option<Kind>, errors: &mut Vec<Diagnostic>) {
    if let Some(Kind::Number(dimension)) = kind(node, kind_of, errors) {
        errors.push(
            Diagnostic::new("expected a comparison", node.span())
                .label(format!("this is {dimension}"))
                .help(format!("compare it, as in `... >= {}`", dimension.example())),
        );
    }
}

fn number(
    node: &Node,
    kind_of: &dyn Fn(&str) -> Option<Kind>,
    errors: &mut Vec<Diagnostic>,
) -> Option<Dimension> {
    match kind(node, kind_of, errors)? {
        Kind::Number(dimension) => Some(dimension),
        Kind::Truth => {
            errors.push(Diagnostic::new("expected a number", node.span()).label("this is true or false"));
            None
        }
    }
}

fn both<T>(left: Option<T>, right: Option<T>) -> Option<(T, T)> {
    Some((left?, right?))
}
