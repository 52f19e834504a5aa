//! Balancers: what their tables and steps mean, and what is said of those that mean nothing.

use std::time::Duration;

use squall_balance::{AdminState, Algorithm};
use squall_proxy::{Check, ProxyProtocol};

use super::read;
use super::tests::{survives_changes, survives_every_beginning, valid};
use crate::diagnostic::{Source, render};
use crate::model::{Action, OnMember, Pool, Scenario, Target, Upstream};

const TWO: &str = "scenario = 1\n[echo.a]\n[echo.b]\n[balance.pool]\nmembers = [\"echo.a\", \"echo.b\"]\n";

fn refused(text: &str) -> String {
    let source = Source::new("s.toml", text);
    render(&source, &read(&source).expect_err(text))
}

fn pool(scenario: &Scenario) -> &Pool {
    scenario.link("pool").and_then(|link| link.pool()).expect("a balancer")
}

#[test]
fn members_are_texts_or_tables_and_named_after_what_they_lead_to() {
    let scenario = valid(
        "scenario = 1\n[echo.a]\n[link.slow]\nupstream = \"echo.a\"\n[balance.inner]\nmembers = [\"echo.a\"]\n\
         [balance.pool]\nmax_per_member = 5\nmembers = [\"echo.a\", { to = \"link.slow\", weight = 3, max_connections = 7 },\n\
         { to = \"127.0.0.1:80\", name = \"web\" }, \"balance.inner\"]\n",
    );
    let members = &pool(&scenario).members;
    let found: Vec<_> =
        members.iter().map(|member| (member.name.as_str(), member.weight, member.max_connections)).collect();
    assert_eq!(found, [("a", 1, Some(5)), ("slow", 3, Some(7)), ("web", 1, Some(5)), ("inner", 1, Some(5))]);
    assert_eq!(members[1].to, Upstream::Link("slow".to_owned()));
    assert_eq!(members[2].to, Upstream::Address("127.0.0.1:80".to_owned()));
    let route: Vec<&str> = scenario.route("pool").iter().map(|link| link.name.as_str()).collect();
    assert_eq!(route, ["pool", "inner", "slow"], "what leads to others comes first");
}

#[test]
fn a_member_may_have_a_preset_of_its_own() {
    let text = TWO.replace("\"echo.b\"]", "{ to = \"echo.b\", preset = \"3g\" }]\npreset = \"wifi-lossy\"");
    let scenario = valid(&text);
    let link = scenario.link("pool").expect("a link");
    let names = |member: bool| -> Vec<&str> {
        let names = link.faults.iter().filter_map(|fault| fault.name());
        names.filter(|name| name.starts_with("b.") == member).collect()
    };
    assert_eq!(names(true), ["b.latency", "b.bandwidth-down", "b.bandwidth-up"]);
    assert!(names(false).contains(&"latency"));
    let words = refused(&text.replace("\"3g\"", "\"3h\""));
    assert!(
        words.contains("error: there is no preset `3h`") && words.contains("did you mean `3g`?"),
        "{words}"
    );
}

#[test]
fn the_options_of_a_balancer_are_keys() {
    let scenario = valid(&format!(
        "{TWO}algorithm = \"p2c\"\ndial_retries = 1\ncheck_interval = \"500ms\"\ncheck_rise = 4\n\
         check_send = \"PING\\\\r\\\\n\"\neject_after = 2\neject_time = \"3s\"\nslow_start = \"1s\"\n\
         connect_timeout = \"50ms\"\nproxy_protocol = \"v2\"\naccept_proxy = true\npreset = \"3g\"\n"
    ));
    let link = scenario.link("pool").expect("a link");
    let pool = pool(&scenario);
    assert_eq!((pool.algorithm, pool.retries), (Algorithm::P2c, Some(1)));
    let (rule, check) = pool.health.as_ref().expect("probes");
    assert_eq!((rule.interval, rule.rise, rule.fall), (Duration::from_millis(500), 4, 3));
    assert_eq!(*check, Check::Exchange { send: b"PING\r\n".to_vec(), expect: Vec::new() });
    let ejection = pool.ejection.expect("an ejection");
    assert_eq!((ejection.failures, ejection.base), (2, Duration::from_secs(3)));
    assert_eq!(pool.slow_start, Duration::from_secs(1));
    assert_eq!(link.connect_timeout, Some(Duration::from_millis(50)));
    assert_eq!((link.proxy_protocol, link.accept_proxy), (Some(ProxyProtocol::V2), true));
    assert!(link.faults.len() > 1);
    let never = valid(&format!("{TWO}eject_after = 0\n"));
    assert!(self::pool(&never).ejection.is_none());
}

#[test]
fn a_balancer_is_a_link_to_links_loads_and_steps() {
    let scenario = valid(&format!(
        "{TWO}[link.front]\nupstream = \"balance.pool\"\n\
         [[step]]\nload = {{ target = \"balance.pool\", requests = 4 }}\n\
         [[step]]\nbalance = {{ name = \"pool\", member = [\"a\", \"b\"], state = \"drain\", weight = 2 }}\n\
         [[step]]\nstop = \"balance.pool\"\n[[step]]\nstart = \"balance.pool\"\n\
         [[expect]]\nthat = \"balance.pool.members.a.picks >= 2 and balance.pool.bytes.up > 0\"\n"
    ));
    let front = scenario.link("front").expect("a link");
    assert_eq!(front.upstream, Upstream::Link("pool".to_owned()));
    let (_, load) = scenario.loads().next().expect("a load");
    assert_eq!(load.target, Target::Link("pool".to_owned()));
    let Action::Balance(wanted) = &scenario.steps[1].action else { panic!("a step") };
    let of = |member: &str| OnMember {
        balancer: "pool".to_owned(),
        member: member.to_owned(),
        state: Some(AdminState::Drain),
        weight: Some(2),
    };
    assert_eq!(*wanted, [of("a"), of("b")]);
}

