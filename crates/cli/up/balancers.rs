//! Balancers as their members and their faults change under open connections.

use super::links::{failure, title};
use super::ports::Crowded;
use super::services::{Outcome, Running};
use crate::Failure;
use squall::scenario::model::{self, Change, Member, Pool, Services, Upstream, of_member};
use squall::{FaultGuard, FaultSpec, Proxy, ProxyError};

impl Running {
    /// Takes members out that are to leave their balancers, and whose ports have to be closed for others to be bound: nobody is sent
    /// to a port that is about to go. Where all of them are to leave, they stay until the others have come.
    pub(super) fn dismiss(&mut self, changes: &[Change], crowded: &Crowded) {
        for change in changes {
            let Change::Pool { balancer, pool: wanted } = change else { continue };
            let stays = |member: &Member| {
                !crowded.has(&member.to) || wanted.members.iter().any(|other| other.name == member.name)
            };
            self.take_out(balancer, stays);
        }
    }

    /// Takes members out whose servers are about to end, of balancers that could not become what the file says. What else they
    /// lead to they follow.
    pub(super) fn forsake(&mut self, changes: &[Change]) -> Vec<Outcome> {
        let ends = |upstream: &Upstream| {
            changes.iter().any(|change| match (change, upstream) {
                (Change::EndEcho(name), Upstream::Echo(other)) => name == other,
                (Change::EndLink(name), Upstream::Link(other)) => name == other,
                _ => false,
            })
        };
        let staying = self.services.links.iter();
        let staying = staying.filter(|link| !changes.iter().any(|change| is_end_of(change, &link.name)));
        let names: Vec<String> = staying.map(|link| link.name.clone()).collect();
        let mut outcomes = Vec::new();
        for name in names {
            let Some(pool) = self.services.link(&name).and_then(model::Link::pool).cloned() else { continue };
            let mut moved = self.moved_members(&name, &pool);
            let gone = self.take_out(&name, |member| !ends(&member.to));
            // What changes a pool looks up where its members are.
            if gone.is_empty() && !moved.is_empty() && self.put_pool(&name, &pool).is_err() {
                moved.clear();
            }
            let left =
                gone.into_iter().map(|member| format!("member {member} leaves, for what it leads to ends"));
            let moved = moved.into_iter().map(|member| format!("member {member} moves"));
            let told: Vec<String> = left.chain(moved).collect();
            if !told.is_empty() {
                outcomes.push(Ok(format!("balance {name} changed: {}", told.join(", "))));
            }
        }
        outcomes
    }

    /// Takes all members out of a balancer but those for which `stays` holds, unless nobody would be left; says which.
    fn take_out(&mut self, balancer: &str, stays: impl Fn(&Member) -> bool) -> Vec<String> {
        let Some(old) = self.services.link(balancer).and_then(model::Link::pool) else { return Vec::new() };
        let (kept, gone): (Vec<_>, Vec<_>) = old.members.iter().cloned().partition(stays);
        if kept.is_empty() || gone.is_empty() {
            return Vec::new();
        }
        let pool = Pool { members: kept, ..old.clone() };
        // Some of what it was cannot be refused.
        if self.put_pool(balancer, &pool).is_err() {
            return Vec::new();
        }
        self.services.apply(&Change::Pool { balancer: balancer.to_owned(), pool });
        gone.into_iter().map(|member| member.name).collect()
    }

