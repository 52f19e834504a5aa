//! `cargo xtask browser`: the page of a run, in a real browser.

use crate::args::Args;
use crate::binary;
use crate::clients::finish;
use crate::failure::Failure;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// The names that Chromium goes by.
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// How long the browser may take, and a run.
const LIMIT: Duration = Duration::from_secs(60);

/// A page and what must be on it.
struct Page {
    name: &'static str,
    /// What is run, below the root.
    scenarios: &'static str,
    /// Headlines and the like, as the browser writes them out again.
    parts: &'static [&'static str],
    /// How many lanes there are.
    lanes: usize,
}

const PAGES: [Page; 4] = [
    Page {
        name: "passing",
        scenarios: "fixtures/scenarios/outage-in-mid-stream.toml",
        parts: &[
            "<p class=\"badge\">Passed</p>",
            "<h2>Expectations</h2>",
            "<h2>Faults</h2>",
            "<h2>Steps</h2>",
        ],
        lanes: 8,
    },
    Page {
        name: "failing",
        scenarios: "fixtures/report/failing.toml",
        parts: &[
            "<p class=\"badge\">Failed</p>",
            "checkout keeps working while the cable is out &lt;/script&gt;",
            "<h2>Why it failed</h2>",
            "<h2>Link <code>api</code></h2>",
            "<h2>Link <code>edge</code></h2>",
            "<code>outage</code><small><i class=\"key far\"></i>of link <code>api</code></small>",
            "never fired",
        ],
        lanes: 28,
    },
    Page {
        name: "ten-thousand",
        scenarios: "fixtures/report/ten-thousand.toml",
        parts: &["400 of 10,000 connections have a lane", "<td class=\"n\">20,000</td>"],
        lanes: 400,
    },
    Page {
        name: "balanced",
        scenarios: "fixtures/scenarios/balance-in-virtual-time.toml",
        parts: &["<h2>Balancer <code>pool</code></h2>", "Members and what they got", "title=\"ejected\""],
        lanes: 260,
    },
];

/// Uses the page as people do, and notes in the document what came of it.
const PROBE: &str = r#"<script>
window.onerror = (message) => { document.documentElement.dataset.wrong = message; };
addEventListener("load", () => {
  const root = document.documentElement, wrong = [];
  const expect = (what, holds) => { if (!holds) wrong.push(what); };
  const key = (target, name) => target.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true, cancelable: true }));
  const board = document.querySelector(".board"), top = board.previousElementSibling;
  const readout = top.querySelector(".readout"), theme = document.getElementById("theme");
  expect("the page is wider than the window", root.scrollWidth <= innerWidth);
  board.focus();
  key(board, "ArrowRight");
  expect("an arrow key does not read the chart", readout.textContent.startsWith("At "));
  const lanes = board.querySelectorAll(".lanes li");
  lanes[0].focus();
  expect("a lane that has the focus is not read", readout.textContent.startsWith("Connection 1 "));
  if (lanes.length > 1) {
    key(lanes[0], "ArrowDown");
    expect("an arrow key does not lead to the next lane", document.activeElement === lanes[1]);
  }
  const narrow = board.scrollWidth;
  top.querySelector("[data-zoom='10']").click();
  expect("zooming does not zoom", board.scrollWidth > narrow * 2 && root.scrollWidth <= innerWidth);
  const before = getComputedStyle(document.body).backgroundColor;
  theme.click();
  expect("the theme does not change", getComputedStyle(document.body).backgroundColor !== before);
  root.dataset.probed = wrong.join("; ") || "well";
});
</script>"#;

/// Opens the pages of some runs.
pub(crate) fn run(root: &Path, words: &[String]) -> Result<(), Failure> {
    Args::parse(words, &[])?.at_most(0)?;
    let Some(browser) = BROWSERS.into_iter().find(|name| is_there(name)) else {
        println!("browser: skipped: none of {} is on the PATH", BROWSERS.join(", "));
        return Ok(());
    };
    let folder = root.join("target").join("browser");
    fs::create_dir_all(&folder).map_err(|error| Failure::file("create", &folder, &error))?;
    let squall = binary::locate(root, false)?;
    let mut failed = 0;
    for page in &PAGES {
        match page.look(root, &folder, &squall, browser) {
            Ok(()) => println!("browser: {} works", page.name),
            Err(reason) => {
                println!("browser: {} FAILED: {reason}", page.name);
                failed += 1;
            }
        }
    }
    println!("browser: pictures are in {}", folder.display());
    if failed > 0 { Err(Failure::Found(format!("{failed} pages do not work"))) } else { Ok(()) }
}

fn is_there(name: &str) -> bool {
    let mut command = Command::new(name);
    command.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    finish(command, LIMIT).is_ok()
}

