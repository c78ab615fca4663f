//! `patella playground`: the browser page, until it is told to stop.

use std::{
    io::{self, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use anyhow::Context;
use patella::{
    app::App,
    knowledge::File,
    playground::{self, Playground},
    terminal::listen::Listen,
};
use tokio::net::TcpListener;

use super::running::{runtime, told_to_stop};

/// Serves the page and says where it is to be found.
pub fn run(app: App, files: &[File], listen: &Listen, out: &mut impl Write) -> anyhow::Result<()> {
    // What breaks could quote what a visitor typed.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
        // There is nowhere left to say that standard error is closed.
        let _ = writeln!(io::stderr(), "patella: an answer broke, at {place}");
    }));
    let page = Playground::new(Arc::new(app), files, &listen.host, super::today, jiff::Timestamp::now);
    runtime()?.block_on(async {
        let taken = || {
            format!("cannot listen at {listen}; where something else does, end it or choose another port: --listen 127.0.0.1:0 takes any")
        };
        let listener = TcpListener::bind((listen.host.as_str(), listen.port)).await.with_context(taken)?;
        let bound = listener.local_addr().context("a listener without an address")?;
        if !bound.ip().is_loopback() {
            // There is nowhere left to say that standard error is closed.
            let _ = writeln!(io::stderr(), "patella: warning: whoever can reach {bound} can use this page; it asks for no password");
        }
        let stop = told_to_stop();
        writeln!(out, "Open http://{} in a browser. Ctrl-C ends it.", reached(bound))?;
        out.flush()?;
        playground::serve(listener, page, stop).await;
        Ok(())
    })
}

/// The address as a browser on this machine reaches it.
fn reached(bound: SocketAddr) -> SocketAddr {
    let ip = match bound.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, bound.port())
}
