//! Options that say who may use a control server.

use squall_control::{Access, Server};

/// Options of whoever serves the control API.
#[derive(clap::Args)]
#[group(skip)]
pub(crate) struct Args {
    /// Serve the control API only to who sends this as bearer token. SQUALL_AUTH_TOKEN says the same, unseen by others.
    #[arg(long, value_name = "TOKEN")]
    auth_token: Option<String>,
    /// A name by which the control API may be called, beside addresses and names that are not public; against web pages
    /// whose name was made to resolve to this machine. May be given more than once.
    #[arg(long = "allow-host", value_name = "NAME")]
    hosts: Vec<String>,
}

impl Args {
    pub(crate) fn access(&self) -> Access {
        let access = self.hosts.iter().fold(Access::new(), |access, host| access.host(host));
        match self.token() {
            Some(token) => access.token(&token),
            None => access,
        }
    }

    /// Says aloud that anybody may do anything, where that is so.
    pub(crate) fn warn(&self, server: &Server) {
        if !server.addr().ip().is_loopback() && self.token().is_none() {
            tracing::warn!(
                "whoever reaches {} controls every proxy: set SQUALL_AUTH_TOKEN, or listen on localhost",
                server.addr()
            );
        }
    }

    fn token(&self) -> Option<String> {
        self.auth_token.clone().or_else(token).filter(|token| !token.is_empty())
    }
}

/// The token in the environment, of a server and of its clients.
pub(crate) fn token() -> Option<String> {
    std::env::var("SQUALL_AUTH_TOKEN").ok().filter(|token| !token.is_empty())
}
