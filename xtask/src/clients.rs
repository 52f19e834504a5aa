//! `cargo xtask clients`: clients that others have published, against the built binary.

use crate::args::Args;
use crate::binary;
use crate::failure::Failure;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// A published client, and the program that drives a server with it.
struct Published {
    name: &'static str,
    /// The program, below the root.
    script: &'static str,
    /// Installs the client below a folder and says how to run the program; or why that is not possible here.
    install: fn(&Path) -> Result<Command, String>,
}

const CLIENTS: [Published; 2] = [
    Published { name: "toxiproxy-python", script: "fixtures/toxiproxy/client.py", install: python },
    Published { name: "toxiproxy-node-client", script: "fixtures/toxiproxy/client.js", install: node },
];

/// The versions that the programs were written for.
const PYTHON: &str = "toxiproxy-python==0.1.1";
const NODE: &str = "toxiproxy-node-client@4.1.0";

/// How long a program may take, and an installation.
const LIMIT: Duration = Duration::from_secs(60);
const INSTALLING: Duration = Duration::from_secs(120);

/// Runs every client that can be installed here.
pub(crate) fn run(root: &Path, words: &[String]) -> Result<(), Failure> {
    Args::parse(words, &[])?.at_most(0)?;
    let folder = root.join("target").join("clients");
    fs::create_dir_all(&folder).map_err(|error| Failure::file("create", &folder, &error))?;
    let squall = binary::locate(root, false)?;
    let mut failed = 0;
    for client in &CLIENTS {
        let name = client.name;
        let mut command = match (client.install)(&folder) {
            Ok(command) => command,
            Err(reason) => {
                println!("clients: {name} skipped: {reason}");
                continue;
            }
        };
        let mut server = Server::start(&squall)?;
        let host = server.host();
        command.arg(root.join(client.script)).env("CONTROL_HOST", &host.0).env("CONTROL_PORT", &host.1);
        let verdict = finish(command, LIMIT);
        server.end();
        match verdict {
            Ok(()) => println!("clients: {name} works"),
            Err(reason) => {
                println!("clients: {name} FAILED: {reason}");
                failed += 1;
            }
        }
    }
    if failed > 0 { Err(Failure::Found(format!("{failed} clients do not work"))) } else { Ok(()) }
}

/// A control server on a port of its own.
struct Server {
    child: Child,
    addr: String,
}

impl Server {
    fn start(squall: &Path) -> Result<Server, Failure> {
        let mut command = Command::new(squall);
        command.args(["serve", "-port", "0"]).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(|error| Failure::program(squall.display(), &error))?;
        let mut line = String::new();
        if let Some(out) = child.stdout.take() {
            // An error leaves the line empty, which is told below.
            let _ = BufReader::new(out).read_line(&mut line);
        }
        let addr = line.trim().rsplit(' ').next().unwrap_or_default().to_owned();
        let mut server = Server { child, addr };
        if server.addr.contains(':') {
            return Ok(server);
        }
        server.end();
        Err(Failure::Found(format!("`squall serve` says `{}` instead of where it listens", line.trim())))
    }

    fn host(&self) -> (String, String) {
        let (host, port) = self.addr.rsplit_once(':').unwrap_or_default();
        (host.to_owned(), port.to_owned())
    }

    fn end(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn python(folder: &Path) -> Result<Command, String> {
    let home = folder.join("python");
    let python = home.join("bin").join("python");
    if !python.exists() {
        let mut make = Command::new("python3");
        make.args(["-m", "venv"]).arg(&home);
        finish(quiet(make), INSTALLING).map_err(|error| format!("python3 -m venv: {error}"))?;
    }
    let mut install = Command::new(&python);
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", PYTHON]);
    finish(quiet(install), INSTALLING).map_err(|error| format!("pip install {PYTHON}: {error}"))?;
    Ok(Command::new(python))
}

fn node(folder: &Path) -> Result<Command, String> {
    let home = folder.join("node");
    fs::create_dir_all(&home).map_err(|error| error.to_string())?;
    let mut install = Command::new("npm");
    install.args(["install", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"]);
    install.arg(&home).arg(NODE);
    finish(quiet(install), INSTALLING).map_err(|error| format!("npm install {NODE}: {error}"))?;
    let mut command = Command::new("node");
    command.env("NODE_PATH", home.join("node_modules"));
    Ok(command)
}

/// Where a package cannot be had, its installer says so at length.
fn quiet(mut command: Command) -> Command {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Runs a command to its end, within a limit.
pub(crate) fn finish(mut command: Command, limit: Duration) -> Result<(), String> {
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    let began = Instant::now();
    loop {
        match child.try_wait().map_err(|error| error.to_string())? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => return Err(status.to_string()),
            None if began.elapsed() > limit => {
                // It may end in this very moment.
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("still running after {} s", limit.as_secs()));
            }
            None => sleep(Duration::from_millis(10)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_ends_well_badly_or_not_at_all() {
        let shell = |script: &str| {
            let mut command = Command::new("sh");
            command.args(["-c", script]);
            command
        };
        assert_eq!(finish(shell("exit 0"), LIMIT), Ok(()));
        assert!(finish(shell("exit 3"), LIMIT).is_err_and(|error| error.contains('3')));
        let stuck = finish(shell("exec sleep 60"), Duration::ZERO);
        assert_eq!(stuck, Err("still running after 0 s".to_owned()));
        assert!(finish(Command::new("no such program"), LIMIT).is_err());
    }
}
