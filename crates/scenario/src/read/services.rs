//! Reads a file of services: servers, links and balancers without a scenario, in the same words.

use squall_faults::Carrier;
use squall_wire::Address;
use toml::de::DeTable;

use super::names::Names;
use super::{Overrides, balance, echo, link, named, protocol, vars, version};
use crate::diagnostic::{Diagnostic, Source};
use crate::document::{Errors, Item, Table, parse};
use crate::format;
use crate::model::{Clock, Services};

/// Whether a text says that it is a file of services, right or wrong.
pub fn is_services(source: &Source) -> bool {
    parse(source.text()).is_ok_and(|tree| tree.get_ref().contains_key("up"))
}

/// Reads a file of services. Of the overrides only the vars count: services live by the real clock.
///
/// ```
/// use squall_scenario::diagnostic::Source;
///
/// let text = "up = 1\n[echo.backend]\n[link.api]\nlisten = \"127.0.0.1:7000\"\nupstream = \"echo.backend\"\n";
/// let services = squall_scenario::read_services(&Source::new("services.toml", text), &Default::default()).unwrap();
/// assert_eq!(services.links[0].listen.to_string(), "127.0.0.1:7000");
/// ```
///
/// # Errors
/// Every mistake of the file, in order of position; syntax errors stand alone.
pub fn read_services(source: &Source, overrides: &Overrides) -> Result<Services, Vec<Diagnostic>> {
    let mut tree = parse(source.text())?.into_inner();
    if let (Some((key, _)), false) = (tree.get_key_value("scenario"), tree.contains_key("up")) {
        let help = "`squall run` runs it; `squall up` wants a file with `up = 1`".to_owned();
        return Err(vec![Diagnostic::new("this is a scenario", key.span()).help(help)]);
    }
    let errors = Errors::default();
    vars::substitute(&mut tree, source.text(), overrides, &errors);
    let services = document(source, &tree, &errors);
    let errors = errors.into_sorted();
    if errors.is_empty() { Ok(services) } else { Err(errors) }
}

fn document(source: &Source, tree: &DeTable<'_>, errors: &Errors) -> Services {
    let root = Table::new(tree, "a file of services".to_owned(), 0..0, source.text(), errors);
    version(&root, "up", "up = 1");
    let mut services = Services {
        seed: root.get("seed").and_then(|item| item.integer(0..=u64::MAX)).unwrap_or(0),
        grace: root.get("grace").and_then(|item| item.value("10s")),
        metrics: root.get("metrics").and_then(|item| link::address(&item)),
        control: root.get("control").and_then(|item| link::address(&item)),
        echoes: Vec::new(),
        links: Vec::new(),
    };
    // Read before everything else.
    root.get("vars");
    let echoes = named(root.get("echo"), "echo.backend");
    let links = named(root.get("link"), "link.api");
    let balancers = named(root.get("balance"), "balance.pool");
    if !["echo", "link", "balance"].into_iter().any(|kind| root.has(kind)) {
        let help =
            "add a link, [link.api], a balancer, [balance.pool], or a server, [echo.backend]".to_owned();
        root.refuse("there is nothing to start", help);
    }
    root.close_as(&format::SERVICES);

    let speaks = |item: &Item<'_>| (item.key().to_owned(), protocol::of(item));
    let folder = source.folder().to_owned();
    let mut names = Names::new(folder, echoes.iter().map(echo::speaks), links.iter().map(speaks))
        .with_balancers(balancers.iter().map(|item| item.key().to_owned()));
    services.echoes = echoes.iter().map(echo::read).collect();
    services.links = links.iter().map(|item| link::read(item, Clock::Real, None, &mut names)).collect();
    let pools = balancers.iter().map(|item| balance::read(item, Clock::Real, &mut names));
    services.links.extend(pools);
    let links: Vec<Item<'_>> = links.into_iter().chain(balancers).collect();
    link::refuse_cycles(&services.links, &links);
    refuse_shared_ports(&services, &echoes, &links);
    services
}

/// Notes every address that two want to listen on: the second could not be bound.
fn refuse_shared_ports(services: &Services, echoes: &[Item<'_>], links: &[Item<'_>]) {
    let servers =
        services.echoes.iter().map(|echo| (format!("echo.{}", echo.name), echo.carrier, echo.listen.into()));
    let relays = services.links.iter().map(|link| (link.path(), link.carrier, link.listen.clone()));
    let mut taken: Vec<(String, (Carrier, Address))> = Vec::new();
    for ((name, carrier, listen), item) in servers.chain(relays).zip(echoes.iter().chain(links)) {
        if listen.socket_addr().is_some_and(|addr| addr.port() == 0) {
            continue;
        }
        if let Some((owner, _)) =
            taken.iter().find(|(_, (other, place))| *other == carrier && place.is_same(&listen))
        {
            let table = item.table(&name);
            let place = table.as_ref().and_then(|table| table.get("listen"));
            let own = if listen.is_unix() { "path" } else { "port" };
            let message = format!("`{owner}` listens on {listen} already");
            place.as_ref().unwrap_or(item).refuse(message, format!("each needs a {own} of its own"));
        }
        taken.push((name, (carrier, listen)));
    }
}