    /// Changes a balancer that runs. `before` is what the file had.
    pub(super) fn change_balancer(
        &mut self,
        link: &model::Link,
        changes: &[&Change],
        before: &Services,
    ) -> Outcome {
        let failed =
            |error: Failure| Failure { message: format!("{}: {}", title(link), error.message), ..error };
        let mut told = Vec::new();
        if let Some(pool) = link.pool() {
            let moved = self.moved_members(&link.name, pool);
            self.put_pool(&link.name, pool).map_err(failed)?;
            told.extend(differences(before.link(&link.name).and_then(model::Link::pool), pool, &moved));
            self.services.apply(&Change::Pool { balancer: link.name.clone(), pool: pool.clone() });
        }
        for change in changes {
            let Change::Faults { gone, changed, new, .. } = change else { continue };
            let wanted: Vec<FaultSpec> = changed.iter().chain(new).cloned().collect();
            if let Some(proxy) = self.balancers.get(&link.name) {
                for name in gone {
                    proxy.clear(name);
                }
                // As far as it comes: the next reading tries the rest.
                let done = wanted.iter().try_for_each(|fault| put_fault(proxy, fault));
                done.map_err(|error| failed(Failure::environment(error)))?;
            }
            told.extend(super::links::told_of_faults(gone, &wanted));
        }
        self.services.apply(&Change::Link(link.clone()));
        Ok(format!("{} changed: {}", title(link), told.join(", ")))
    }

    /// Has a balancer pick from this pool. Members that leave by it have until the end of the grace.
    fn put_pool(&mut self, balancer: &str, pool: &Pool) -> Result<(), Failure> {
        let ends = self.ends(pool.members.iter().map(|member| &member.to));
        let ends = ends.map_err(Failure::environment)?;
        let Some(handle) = self.balancers.get(balancer).and_then(Proxy::balancer) else {
            return Err(Failure::environment("it does not run"));
        };
        let departed = handle.change(pool.build(|upstream| ends.of(upstream))).map_err(failure)?;
        if let Some(started) = self.started.get_mut(balancer) {
            started.ends = ends;
        }
        if !departed.is_empty() {
            let grace = self.grace();
            self.leaving.spawn(departed.drain(grace));
        }
        Ok(())
    }

    /// The members that have not changed in the file, and whose servers are elsewhere now.
    fn moved_members(&self, balancer: &str, pool: &Pool) -> Vec<String> {
        let elsewhere = |to: &Upstream| {
            let before = self.started.get(balancer).and_then(|started| started.ends.find(to));
            before.is_some_and(|before| self.resolve(to).is_ok_and(|now| now != *before))
        };
        let moved = pool.members.iter().filter(|member| elsewhere(&member.to));
        moved.map(|member| member.name.clone()).collect()
    }
}

/// Whether a change is the end of that link, or balancer.
fn is_end_of(change: &Change, link: &str) -> bool {
    matches!(change, Change::EndLink(name) if name == link)
}

/// What is different about a pool, in words.
fn differences(old: Option<&Pool>, new: &Pool, moved: &[String]) -> Vec<String> {
    let known = |name: &str| old.and_then(|old| old.members.iter().find(|member| member.name == name));
    let mut told = Vec::new();
    for member in &new.members {
        let name = &member.name;
        match known(name) {
            None => told.push(format!("member {name} joins")),
            Some(old) if old.to != member.to || moved.contains(name) => {
                told.push(format!("member {name} moves"))
            }
            Some(old) if old != member => told.push(format!("member {name} changes")),
            Some(_) => {}
        }
    }
    let left = old.into_iter().flat_map(|old| &old.members);
    let left = left.filter(|member| !new.members.iter().any(|other| other.name == member.name));
    told.extend(left.map(|member| format!("member {} leaves", member.name)));
    let rules = |pool: &Pool| Pool { members: Vec::new(), ..pool.clone() };
    if old.is_some_and(|old| rules(old) != rules(new)) {
        told.push("members are picked by other rules".to_owned());
    }
    told
}

/// Puts a fault on a balancer, or on one member of it, in place of the one of its name if there is one.
fn put_fault(proxy: &Proxy, fault: &FaultSpec) -> Result<(), ProxyError> {
    let specs = proxy.specs();
    if let Some((name, old)) = specs.iter().find(|(name, _)| Some(name.as_str()) == fault.name()) {
        if old.kind().name == fault.kind().name {
            return proxy.update(name, fault.clone());
        }
        proxy.clear(name);
    }
    let put = match of_member(fault) {
        Some((member, fault)) => proxy.try_inject_at(&member, fault),
        None => proxy.try_inject(fault.clone()),
    };
    put.map(FaultGuard::keep)
}
