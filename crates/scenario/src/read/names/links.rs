//! Links and balancers by name, their members, and the names of their faults.

use std::collections::BTreeSet;

use squall_faults::Carrier;

use super::{Names, free};
use crate::document::{Item, suggest};

/// The names of a link's faults, and of a balancer's members.
#[derive(Debug)]
pub(super) struct LinkFaults {
    pub(super) carrier: Carrier,
    /// The names of a balancer's members.
    pub(super) members: Option<Vec<String>>,
    /// In force, at the step being read, each with its kind.
    pub(super) live: Vec<(String, Option<&'static str>)>,
    /// In force at some time. A name is never given twice on a link: the report counts under it.
    pub(super) all: BTreeSet<String>,
    /// A fault could not be read, so a name that seems unknown may be its.
    pub(super) unread: bool,
}

impl LinkFaults {
    pub(super) fn new(carrier: Carrier, members: Option<Vec<String>>) -> LinkFaults {
        LinkFaults { carrier, members, live: Vec::new(), all: BTreeSet::new(), unread: false }
    }

    /// The word before its name in paths.
    pub(super) fn group(&self) -> &'static str {
        if self.members.is_some() { "balance" } else { "link" }
    }
}

/// What a link calls a fault, which may be for one member.
pub(in crate::read) fn qualified(member: Option<&str>, name: &str) -> String {
    member.map_or_else(|| name.to_owned(), |member| format!("{member}.{name}"))
}

impl Names {
    /// Adds the balancers. Their members are known when they have been read.
    pub(in crate::read) fn with_balancers(mut self, names: impl Iterator<Item = String>) -> Names {
        for name in names {
            self.links.entry(name).or_insert_with(|| LinkFaults::new(Carrier::Stream, Some(Vec::new())));
        }
        self
    }

    /// Notes the members of a balancer.
    pub(in crate::read) fn set_members(&mut self, balancer: &str, members: Vec<String>) {
        if let Some(known) = self.links.get_mut(balancer).and_then(|link| link.members.as_mut()) {
            *known = members;
        }
    }

    /// The path of another link or balancer that is named much like `name`.
    pub(in crate::read) fn nearest_link(&self, name: &str) -> Option<String> {
        let others = self.links.keys().map(String::as_str).filter(|other| *other != name);
        let near = squall_faults::nearest(name, others)?;
        Some(format!("{}.{near}", self.links.get(near)?.group()))
    }

    /// Whether there is a balancer of that name.
    pub(in crate::read) fn is_balancer(&self, name: &str) -> bool {
        self.links.get(name).is_some_and(|link| link.members.is_some())
    }

    /// Demands that a balancer of that name exists.
    pub(in crate::read) fn balancer(&self, item: &Item<'_>) -> Option<String> {
        let text = item.text("the name of a balancer, such as \"pool\"")?;
        let name = text.value();
        if self.is_balancer(name) {
            return Some(name.to_owned());
        }
        let bare = name.strip_prefix("balance.").filter(|bare| self.is_balancer(bare));
        let balancers = self.links.keys().map(String::as_str).filter(|name| self.is_balancer(name));
        let help = match bare {
            Some(bare) => Some(format!("balancers are named without `balance.` here: \"{bare}\"")),
            None => suggest(name, balancers),
        };
        item.refuse(format!("there is no balancer `{name}`"), help);
        None
    }

    /// Demands that the link is a balancer that has such a member.
    pub(in crate::read) fn member(&self, link: &str, item: &Item<'_>) -> Option<String> {
        let text = item.text("the name of a member, such as \"a\"")?;
        let name = text.value();
        match self.links.get(link).map(|link| link.members.as_deref()) {
            Some(Some(members)) if members.iter().any(|member| member == name) => {
                return Some(name.to_owned());
            }
            Some(Some(members)) => {
                let all = (!members.is_empty()).then(|| format!("members are {}", members.join(", ")));
                item.refuse(format!("balancer `{link}` has no member `{name}`"), all);
            }
            Some(None) => {
                let help = "only balancers have members: leave it out".to_owned();
                item.refuse(format!("link `{link}` has no members"), help);
            }
            // That there is no such link has been said.
            None => {}
        }
        None
    }

