//! A folder and a shell for one page: commands that end with `&` go on in the background until the page is through.

use crate::process::squall;
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering::Relaxed};
use std::thread;

pub(super) struct Shell {
    folder: tempfile::TempDir,
    background: Vec<Child>,
    /// Ports of the page, which somebody else may have here, and those that stand for them.
    ports: BTreeMap<String, String>,
}

impl Shell {
    pub(super) fn start() -> Shell {
        let folder = tempfile::tempdir().expect("a folder");
        Shell { folder, background: Vec::new(), ports: BTreeMap::new() }
    }

    pub(super) fn write(&mut self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, self.real(text)).expect("written");
    }

    /// What a command prints, on either stream.
    ///
    /// # Errors
    /// Where it ends with anything but 0, or, with `&`, before it says that it is listening.
    pub(super) fn run(&mut self, command: &str) -> Result<String, String> {
        let command = self.real(command);
        match command.strip_suffix('&') {
            Some(server) => self.serve(server.trim_end()),
            None => self.wait_for(&command),
        }
    }

    fn command(&self, text: &str) -> Command {
        let binary = squall();
        let program = std::path::Path::new(binary.get_program());
        let mut path = program.parent().expect("a folder").as_os_str().to_owned();
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_default());
        let mut command = Command::new("sh");
        command.args(["-c", text]).current_dir(self.folder.path());
        for (name, value) in binary.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command.env("PATH", path).stdin(Stdio::null());
        command
    }

    fn wait_for(&self, text: &str) -> Result<String, String> {
        let output =
            self.command(&format!("exec 2>&1\n{text}")).output().map_err(|error| error.to_string())?;
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        match output.status.success() {
            true => Ok(printed),
            false => Err(format!("{}, having printed\n{printed}", output.status)),
        }
    }

    fn serve(&mut self, text: &str) -> Result<String, String> {
        let mut command = self.command(&format!("exec 2>&1\nexec {text}"));
        let mut child =
            command.process_group(0).stdout(Stdio::piped()).spawn().map_err(|error| error.to_string())?;
        let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
        self.background.push(child);
        let mut printed = String::new();
        while !printed.contains("listening on") {
            if out.read_line(&mut printed).map_err(|error| error.to_string())? == 0 {
                return Err(format!("it ended, having printed\n{printed}"));
            }
        }
        // What it prints from now on is nobody's business, but must find room.
        thread::spawn(move || out.lines().for_each(drop));
        Ok(printed)
    }

    /// The text with every port from 9000 to 9999 replaced, as in `HOST:9000` and `--port 9000`.
    pub(super) fn real(&mut self, text: &str) -> String {
        let mut real = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('9') {
            let (before, port) = rest.split_at(at);
            let digits = port.find(|c: char| !c.is_ascii_digit()).unwrap_or(port.len());
            real.push_str(before);
            match digits == 4 && (before.ends_with(':') || before.ends_with("--port ")) {
                true => real.push_str(self.ports.entry(port[..4].to_owned()).or_insert_with(free_port)),
                false => real.push_str(&port[..digits]),
            }
            rest = &port[digits..];
        }
        real + rest
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        for mut child in self.background.drain(..) {
            let _ = Command::new("kill").args(["-TERM", "--", &format!("-{}", child.id())]).status();
            let _ = child.wait();
        }
    }
}

/// A port below those that the system gives to whoever asks for any, so that it stays free until it is bound.
fn free_port() -> String {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let begin = 20_000 + std::process::id() as u16 % 100 * 100;
    let candidates = std::iter::repeat_with(|| begin + NEXT.fetch_add(1, Relaxed) % 2_800);
    let free = candidates.take(5_000).find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
    free.expect("a free port").to_string()
}