impl Page {
    fn look(&self, root: &Path, folder: &Path, squall: &Path, browser: &str) -> Result<(), String> {
        let file = folder.join(format!("{}.html", self.name));
        let mut command = Command::new(squall);
        command.arg("run").arg(self.scenarios).arg("--html").arg(&file).current_dir(root);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        // Whether it passes is said on the page.
        let _ = finish(command, LIMIT);
        let text = fs::read_to_string(&file).map_err(|error| format!("there is no page: {error}"))?;
        let browser = Browser { name: browser, folder };
        for (mode, dark) in [("light", false), ("dark", true)] {
            for (size, width) in [("wide", 1280), ("narrow", 500)] {
                let picture = folder.join(format!("{}-{mode}-{size}.png", self.name));
                browser.picture(&file, &picture, dark, width)?;
            }
        }
        let [light, dark] =
            ["light", "dark"].map(|mode| fs::read(folder.join(format!("{}-{mode}-wide.png", self.name))));
        if light.map_err(|error| error.to_string())? == dark.map_err(|error| error.to_string())? {
            return Err("it looks the same in the dark".to_owned());
        }
        let probed = folder.join(format!("{}-probed.html", self.name));
        fs::write(&probed, text.replace("</body>", &format!("{PROBE}</body>")))
            .map_err(|error| error.to_string())?;
        for width in [1280, 500] {
            self.check(&browser.document(&probed, width)?)?;
        }
        Ok(())
    }

    /// Checks the document as the browser has it once the page's script has run.
    fn check(&self, document: &str) -> Result<(), String> {
        if !document.contains("data-probed=\"well\"") {
            let found = ["data-wrong=\"", "data-probed=\""].iter().find_map(|key| document.split(key).nth(1));
            let said = found.and_then(|rest| rest.split('"').next()).unwrap_or("its script did not run");
            return Err(said.to_owned());
        }
        if let Some(part) = self.parts.iter().find(|part| !document.contains(**part)) {
            return Err(format!("`{part}` is not on it"));
        }
        match document.matches("aria-label=\"Connection ").count() {
            lanes if lanes == self.lanes => Ok(()),
            lanes => Err(format!("there are {lanes} lanes instead of {}", self.lanes)),
        }
    }
}

struct Browser<'a> {
    name: &'a str,
    folder: &'a Path,
}

impl Browser<'_> {
    fn command(&self, width: u32) -> (Command, PathBuf) {
        let profile = self.folder.join("profile");
        let mut command = Command::new(self.name);
        command
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            .args(["--hide-scrollbars", "--enable-logging=stderr"])
            .arg(format!("--window-size={width},2400"))
            .arg(format!("--user-data-dir={}", profile.display()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        (command, profile)
    }

    /// Takes a picture of the page.
    fn picture(&self, page: &Path, picture: &Path, dark: bool, width: u32) -> Result<(), String> {
        let (mut command, profile) = self.command(width);
        if dark {
            command.arg("--blink-settings=preferredColorScheme=0");
        }
        command.arg(format!("--screenshot={}", picture.display())).arg(page);
        // One of an earlier time is none.
        let _ = fs::remove_file(picture);
        let ended = finish(command, LIMIT);
        let _ = fs::remove_dir_all(profile);
        ended.map_err(|error| format!("{}: {error}", self.name))?;
        let taken = fs::read(picture).map_err(|error| format!("there is no picture: {error}"))?;
        match png_width(&taken) {
            Some(found) if found == width => Ok(()),
            found => Err(format!("the picture is {found:?} wide instead of {width}")),
        }
    }

    /// The document once it is loaded. That nothing was logged is part of it.
    fn document(&self, page: &Path, width: u32) -> Result<String, String> {
        let [out, log] = ["document.html", "log.txt"].map(|name| self.folder.join(name));
        let create = |path: &Path| File::create(path).map_err(|error| error.to_string());
        let (mut command, profile) = self.command(width);
        command.arg("--dump-dom").arg(page).stdout(create(&out)?).stderr(create(&log)?);
        let ended = finish(command, LIMIT);
        let _ = fs::remove_dir_all(profile);
        ended.map_err(|error| format!("{}: {error}", self.name))?;
        let read = |path: &Path| fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        let said = read(&log).map_err(|error| error.to_string())?;
        if let Some(line) = said.lines().find(|line| line.contains("CONSOLE")) {
            return Err(format!("the browser logged {line}"));
        }
        read(&out).map_err(|error| error.to_string())
    }
}

/// The width that a PNG file says it has.
fn png_width(bytes: &[u8]) -> Option<u32> {
    let bytes = bytes.strip_prefix(b"\x89PNG\r\n\x1a\n")?;
    Some(u32::from_be_bytes(bytes.get(8..12)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_says_how_wide_it_is() {
        let start = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x05\0\0\0\x09\x60";
        assert_eq!(png_width(start), Some(1280));
        assert_eq!(png_width(b"<svg>"), None);
        assert_eq!(png_width(&start[..12]), None);
    }

    #[test]
    fn a_document_that_is_not_as_it_should_be_is_refused() {
        let page = Page { name: "a", scenarios: "", parts: &["<h2>Steps</h2>"], lanes: 1 };
        let good = "<html data-probed=\"well\"><h2>Steps</h2><li aria-label=\"Connection 1 from\">";
        assert_eq!(page.check(good), Ok(()));
        assert_eq!(page.check(&good.replace("well", "it hangs")), Err("it hangs".to_owned()));
        assert_eq!(page.check("<html>"), Err("its script did not run".to_owned()));
        assert!(
            page.check(&good.replace("Steps", "Stops")).is_err_and(|error| error.contains("is not on it"))
        );
        assert!(page.check(&good.replace("Connection", "C")).is_err_and(|error| error.contains("0 lanes")));
    }
}
