//! `heal`: every fault off, of all links or of those that are named.

use super::action::links;
use super::names::Names;
use crate::document::Item;
use crate::format;
use crate::model::OnLink;

/// Every fault that is in force at this point of the file.
pub(super) fn read(item: &Item<'_>, names: &mut Names) -> Vec<OnLink<String>> {
    if !item.is_table() {
        let help = "write `heal = {}` for all links, or `heal = { link = \"api\" }`".to_owned();
        item.refuse("`heal` takes a table", help);
        return Vec::new();
    }
    let Some(table) = item.table("heal") else { return Vec::new() };
    let named = table.get("link");
    // With a key that is not understood, what is meant is not known.
    let understood = table.others().is_empty();
    table.close_as(&format::HEAL);
    let mut healed = Vec::new();
    if !understood {
        return healed;
    }
    match &named {
        Some(item) => {
            for link in links(Some(item), names) {
                let off = names.heal(&link);
                if off.is_empty() && !names.has_unread_fault(&link) {
                    let help = "leave the step out, or put it behind the one that injects".to_owned();
                    item.refuse(format!("link `{link}` has no fault at this point"), help);
                }
                healed.extend(off.into_iter().map(|what| OnLink { link: link.clone(), what }));
            }
        }
        None => {
            let all = names.all_links();
            for link in &all {
                healed.extend(names.heal(link).into_iter().map(|what| OnLink { link: link.clone(), what }));
            }
            if healed.is_empty() && !all.iter().any(|link| names.has_unread_fault(link)) {
                let help = "leave the step out, or put it behind the one that injects".to_owned();
                item.refuse("no link has a fault at this point", help);
            }
        }
    }
    healed
}
