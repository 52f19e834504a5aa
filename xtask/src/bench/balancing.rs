//! How each balancer is told of its members: in turn, in an order that all its threads share.

use std::fmt::Write;
use std::net::SocketAddr;
use std::time::Duration;

/// What a probe sends, and what it expects.
pub(crate) const PROBE: (u8, u8) = (b'?', b'!');

/// So many probes in a row that fail or succeed change what is thought of a member.
pub(crate) const FALL_AND_RISE: u32 = 2;

/// Who is to be balanced.
#[derive(Clone, Copy)]
pub(crate) struct Pool<'a> {
    pub(crate) members: &'a [SocketAddr],
    /// How often each is probed, if it is.
    pub(crate) probed: Option<Duration>,
}

impl Pool<'_> {
    /// The command line of squall.
    pub(crate) fn squall(self, addr: SocketAddr) -> String {
        let mut line = format!("balance --listen {addr}");
        self.members.iter().for_each(|member| line += &format!(" --member {member}"));
        if let Some(interval) = self.probed {
            let (send, expect) = (char::from(PROBE.0), char::from(PROBE.1));
            line += &format!(
                " --check-interval {}ms --check-fall {FALL_AND_RISE} --check-rise {FALL_AND_RISE} --check-send {send} \
                 --check-expect {expect}",
                interval.as_millis()
            );
        }
        line
    }

    /// As for a relay, with more servers.
    pub(crate) fn haproxy(self, addr: SocketAddr, cores: usize) -> String {
        let mut text = format!(
            "global\n    nbthread {cores}\n    maxconn 9200\n    maxpipes 256\n    tune.pipesize 1048576\n\
             defaults\n    mode tcp\n    maxconn 9200\n    option splice-request\n    option splice-response\n    \
             option redispatch 1\n    timeout connect 5s\n    timeout client 60s\n    timeout server 60s\n\
             listen balance\n    bind {addr} backlog 4096\n    balance roundrobin\n"
        );
        let mut options = String::new();
        if let Some(interval) = self.probed {
            let (send, expect) = (char::from(PROBE.0), char::from(PROBE.1));
            text += &format!(
                "    option tcp-check\n    tcp-check send {send}\n    tcp-check expect string {expect}\n"
            );
            let inter = interval.as_millis();
            options = format!(" check inter {inter}ms fall {FALL_AND_RISE} rise {FALL_AND_RISE}");
        }
        for (number, member) in self.members.iter().enumerate() {
            // Writing to memory does not fail.
            let _ = writeln!(text, "    server m{number} {member}{options}");
        }
        text
    }

    /// As for a relay, with more servers and one memory for all workers. It has no probes.
    pub(crate) fn nginx(self, addr: SocketAddr, cores: usize, module: Option<&str>) -> String {
        let load = module.map(|path| format!("load_module {path};\n")).unwrap_or_default();
        let members: String = self.members.iter().map(|member| format!("server {member}; ")).collect();
        format!(
            "{load}daemon off;\nworker_processes {cores};\nworker_rlimit_nofile 20000;\npid nginx.pid;\n\
             error_log stderr error;\nevents {{ worker_connections 19000; }}\n\
             stream {{ upstream members {{ zone members 64k; {members}}}\n\
             server {{ listen {addr} backlog=4096; proxy_pass members; proxy_buffer_size 64k; }} }}\n"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_members_are_told_of_and_probed_alike() {
        let addr = |port| SocketAddr::from(([127, 0, 0, 1], port));
        let members = [addr(1), addr(2)];
        let pool = Pool { members: &members, probed: Some(Duration::from_millis(100)) };
        let line = pool.squall(addr(9));
        assert!(line.contains("--member 127.0.0.1:1 --member 127.0.0.1:2 --check-interval 100ms"), "{line}");
        let told = pool.haproxy(addr(9), 2);
        assert!(told.contains("server m1 127.0.0.1:2 check inter 100ms fall 2 rise 2\n"), "{told}");
        assert!(pool.nginx(addr(9), 2, None).contains("server 127.0.0.1:1; server 127.0.0.1:2; }"));
        let unprobed = Pool { probed: None, ..pool };
        assert!(
            !unprobed.squall(addr(9)).contains("check") && !unprobed.haproxy(addr(9), 2).contains("check")
        );
    }
}
