//! The handle of a running link.

use crate::acceptor::Port;
use crate::balance::{Balance, BalancerHandle};
use crate::builder::ProxyBuilder;
use crate::error::ProxyError;
use crate::event::Events;
use crate::guard::FaultGuard;
use crate::link::{Link, Upstream};
use crate::metrics::Metrics;
use crate::snapshots;
use crate::unreached::Unreached;
use squall_faults::{Carrier, ConnKey, FaultSpec, PlanError};
use squall_wire::{Address, lock};
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::AbortHandle;

/// A running link. It works on threads of its own, whatever runtime the handle lives in. Dropping the handle closes the port
/// and every connection.
pub struct Proxy {
    link: Arc<Link>,
    address: Address,
    port: Mutex<Port>,
    /// What a balancer does beside its connections.
    upkeep: Option<AbortHandle>,
}

impl Proxy {
    /// A TCP relay to `upstream`, on a port of its own by default. Either side may be a unix socket instead, see
    /// [`ProxyBuilder::listen_at`].
    pub fn tcp(upstream: impl Into<Address>) -> ProxyBuilder {
        ProxyBuilder::new(upstream.into(), Carrier::Stream)
    }

    /// A UDP relay to `upstream`, on a port of its own by default. Each client is a connection, from its first datagram until
    /// none has come or gone for the idle timeout, and has a port of its own towards the server.
    pub fn udp(upstream: impl Into<Address>) -> ProxyBuilder {
        ProxyBuilder::new(upstream.into(), Carrier::Datagram)
    }

    /// A relay to wherever each client asks for, as an HTTP proxy (CONNECT and `http://` requests) and as a SOCKS proxy (5, 4 and
    /// 4a), all on one port. Faults meet what is relayed; the asking is neither counted nor faulted.
    ///
    /// It goes wherever this machine can: whoever reaches its address can use it.
    pub fn forward() -> ProxyBuilder {
        ProxyBuilder::forward()
    }

