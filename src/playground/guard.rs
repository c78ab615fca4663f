//! Who may talk to the page, and what every response says to the browser.

use std::{net::IpAddr, sync::Arc};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{Playground, Refusal};

/// Nothing from elsewhere, nothing inline, nobody's frame.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The hosts under which the page may be asked for. A foreign site can let its own name point to this machine and so talk to it in
/// a visitor's browser; it cannot do so under an address, or under a name that is not its own.
pub(super) struct Guard {
    named: String,
}

impl Guard {
    pub fn new(host: &str) -> Self {
        Self { named: host.trim_matches(['[', ']']).to_ascii_lowercase() }
    }

    fn admits(&self, headers: &HeaderMap) -> bool {
        let Some(host) = headers.get(header::HOST).and_then(|host| host.to_str().ok()) else { return false };
        let name = match host.strip_prefix('[') {
            Some(rest) => rest.split(']').next().unwrap_or_default(),
            None => host.split(':').next().unwrap_or_default(),
        };
        let name = name.to_ascii_lowercase();
        name == "localhost" || name == self.named || name.parse::<IpAddr>().is_ok()
    }
}

/// Turns away who asks under a foreign name, and puts the page's headers on every response.
pub(super) async fn guard(State(page): State<Arc<Playground>>, request: Request, next: Next) -> Response {
    let mut response = if page.guard.admits(request.headers()) {
        next.run(request).await
    } else {
        let mend = "open the address that `patella playground` printed, or name this host with --listen";
        Refusal::new(StatusCode::MISDIRECTED_REQUEST, "this page is not to be reached under that name", mend).into_response()
    };
    let headers = response.headers_mut();
    let fixed = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // What somebody asked is in the answer: no cache keeps it.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_localhost_and_the_name_that_was_given_are_admitted() {
        let guard = Guard::new("Knee.example");
        let admits = |host: &str| {
            let host = HeaderValue::from_str(host).expect("a header");
            guard.admits(&HeaderMap::from_iter([(header::HOST, host)]))
        };
        for host in
            ["127.0.0.1:8420", "127.0.0.1", "[::1]:8420", "[::1]", "localhost:1", "LOCALHOST", "knee.example:80", "10.0.0.7"]
        {
            assert!(admits(host), "{host}");
        }
        for host in
            ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "", "knee.example.evil", "[::1", "[evil]:1"]
        {
            assert_eq!(admits(host), host == "[::1", "{host}");
        }
        assert!(!guard.admits(&HeaderMap::new()));
    }
}
