//! A fault: one key that names it, with its parameters, and beside it name, direction and scope.

use squall_faults::{
    FaultSpec, Gate, Kind, Scope, Shape, UpstreamHang, UpstreamRefuse, find_kind, kind_names, nearest,
};

use super::names::{Named, Names, qualified};
use super::{nearest as nearest_fit, spec};
use crate::document::{Item, Table, suggest};
use crate::model::OnLink;

/// Reads the fault that `table` describes, for each of `links`. Keys that the caller asked the table for are left alone.
pub(super) fn read(table: Table<'_>, links: &[&str], names: &mut Names) -> Vec<OnLink<FaultSpec>> {
    let name_item = table.get("name");
    let name = name_item.as_ref().and_then(|item| Some((item.name()?, item)));
    let fault = Described::read(&table, names);
    let kind = fault.kind();
    // A name is taken even where the rest has a mistake: steps and expectations may refer to it.
    let mut faults = Vec::new();
    for link in links {
        let member = fault.member_of(link, names);
        let (Ok(member), false) = (member, name.is_none() && kind.is_none()) else {
            names.add_unread_fault(link);
            continue;
        };
        let resolved = names.add_fault(link, member.as_deref(), name, kind);
        match fault.on(link, names) {
            Some(spec) => {
                faults.push(OnLink { link: (*link).to_owned(), what: spec.clone().named(&resolved) })
            }
            None => names.add_unread_fault(link),
        }
    }
    faults
}

/// Reads what the fault called `name` is to become on each of `links`, where it is in force.
pub(super) fn read_change(
    table: Table<'_>,
    name: Option<&Item<'_>>,
    links: &[&str],
    names: &Names,
) -> Vec<OnLink<FaultSpec>> {
    let name = name.and_then(|item| Some((item.name()?, item)));
    let fault = Described::read(&table, names);
    let mut changes = Vec::new();
    for link in links {
        let Some((name, item)) = name else { break };
        let Ok(member) = fault.member_of(link, names) else { continue };
        let name = &qualified(member.as_deref(), name);
        let is = names.update_fault(link, name, item);
        match (is, fault.kind(), &fault.key) {
            (Some(is), Some(wanted), Some(key)) if is != wanted => {
                let help = "clear it and inject the other, or change its parameters".to_owned();
                key.refuse_key(
                    format!("`{name}` on link `{link}` is `{is}` and cannot become `{wanted}`"),
                    help,
                );
            }
            _ => {
                if let Some(spec) = fault.on(link, names) {
                    changes.push(OnLink { link: (*link).to_owned(), what: spec.clone().named(name) });
                }
            }
        }
    }
    changes
}

/// A fault as a table describes it.
struct Described<'d> {
    /// The key that names it.
    key: Option<Item<'d>>,
    /// The member that it is for.
    member: Option<Item<'d>>,
    /// Nothing where any part of it has a mistake.
    spec: Option<FaultSpec>,
}

impl<'d> Described<'d> {
    fn read(table: &Table<'d>, names: &Names) -> Described<'d> {
        let member = table.get("member");
        let direction = table.get("direction");
        let scope: Vec<Item<'_>> = Scope::keys().filter_map(|key| table.get(key)).collect();
        let key = fault_key(table);
        let spec = key.as_ref().and_then(|key| spec::read(key, direction.as_ref(), &scope, names));
        Described { key, member, spec }
    }

    fn kind(&self) -> Option<&'static str> {
        self.key.as_ref().and_then(|key| find_kind(key.key())).map(|kind: &Kind| kind.name)
    }

    /// The member of the link that it is for, if it is for one.
    ///
    /// # Errors
    /// Where there is no such member, which is noted.
    fn member_of(&self, link: &str, names: &Names) -> Result<Option<String>, ()> {
        let member = self.member.as_ref().map(|item| names.member(link, item).ok_or(()));
        member.transpose()
    }

    /// The spec, where it makes sense on that link.
    fn on(&self, link: &str, names: &Names) -> Option<&FaultSpec> {
        let (spec, key) = (self.spec.as_ref()?, self.key.as_ref()?);
        let kind = spec.kind();
        if self.member.is_some()
            && kind.is_gate()
            && ![UpstreamRefuse::NAME, UpstreamHang::NAME].contains(&kind.name)
        {
            let help = "leave out `member`, or use `upstream_refuse` or `upstream_hang`".to_owned();
            key.refuse_key(
                format!("`{}` acts before a member is picked, so it cannot be for one", kind.name),
                help,
            );
            return None;
        }
        let Err(message) = spec.fits(names.carrier(Named::Link(link))) else { return Some(spec) };
        let (reason, instead) = nearest_fit::split(&message);
        key.refuse_key(reason, instead);
        None
    }
}

/// The one key that names a fault. The others that nobody knows are noted.
fn fault_key<'d>(table: &Table<'d>) -> Option<Item<'d>> {
    let (faults, unknown): (Vec<_>, Vec<_>) =
        table.others().into_iter().partition(|item| find_kind(item.key()).is_some());
    if let ([], [only]) = (faults.as_slice(), unknown.as_slice()) {
        let error = format!("unknown fault `{}`", only.key().escape_debug());
        let near = nearest(only.key(), kind_names().chain(Scope::keys()))
            .map(|near| format!("did you mean `{near}`?"));
        only.refuse_key(error, near.or_else(|| Some("`squall faults` lists them".to_owned())));
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
