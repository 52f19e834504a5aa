//! How each relay is told what to do: as its makers would for speed.

use crate::bench::relay::Doing;
use std::net::SocketAddr;

/// The command line of squall.
pub(crate) fn squall(addr: SocketAddr, upstream: SocketAddr, doing: Doing) -> String {
    let base = format!("proxy --listen {addr} --upstream {upstream}");
    match doing {
        Doing::Nothing | Doing::Bulk => base,
        Doing::DelayUp(delay) => format!("{base} --fault latency:{}us@up", delay.as_micros()),
        Doing::DelayDown(delay) => format!("{base} --fault latency:{}us@down", delay.as_micros()),
        Doing::RateUp(rate) => format!("{base} --fault bandwidth:{rate}B/s@up"),
        Doing::Watched(metrics) => format!("{base} --metrics {metrics}"),
        Doing::Datagrams => format!("{base} --udp"),
        Doing::Control => format!("serve --host {} --port {}", addr.ip(), addr.port()),
    }
}

/// A thread for each core; bulk spliced through pipes of 1 MiB, which costs more than it gains for small messages.
pub(crate) fn haproxy(addr: SocketAddr, upstream: SocketAddr, cores: usize, bulk: bool) -> String {
    let splice =
        if bulk { "option splice-request\n    option splice-response" } else { "option splice-auto" };
    format!(
        "global\n    nbthread {cores}\n    maxconn 9200\n    maxpipes 256\n    tune.pipesize 1048576\n\
         defaults\n    mode tcp\n    maxconn 9200\n    {splice}\n    timeout connect 5s\n    \
         timeout client 60s\n    timeout server 60s\n\
         listen relay\n    bind {addr} backlog 4096\n    server upstream {upstream}\n"
    )
}

/// A worker for each core, and larger buffers than its default of 16 KiB.
pub(crate) fn nginx(
    addr: SocketAddr,
    upstream: SocketAddr,
    cores: usize,
    module: Option<&str>,
    datagrams: bool,
) -> String {
    let load = module.map(|path| format!("load_module {path};\n")).unwrap_or_default();
    let carrier = if datagrams { " udp" } else { " backlog=4096" };
    format!(
        "{load}daemon off;\nworker_processes {cores};\nworker_rlimit_nofile 20000;\npid nginx.pid;\n\
         error_log stderr error;\nevents {{ worker_connections 19000; }}\n\
         stream {{ server {{ listen {addr}{carrier}; proxy_pass {upstream}; proxy_buffer_size 64k; }} }}\n"
    )
}

/// One worker that answers every request itself, on connections that it never closes.
pub(crate) fn nginx_web(addr: SocketAddr) -> String {
    let folders = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let folders: String = folders.map(|what| format!("{what}_temp_path {what}; ")).concat();
    format!(
        "daemon off;\nworker_processes 1;\npid web.pid;\nerror_log stderr error;\n\
         events {{ worker_connections 1000; }}\n\
         http {{ access_log off; keepalive_requests 1000000000; keepalive_timeout 1h; {folders}\n    \
         server {{ listen {addr}; location / {{ return 200 ok; }} }} }}\n"
    )
}

/// With a buffer of 256 KiB instead of 8.
pub(crate) fn socat(addr: SocketAddr, upstream: SocketAddr) -> String {
    let port = addr.port();
    format!(
        "-b 262144 TCP-LISTEN:{port},bind=127.0.0.1,fork,reuseaddr,nodelay,backlog=4096 TCP:{upstream},nodelay"
    )
}

/// Its links are made by requests to `control`.
pub(crate) fn toxiproxy(control: SocketAddr) -> String {
    format!("-host {} -port {}", control.ip(), control.port())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn squall_gets_one_fault_at_most() {
        let addr = SocketAddr::from(([127, 0, 0, 1], 1));
        let fault = |doing| {
            let line = squall(addr, addr, doing);
            line.split_once("--fault ").map(|(_, fault)| fault.to_owned())
        };
        assert_eq!(fault(Doing::Nothing), None);
        assert_eq!(fault(Doing::DelayUp(Duration::from_micros(200))).unwrap(), "latency:200us@up");
        assert_eq!(fault(Doing::RateUp(1_000)).unwrap(), "bandwidth:1000B/s@up");
    }
}
