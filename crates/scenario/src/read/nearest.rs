//! The fault to use instead of one that does not fit, written as this file writes faults.

use squall_faults::{Scope, find_kind};

/// Splits what is said of a fault that does not fit from what to do about it: the last part, which begins with "the nearest".
pub(super) fn split(message: &str) -> (&str, Option<String>) {
    let Some((reason, instead)) = message.rsplit_once("; the nearest") else { return (message, None) };
    let mut help = String::from("the nearest");
    // Every other piece stands between quotes.
    for (i, piece) in instead.split('`').enumerate() {
        match i % 2 {
            0 => help.push_str(piece),
            _ => help.push_str(&format!("`{}`", in_toml(piece).unwrap_or_else(|| piece.to_owned()))),
        }
    }
    (reason, Some(help))
}

/// `reset:4KiB,side=client,times=2` as `reset = { at = "4KiB", side = "client" }, times = "2"`; nothing where it is a
/// name alone, or no fault.
fn in_toml(spec: &str) -> Option<String> {
    let (name, items) = spec.split_once(':')?;
    let kind = find_kind(name)?;
    let (mut own, mut beside) = (Vec::new(), String::new());
    for item in items.split(',').filter(|item| !item.is_empty()) {
        let (key, value) = item.split_once('=').or_else(|| Some((kind.main?, item)))?;
        if Scope::keys().any(|scope| scope == key) && kind.main != Some(key) {
            beside.push_str(&format!(", {key} = \"{value}\""));
        } else {
            own.push((key, value));
        }
    }
    let written = match own.as_slice() {
        [] => "{}".to_owned(),
        [(key, value)] if kind.main == Some(*key) => format!("\"{value}\""),
        several => {
            let several: Vec<String> =
                several.iter().map(|(key, value)| format!("{key} = \"{value}\"")).collect();
            format!("{{ {} }}", several.join(", "))
        }
    };
    Some(format!("{} = {written}{beside}", kind.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_of_the_command_line_is_written_as_a_key() {
        for (spec, expected) in [
            ("loss:1%", "loss = \"1%\""),
            ("reset:after=64KiB", "reset = {}, after = \"64KiB\""),
            ("max_size:1200,action=truncate", "max_size = { bytes = \"1200\", action = \"truncate\" }"),
            ("blackhole:for=3s", "blackhole = {}, for = \"3s\""),
        ] {
            assert_eq!(in_toml(spec).as_deref(), Some(expected));
        }
        assert_eq!((in_toml("mode=rst"), in_toml("blackhole")), (None, None));
    }

    #[test]
    fn every_fault_that_is_named_instead_is_one_that_fits() {
        use squall_faults::{Carrier, FaultSpec, KINDS};
        for kind in &KINDS {
            let spec: FaultSpec = kind.example.parse().expect("an example");
            for carrier in [Carrier::Stream, Carrier::Datagram] {
                let Err(message) = spec.fits(carrier) else { continue };
                let (reason, help) = split(&message);
                assert!(
                    !reason.contains("nearest") && help.is_some_and(|help| !help.contains(':')),
                    "{message}"
                );
            }
        }
    }
}
