//! Squall's own part of the API: the members of balancers, what they meet, and what an operator wants of them.

use super::collection::Collection;
use super::counts::Counts;
use super::error::ApiError;
use super::json::{Fields, Json};
use crate::json::{Member, member};
use serde::Serialize;
use squall_balance::{AdminState, MAX_WEIGHT, UnknownAdminState};
use squall_proxy::{BalanceError, BalancerHandle, MemberMetrics, Metrics};
use squall_wire::lock;
use std::collections::BTreeMap;

/// In alphabetical order; members are in the pool's.
#[derive(Serialize)]
struct Balancer<'a> {
    algorithm: &'static str,
    members: Vec<Named<'a>>,
    name: &'a str,
    picks: u64,
    unanswered: u64,
}

/// A member with its name.
#[derive(Serialize)]
struct Named<'a> {
    name: &'a str,
    #[serde(flatten)]
    member: Member<'a>,
}

impl<'a> From<&'a MemberMetrics> for Named<'a> {
    fn from(metrics: &'a MemberMetrics) -> Named<'a> {
        Named { name: &metrics.name, member: member(metrics) }
    }
}

/// A balancer as it is kept.
pub(super) struct Balancing {
    handle: BalancerHandle,
    counts: Counts,
}

impl Collection {
    /// Lets clients see a balancer's members and change their states and weights. One of the same name is replaced; what its link
    /// has counted goes on being counted. It is no proxy: toxics, listening and stopping are not for clients to change, and none can
    /// have its name.
    pub fn add_balancer(&self, balancer: BalancerHandle) {
        let mut balancers = lock(&self.0.balancers);
        let old = balancers.remove(balancer.name());
        let mut counts = old.map(|old| old.counts).unwrap_or_default();
        counts.follow(balancer.meter());
        balancers.insert(balancer.name().to_owned(), Balancing { handle: balancer, counts });
    }

    /// Forgets the balancer of that name, which is nothing to its link.
    pub fn remove_balancer(&self, name: &str) {
        let removed = lock(&self.0.balancers).remove(name);
        drop(removed);
    }

    pub(super) fn is_balancer(&self, name: &str) -> bool {
        lock(&self.0.balancers).contains_key(name)
    }

    /// What the links of all balancers have counted, by name.
    pub(super) fn balancer_metrics(&self) -> Vec<(String, Metrics)> {
        let balancers = lock(&self.0.balancers);
        balancers.iter().map(|(name, balancing)| (name.clone(), balancing.counts.read())).collect()
    }

    pub(super) fn balancer_metrics_of(&self, name: &str) -> Option<Metrics> {
        lock(&self.0.balancers).get(name).map(|balancing| balancing.counts.read())
    }

    pub(super) fn balancers(&self) -> Result<String, ApiError> {
        let handles: Vec<BalancerHandle> = {
            let balancers = lock(&self.0.balancers);
            balancers.values().map(|balancing| balancing.handle.clone()).collect()
        };
        let members: Vec<_> = handles.iter().map(BalancerHandle::members).collect();
        let all: BTreeMap<_, _> = handles
            .iter()
            .zip(&members)
            .map(|(handle, members)| (handle.name(), show(handle, members)))
            .collect();
        encode(&all)
    }

    pub(super) fn balancer(&self, name: &str) -> Result<String, ApiError> {
        let handle = self.handle(name)?;
        encode(&show(&handle, &handle.members()))
    }

    pub(super) fn member(&self, balancer: &str, name: &str) -> Result<String, ApiError> {
        let members = self.handle(balancer)?.members();
        let found = members.iter().find(|member| member.name == name).ok_or_else(ApiError::no_member)?;
        encode(&Named::from(found))
    }

    /// Does what a request wants of a member: all of it, or nothing.
    pub(super) fn change_member(
        &self,
        balancer: &str,
        name: &str,
        wanted: &Json,
    ) -> Result<String, ApiError> {
        let handle = self.handle(balancer)?;
        let fields = Fields::of(wanted, "Member").map_err(ApiError::body)?;
        let state = fields.text("state").map_err(ApiError::body)?;
        let weight = fields.integer("weight").map_err(ApiError::body)?;
        if let (None, None) = (state, weight) {
            return Err(ApiError::missing("state or weight"));
        }
        let state = state.map(str::parse::<AdminState>).transpose();
        let state = state.map_err(|error: UnknownAdminState| ApiError::attributes(error))?;
        let refused = |error: BalanceError| match error {
            BalanceError::UnknownMember { .. } => ApiError::no_member(),
            BalanceError::Pool(error) => ApiError::attributes(error),
        };
        if let Some(weight) = weight {
            // One beyond what the type takes is as wrong as one beyond what a member takes.
            let weight = u32::try_from(weight).map_err(|_| {
                let why = format!("member {name}: the weight {weight} is not among 0 to {MAX_WEIGHT}");
                ApiError::attributes(why)
            })?;
            handle.set_weight(name, weight).map_err(refused)?;
        }
        if let Some(state) = state {
            handle.set_state(name, state).map_err(refused)?;
        }
        self.member(balancer, name)
    }

    fn handle(&self, name: &str) -> Result<BalancerHandle, ApiError> {
        let balancers = lock(&self.0.balancers);
        let found = balancers.get(name).map(|balancing| balancing.handle.clone());
        found.ok_or_else(ApiError::no_balancer)
    }
}

fn show<'a>(handle: &'a BalancerHandle, members: &'a [MemberMetrics]) -> Balancer<'a> {
    let snapshot = handle.snapshot();
    Balancer {
        algorithm: snapshot.algorithm.name(),
        members: members.iter().map(Named::from).collect(),
        name: handle.name(),
        picks: snapshot.picks,
        unanswered: snapshot.unanswered,
    }
}

fn encode(value: &impl Serialize) -> Result<String, ApiError> {
    serde_json::to_string(value).map_err(|error| ApiError::new(500, error.to_string()))
}
