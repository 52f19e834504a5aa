//! Balancers as their members and their faults change under open connections.

use super::links::{failure, title};
use super::services::{Outcome, Running};
use crate::Failure;
use squall::scenario::model::{self, Change, Pool, Services, Upstream, of_member};
use squall::{FaultGuard, FaultSpec, Proxy, ProxyError};

impl Running {
    /// Takes members out that are to leave their balancers, before their servers close: nobody is sent to a port that is about to
    /// go. Where all of them are to leave, they stay until the others have come.
    pub(super) fn dismiss(&mut self, changes: &[Change]) {
        for change in changes {
            let Change::Pool { balancer, pool: wanted } = change else { continue };
            let Some(old) = self.services.link(balancer).and_then(model::Link::pool) else { continue };
            let mut pool = old.clone();
            pool.members.retain(|member| wanted.members.iter().any(|other| other.name == member.name));
            if pool.members.is_empty() || pool.members.len() == old.members.len() {
                continue;
            }
            // Some of what it was cannot be refused.
            if self.put_pool(balancer, &pool).is_ok() {
                self.services.apply(&Change::Pool { balancer: balancer.clone(), pool });
            }
        }
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
