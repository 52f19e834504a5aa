//! The tree of an expression; spans are byte offsets into its text.

use std::ops::Range;

use super::number::Number;
use super::units::Quantity;

/// `+ - * /`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arithmetic {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
}

impl Arithmetic {
    /// The result, or nothing for a division by zero.
    pub(super) fn apply(self, left: Number, right: Number) -> Option<Number> {
        match self {
            Arithmetic::Add => Some(left.add(right)),
            Arithmetic::Sub => Some(left.sub(right)),
            Arithmetic::Mul => Some(left.mul(right)),
            Arithmetic::Div => left.div(right),
        }
    }

    /// What the operator does to its operands, for messages.
    pub(super) fn verb(self) -> &'static str {
        match self {
            Arithmetic::Add => "add",
            Arithmetic::Sub => "subtract",
            Arithmetic::Mul => "multiply",
            Arithmetic::Div => "divide",
        }
    }
}

/// `== != < <= > >=`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    /// `==`
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
}

impl Comparison {
    /// The operator as written.
    pub(super) fn symbol(self) -> &'static str {
        match self {
            Comparison::Eq => "==",
            Comparison::Ne => "!=",
            Comparison::Lt => "<",
            Comparison::Le => "<=",
            Comparison::Gt => ">",
            Comparison::Ge => ">=",
        }
    }

    /// Whether a value one beside the expected one changes the answer, so that only exact values may stand there.
    pub(super) fn needs_exact(self) -> bool {
        matches!(self, Comparison::Eq | Comparison::Ne)
    }
}

/// One node of the tree.
#[derive(Debug, Clone)]
pub(super) enum Node {
    Literal { value: Quantity, span: Range<usize> },
    Path { path: String, span: Range<usize> },
    Negate { inner: Box<Node>, start: usize },
    Arithmetic { op: Arithmetic, left: Box<Node>, right: Box<Node> },
    Compare { op: Comparison, left: Box<Node>, right: Box<Node> },
    Not { inner: Box<Node>, start: usize },
    And { left: Box<Node>, right: Box<Node> },
    Or { left: Box<Node>, right: Box<Node> },
}

impl Node {
    /// From the first to the last character, parentheses around it left out.
    pub(super) fn span(&self) -> Range<usize> {
        match self {
            Node::Literal { span, .. } | Node::Path { span, .. } => span.clone(),
            Node::Negate { inner, start } | Node::Not { inner, start } => *start..inner.span().end,
            Node::Arithmetic { left, right, .. }
            | Node::Compare { left, right, .. }
            | Node::And { left, right }
            | Node::Or { left, right } => left.span().start..right.span().end,
        }
    }

    /// Calls `visit` for this node and everything below it, left to right.
    pub(super) fn walk<'a>(&'a self, visit: &mut dyn FnMut(&'a Node)) {
        visit(self);
        match self {
            Node::Literal { .. } | Node::Path { .. } => {}
            Node::Negate { inner, .. } | Node::Not { inner, .. } => inner.walk(visit),
            Node::Arithmetic { left, right, .. }
            | Node::Compare { left, right, .. }
            | Node::And { left, right }
            | Node::Or { left, right } => {
                left.walk(visit);
                right.walk(visit);
            }
        }
    }
}
