//! The table of contents of a page with several runs.

use super::text::{Text, count, time};
use super::{Section, Verdict, figures, put, section};

/// All sections at a glance.
pub(super) fn contents(out: &mut String, sections: &[Section<'_>], title: &str) {
    let many = |verdict| sections.iter().filter(|section| section.verdict == verdict).count() as u64;
    let failed = many(Verdict::Failed) + many(Verdict::NotRun);
    let all = if failed > 0 { Verdict::Failed } else { Verdict::Passed };
    put!(
        out,
        "<div class=\"verdict {}\"><p class=\"badge\">{}</p><h1>{}</h1></div>\n<p class=\"lead\">{} passed",
        all.class(),
        all.word(),
        Text(title),
        count(many(Verdict::Passed))
    );
    for (number, word) in [
        (many(Verdict::Failed), "failed"),
        (many(Verdict::NotRun), "not run"),
        (many(Verdict::Skipped), "skipped"),
    ] {
        if number > 0 {
            put!(out, ", {} {word}", count(number));
        }
    }
    put!(out, ".");
    let whole = sections.iter().filter(|section| section.whole).count();
    if whole < sections.len() {
        put!(out, " {} of them are shown below; the others only have their line here.", count(whole as u64));
    }
    put!(
        out,
        "</p>\n<nav aria-label=\"Runs\"><div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"Table of runs\"><table>\
         <caption>Runs in this report</caption><thead><tr><th scope=\"col\">Result</th>\
         <th scope=\"col\">Scenario</th><th scope=\"col\">Clock</th><th scope=\"col\" class=\"n\">Seed</th>\
         <th scope=\"col\" class=\"n\">Took</th></tr></thead><tbody>\n"
    );
    sections.iter().enumerate().for_each(|(i, section)| row(out, section, i + 1));
    put!(out, "</tbody></table></div></nav>\n");
}

fn row(out: &mut String, section: &Section<'_>, number: usize) {
    let (class, word) = (section.verdict.class(), section.verdict.word());
    put!(out, "<tr><td><span class=\"word {class}\">{word}</span></td><th scope=\"row\">");
    if section.whole {
        put!(out, "<a href=\"#s{number}\"><bdi>{}</bdi></a>", Text(section.name));
    } else {
        put!(out, "<bdi>{}</bdi>", Text(section.name));
    }
    if !section.note.is_empty() {
        put!(out, " <span class=\"which\">{}</span>", Text(section.note));
    }
    put!(out, "</th>");
    match section.report {
        Some(report) => {
            let took = figures::figure(report, "elapsed").map_or_else(String::new, time);
            let clock = section::clock(report);
            put!(
                out,
                "<td>{clock}</td><td class=\"n\">{}</td><td class=\"n\">{took}</td></tr>\n",
                report.seed
            );
        }
        None => put!(out, "<td></td><td></td><td></td></tr>\n"),
    }
}
