//! A fault: one key that names it, with its parameters, and beside it name, direction and scope.

use squall_faults::{FaultSpec, KINDS, Part, Scope, Shape, SpecBuilder, find_kind, kind_names, nearest};

use super::names::Names;
use crate::document::{Item, Table, suggest};
use crate::model::OnLink;

/// Reads the fault that `table` describes, for each of `links`. Keys that the caller asked the table for are left alone.
pub(super) fn read(table: Table<'_>, links: &[&str], names: &mut Names) -> Vec<OnLink<FaultSpec>> {
    let name_item = table.get("name");
    let name = name_item.as_ref().and_then(|item| Some((item.name()?, item)));
    let direction = table.get("direction");
    let scope: Vec<Item<'_>> = Scope::keys().filter_map(|key| table.get(key)).collect();
    let (kind, spec) = match fault_key(&table) {
        Some(item) => (find_kind(item.key()).map(|kind| kind.name), spec(&item, direction.as_ref(), &scope)),
        None => (None, None),
    };
    // A name is taken even where the rest has a mistake: steps and expectations may refer to it.
    let mut faults = Vec::new();
    for link in links {
        match name.map(|(name, _)| name).or(kind) {
            Some(base) => {
                let resolved = names.add_fault(link, name, base);
                match &spec {
                    Some(spec) => {
                        let what = spec.clone().named(&resolved);
                        faults.push(OnLink { link: (*link).to_owned(), what });
                    }
                    None => names.add_unread_fault(link),
                }
            }
            None => names.add_unread_fault(link),
        }
    }
    faults
}

/// The one key that names a fault. The others that nobody knows are noted.
fn fault_key<'d>(table: &Table<'d>) -> Option<Item<'d>> {
    let (faults, unknown): (Vec<_>, Vec<_>) =
        table.others().into_iter().partition(|item| find_kind(item.key()).is_some());
    if let ([], [only]) = (faults.as_slice(), unknown.as_slice()) {
        let error = format!("unknown fault `{}`", only.key().escape_debug());
        let near = nearest(only.key(), kind_names().chain(Scope::keys()))
            .map(|near| format!("did you mean `{near}`?"));
        only.refuse_key(error, near.or_else(|| suggest(only.key(), KINDS.iter().map(|kind| kind.name))));
        return None;
    }
    for item in &unknown {
        // Beside a fault, an unknown key is most likely a parameter that belongs into the fault's own table.
        match faults.first().and_then(|fault| Some((fault, find_kind(fault.key())?))) {
            Some((fault, kind)) if kind.params.iter().any(|param| param.name == item.key()) => {
                let main = kind.main.filter(|_| !fault.is_table());
                let main = main.map_or(String::new(), |main| format!("{main} = {}, ", fault.raw()));
                let help = format!("write `{} = {{ {main}{} = {} }}`", fault.key(), item.key(), item.raw());
                item.refuse_key(format!("`{}` is a parameter of `{}`", item.key(), kind.name), help);
            }
            None if nearest(item.key(), kind_names()).is_some() => {
                let error = format!("unknown fault `{}`", item.key().escape_debug());
                item.refuse_key(error, suggest(item.key(), kind_names()));
            }
            _ => table.unknown(item),
        }
    }
    match faults.as_slice() {
        [] => {
            if unknown.is_empty() {
                table
                    .refuse("no fault is named here", "add a fault, such as `latency = \"50ms\"`".to_owned());
            }
            None
        }
        [fault] => Some(fault.clone()),
        [first, more @ ..] => {
            for item in more {
                item.refuse_key(
                    format!("two faults in one table: `{}` and `{}`", first.key(), item.key()),
                    "each fault has its own table, so that its name, direction and scope are its own"
                        .to_owned(),
                );
            }
            Some(first.clone())
        }
    }
}

/// The spec, or nothing where any part of it has a mistake; every mistake is noted.
fn spec(fault: &Item<'_>, direction: Option<&Item<'_>>, scope: &[Item<'_>]) -> Option<FaultSpec> {
    let mut builder = match SpecBuilder::new(fault.key()) {
        Ok(builder) => builder,
        Err(error) => {
            fault.refuse_key(error.message, error.help);
            return None;
        }
    };
    let mut complete = true;
    if fault.is_table() {
        let parameters = fault.table(fault.key()).map(Table::into_items).unwrap_or_default();
        for item in &parameters {
            let main = builder.kind().main == Some(item.key());
            let scope_key = Scope::keys().any(|key| key == item.key()) || item.key() == "name";
            if scope_key && !main {
                let help = format!("write it beside `{}`, not inside", fault.key());
                item.refuse_key(format!("`{}` is not a parameter of `{}`", item.key(), fault.key()), help);
                complete = false;
            } else {
                complete &= set(&mut builder, item);
            }
        }
    } else {
        complete &= match fault.scalar("a table of parameters, or the main one") {
            Some(text) => match builder.set_main(&text) {
                Ok(()) => true,
                Err(error) => {
                    fault.refuse(error.error.message, error.error.help);
                    false
                }
            },
            None => false,
        };
    }
    for item in scope {
        complete &= set(&mut builder, item);
    }
    if let Some(item) = direction {
        let set = item.scalar("\"up\", \"down\" or \"both\"").map(|text| builder.set_directions(&text));
        if let Some(Err(error)) = &set {
            item.refuse(error.message.clone(), error.help.clone());
        }
        complete &= matches!(set, Some(Ok(())));
    }
    if !complete {
        return None;
    }
    match builder.finish() {
        Ok(spec) => Some(spec),
        Err(error) => {
            // The help shows the command line's grammar, which is not this file's.
            fault.refuse(error.message, None);
            None
        }
    }
}

fn set(builder: &mut SpecBuilder, item: &Item<'_>) -> bool {
    let Some(text) = item.scalar("a string, a number or a flag") else { return false };
    match builder.set(item.key(), &text) {
        Ok(()) => true,
        Err(error) => {
            match error.part {
                Part::Key => item.refuse_key(error.error.message, error.error.help),
                Part::Value => item.refuse(error.error.message, error.error.help),
            }
            false
        }
    }
}