#[test]
fn faults_of_a_member_have_names_of_their_own() {
    let scenario = valid(&format!(
        "{TWO}[[balance.pool.fault]]\nlatency = \"1ms\"\n[[balance.pool.fault]]\nlatency = \"5ms\"\nmember = \"b\"\n\
         [[step]]\nupdate = {{ link = \"pool\", member = \"b\", name = \"latency\", latency = \"7ms\" }}\n\
         [[step]]\ninject = {{ link = \"pool\", member = \"a\", latency = \"2ms\" }}\n\
         [[step]]\nclear = {{ link = \"pool\", member = \"b\", name = \"latency\" }}\n\
         [[step]]\nheal = {{ link = \"pool\" }}\n\
         [[expect]]\nthat = \"balance.pool.members.b.faults.latency.fired + balance.pool.faults.latency.fired > 0\"\n"
    ));
    let link = scenario.link("pool").expect("a link");
    let names: Vec<_> = scenario.faults_of(link).filter_map(|fault| fault.name()).collect();
    assert_eq!(names, ["latency", "b.latency", "a.latency"]);
    let Action::Clear(healed) = &scenario.steps[3].action else { panic!("a step") };
    let healed: Vec<&str> = healed.iter().map(|each| each.what.as_str()).collect();
    assert_eq!(healed, ["latency", "a.latency"]);
}

#[test]
fn a_member_that_cannot_be_is_told_why() {
    for (text, message, help) in [
        ("members = [\"echo.a\", \"echo.c\"]", "there is no `echo.c`", "did you mean `echo.a`?"),
        ("members = [\"echo.a\", \"echo.a\"]", "two members are named `a`", "give one a name of its own"),
        ("members = [\"127.0.0.1:80\"]", "a member at an address needs a name", "name = \"a\""),
        ("members = [\"balance.pool\"]", "links run in a circle: pool -> pool", "outside of the circle"),
        ("members = [{ to = \"echo.a\", weight = 1001 }]", "at most 1000", ""),
        ("members = [\"echo.a\"]\ncheck_fall = 2", "`check_fall` is about probes", "check_interval"),
        (
            "members = [\"echo.a\"]\n[link.pool]\nupstream = \"echo.a\"",
            "a link is named `pool` already",
            "alone",
        ),
    ] {
        let said = refused(&format!("scenario = 1\n[echo.a]\n[balance.pool]\n{text}\n"));
        assert!(said.contains(message) && said.contains(help), "{text}:\n{said}");
    }
    let said = refused(
        "scenario = 1\nclock = \"virtual\"\n[balance.pool]\nmembers = [{ to = \":80\", name = \"a\" }, { to = \"h:80\", name = \"b\" }]\n",
    );
    assert!(said.contains("`h:80` cannot be reached with the virtual clock"), "{said}");
    let process = "[process.app]\ncommand = [\"x\", \"{port.app}\"]\nport = \"{port.app}\"\n";
    let said = refused(&format!(
        "scenario = 1\nclock = \"virtual\"\n{process}[balance.pool]\nmembers = [\"process.app\"]\n"
    ));
    assert!(said.contains("process `app` cannot run with the virtual clock"), "{said}");
}

#[test]
fn a_circle_through_a_balancer_is_told_once() {
    let said = refused(
        "scenario = 1\n[echo.a]\n[link.one]\nupstream = \"balance.pool\"\n\
         [balance.pool]\nmembers = [\"echo.a\", \"link.two\"]\n[link.two]\nupstream = \"link.one\"\n",
    );
    assert!(said.contains("links run in a circle: one -> pool -> two -> one"), "{said}");
    assert_eq!(said.matches("error:").count(), 1, "{said}");
}

#[test]
fn every_server_behind_a_balancer_speaks_what_the_load_does() {
    let text = |keys: &str| {
        format!(
            "scenario = 1\n[echo.a]\nprotocol = \"http\"\n[echo.b]\n{keys}\n[balance.pool]\nmembers = [\"echo.a\", \"echo.b\"]\n\
             [[step]]\nload = {{ target = \"balance.pool\", http = \"/\", requests = 2 }}\n"
        )
    };
    assert!(refused(&text("")).contains("`echo.b` does not speak HTTP"));
    valid(&text("protocol = \"http\""));
}

#[test]
fn any_change_of_a_balancer_can_be_read() {
    let text = format!(
        "{TWO}check_interval = \"1s\"\nmax_per_member = 2\n[[balance.pool.fault]]\nlatency = \"5ms\"\nmember = \"b\"\n\
         [[step]]\nbalance = [{{ name = \"pool\", member = [\"a\", \"b\"], state = \"down\", weight = 0 }}]\n"
    );
    valid(&text);
    survives_every_beginning(&text);
    survives_changes(&text);
}
