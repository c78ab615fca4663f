//! Where the browser page is to be served, as it is typed.

use std::{fmt, net::Ipv6Addr};

/// Where to listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listen {
    /// An address or a name, without brackets.
    pub host: String,
    /// 0 for any that is free.
    pub port: u16,
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port } = self;
        if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
    }
}

/// Reads what was typed.
pub(super) fn listen(typed: &str) -> Result<Listen, String> {
    let parts = typed.rsplit_once(':').map(|(host, port)| (host, port.parse::<u16>()));
    let Some((host, Ok(port))) = parts else { return Err("write a host and a port, such as 127.0.0.1:8420".to_owned()) };
    let host = match host.strip_prefix('[').map(|rest| rest.strip_suffix(']')) {
        Some(inner) => inner.filter(|inner| inner.parse::<Ipv6Addr>().is_ok()),
        None => {
            Some(host).filter(|host| !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || ".-_".contains(c)))
        }
    };
    let host =
        host.ok_or_else(|| "write an address or a name before the port, such as 127.0.0.1:8420 or [::1]:8420".to_owned())?;
    Ok(Listen { host: host.to_owned(), port })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_to_listen_is_a_host_and_a_port() {
        for good in ["127.0.0.1:8420", "[::1]:0", "localhost:80", "knee.example:8420"] {
            assert_eq!(listen(good).map(|l| l.to_string()).as_deref(), Ok(good));
        }
        for bad in ["", "8420", ":8420", "127.0.0.1", "127.0.0.1:port", "127.0.0.1:70000", "::1:80", "[no]:80", "http://a:80"] {
            assert!(listen(bad).is_err(), "{bad}");
        }
    }
}
