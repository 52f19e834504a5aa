//! Expressions in the file: `wait`, `[[expect]]` and the bands of `[snapshot]`.

use super::assert::Moment;
use super::names::Names;
use crate::certainty::Certainty;
use crate::diagnostic::Diagnostic;
use crate::document::{Errors, Item, Text};
use crate::expr::{Expr, PathUse};
use crate::format;
use crate::model::{Band, Expectation, Scenario, Snapshot};
use crate::paths::{Vocabulary, field, segments};

/// The expressions read so far. What a report holds is known only when the whole file is read, so they are checked then.
#[derive(Debug, Default)]
pub(super) struct Expressions<'d> {
    list: Vec<Placed<'d>>,
}

#[derive(Debug)]
struct Placed<'d> {
    expr: Expr,
    text: Text<'d>,
    /// The item that holds the path, where that is not the expression.
    path: Option<Item<'d>>,
    /// Whether the answer decides if the scenario passes.
    decides: bool,
    /// When it is looked at, where that is neither the end nor a moment that is waited for.
    moment: Option<Moment>,
}

impl<'d> Expressions<'d> {
    /// Reads the expression of a `wait`: a moment is waited for, so any value may be looked at.
    pub(super) fn wait(&mut self, item: &Item<'d>) -> Option<Expr> {
        self.read(item, false, None)
    }

    /// Reads what must hold at a moment.
    pub(super) fn assertion(&mut self, item: &Item<'d>, moment: Moment) -> Option<Expr> {
        self.read(item, true, Some(moment))
    }

    fn read(&mut self, item: &Item<'d>, decides: bool, moment: Option<Moment>) -> Option<Expr> {
        let text = item.text("an expression such as \"link.api.bytes.up >= 16KiB\"")?;
        let expr = parsed(Expr::parse(text.value()), item, &text)?;
        self.list.push(Placed { expr: expr.clone(), text, path: None, decides, moment });
        Some(expr)
    }

    /// Notes every path that the report of `scenario` will not have, operands that do not fit, and demands for an exact value
    /// where there is none.
    pub(super) fn check(&self, scenario: &Scenario, names: &Names, errors: &Errors) {
        let vocabulary = Vocabulary::of(scenario);
        let certainty = Certainty::of(scenario);
        for placed in &self.list {
            let place = |span| placed.text.place(span);
            let mut named = Vec::new();
            for used in placed.expr.paths() {
                // A band repeats its path for each of its bounds; one mistake in it is one mistake.
                let first = placed.path.is_none() || !named.contains(&used.path);
                named.push(used.path);
                let early = placed.moment.as_ref().and_then(|moment| moment.refuses(scenario, &used));
                let found = match known(&vocabulary, names, used.path) {
                    false => first.then(|| unknown(&vocabulary, &used)),
                    true if early.is_some() => early,
                    true if placed.decides && used.compared_exactly => inexact(&certainty, &used),
                    true => None,
                };
                if let Some(diagnostic) = found {
                    let at_key = placed.path.as_ref().map(Item::key_span);
                    errors.push(diagnostic.moved(|span| at_key.unwrap_or_else(|| place(span))));
                }
            }
            for diagnostic in placed.expr.check(&|path| Some(field(path)?.kind)) {
                errors.push(diagnostic.moved(place));
            }
        }
    }
}

/// Reads one `[[expect]]`.
pub(super) fn expectation<'d>(item: &Item<'d>, expressions: &mut Expressions<'d>) -> Option<Expectation> {
    let table = item.table("[[expect]]")?;
    let that = table.require("that", "that = \"load.upload.failed == 0\"");
    table.close_as(&format::EXPECT);
    let that = that?;
    Some(Expectation { that: expressions.read(&that, true, None)?, at: that.span() })
}

/// Reads `[snapshot]`: bands by path.
pub(super) fn snapshot<'d>(item: &Item<'d>, expressions: &mut Expressions<'d>) -> Option<Snapshot> {
    let bands = item.table("[snapshot]")?.into_items();
    Some(Snapshot { bands: bands.iter().filter_map(|item| band(item, expressions)).collect() })
}

fn band<'d>(item: &Item<'d>, expressions: &mut Expressions<'d>) -> Option<Band> {
    if item.is_table() {
        let help = "write the path in quotes: \"load.upload.latency.min\" = \">= 100ms\"".to_owned();
        item.refuse_key(format!("`{}` is not a path", item.key()), help);
        return None;
    }
    let text = item.text("a band such as \">= 100ms\"")?;
    let within = parsed(Expr::parse_band(item.key(), text.value()), item, &text)?;
    let band = Band { path: item.key().to_owned(), within: within.clone(), at: item.span() };
    expressions.list.push(Placed {
        expr: within,
        text,
        path: Some(item.clone()),
        decides: true,
        moment: None,
    });
    Some(band)
}

fn parsed<'d>(result: Result<Expr, Diagnostic>, item: &Item<'d>, text: &Text<'d>) -> Option<Expr> {
    result.map_err(|diagnostic| item.note(diagnostic.moved(|span| text.place(span)))).ok()
}

/// Whether the report will have `path`, or may have it once the fault that could not be read is mended.
fn known(vocabulary: &Vocabulary, names: &Names, path: &str) -> bool {
    let keys = segments(path);
    let unread = matches!(keys.as_slice(), [group, link, faults, ..]
        if group == "link" && faults == "faults" && names.has_unread_fault(link));
    vocabulary.get(path).is_some() || (unread && field(path).is_some())
}

fn unknown(vocabulary: &Vocabulary, used: &PathUse<'_>) -> Diagnostic {
    let help = match used.path.match_indices('-').find(|(at, _)| vocabulary.get(&used.path[..*at]).is_some())
    {
        Some((at, _)) => {
            Some(format!("minus needs spaces: `{} - {}`", &used.path[..at], &used.path[at + 1..]))
        }
        None => vocabulary.nearest(used.path).map(|near| format!("did you mean `{near}`?")),
    };
    let help = help.or_else(|| {
        let (known, next) = vocabulary.fork(used.path);
        let next: Vec<_> = next.into_iter().collect();
        let next = next.join(", ");
        match (known.as_str(), next.as_str()) {
            (_, "") => None,
            ("", _) => Some(format!("paths begin with {next}")),
            _ => Some(format!("`{known}` has {next}")),
        }
    });
    Diagnostic::new(format!("the report has no `{}`", used.path), used.span.clone()).help(help)
}

fn inexact(certainty: &Certainty, used: &PathUse<'_>) -> Option<Diagnostic> {
    let reason = certainty.open(used.path)?;
    Some(
        Diagnostic::new(format!("`{}` may differ from run to run", used.path), used.span.clone())
            .label(reason)
            .help("use >= or <=, or clock = \"virtual\"".to_owned()),
    )
}
