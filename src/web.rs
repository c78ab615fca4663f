//! HTTP on a listener, for every door that has one: bounded in connections, in the time that a request's head and body may take,
//! and in the size of a body; ends in good order.

use std::{fs, io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, body::Bytes, extract::Request};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::Semaphore,
    time::{sleep, timeout},
};

/// How much a listener takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections at once; 16,384, or fewer where this process may open fewer files. More wait to be accepted.
    pub connections: usize,
    /// How long the head of a request may take, and how long a connection may wait for its next one; 10 s.
    pub head: Duration,
    /// How long open requests have to end once the listener stops; 10 s.
    pub farewell: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connections: 16_384, head: Duration::from_secs(10), farewell: Duration::from_secs(10) }
    }
}

/// Connections that the system may have ready before they are accepted: a burst of them is not turned away.
const BACKLOG: u32 = 4096;
/// Open files that connections leave to all else: the store, the gateway, calls to Discord.
const OTHER_FILES: usize = 256;

/// Takes an address, so that a wrong or a taken one is known at once; nothing is accepted until [`listen`].
///
/// # Errors
/// Where the address is taken, or not this machine's.
pub fn bind(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // Else the connections of the process before this one would keep the address taken for a minute.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

/// Begins to take connections at an address.
///
/// # Errors
/// Where another process took the address meanwhile.
pub fn listen(socket: TcpSocket) -> io::Result<TcpListener> {
    socket.listen(BACKLOG)
}

/// How many connections this process can have, by the number of files that the system lets it open; `None` where it does not say.
fn most_connections() -> Option<usize> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    room_for_connections(&limits)
}

fn room_for_connections(limits: &str) -> Option<usize> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    let files: usize = line.split_whitespace().next()?.parse().ok()?;
    Some(files.saturating_sub(OTHER_FILES).max(files / 2).max(1))
}

/// Serves until `stop` ends; then accepts no more, and waits for the requests that are open.
pub async fn serve(listener: TcpListener, router: Router, limits: Limits, stop: impl Future<Output = ()>) {
    // Who takes the last file keeps the store and the gateway from theirs.
    let room = Arc::new(Semaphore::new(most_connections().map_or(limits.connections, |most| most.min(limits.connections))));
    let open = GracefulShutdown::new();
    tokio::pin!(stop);
    loop {
        let accepted = async {
            let place = room.clone().acquire_owned().await;
            (listener.accept().await, place)
        };
        let (stream, place) = tokio::select! {
            (stream, place) = accepted => (stream, place),
            () = &mut stop => break,
        };
        match stream {
            Ok((stream, _)) => {
                let connection = open.watch(connection(stream, router.clone(), limits.head));
                tokio::spawn(async move {
                    // A connection that breaks is the other side's affair.
                    let _ = connection.await;
                    drop(place);
                });
            }
            // Out of file descriptors, or a connection that ended before it was taken: others may end meanwhile.
            Err(_) => sleep(Duration::from_millis(20)).await,
        }
    }
    drop(listener);
    // Who is still talking then is cut off.
    let _ = timeout(limits.farewell, open.shutdown()).await;
}

fn connection(
    stream: TcpStream,
    router: Router,
    head: Duration,
) -> http1::Connection<TokioIo<TcpStream>, TowerToHyperService<Router>> {
    // Answers are small, and somebody waits for each.
    let _ = stream.set_nodelay(true);
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(head).max_buf_size(16 * 1024);
    http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
}

/// Why a body was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// It has more bytes than are taken.
    #[error("the body is too large")]
    Large,
    /// It did not come in time.
    #[error("the body took too long")]
    Slow,
    /// It broke off.
    #[error("the body broke off")]
    Broken,
}

/// A request's body, of at most `size` bytes, within a time.
///
/// # Errors
/// Where it is too large, too slow, or breaks off.
pub async fn body(request: Request, size: usize, within: Duration) -> Result<Bytes, BodyError> {
    let said = request.headers().get("content-length").and_then(|v| v.to_str().ok()?.parse::<usize>().ok());
    if said.is_some_and(|said| said > size) {
        return Err(BodyError::Large);
    }
    let mut body = Limited::new(request.into_body(), size);
    let mut read = Vec::with_capacity(said.unwrap_or_default());
    let reading = async {
        // Put together as it comes: pieces that are kept apart can be small, and then take far more room than their bytes.
        while let Some(frame) = body.frame().await {
            if let Ok(data) = frame?.into_data() {
                read.extend_from_slice(&data);
            }
        }
        Ok(())
    };
    let done: Result<Result<(), axum::BoxError>, _> = timeout(within, reading).await;
    match done {
        Err(_) => Err(BodyError::Slow),
        Ok(Ok(())) => Ok(read.into()),
        // Of a length that nobody announced.
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(BodyError::Large),
        Ok(Err(_)) => Err(BodyError::Broken),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_files_to_others() {
        let limits =
            |soft: &str| format!("Limit  Soft Limit  Hard Limit  Units\nMax open files            {soft}  4096  files \n");
        assert_eq!(room_for_connections(&limits("1024")), Some(768));
        assert_eq!(room_for_connections(&limits("20000")), Some(19_744));
        assert_eq!(room_for_connections(&limits("64")), Some(32));
        assert_eq!(room_for_connections(&limits("unlimited")), None);
        assert_eq!(room_for_connections(""), None);
        assert!(!cfg!(target_os = "linux") || most_connections().is_some());
    }
}
