//! Unix sockets in files: where they stand, and what is said where they cannot.

use squall_wire::Address;

use super::tests::valid;
use super::{read, read_services};
use crate::diagnostic::{Source, render};
use crate::model::Upstream;

fn refused(text: &str) -> String {
    let source = Source::new("s.toml", text);
    render(&source, &read(&source).expect_err(text))
}

#[test]
fn links_and_balancers_stand_on_paths_from_the_folder_of_the_file() {
    let scenario = valid(
        "scenario = 1\n[link.a]\nlisten = \"unix:a.sock\"\nupstream = \"unix:/run/b.sock\"\n\
         [balance.pool]\nlisten = \"unix:/run/pool\"\nmembers = [{ to = \"unix:c\", name = \"c\" }]\n",
    );
    let a = scenario.link("a").expect("a link");
    assert_eq!(a.upstream, Upstream::Address("unix:/run/b.sock".to_owned()));
    assert_eq!(scenario.link("pool").expect("a balancer").listen, Address::Unix("/run/pool".into()));
    let text = "up = 1\n[link.a]\nlisten = \"unix:a\"\nupstream = \"unix:b\"\n";
    let services = read_services(&Source::new("etc/up.toml", text), &Default::default()).expect("valid");
    assert_eq!(services.links[0].listen, Address::Unix("etc/a".into()));
    assert_eq!(services.links[0].upstream, Upstream::Address("unix:etc/b".to_owned()));
}

#[test]
fn what_a_path_cannot_be_is_told_with_its_place() {
    let long = "a".repeat(150);
    for (text, told) in [
        ("[link.a]\nupstream = \"unix:\"\n".to_owned(), "bad path in `unix:`; write unix:PATH"),
        (format!("[link.a]\nlisten = \"unix:/{long}\"\nupstream = \":1\"\n"), "path too long in `unix:/aaa"),
        (
            "clock = \"virtual\"\n[link.a]\nupstream = \"unix:b\"\n".to_owned(),
            "there is no `unix:b` with the virtual clock",
        ),
        (
            "[echo.e]\nprotocol = \"udp\"\n[link.a]\nprotocol = \"udp\"\nlisten = \"unix:a\"\nupstream = \"echo.e\"\n"
                .to_owned(),
            "`unix:a` is for streams, and this link carries UDP",
        ),
        ("[balance.p]\nmembers = [\"unix:a\"]\n".to_owned(), "a member at an address needs a name"),
    ] {
        let said = refused(&format!("scenario = 1\n{text}"));
        assert!(said.contains(told) && said.contains("s.toml:"), "{said}");
    }
    let text = "up = 1\n[link.a]\nlisten = \"unix:a\"\nupstream = \"h:1\"\n[link.b]\nlisten = \"unix:./a\"\nupstream = \"h:2\"\n";
    let source = Source::new("up.toml", text);
    let said = render(&source, &read_services(&source, &Default::default()).expect_err("shared"));
    assert!(
        said.contains("`link.a` listens on unix:./a already") && said.contains("a path of its own"),
        "{said}"
    );
}

#[test]
fn places_and_loads_know_which_links_stand_on_paths() {
    let text = |argument: &str, load: &str| {
        format!(
            "scenario = 1\n[echo.e]\n[link.a]\nlisten = \"unix:a\"\nupstream = \"echo.e\"\n[link.b]\nupstream = \"echo.e\"\n\
             [[step]]\nrun = {{ command = [\"x\", \"{argument}\"] }}\n\
             [[step]]\nload = {{ target = \"link.a\", requests = 1{load} }}\n"
        )
    };
    valid(&text("{link.a.addr} {link.a.path} {link.b.port}", ", close = \"half\""));
    for (argument, load, told) in [
        ("{link.a.port}", "", "`link.a` listens on a unix socket"),
        ("{link.b.path}", "", "`link.b` listens on a port"),
        ("y", ", close = \"rst\"", "a unix socket has no RST"),
        ("y", ", source = \"127.0.0.0/24\"", "come from no address"),
    ] {
        let said = refused(&text(argument, load));
        assert!(said.contains(told), "{said}");
    }
}