    /// Demands that a link, or a balancer, of that name exists.
    pub(in crate::read) fn link(&self, item: &Item<'_>) -> Option<String> {
        let text = item.text("the name of a link, such as \"api\"")?;
        let name = text.value();
        if self.links.contains_key(name) {
            return Some(name.to_owned());
        }
        let bare = name
            .split_once('.')
            .filter(|(group, bare)| self.links.get(*bare).is_some_and(|link| link.group() == *group));
        let help = match bare {
            Some((group, bare)) => Some(format!("links are named without `{group}.` here: \"{bare}\"")),
            None => suggest(name, self.links.keys().map(String::as_str)),
        };
        item.refuse(format!("there is no link `{name}`"), help);
        None
    }

    /// The names of all links, in alphabetical order.
    pub(in crate::read) fn all_links(&self) -> Vec<String> {
        self.links.keys().cloned().collect()
    }

    /// The name under which a fault joins a link: the one given, or the first of `latency`, `latency_2`, ... that is free.
    /// `kind` is nothing where it could not be read; with a `member` the name begins with that and a dot.
    pub(in crate::read) fn add_fault(
        &mut self,
        link: &str,
        member: Option<&str>,
        given: Option<(&str, &Item<'_>)>,
        kind: Option<&'static str>,
    ) -> String {
        let Some(faults) = self.links.get_mut(link) else { return String::new() };
        let name = match given {
            Some((name, item)) => {
                let name = qualified(member, name);
                if faults.all.contains(&name) {
                    let help = "the report counts a fault under its name: give each its own".to_owned();
                    item.refuse(format!("link `{link}` has a fault named `{name}` already"), help);
                }
                name
            }
            None => free(&qualified(member, kind.unwrap_or_default()), |name| faults.all.contains(name)),
        };
        if faults.all.insert(name.clone()) {
            faults.live.push((name.clone(), kind));
        }
        name
    }

    /// A fault of the link has a mistake that leaves its name unknown.
    pub(in crate::read) fn add_unread_fault(&mut self, link: &str) {
        if let Some(faults) = self.links.get_mut(link) {
            faults.unread = true;
        }
    }

    /// Whether a fault of the link went unread, so that its names are not all known.
    pub(in crate::read) fn has_unread_fault(&self, link: &str) -> bool {
        self.links.get(link).is_some_and(|faults| faults.unread)
    }

    /// Takes a fault out of force, and demands that it is in force.
    pub(in crate::read) fn clear_fault(&mut self, link: &str, name: &str, item: &Item<'_>) {
        let in_force =
            self.fault_in_force(link, name, item, "a fault is cleared after the step that injects it");
        if let (Some(_), Some(faults)) = (in_force, self.links.get_mut(link)) {
            faults.live.retain(|live| live.0 != name);
        }
    }

    /// Takes every fault of the link out of force; their names.
    pub(in crate::read) fn heal(&mut self, link: &str) -> Vec<String> {
        let Some(faults) = self.links.get_mut(link) else { return Vec::new() };
        std::mem::take(&mut faults.live).into_iter().map(|live| live.0).collect()
    }

    /// Demands that a fault is in force that is to be changed; its kind, where that is known.
    pub(in crate::read) fn update_fault(
        &self,
        link: &str,
        name: &str,
        item: &Item<'_>,
    ) -> Option<&'static str> {
        self.fault_in_force(link, name, item, "a fault is changed after the step that injects it")?
    }

    /// Demands that a fault is in force; `help` is for the case that no name resembles it.
    fn fault_in_force(
        &self,
        link: &str,
        name: &str,
        item: &Item<'_>,
        help: &str,
    ) -> Option<Option<&'static str>> {
        let faults = self.links.get(link)?;
        if let Some(live) = faults.live.iter().find(|live| live.0 == name) {
            return Some(live.1);
        }
        if faults.all.contains(name) {
            item.refuse(format!("`{name}` is cleared from link `{link}` already"), None);
        } else if !faults.unread {
            let near = suggest(name, faults.live.iter().map(|live| live.0.as_str()));
            item.refuse(
                format!("link `{link}` has no fault named `{name}` at this point"),
                near.or_else(|| Some(help.to_owned())),
            );
        }
        None
    }
}
