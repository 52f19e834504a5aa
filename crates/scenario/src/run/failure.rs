//! Why a scenario could not run at all.

use squall_echo::EchoError;
use squall_proxy::ProxyError;
use std::io;
use std::path::PathBuf;

/// The environment did not let a scenario run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// No thread could be started.
    #[error("start a shard: {0}")]
    Shards(io::Error),
    /// The virtual world could not be started, or got stuck.
    #[error("{0}")]
    World(io::Error),
    /// A server could not be started.
    #[error("echo.{name}: {source}")]
    Echo {
        /// The server's name.
        name: String,
        /// Why.
        source: EchoError,
    },
    /// A link could not be started, or brought up again.
    #[error("{name}: {source}")]
    Link {
        /// The link's path, such as `link.api`.
        name: String,
        /// Why.
        source: ProxyError,
    },
    /// The name of the host that a load goes to is not known.
    #[error("load.{load}: {}", squall_wire::reason(source))]
    Target {
        /// The load's name.
        load: String,
        /// Why.
        source: io::Error,
    },
    /// A program that the scenario needs is not installed.
    #[error("{what}: `{program}` is not installed")]
    NotInstalled {
        /// What needs it: `process.NAME`, `run.NAME`, `requires`.
        what: String,
        /// The program.
        program: String,
    },
    /// A program could not be started.
    #[error("{what}: start {program}: {}", squall_wire::reason(source))]
    Program {
        /// What needs it, as above.
        what: String,
        /// The program, or the folder that is missing.
        program: String,
        /// Why.
        source: io::Error,
    },
    /// The file for what a program writes cannot be written.
    #[error("{what}: write {}: {}", file.display(), squall_wire::reason(source))]
    Output {
        /// The program, as above.
        what: String,
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is no free port.
    #[error("pick a free port: {0}")]
    Ports(io::Error),
    /// The run was ended from outside.
    #[error("interrupted")]
    Interrupted,
}

impl RunError {
    /// Whether it is the machine that cannot do what was asked for.
    pub fn is_unsupported(&self) -> bool {
        let link = matches!(self, RunError::Link { source: ProxyError::Unsupported { .. }, .. });
        link || matches!(self, RunError::NotInstalled { .. })
    }
}
