//! What is told of a preset, in words that both the terminal and the page use.

use crate::faults::shell_word;
use squall::value::Value;
use squall_faults::{Carrier, PRESETS, Preset};

/// The figures of a preset, as they are shown.
pub(super) struct Figures {
    pub(super) down: String,
    pub(super) up: String,
    pub(super) rtt: String,
    pub(super) loss: String,
}

impl Figures {
    pub(super) fn of(preset: &Preset) -> Figures {
        let known = |text: String| if preset.offline { "-".to_owned() } else { text };
        Figures {
            down: known(rate(preset.down)),
            up: known(rate(preset.up)),
            rtt: known(format!("{}ms", preset.rtt.as_millis())),
            loss: preset.loss.to_string(),
        }
    }
}

/// Bits per second as network people say them: in kbit/s or Mbit/s.
fn rate(bits: Option<u64>) -> String {
    let Some(bits) = bits else { return "unlimited".to_owned() };
    let (unit, size, digits) = if bits < 1_000_000 { ("kbit/s", 1_000, 3) } else { ("Mbit/s", 1_000_000, 6) };
    let fraction = format!("{:0digits$}", bits % size);
    let number = format!("{}.{fraction}", bits / size);
    format!("{}{unit}", number.trim_end_matches('0').trim_end_matches('.'))
}

/// Presets with one source, in the order of the list, each with what is remarked on it alone.
pub(super) struct Group {
    source: &'static str,
    pub(super) presets: Vec<(&'static Preset, &'static str)>,
}

impl Group {
    /// The source, as a title.
    pub(super) fn title(&self) -> String {
        let mut letters = self.source.chars();
        letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
    }
}

/// All presets by their sources.
pub(super) fn groups() -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for preset in &PRESETS {
        match groups.last_mut() {
            Some(group) if preset.source.starts_with(group.source) => {
                group.presets.push((preset, preset.source[group.source.len()..].trim()));
            }
            _ => groups.push(Group { source: preset.source, presets: vec![(preset, "")] }),
        }
    }
    groups
}

/// The shortest of a preset's names.
pub(super) fn short(preset: &Preset) -> &'static str {
    let names = [preset.name].into_iter().chain(preset.aliases.iter().copied());
    names.min_by_key(|name| name.len()).unwrap_or(preset.name)
}

/// How it is put on a link.
pub(super) fn command(preset: &Preset) -> String {
    format!("squall proxy --upstream localhost:5432 --preset {}", short(preset))
}

/// The options that come to the same on a link of `carrier`.
pub(super) fn options(preset: &Preset, carrier: Carrier) -> Vec<String> {
    let faults = preset.faults(carrier).into_iter();
    faults.map(|fault| format!("--fault {}", shell_word(&fault.to_string()))).collect()
}

/// The round trip, as it is divided.
pub(super) fn half(preset: &Preset) -> String {
    (preset.rtt / 2).render().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_in_the_unit_that_people_say() {
        for (bits, text) in [
            (1_600_000, "1.6Mbit/s"),
            (1_638_400, "1.6384Mbit/s"),
            (768_000, "768kbit/s"),
            (300_000_000, "300Mbit/s"),
        ] {
            assert_eq!(rate(Some(bits)), text);
        }
    }

    #[test]
    fn a_remark_on_one_preset_is_no_source_of_its_own() {
        let groups = groups();
        let bad = groups.iter().flat_map(|group| &group.presets).find(|(preset, _)| preset.name == "nlc-bad");
        assert_eq!(bad.map(|(_, remark)| *remark), Some("(Generic Bad)"));
        assert_eq!(groups.iter().map(|group| group.presets.len()).sum::<usize>(), PRESETS.len());
    }
}
