//! A fault's parameters, direction and scope, put together from the keys that say them.

use squall_faults::{FaultSpec, Part, Scope, SpecBuilder};

use super::names::Names;
use super::nearest;
use crate::document::{Item, Table};

/// The spec, or nothing where any part of it has a mistake; every mistake is noted.
pub(super) fn read(
    fault: &Item<'_>,
    direction: Option<&Item<'_>>,
    scope: &[Item<'_>],
    names: &Names,
) -> Option<FaultSpec> {
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
        Ok(spec) => supplied(spec, fault, names),
        Err(error) => {
            // The help shows the command line's grammar, which is not this file's.
            let (reason, instead) = nearest::split(&error.message);
            fault.refuse(reason, instead);
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

/// The spec with the file that it needs, looked for in the scenario's folder.
fn supplied(spec: FaultSpec, fault: &Item<'_>, names: &Names) -> Option<FaultSpec> {
    let Some(name) = spec.wants() else { return Some(spec) };
    let parameters = if fault.is_table() { fault.table(fault.key()) } else { None };
    let item = parameters.and_then(|table| table.get("file")).unwrap_or_else(|| fault.clone());
    let path = names.file(name);
    let contents = match std::fs::read_to_string(&path) {
        Ok(contents) => contents,
        Err(error) => {
            let message = format!("cannot read {}: {}", path.display(), squall_wire::reason(&error));
            item.refuse(message, "a relative name counts from the scenario's folder".to_owned());
            return None;
        }
    };
    match spec.supply(&contents) {
        Ok(spec) => Some(spec),
        Err(error) => {
            item.refuse(format!("{}: {}", path.display(), error.message), error.help);
            None
        }
    }
}
