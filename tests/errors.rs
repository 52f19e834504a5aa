//! What a user is told, and the exit code that goes with it.

use crate::process::squall;
use std::net::TcpListener;

/// The exit code and stderr of a command that must end by itself.
fn fails(args: &[&str]) -> (i32, String) {
    let output = squall().args(args).output().expect("runs");
    assert!(output.stdout.is_empty(), "stdout is for data");
    (output.status.code().expect("a code"), String::from_utf8(output.stderr).expect("text"))
}

#[test]
fn a_fault_without_a_unit() {
    let (code, told) = fails(&["proxy", "--upstream", ":1", "--fault", "latency:50"]);
    assert_eq!(code, 2);
    insta::assert_snapshot!(told, @r"
    error: invalid value 'latency:50' for '--fault <SPEC>': missing unit in `50`
      latency:50
              ^^ write `50ms` or `50s`

    For more information, try '--help'.
    ");
}

#[test]
fn an_unknown_fault() {
    let (code, told) = fails(&["proxy", "--upstream", ":1", "--fault", "latancy:50ms"]);
    assert_eq!(code, 2);
    insta::assert_snapshot!(told, @r"
    error: invalid value 'latancy:50ms' for '--fault <SPEC>': unknown fault `latancy`
      latancy:50ms
      ^^^^^^^ did you mean `latency`?

    For more information, try '--help'.
    ");
}

#[test]
fn an_upstream_without_a_port() {
    let (code, told) = fails(&["proxy", "--upstream", "localhost"]);
    assert_eq!(code, 2);
    assert!(told.contains("missing port in `localhost`; write HOST:PORT"), "{told}");
}

#[test]
fn a_fault_for_a_link_that_is_not_there() {
    let (code, told) = fails(&["proxy", "--upstream", ":1", "--fault", "db:latency:5ms"]);
    assert_eq!((code, told.as_str()), (2, "error: there is no link `db`; links are proxy\n"));
}

#[test]
fn two_faults_of_one_name() {
    let faults = ["--fault", "latency:1ms,name=a", "--fault", "latency:2ms,name=a"];
    let (code, told) = fails(&[&["proxy", "--upstream", ":1"], faults.as_slice()].concat());
    assert_eq!(
        (code, told.as_str()),
        (2, "error: link `proxy`: a fault named `a` is on this link already\n")
    );
}

#[test]
fn a_port_in_use() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("binds");
    let addr = taken.local_addr().expect("an address").to_string();
    let told = format!("error: listen {addr}: address already in use\n");
    assert_eq!(fails(&["echo", "--tcp", &addr]), (3, told.clone()));
    assert_eq!(fails(&["proxy", "--listen", &addr, "--upstream", ":1"]), (3, told.clone()));
    assert_eq!(fails(&["proxy", "--upstream", ":1", "--metrics", &addr]), (3, told));
}

#[test]
fn a_link_to_itself() {
    let free = TcpListener::bind("127.0.0.1:0").expect("binds").local_addr().expect("an address").to_string();
    let told = format!("error: link `proxy` listens on its own upstream {free}\n");
    assert_eq!(fails(&["proxy", "--listen", &free, "--upstream", &free]), (3, told));
}

#[test]
fn a_scenario_that_is_not_there() {
    let told = "error: cannot read no-such-file.toml: no such file or directory\n".to_owned();
    assert_eq!(fails(&["run", "no-such-file.toml"]), (2, told.clone()));
    assert_eq!(fails(&["check", "no-such-file.toml"]), (2, told));
}

#[test]
fn help_names_the_exit_codes() {
    let output = squall().arg("--help").output().expect("runs");
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stdout).contains("Exit codes: 0 all went well"));
}
