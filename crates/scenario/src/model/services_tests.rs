//! That changes lead from any services to any others, and touch nothing else.

use super::{Change, Services};
use crate::diagnostic::Source;

fn read(text: &str) -> Services {
    let source = Source::new("up.toml", format!("up = 1\n[echo.base]\n{text}"));
    crate::read_services(&source, &Default::default())
        .unwrap_or_else(|mistakes| panic!("{mistakes:?}: {text}"))
}

/// Servers and links by name, faults by name within them: what two services have in common where nothing has to be done.
fn essence(services: &Services) -> Vec<String> {
    let echoes = services.echoes.iter().map(|echo| format!("{echo:?}"));
    let links = services.links.iter().map(|link| {
        let mut link = link.clone();
        link.faults.sort_by_key(|fault| fault.name().map(str::to_owned));
        if let super::Upstream::Pool(pool) = &mut link.upstream {
            pool.members.sort_by(|one, other| one.name.cmp(&other.name));
        }
        format!("{link:?}")
    });
    let mut all: Vec<String> = echoes.chain(links).collect();
    all.sort();
    all
}

/// Files that differ in every way there is: a server and two links, each in some shape or not there.
fn universe() -> Vec<Services> {
    const ECHO: [&str; 3] = ["", "[echo.e]\n", "[echo.e]\nmode = \"discard\"\n"];
    const LINK: [&str; 8] = [
        "",
        "upstream = \"echo.base\"\n",
        "upstream = \"127.0.0.1:9\"\nsegment = \"1KiB\"\n",
        "upstream = \"echo.base\"\nfault = [{ latency = \"1ms\" }]\n",
        "upstream = \"echo.base\"\nfault = [{ latency = \"2ms\" }]\n",
        "upstream = \"echo.base\"\nfault = [{ latency = \"1ms\", direction = \"up\" }, { reset = \"1KiB\" }]\n",
        "upstream = \"echo.base\"\nfault = [{ name = \"latency\", truncate = \"1KiB\" }, { reset = \"2KiB\" }]\n",
        "upstream = \"echo.base\"\nfault = [{ reset = \"1KiB\" }, { latency = \"1ms\" }]\n",
    ];
    let link = |name: &str, body: &str| match body {
        "" => String::new(),
        body => format!("[link.{name}]\n{body}"),
    };
    let mut all = Vec::new();
    for echo in ECHO {
        for a in LINK {
            for b in LINK {
                all.push(read(&format!("{echo}{}{}", link("a", a), link("b", b))));
            }
        }
    }
    all
}

/// The same of balancers: one in some shape, or a link of its name, before a server or a link that may be there.
fn balancers() -> Vec<Services> {
    const OTHERS: [&str; 3] = ["", "[echo.e]\n", "[link.far]\nupstream = \"balance.p\"\n"];
    const P: [&str; 10] = [
        "",
        "[link.p]\nupstream = \"echo.base\"\n",
        "[balance.p]\nmembers = [\"echo.base\"]\n",
        "[balance.p]\nmembers = [\"echo.base\"]\nsegment = \"1KiB\"\n",
        "[balance.p]\nmembers = [\"echo.base\"]\nalgorithm = \"p2c\"\ncheck_interval = \"1s\"\n",
        "[balance.p]\nmembers = [\"echo.base\", { to = \"h:1\", name = \"h\" }]\n",
        "[balance.p]\nmembers = [{ to = \"h:1\", name = \"h\" }, \"echo.base\"]\n",
        "[balance.p]\nmembers = [{ to = \"h:2\", name = \"h\" }, { to = \"echo.base\", weight = 2 }]\n",
        "[balance.p]\nmembers = [\"echo.base\"]\nfault = [{ latency = \"1ms\" }]\n",
        "[balance.p]\nmembers = [\"echo.base\", { to = \"h:1\", name = \"h\" }]\nfault = [{ latency = \"1ms\", member = \"h\" }]\n",
    ];
    let valid = |others: &str, p: &str| !others.contains("balance.p") || p.starts_with("[balance");
    let all = OTHERS.iter().flat_map(|others| P.iter().map(move |p| (*others, *p)));
    all.filter(|(others, p)| valid(others, p)).map(|(others, p)| read(&format!("{others}{p}"))).collect()
}

#[test]
fn the_changes_of_balancers_lead_from_any_to_any_other() {
    let all = balancers();
    for from in &all {
        for to in &all {
            let mut now = from.clone();
            from.changes_to(to).iter().for_each(|change| now.apply(change));
            assert_eq!(essence(&now), essence(to));
            assert!(now.changes_to(to).is_empty());
        }
    }
}

