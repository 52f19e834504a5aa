//! What was measured, as Markdown.

use crate::bench::Bench;
use crate::bench::machine::Machine;
use crate::bench::outcome::Outcome;
use crate::bench::row::{Column, Row};

/// The page, with what was measured where and with whom.
pub(crate) fn whole(bench: &Bench, machine: &Machine, rows: &[(Box<dyn Row>, Outcome)]) -> String {
    let head = "# Benchmarks\n\nThis page is what `cargo xtask bench` measured and wrote. Everything runs on one machine over loopback; \
                the relays are measured in turn, round after round, and the figures are medians; what is related to direct is related to \
                the direct run of the same round.\n";
    let summary = summary(rows);
    let sections: String = rows.iter().map(|(row, outcome)| section(row.as_ref(), outcome)).collect();
    format!("{head}\n{}\n## Targets\n\n{summary}{sections}", conditions(bench, machine))
}

/// Where and with whom.
fn conditions(bench: &Bench, machine: &Machine) -> String {
    let peers = bench.installed.iter().map(|one| format!("{} {}", one.subject.name(), one.version));
    let absent = bench.absent.iter().map(|(subject, why)| format!("{}: {why}", subject.name()));
    let lines = [
        ("date", machine.date.clone()),
        ("processor", format!("{}, {} cores", machine.processor, machine.cores)),
        ("kernel", machine.kernel.clone()),
        ("congestion control", bench.congestion.told.clone()),
        ("programs", peers.collect::<Vec<_>>().join(", ")),
        ("left out", absent.collect::<Vec<_>>().join("; ")),
        ("rounds", bench.rounds.to_string()),
    ];
    let lines = lines.iter().filter(|(_, value)| !value.is_empty());
    let rows: Vec<_> = lines.map(|(what, value)| vec![(*what).to_owned(), value.clone()]).collect();
    table(&["", ""], &rows)
}

/// Every target with what was found.
fn summary(rows: &[(Box<dyn Row>, Outcome)]) -> String {
    let mut lines = Vec::new();
    for (row, outcome) in rows {
        for verdict in outcome.verdicts(row.as_ref()) {
            let word = verdict.word().to_owned();
            lines.push(vec![row.title().to_owned(), verdict.target, verdict.found, word]);
        }
    }
    table(&["what", "target", "squall against the target", ""], &lines)
}

/// One row's heading, sentence, figures and remarks.
pub(crate) fn section(row: &dyn Row, outcome: &Outcome) -> String {
    let mut text = format!("\n## {}: {}\n\n{}\n\n", row.name(), row.title(), row.how());
    text.push_str(&figures(row, outcome));
    for verdict in outcome.verdicts(row) {
        text.push_str(&format!("\n- {}: {}, {}", verdict.word(), verdict.target, verdict.found));
    }
    for note in &outcome.notes {
        text.push_str(&format!("\n- {note}"));
    }
    text + "\n"
}

fn figures(row: &dyn Row, outcome: &Outcome) -> String {
    let with_settings = outcome.settings.len() > 1;
    let mut head = vec![if with_settings { "setting" } else { "" }, row.kind()];
    for column in row.columns() {
        head.push(column.head);
        if column.against_direct {
            head.push("x direct");
        }
    }
    let mut lines = Vec::new();
    for case in &outcome.cases {
        let mut line = vec![outcome.settings[case.setting].clone(), case.subject.name().to_owned()];
        let cell = |value: Option<f64>, show: fn(f64) -> String| value.map_or_else(|| "-".to_owned(), show);
        for Column { key, show, against_direct, .. } in row.columns() {
            line.push(cell(outcome.median(case.subject, case.setting, key), *show));
            if *against_direct {
                let ratio = outcome.against_direct(case.subject, case.setting, key);
                line.push(cell(ratio, |ratio| format!("{ratio:.2}")));
            }
        }
        lines.push(line);
    }
    if !with_settings {
        head.remove(0);
        lines.iter_mut().for_each(|line| drop(line.remove(0)));
    }
    table(&head, &lines)
}

fn table(head: &[&str], lines: &[Vec<String>]) -> String {
    let row = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let head: Vec<String> = head.iter().map(|cell| (*cell).to_owned()).collect();
    let rule = vec!["---".to_owned(); head.len()];
    let lines: String = lines.iter().map(|line| row(line)).collect();
    format!("{}{}{lines}", row(&head), row(&rule))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::row::{Figures, Verdict};
    use crate::bench::show;
    use crate::bench::subject::Subject;
    use std::io;

    struct Speed;

    impl Row for Speed {
        fn name(&self) -> &'static str {
            "speed"
        }

        fn title(&self) -> &'static str {
            "how fast"
        }

        fn how(&self) -> String {
            "By looking.".into()
        }

        fn subjects(&self) -> &'static [Subject] {
            &[]
        }

        fn columns(&self) -> &'static [Column] {
            const { &[Column::new("speed", "m/s", show::plain).against_direct()] }
        }

        fn measure(&self, _: &Bench, _: Subject, _: usize) -> io::Result<Figures> {
            Err(io::ErrorKind::Unsupported.into())
        }

        fn judge(&self, outcome: &Outcome) -> Vec<Verdict> {
            let ours = outcome.against_direct(Subject::Squall, 0, "speed");
            vec![Verdict::at_least("at least 0.40x", ours, Some(0.4), show::times)]
        }
    }

    fn outcome(settings: Vec<String>) -> Outcome {
        let mut outcome = Outcome::new(settings);
        outcome.add(Subject::Direct, 0, Some(vec![("speed", 4.0)]));
        outcome.add(Subject::Squall, 0, Some(vec![("speed", 1.0)]));
        outcome.add(Subject::Socat, 0, None);
        outcome.note("socat fails: broken".into());
        outcome
    }

    #[test]
    fn a_section_has_figures_verdicts_and_remarks() {
        let expected = "\n## speed: how fast\n\nBy looking.\n\n\
                        | relay | m/s | x direct |\n| --- | --- | --- |\n\
                        | direct | 4.00 | 1.00 |\n| squall | 1.00 | 0.25 |\n| socat | - | - |\n\n\
                        - **missed**: at least 0.40x, 0.25x against 0.40x\n- socat fails: broken\n";
        assert_eq!(section(&Speed, &outcome(vec![String::new()])), expected);
    }

    #[test]
    fn settings_are_a_column_where_there_are_several() {
        let text = section(&Speed, &outcome(vec!["slow".into(), "fast".into()]));
        assert!(text.contains("| setting | relay | m/s |"), "{text}");
        assert!(text.contains("| slow | squall | 1.00 |"), "{text}");
    }

    #[test]
    fn the_summary_says_what_was_missed() {
        let rows: Vec<(Box<dyn Row>, Outcome)> = vec![(Box::new(Speed), outcome(vec![String::new()]))];
        let text = summary(&rows);
        assert!(text.contains("| how fast | at least 0.40x | 0.25x against 0.40x | **missed** |"), "{text}");
    }
}
