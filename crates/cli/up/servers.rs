//! Echo servers as they start and take each other's place.

use super::services::{Outcome, Running};
use crate::Failure;
use squall::Carrier;
use squall::echo::{Echo, EchoError};
use squall::scenario::model::{self, Change};
use squall_control::{EchoProtocol, EchoSource};
use std::net::SocketAddr;

impl Running {
    /// Starts a server, in place of those of its name.
    pub(super) async fn begin_server(&mut self, echo: &model::Echo, old: Option<Vec<Echo>>) -> Outcome {
        let name = &echo.name;
        let was = self.services.echo(name).cloned();
        let place = old.as_ref().and_then(|old| old.last()).map(Echo::addr);
        let kept = place.filter(|_| was.as_ref().is_some_and(|was| was.listen == echo.listen));
        match self.start_server(echo, kept.unwrap_or(echo.listen)).await {
            Ok(addr) => {
                let verb = if old.is_some() { "replaced" } else { "started" };
                for server in old.unwrap_or_default() {
                    self.leave_server(server).await;
                }
                self.services.apply(&Change::Echo(echo.clone()));
                Ok(format!("echo {name} {verb}, on {addr}"))
            }
            Err(error) => {
                let mut told = format!("echo {name}: {error}");
                if let (Some(was), Some(place)) = (was, place) {
                    told.push_str("; it stays as it was");
                    if let Err(error) = self.start_server(&was, place).await {
                        told.push_str(&format!(", but for its port: {error}"));
                    }
                }
                // Their connections go on, before the one that has the port.
                let before = old.unwrap_or_default();
                self.servers.entry(name.clone()).or_default().splice(..0, before);
                Err(Failure::environment(told))
            }
        }
    }

    async fn start_server(
        &mut self,
        echo: &model::Echo,
        listen: SocketAddr,
    ) -> Result<SocketAddr, EchoError> {
        let mut builder = echo.builder().listen(listen).shards(self.setting.shards.clone());
        self.setting.ears.echo(&mut builder);
        let server = builder.start().await?;
        let protocol = match echo.carrier {
            Carrier::Stream if echo.http => EchoProtocol::Http,
            Carrier::Stream => EchoProtocol::Tcp,
            Carrier::Datagram => EchoProtocol::Udp,
        };
        self.echoes.add(EchoSource { name: echo.name.clone(), protocol, totals: server.totals() });
        let addr = server.addr();
        self.servers.entry(echo.name.clone()).or_default().push(server);
        Ok(addr)
    }
}
