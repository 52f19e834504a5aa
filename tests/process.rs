//! The binary as a process: started, waited for, and never left behind.

use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

/// Long enough never to pass where things work: a socket that stays silent so long fails its test.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A command of the built binary, away from any environment that would change what it does.
pub(crate) fn squall() -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("squall"));
    for name in ["CI", "SQUALL_LOG", "RUST_LOG", "LOG_LEVEL", "SQUALL_AUTH_TOKEN", "TOXIPROXY_URL"] {
        command.env_remove(name);
    }
    command.env("NO_COLOR", "1");
    command
}

/// Makes a FIFO.
pub(crate) fn fifo(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().expect("mkfifo runs").success());
}

/// A server that has said where it listens. Killed when dropped.
pub(crate) struct Server {
    child: Child,
    out: BufReader<ChildStdout>,
}

/// How a server ended.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Server {
    pub(crate) fn start(args: &[&str]) -> Server {
        Server::start_with(args, &[])
    }

    /// As [`Server::start`], with these in the environment.
    pub(crate) fn start_with(args: &[&str], variables: &[(&str, &str)]) -> Server {
        Server::of(squall().args(args).envs(variables.iter().copied()).stdin(Stdio::null()))
    }

    /// Starts a command whose input is already settled.
    pub(crate) fn of(command: &mut Command) -> Server {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts");
        let out = BufReader::new(child.stdout.take().expect("a pipe"));
        Server { child, out }
    }

    /// The next line of stdout.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.out.read_line(&mut line).expect("a line");
        line.trim_end().to_owned()
    }

    /// The address in the next ready line, which must begin like this.
    pub(crate) fn ready(&mut self, what: &str) -> SocketAddr {
        let line = self.line();
        let addr = line.strip_prefix(what).unwrap_or_else(|| panic!("`{line}` does not begin with `{what}`"));
        addr.parse().unwrap_or_else(|_| panic!("`{addr}` is no address"))
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal by name.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.pid().to_string()]).status();
        assert!(sent.expect("kill runs").success());
    }

    /// Waits for the end and takes all output.
    pub(crate) fn end(mut self) -> Ended {
        let (mut out, mut err) = (String::new(), String::new());
        self.out.read_to_string(&mut out).expect("stdout");
        let mut stderr = self.child.stderr.take().expect("a pipe");
        stderr.read_to_string(&mut err).expect("stderr");
        Ended { code: self.child.wait().expect("ends").code(), out, err }
    }

    /// Asks for a graceful stop and waits for it.
    pub(crate) fn stop(self) -> Ended {
        self.signal("INT");
        self.end()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An echo server and its address.
pub(crate) fn echo() -> (Server, SocketAddr) {
    let mut echo = Server::start(&["echo"]);
    let addr = echo.ready("squall echo listening on ");
    (echo, addr)
}

/// A proxy in front of `upstream`, and its address.
pub(crate) fn proxy(upstream: SocketAddr, args: &[&str]) -> (Server, SocketAddr) {
    let upstream = upstream.to_string();
    let mut all = vec!["proxy", "--upstream", &upstream];
    all.extend(args);
    let mut proxy = Server::start(&all);
    let addr = proxy.ready("squall proxy listening on ");
    (proxy, addr)
}

pub(crate) fn connect(addr: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(addr).expect("connects");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    stream.set_nodelay(true).expect("no delay");
    stream
}

/// One read. A signal that this process gets for one of its children is not an answer.
pub(crate) fn read(client: &mut TcpStream, buf: &mut [u8]) -> std::io::Result<usize> {
    loop {
        match client.read(buf) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            answer => return answer,
        }
    }
}

/// Bytes that differ everywhere.
pub(crate) fn pattern(n: usize) -> Vec<u8> {
    (0..n as u64).map(|i| (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8).collect()
}
