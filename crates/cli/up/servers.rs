//! Echo servers as they start and take each other's place.

use super::services::{Outcome, Running};
use crate::Failure;
use squall::Carrier;
use squall::echo::{Echo, EchoBuilder, EchoError};
use squall::scenario::model::{self, Change};
use squall_control::{EchoProtocol, EchoSource};
use std::net::SocketAddr;

impl Running {
    /// Has a server be what it is to be, in place of those of its name. Their port is handed over where it stays, so that nobody is
    /// refused meanwhile; else theirs is closed when nobody leads there any more. Of `closed` ones it is already.
    pub(super) async fn change_server(&mut self, echo: &model::Echo, closed: Option<Vec<Echo>>) -> Outcome {
        match self.hand_over(echo).await {
            Some(addr) => Ok(format!("echo {} replaced, on {addr}", echo.name)),
            None => self.begin_server(echo, closed).await,
        }
    }

    /// Replaces a server on its port, where that is the port to be; says which it is.
    async fn hand_over(&mut self, echo: &model::Echo) -> Option<SocketAddr> {
        let stays = self.services.echo(&echo.name)?.listen == echo.listen;
        let builder = self.builder(echo);
        let old = self.servers.get_mut(&echo.name)?;
        let last = old.last_mut().filter(|last| stays || last.addr() == echo.listen)?;
        // What cannot be handed over is bound anew, and that says what is wrong.
        let next = last.hand_over(builder).await.ok()?;
        self.retired.1.append(old);
        self.services.apply(&Change::Echo(echo.clone()));
        Some(self.keep_server(echo, next))
    }

    async fn begin_server(&mut self, echo: &model::Echo, closed: Option<Vec<Echo>>) -> Outcome {
        let name = &echo.name;
        let was = self.services.echo(name).cloned();
        let was_closed = closed.is_some();
        let mut old = closed.or_else(|| self.servers.remove(name)).unwrap_or_default();
        let place = old.last().map(Echo::addr);
        let kept = place.filter(|_| was.as_ref().is_some_and(|was| was.listen == echo.listen));
        match self.start_server(echo, kept.unwrap_or(echo.listen)).await {
            Ok(addr) => {
                let verb = if place.is_some() { "replaced" } else { "started" };
                self.retired.1.append(&mut old);
                self.services.apply(&Change::Echo(echo.clone()));
                Ok(format!("echo {name} {verb}, on {addr}"))
            }
            Err(error) => {
                let mut told = format!("echo {name}: {error}");
                if let (Some(was), Some(place)) = (was, place) {
                    told.push_str("; it stays as it was");
                    if was_closed && let Err(error) = self.start_server(&was, place).await {
                        told.push_str(&format!(", but for its port: {error}"));
                    }
                }
                // Their connections go on, before the one that has the port.
                old.append(&mut self.servers.remove(name).unwrap_or_default());
                if !old.is_empty() {
                    self.servers.insert(name.clone(), old);
                }
                Err(Failure::environment(told))
            }
        }
    }

    async fn start_server(
        &mut self,
        echo: &model::Echo,
        listen: SocketAddr,
    ) -> Result<SocketAddr, EchoError> {
        let server = self.builder(echo).listen(listen).start().await?;
        Ok(self.keep_server(echo, server))
    }

    fn builder(&self, echo: &model::Echo) -> EchoBuilder {
        let mut builder = echo.builder().shards(self.setting.shards.clone());
        self.setting.ears.echo(&mut builder);
        builder
    }

    /// Keeps a server where metrics find it, and says where it is.
    fn keep_server(&mut self, echo: &model::Echo, server: Echo) -> SocketAddr {
        let protocol = match echo.carrier {
            Carrier::Stream if echo.http => EchoProtocol::Http,
            Carrier::Stream => EchoProtocol::Tcp,
            Carrier::Datagram => EchoProtocol::Udp,
        };
        self.echoes.add(EchoSource { name: echo.name.clone(), protocol, totals: server.totals() });
        let addr = server.addr();
        self.servers.entry(echo.name.clone()).or_default().push(server);
        addr
    }
}
