//! `squall ctl balance`: the members of a balancer.

use super::client::{Client, segment};
use super::show::text;
use crate::{Failure, table};
use serde_json::{Value, json};
use squall::AdminState;

/// What is asked about a balancer.
#[derive(clap::Subcommand)]
pub(super) enum Balance {
    /// Show the members of a balancer.
    Show {
        /// The balancer; may be left out where there is one only.
        balancer: Option<String>,
    },
    /// Change what is wanted of a member.
    #[command(group = clap::ArgGroup::new("wanted").args(["state", "weight"]).required(true).multiple(true))]
    Set {
        /// The balancer.
        balancer: String,
        /// The member.
        member: String,
        /// up: in service as its health allows; drain: no new connections; down: those it has are ended, too.
        #[arg(long, value_name = "STATE")]
        state: Option<AdminState>,
        /// Its share against the others, 0 to 1000.
        #[arg(long, value_name = "N")]
        weight: Option<u32>,
    },
}

impl Balance {
    /// What the server answered, and the same for people.
    pub(super) fn run(self, client: &Client) -> Result<(Option<Value>, String), Failure> {
        let path = |balancer: &str| format!("/squall/balance/{}", segment(balancer));
        match self {
            Balance::Show { balancer } => {
                let shown = match balancer {
                    Some(balancer) => client.get(&path(&balancer))?,
                    None => the_only(client.get("/squall/balance")?)?,
                };
                let members = shown["members"].as_array().map(Vec::as_slice).unwrap_or_default();
                let said = rows(members);
                Ok((Some(shown), said))
            }
            Balance::Set { balancer, member, state, weight } => {
                let mut body = json!({});
                if let Some(state) = state {
                    body["state"] = state.name().into();
                }
                if let Some(weight) = weight {
                    body["weight"] = weight.into();
                }
                let shown = client.change(&format!("{}/{}", path(&balancer), segment(&member)), &body)?;
                let said = rows(std::slice::from_ref(&shown));
                Ok((Some(shown), said))
            }
        }
    }
}

/// The only one of all balancers.
fn the_only(all: Value) -> Result<Value, Failure> {
    let Value::Object(all) = all else {
        return Err(Failure::environment("the server does not answer with balancers"));
    };
    let names: Vec<&str> = all.keys().map(String::as_str).collect();
    match names.as_slice() {
        [] => Err(Failure::environment("there is no balancer")),
        [_] => Ok(all.into_iter().next().map(|(_, only)| only).unwrap_or_default()),
        names => Err(Failure::usage(format!("there are several balancers, name one: {}", names.join(", ")))),
    }
}

fn rows(members: &[Value]) -> String {
    let keys = ["name", "address", "state", "weight", "active", "connections", "failures", "ejections"];
    let mut rows = vec![keys.map(str::to_uppercase)];
    rows.extend(members.iter().map(|member| keys.map(|key| text(&member[key]))));
    table::aligned(0, [false, false, false, true, true, true, true, true], &rows)
}