#[test]
fn a_balancer_is_replaced_only_for_what_is_not_its_pool_or_its_faults() {
    let pool = |keys: &str| read(&format!("[balance.p]\nmembers = [\"echo.base\"]\n{keys}\n"));
    let kinds = |to: &str| -> Vec<&str> {
        let changes = pool("").changes_to(&pool(to));
        let kind = |change: &Change| match change {
            Change::Link(_) => "replaced",
            Change::Pool { .. } => "pool",
            Change::Faults { .. } => "faults",
            _ => "other",
        };
        changes.iter().map(kind).collect()
    };
    for key in ["algorithm = 'random'", "max_per_member = 3", "slow_start = '1s'", "dial_retries = 0"] {
        assert_eq!(kinds(key), ["pool"], "{key}");
    }
    for key in ["eject_after = 0", "check_interval = '1s'"] {
        assert_eq!(kinds(key), ["pool"], "{key}");
    }
    assert_eq!(kinds("eject_after = 1\nfault = [{ latency = '1ms' }]"), ["pool", "faults"]);
    for key in ["buffer = '1KiB'", "proxy_protocol = 'v1'", "connect_timeout = '1s'"] {
        assert_eq!(kinds(key), ["replaced"], "{key}");
    }
}

#[test]
fn the_changes_from_any_services_to_any_others_lead_there() {
    let all = universe();
    for (n, from) in all.iter().enumerate() {
        // A part of all pairs, in which every pair of shapes of one thing occurs.
        for to in all.iter().skip(n % 3).step_by(3) {
            let mut now = from.clone();
            from.changes_to(to).iter().for_each(|change| now.apply(change));
            assert_eq!(essence(&now), essence(to));
            assert!(now.changes_to(to).is_empty());
        }
        assert!(from.changes_to(from).is_empty());
    }
}

#[test]
fn a_link_whose_faults_alone_differ_is_not_replaced() {
    let all = universe();
    for from in &all {
        for to in all.iter().step_by(5) {
            let plain = |services: &Services| {
                let mut link = services.link("a")?.clone();
                link.faults.clear();
                Some(format!("{link:?}"))
            };
            let replaced = from
                .changes_to(to)
                .iter()
                .any(|change| matches!(change, Change::Link(link) if link.name == "a"));
            assert_eq!(replaced, to.link("a").is_some() && plain(from) != plain(to));
        }
    }
}

#[test]
fn what_is_not_touched_is_not_mentioned() {
    let link = |faults: &str| read(&format!("[link.a]\nupstream = \"echo.base\"\nfault = [{faults}]\n"));
    let from = link("{ latency = '1ms' }, { reset = '1KiB' }, { truncate = '9KiB' }");
    let to = link("{ latency = '1ms' }, { reset = '2KiB' }, { name = 'truncate', freeze = '1ms' }");
    let changes = from.changes_to(&to);
    let [Change::Faults { link, gone, changed, new }] = changes.as_slice() else { panic!("{changes:?}") };
    let names = |faults: &[squall_faults::FaultSpec]| {
        faults.iter().filter_map(|f| f.name().map(str::to_owned)).collect::<Vec<_>>()
    };
    assert_eq!(link, "a");
    assert_eq!(
        (gone.as_slice(), names(changed), names(new)),
        (&["truncate".to_owned()][..], vec!["reset".to_owned()], vec!["truncate".to_owned()])
    );
}

#[test]
fn a_trace_with_other_contents_is_another_fault() {
    let folder = tempfile::tempdir().expect("a folder");
    let name = folder.path().join("up.toml").display().to_string();
    let read = |trace: &str| {
        std::fs::write(folder.path().join("t.trace"), trace).expect("written");
        let text = "up = 1\n[link.a]\nupstream = \"127.0.0.1:9\"\nfault = [{ trace = \"t.trace\" }]\n";
        crate::read_services(&Source::new(name.as_str(), text), &Default::default()).expect("valid")
    };
    let (first, same, other) = (read("1\n2\n"), read("1\n2\n"), read("1\n3\n"));
    assert!(first.changes_to(&same).is_empty());
    assert_eq!(first.changes_to(&other).len(), 1);
}

#[test]
fn what_ends_makes_room_first_and_links_come_after_those_they_lead_to() {
    let from = read("[link.old]\nupstream = \"echo.base\"\n");
    let to = read("[link.a]\nupstream = \"link.b\"\n[link.b]\nupstream = \"echo.e\"\n[echo.e]\n");
    let order: Vec<String> = from
        .changes_to(&to)
        .iter()
        .map(|change| match change {
            Change::EndLink(name) | Change::EndEcho(name) => format!("-{name}"),
            Change::Echo(echo) => echo.name.clone(),
            Change::Link(link) => link.name.clone(),
            Change::Pool { .. } | Change::Faults { .. } => panic!("all is new"),
        })
        .collect();
    assert_eq!(order, ["-old", "e", "b", "a"]);
}