    /// A TCP relay that picks one of several servers for each connection, on a port of its own by default.
    ///
    /// ```
    /// use squall_balance::Algorithm;
    /// use squall_proxy::{Balance, Member, Proxy};
    ///
    /// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let members = Balance::new(Algorithm::LeastConnections)
    ///     .member(Member::new("127.0.0.1:7001".parse::<squall_wire::Endpoint>()?).name("a").weight(2))
    ///     .member(Member::new("127.0.0.1:7002".parse::<squall_wire::Endpoint>()?).name("b"));
    /// let proxy = Proxy::balance(members).start().await?;
    /// let balancer = proxy.balancer().ok_or("it picks")?;
    /// balancer.set_state("b", squall_balance::AdminState::Drain)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn balance(members: Balance) -> ProxyBuilder {
        ProxyBuilder::balancing(members)
    }

    pub(crate) fn new(link: Arc<Link>, address: Address, port: Port, upkeep: Option<AbortHandle>) -> Proxy {
        Proxy { link, address, port: Mutex::new(port), upkeep }
    }

    /// The address to connect to; `0.0.0.0:0`, which is nobody's, on a unix socket: see [`address`](Self::address).
    pub fn addr(&self) -> SocketAddr {
        self.address.socket_addr().unwrap_or_else(|| SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)))
    }

    /// The address to connect to, of whatever kind; a path is as it was given.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// The link's name.
    pub fn name(&self) -> &str {
        &self.link.id.name
    }

    /// What the link carries.
    pub fn carrier(&self) -> Carrier {
        self.link.id.carrier
    }

    /// The seed behind the faults' draws.
    pub fn seed(&self) -> u64 {
        self.link.id.seed
    }

    /// Whether each client says where its connection leads, see [`Proxy::forward`].
    pub fn is_forward(&self) -> bool {
        matches!(self.link.upstream, Upstream::Asked)
    }

    /// Where connections are relayed to; nothing where that is picked for each, or each client says so itself.
    pub fn upstream(&self) -> Option<&Address> {
        match &self.link.upstream {
            Upstream::One(upstream) => Some(upstream),
            Upstream::Pool(_) | Upstream::Asked => None,
        }
    }

    /// A handle on the members, where they are picked from.
    pub fn balancer(&self) -> Option<BalancerHandle> {
        let balancer = self.link.upstream.balancer()?;
        Some(BalancerHandle::new(self.link.clone(), balancer.clone(), self.address.clone()))
    }

    /// Puts a fault on the link until the guard is dropped. Whatever arrives after this returns meets it, on open
    /// connections too.
    ///
    /// # Errors
    /// Where the fault was given a name that is taken, makes no sense on what the link carries, or cannot be done here.
    pub fn try_inject(&self, fault: impl Into<FaultSpec>) -> Result<FaultGuard, ProxyError> {
        let planned = self.link.add_fault(None, fault.into())?;
        Ok(FaultGuard::new(self.link.clone(), planned))
    }

    /// As [`Proxy::try_inject`], on connections to that member of a balancer only. Its name begins with the member's and a dot.
    ///
    /// # Errors
    /// As there, and where there is no such member or the fault acts before one is picked.
    pub fn try_inject_at(&self, member: &str, fault: impl Into<FaultSpec>) -> Result<FaultGuard, ProxyError> {
        let planned = self.link.add_fault(Some(member), fault.into())?;
        Ok(FaultGuard::new(self.link.clone(), planned))
    }

    /// As [`Proxy::try_inject`], for a fault that is known to fit.
    ///
    /// # Panics
    /// Where that fails.
    #[track_caller]
    pub fn inject(&self, fault: impl Into<FaultSpec>) -> FaultGuard {
        match self.try_inject(fault) {
            Ok(guard) => guard,
            Err(error) => panic!("{error}"),
        }
    }

    /// Changes the fault of that name; see [`FaultGuard::update`].
    ///
    /// # Errors
    /// As there; [`PlanError::Gone`] where no fault has the name.
    pub fn update(&self, name: &str, fault: impl Into<FaultSpec>) -> Result<(), ProxyError> {
        let (plan, _) = self.link.plan.current();
        let id = plan.find(name).map(|planned| planned.id()).ok_or(PlanError::Gone)?;
        self.link.update_fault(id, fault.into()).map(drop)
    }

    /// Takes the fault of that name off the link; false where there is none.
    pub fn clear(&self, name: &str) -> bool {
        let (plan, _) = self.link.plan.current();
        plan.find(name).is_some_and(|planned| self.link.remove_fault(planned.id()))
    }

    /// The faults in force, in the grammar of the command line, in the order in which they were added.
    pub fn faults(&self) -> Vec<String> {
        self.link.plan.current().0.faults().iter().map(|planned| planned.to_string()).collect()
    }

    /// The faults in force by name, in the order in which they were added.
    pub fn specs(&self) -> Vec<(String, FaultSpec)> {
        let (plan, _) = self.link.plan.current();
        plan.faults().iter().map(|planned| (planned.name().to_owned(), planned.spec().clone())).collect()
    }

    /// The link's counts now. A byte is counted once the system has taken it for its receiver, so a receiver on another thread
    /// may have it a moment before it shows here.
    pub fn metrics(&self) -> Metrics {
        self.link.metrics()
    }

    /// Why connections did not reach the server, where some did not.
    pub fn unreached(&self) -> Option<Unreached> {
        self.link.failures.last()
    }

    /// A cheap handle that reads the counts, also after the proxy is gone.
    pub fn meter(&self) -> impl Fn() -> Metrics + Send + Sync + Clone + 'static {
        let link = self.link.clone();
        move || link.metrics()
    }

    /// The counts as they are now, and again every `period` (at least a millisecond) while a receiver is held, where they have
    /// changed. It takes a task of its own, which ends with the last receiver. Once the proxy is gone and its last connection has
    /// ended, the final counts come, and then [`changed`](watch::Receiver::changed) fails.
    ///
    /// ```
    /// # squall_wire::run_virtual(|shards| async move {
    /// # use squall_proxy::Proxy;
    /// # use std::time::Duration;
    /// # let server = shards.env(0).listen("127.0.0.1:0".parse()?)?;
    /// # let proxy = Proxy::tcp(server.local_addr()).shards(shards.clone()).start().await?;
    /// let mut counts = proxy.metrics_watch(Duration::from_millis(100));
    /// let _client = shards.env(0).dial(proxy.addr()).await?;
    /// counts.changed().await?;
    /// assert_eq!(counts.borrow().connections.accepted, 1);
    /// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    /// # })?.unwrap();
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn metrics_watch(&self, period: Duration) -> watch::Receiver<Metrics> {
        snapshots::watch(&self.link, period)
    }

    /// Listens to what happens from now on.
    pub fn events(&self) -> Events {
        self.link.events.subscribe()
    }

    /// A cheap handle for clients that say what they are before they connect.
    pub fn labels(&self) -> Labels {
        Labels(self.link.clone())
    }

    /// Takes the link down: open connections are reset, the port is closed. Returns once the port is free. Dropping the future
    /// does not bring anything back.
    pub async fn cut(&self) {
        lock(&self.port).shut();
        // Connections go once nobody can come back, or when this is given up.
        let _cancelling = Cancelling(&self.link);
        if self.link.id.carrier == Carrier::Stream {
            self.port_closed().await;
            return;
        }
        // Sessions of datagrams keep the port open, also those that begin until the receiver has ended.
        let env = self.link.shards.env(0).clone();
        self.link.cancel_all();
        while env.timeout(CLOSING, self.port_closed()).await.is_none() {
            self.link.cancel_all();
        }
    }

    /// Closes the port and leaves open connections alone; returns once the port is free. Sessions of datagrams cannot do without
    /// the port and end with it. [`Proxy::restore`] opens it again.
    pub async fn close_port(&self) {
        match self.link.id.carrier {
            Carrier::Stream => {
                lock(&self.port).shut();
                self.port_closed().await;
            }
            Carrier::Datagram => self.cut().await,
        }
    }

    /// Brings a link that was cut back up on the same address; no-op where it is up.
    ///
    /// # Errors
    /// Where the port has been taken by somebody else.
    pub async fn restore(&self) -> Result<(), ProxyError> {
        self.port_closed().await;
        let mut port = lock(&self.port);
        if matches!(*port, Port::Closed) {
            let opened = Port::open(self.link.clone(), &self.address);
            (_, *port) =
                opened.map_err(|source| ProxyError::Listen { addr: self.address.clone(), source })?;
        }
        Ok(())
    }

    /// Waits until no connection is open.
    pub async fn idle(&self) {
        self.link.registry.emptied().await;
    }

    /// Stops: closes the port, lets open connections end for up to `grace`, closes the rest as cancelled, and returns the
    /// final counts.
    pub async fn stop(self, grace: Duration) -> Metrics {
        self.drain(grace).await;
        self.metrics()
    }

    /// As [`Proxy::stop`], keeping the handle.
    pub async fn drain(&self, grace: Duration) {
        lock(&self.port).shut();
        // Sessions of datagrams go on using the port.
        if self.link.id.carrier == Carrier::Stream {
            self.port_closed().await;
        }
        let env = self.link.shards.env(0).clone();
        if env.timeout(grace, self.idle()).await.is_none() {
            self.link.cancel_all();
            self.idle().await;
        }
        self.port_closed().await;
    }

    /// Waits until the port is free, where it was told to close.
    async fn port_closed(&self) {
        let closing = lock(&self.port).closing();
        if let Some(mut closed) = closing {
            // The error is the news: the acceptor is gone.
            let _ = closed.changed().await;
            lock(&self.port).note_closed();
        }
    }
}

/// Ends every connection when it goes.
struct Cancelling<'a>(&'a Link);

impl Drop for Cancelling<'_> {
    fn drop(&mut self) {
        self.0.cancel_all();
    }
}

/// How often it is looked whether a port that is being closed is free.
const CLOSING: Duration = Duration::from_millis(10);

/// Says what connections are before they are made, so that a link's faults are drawn for that label and hold whatever the
/// order of concurrent connects.
#[derive(Clone)]
pub struct Labels(Arc<Link>);

impl Labels {
    /// The next connection from `local` is that worker's so many-th attempt. To be called before it connects.
    pub fn set(&self, local: SocketAddr, worker: u64, attempt: u64) {
        self.0.registry.label(local, ConnKey::Label { worker, attempt });
    }
}

impl fmt::Debug for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Labels").field(&self.0.id.name).finish()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if let Some(upkeep) = &self.upkeep {
            upkeep.abort();
        }
        self.link.registry.shut();
        lock(&self.port).shut();
        self.link.cancel_all();
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy")
            .field("name", &self.name())
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}
