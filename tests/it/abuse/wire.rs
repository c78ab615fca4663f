//! HTTP by hand: what no client would send.

use std::{net::SocketAddr, time::Duration};

use patella::discord::interactions::PATH;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::stand_in::Signed;

/// How long an end of a connection is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// What came back until the other side closed the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// 0 where nothing came.
    pub status: u16,
    /// The head, without the line that says the time.
    pub head: Vec<String>,
    pub body: String,
}

/// The head of a post with these headers, and how long its body says it is.
pub fn head(headers: &[(&str, &str)], length: usize) -> String {
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!("POST {PATH} HTTP/1.1\r\nhost: patella\r\n{headers}content-length: {length}\r\n\r\n")
}

/// The headers of a signed request.
pub fn signed(request: &Signed) -> [(&str, &str); 2] {
    [("X-Signature-Ed25519", &request.signature), ("X-Signature-Timestamp", &request.timestamp)]
}

/// Sends bytes, and reads until the other side closes the connection.
pub async fn exchange(address: SocketAddr, bytes: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    // The other side may have heard enough before the end.
    let _ = stream.write_all(bytes).await;
    read(&mut stream).await
}

/// Reads until the other side closes the connection.
pub async fn read(stream: &mut TcpStream) -> Answer {
    let mut bytes = Vec::new();
    // A connection that is cut off has still said what it has said.
    let _ = timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.expect("the connection is closed");
    let text = String::from_utf8(bytes).expect("text");
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    let head = head.lines().filter(|line| !line.to_ascii_lowercase().starts_with("date:")).map(str::to_owned).collect();
    Answer { status, head, body: body.to_owned() }
}
