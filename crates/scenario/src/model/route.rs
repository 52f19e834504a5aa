//! Where links lead: to a server, to other links, or, of a balancer, to each of its members.

use super::{Link, Member, Pool, Scenario, Upstream};

impl Link {
    /// Its path in reports: `link.NAME`, or `balance.NAME`.
    pub fn path(&self) -> String {
        format!("{}.{}", if self.pool().is_some() { "balance" } else { "link" }, self.name)
    }

    /// The members that it picks from, where it is a balancer.
    pub fn pool(&self) -> Option<&Pool> {
        match &self.upstream {
            Upstream::Pool(pool) => Some(pool),
            _ => None,
        }
    }

    /// The path in reports of the fault that goes by `name` on it, such as `balance.pool.members.a.faults.latency`.
    pub(crate) fn fault_path(&self, name: &str) -> String {
        match name.split_once('.') {
            Some((member, name)) => format!("{}.members.{member}.faults.{name}", self.path()),
            None => format!("{}.faults.{name}", self.path()),
        }
    }

    /// Whom it dials; of a balancer its members, in order.
    pub fn ends(&self) -> impl Iterator<Item = &Upstream> {
        let pool = self.pool();
        let one = pool.is_none().then_some(&self.upstream);
        one.into_iter()
            .chain(pool.into_iter().flat_map(|pool| pool.members.iter().map(|member: &Member| &member.to)))
    }

    /// Whether it dials that.
    pub(crate) fn leads_to(&self, upstream: &Upstream) -> bool {
        self.ends().any(|end| end == upstream)
    }

    /// The built-in servers that it dials.
    pub(crate) fn echoes(&self) -> impl Iterator<Item = &str> {
        self.ends().filter_map(|end| match end {
            Upstream::Echo(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// The links that it dials.
    pub(crate) fn links(&self) -> impl Iterator<Item = &str> {
        self.ends().filter_map(|end| match end {
            Upstream::Link(name) => Some(name.as_str()),
            _ => None,
        })
    }
}

impl Scenario {
    /// The links that connections to `link` may run through: `link` itself, and every other after all that lead to it. Ends where a
    /// link is met again, which only happens in a scenario that is being refused.
    pub(crate) fn route<'a>(&'a self, link: &'a str) -> Vec<&'a Link> {
        route(&self.links, link)
    }
}

/// As [`Scenario::route`], among these links.
pub(crate) fn route<'a>(links: &'a [Link], link: &'a str) -> Vec<&'a Link> {
    let (mut met, mut route) = (Vec::new(), Vec::new());
    follow(links, link, &mut met, &mut route);
    route.reverse();
    route
}

fn find<'a>(links: &'a [Link], name: &str) -> Option<&'a Link> {
    links.iter().find(|link| link.name == name)
}

/// Puts everything behind `link` on the route, then `link`.
fn follow<'a>(links: &'a [Link], link: &'a str, met: &mut Vec<&'a str>, route: &mut Vec<&'a Link>) {
    let Some(link) = find(links, link) else { return };
    if met.contains(&link.name.as_str()) {
        return;
    }
    met.push(&link.name);
    for next in link.links() {
        follow(links, next, met, route);
    }
    route.push(link);
}

/// The names of links that lead from `link` back to it, both ends included; nothing where none do.
pub(crate) fn circle<'a>(links: &'a [Link], link: &'a str) -> Option<Vec<&'a str>> {
    let mut way = vec![link];
    back(links, link, link, &mut Vec::new(), &mut way).then_some(way)
}

fn back<'a>(
    links: &'a [Link],
    home: &str,
    at: &'a str,
    met: &mut Vec<&'a str>,
    way: &mut Vec<&'a str>,
) -> bool {
    for next in find(links, at).into_iter().flat_map(Link::links) {
        way.push(next);
        if next == home {
            return true;
        }
        if !met.contains(&next) {
            met.push(next);
            if back(links, home, next, met, way) {
                return true;
            }
        }
        way.pop();
    }
    false
}
