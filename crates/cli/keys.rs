//! Every long option of a command is a key of the scenario table that stands for it, or there is a reason why not.

use crate::Args;
use clap::CommandFactory;
use squall::scenario::format::{BALANCE, ECHO, LINK, LOAD, Shape};

/// Options that are no keys, with what says it in a scenario instead.
type Exceptions = &'static [(&'static str, &'static str)];

const OF_SERVERS: [(&str, &str); 4] = [
    ("grace", "the scenario's own `grace`"),
    ("port-file", "what is bound is known to the scenario"),
    ("shards", "`squall run --shards`"),
    ("help", "not about the link"),
];

/// Of everything that relays.
const OF_RELAYS: Exceptions = &[
    ("seed", "the scenario's own `seed`"),
    ("decisions", "`squall run --decisions`"),
    ("replay", "`squall run --replay`"),
    ("metrics", "the report"),
    ("control", "steps"),
    ("auth-token", "of --control"),
    ("allow-host", "of --control"),
    ("log-events", "the report, and the last events of a run that fails"),
    ("summary", "the report"),
];

const PROXY: Exceptions = &[
    ("link", "its name is in the header, [link.NAME]"),
    ("udp", "`protocol`"),
    ("any", "for clients that the scenario does not have"),
];

const BALANCER: Exceptions = &[
    ("member", "`members`"),
    ("name", "it is in the header, [balance.NAME]"),
    ("picks", "`members` in the report"),
];

const ECHOES: Exceptions = &[
    ("tcp", "`protocol` and `listen`"),
    ("udp", "`protocol` and `listen`"),
    ("http", "`protocol` and `listen`"),
    ("metrics", "the report"),
    ("log-events", "the report, and the last events of a run that fails"),
    ("summary", "the report"),
];

const LOADS: Exceptions = &[
    ("no-reconnect", "`reconnect = false`"),
    ("seed", "the scenario's own `seed`"),
    ("shard", "a scenario runs on one machine"),
    ("threshold", "`[[expect]]`"),
    ("baseline", "`[snapshot]`"),
    ("json", "`squall run --json`"),
    ("junit", "`squall run --junit`"),
    ("schema", "about the report"),
];

/// Options without a key and without a reason, and reasons for options that are not there.
fn misfits(command: &str, shape: &Shape, exceptions: &[Exceptions]) -> Vec<String> {
    let exceptions = || exceptions.iter().copied().flatten();
    let mut args = Args::command();
    args.build();
    let command = args.find_subcommand(command).expect("a command");
    let logging: Vec<&str> = args.get_arguments().filter_map(|arg| arg.get_long()).collect();
    let options: Vec<&str> = command.get_arguments().filter_map(|arg| arg.get_long()).collect();
    let key = |option: &str| shape.keys.iter().any(|key| key.name == option.replace('-', "_"));
    let excepted = |option: &str| exceptions().chain(&OF_SERVERS).any(|(name, _)| *name == option);
    let own = options.iter().filter(|option| !logging.contains(*option));
    let lost = own.filter(|option| key(option) == excepted(option)).map(|option| format!("--{option}"));
    let stale = exceptions().filter(|(name, _)| !options.contains(name));
    lost.chain(stale.map(|(name, _)| format!("exception {name}"))).collect()
}

#[test]
fn every_option_of_a_command_is_a_key_of_its_table() {
    assert_eq!(misfits("proxy", &LINK, &[PROXY, OF_RELAYS]), Vec::<String>::new());
    assert_eq!(misfits("balance", &BALANCE, &[BALANCER, OF_RELAYS]), Vec::<String>::new());
    assert_eq!(misfits("echo", &ECHO, &[ECHOES]), Vec::<String>::new());
    assert_eq!(misfits("load", &LOAD, &[LOADS]), Vec::<String>::new());
}
