//! `squall ctl`: a client of the control API, for people and for programs.

mod balance;
mod client;
mod requests;
mod show;
mod toxics;

use crate::exit::Exit;
use crate::{Failure, access, output, parse};
use client::Client;
use requests::{AddToxic, UpdateToxic};
use serde_json::{Value, json};
use squall::LinkedSpec;
use std::fs;
use std::path::PathBuf;

/// Control the proxies of `squall serve`, of `squall proxy --control`, or of Toxiproxy, and the members of `squall balance --control`.
///
/// With SQUALL_AUTH_TOKEN set, it is sent as bearer token.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The server; http://localhost:8474 by default, here or by TOXIPROXY_URL.
    #[arg(long, global = true, value_name = "URL")]
    host: Option<String>,
    /// Print what the server answered, as JSON.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// List all proxies.
    #[command(visible_alias = "ls", aliases = ["l", "li"])]
    List,
    /// Show a proxy and its toxics.
    #[command(aliases = ["i", "ins"])]
    Inspect {
        /// The proxy.
        proxy: String,
    },
    /// Make a proxy.
    #[command(visible_alias = "new", alias = "c")]
    Create {
        /// Its name.
        proxy: String,
        /// Where it listens: HOST:PORT; port 0 takes a free one.
        #[arg(short, long, value_name = "ADDR")]
        listen: String,
        /// Where it leads: HOST:PORT, or udp:HOST:PORT for datagrams.
        #[arg(short, long, value_name = "ADDR")]
        upstream: String,
        /// Do not start it yet.
        #[arg(long)]
        disabled: bool,
    },
    /// Enable a disabled proxy, or disable an enabled one.
    #[command(alias = "tog")]
    Toggle {
        /// The proxy.
        proxy: String,
    },
    /// Remove a proxy.
    #[command(alias = "d")]
    Delete {
        /// The proxy.
        proxy: String,
    },
    /// Add, change or remove a toxic.
    #[command(subcommand, alias = "t")]
    Toxic(Toxic),
    /// Show a balancer's members, or change what is wanted of one.
    #[command(subcommand)]
    Balance(balance::Balance),
    /// Add any fault, as `squall proxy --fault` takes it: `squall ctl add web latency:50ms,jitter=5ms@both`.
    Add {
        /// The proxy.
        link: String,
        /// FAULT[:VALUE,KEY=VALUE...][@up|down|both]; `squall faults` lists them.
        #[arg(value_parser = parse::fault)]
        spec: LinkedSpec,
    },
    /// Make the proxies that a file describes; those that are there already and are the same stay.
    Populate {
        /// A JSON array, as `export` writes it; `-` for stdin.
        file: PathBuf,
    },
    /// Enable every proxy and remove every toxic.
    Reset,
    /// Write all proxies with their toxics as a file for `populate` and `squall serve --config`.
    Export,
}

#[derive(clap::Subcommand)]
enum Toxic {
    /// Add a toxic to a proxy.
    #[command(alias = "a")]
    Add(AddToxic),
    /// Change a toxic: what is not given stays as it is.
    #[command(alias = "u")]
    Update(UpdateToxic),
    /// Remove a toxic from a proxy.
    #[command(aliases = ["r", "delete", "d"])]
    Remove {
        /// The proxy.
        proxy: String,
        /// The toxic.
        #[arg(short = 'n', long = "toxicName", visible_alias = "name", value_name = "NAME")]
        name: String,
    },
}

pub(crate) fn main(args: Args) -> Result<Exit, Failure> {
    let url = args.host.clone().or_else(|| std::env::var("TOXIPROXY_URL").ok().filter(|url| !url.is_empty()));
    let client = Client::new(url.as_deref().unwrap_or("http://localhost:8474"), access::token())?;
    let (answer, said) = run(&client, args.command)?;
    match (args.json, answer) {
        (true, Some(answer)) => output::print(&format!("{answer}\n"))?,
        (true, None) => {}
        (false, _) => output::print(&said)?,
    }
    Ok(Exit::Ok)
}

/// What the server answered, where that is anything, and the same for people.
fn run(client: &Client, command: Command) -> Result<(Option<Value>, String), Failure> {
    let proxy_path = |proxy: &str| format!("/proxies/{}", client::segment(proxy));
    Ok(match command {
        Command::List => {
            let proxies = client.get("/proxies")?;
            let said = show::list(&proxies);
            (Some(proxies), said)
        }
        Command::Inspect { proxy } => {
            let proxy = client.get(&proxy_path(&proxy))?;
            let said = show::proxy(&proxy);
            (Some(proxy), said)
        }
        Command::Create { proxy, listen, upstream, disabled } => {
            let body = json!({"name": proxy, "listen": listen, "upstream": upstream, "enabled": !disabled});
            let made = client.send("POST", "/proxies", &body)?;
            let said = format!("Created proxy {proxy} on {}\n", show::text(&made["listen"]));
            (Some(made), said)
        }
        Command::Toggle { proxy } => {
            let path = proxy_path(&proxy);
            let enabled = client.get(&path)?["enabled"] == true;
            let now = client.change(&path, &json!({"enabled": !enabled}))?;
            let said = format!("Proxy {proxy} is now {}\n", show::enabled(&now));
            (Some(now), said)
        }
        Command::Delete { proxy } => {
            client.delete(&proxy_path(&proxy))?;
            (None, format!("Deleted proxy {proxy}\n"))
        }
        Command::Toxic(Toxic::Add(toxic)) => {
            let mut made = toxics::add(client, &toxic.proxy, &toxic.bodies()?, "--name (-n)")?;
            let said = made.iter().map(|made| show::added(made, &toxic.proxy)).collect();
            let answer = if made.len() == 1 { made.pop() } else { Some(Value::Array(made)) };
            (answer, said)
        }
        Command::Toxic(Toxic::Update(toxic)) => {
            let path = format!("{}/toxics/{}", proxy_path(&toxic.proxy), client::segment(&toxic.name));
            let changed = client.change(&path, &toxic.body())?;
            (Some(changed), format!("Updated toxic '{}' on proxy '{}'\n", toxic.name, toxic.proxy))
        }
        Command::Toxic(Toxic::Remove { proxy, name }) => {
            client.delete(&format!("{}/toxics/{}", proxy_path(&proxy), client::segment(&name)))?;
            (None, format!("Removed toxic '{name}' on proxy '{proxy}'\n"))
        }
        Command::Balance(balance) => balance.run(client)?,
        Command::Add { link, spec } => {
            let body = requests::fault(&spec)?;
            let mut made = toxics::add(client, &link, &[body], "`name=` in the fault")?;
            let said = made.iter().map(|made| show::added(made, &link)).collect();
            (made.pop(), said)
        }
        Command::Populate { file } => {
            let text = if file.as_os_str() == "-" {
                std::io::read_to_string(std::io::stdin())
            } else {
                fs::read_to_string(&file)
            };
            let text = text
                .map_err(|error| Failure::environment(format!("cannot read {}: {error}", file.display())))?;
            let made = client.send_text("POST", "/populate", &text)?;
            let said = show::list(&made["proxies"]);
            (Some(made), said)
        }
        Command::Reset => {
            client.send_text("POST", "/reset", "")?;
            (None, "Enabled every proxy and removed every toxic\n".to_owned())
        }
        Command::Export => {
            let config = requests::config(&client.get("/proxies")?);
            let text = serde_json::to_string_pretty(&config).map_err(Failure::environment)?;
            (Some(config), format!("{text}\n"))
        }
    })
}
