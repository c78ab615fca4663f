//! The gateway, spoken to word by word: a WebSocket client of a few lines, so that a test can say what no library says.

use std::{io::Read, time::Duration};

use flate2::read::ZlibDecoder;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::{StandIn, club};

const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;

/// A gateway connection.
pub struct Raw(TcpStream);

impl Raw {
    async fn open(discord: &StandIn, query: &str) -> Self {
        let address = discord.address().replace("http://", "");
        let mut stream = TcpStream::connect(&address).await.expect("the stand-in listens");
        let request = format!(
            "GET /?{query} HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.expect("it is sent");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.expect("the head comes whole"));
        }
        assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
        Self(stream)
    }

    async fn hello(discord: &StandIn) -> Self {
        let mut raw = Self::open(discord, "v=10&encoding=json").await;
        assert_eq!(raw.json().await["op"], 10);
        raw
    }

    /// A connection with a session of all guilds.
    pub async fn identified(discord: &StandIn) -> Self {
        let mut raw = Self::hello(discord).await;
        raw.send(&identify(discord).to_string()).await;
        raw.event("READY").await;
        raw
    }

    /// The data of the next event of this name, passing over others.
    pub async fn event(&mut self, name: &str) -> Value {
        loop {
            let payload = self.json().await;
            if payload["t"] == name {
                return payload["d"].clone();
            }
        }
    }

    /// Sends a text frame; a mask of zeros is a mask.
    async fn send(&mut self, text: &str) {
        let length = u16::try_from(text.len()).expect("a short text");
        let mut frame = vec![0x80 | TEXT];
        if length < 126 {
            frame.push(0x80 | u8::try_from(length).expect("seen above"));
        } else {
            frame.push(0x80 | 126);
            frame.extend(length.to_be_bytes());
        }
        frame.extend([0; 4]);
        frame.extend(text.as_bytes());
        self.0.write_all(&frame).await.expect("it is sent");
    }

    /// The next frame: opcode and bytes; none at the end of the connection.
    async fn frame(&mut self) -> Option<(u8, Vec<u8>)> {
        let first = self.0.read_u8().await.ok()?;
        let length = match self.0.read_u8().await.ok()? {
            126 => usize::from(self.0.read_u16().await.ok()?),
            127 => usize::try_from(self.0.read_u64().await.ok()?).expect("it fits"),
            short => usize::from(short),
        };
        let mut bytes = vec![0; length];
        self.0.read_exact(&mut bytes).await.ok()?;
        Some((first & 0x0f, bytes))
    }

    /// The next payload.
    async fn json(&mut self) -> Value {
        let frame = timeout(Duration::from_secs(10), self.frame()).await.expect("a frame within 10 s");
        let (kind, bytes) = frame.expect("the connection is open");
        assert!(kind == TEXT || kind == BINARY, "frame of kind {kind}: {bytes:?}");
        let mut text = String::new();
        if kind == BINARY {
            ZlibDecoder::new(&bytes[..]).read_to_string(&mut text).expect("each frame is a whole zlib stream");
        } else {
            text = String::from_utf8(bytes).expect("UTF-8");
        }
        serde_json::from_str(&text).expect("JSON")
    }

    /// The code of the close frame that ends the connection; `None` in it where the frame is empty.
    async fn closed(&mut self) -> Option<Option<u16>> {
        let end = async {
            loop {
                match self.frame().await? {
                    (CLOSE, bytes) => return Some(bytes.first_chunk::<2>().map(|code| u16::from_be_bytes(*code))),
                    _ => continue,
                }
            }
        };
        timeout(Duration::from_secs(10), end).await.expect("an end within 10 s")
    }
}

fn identify(discord: &StandIn) -> Value {
    json!({"op": 2, "d": {"token": discord.token(), "intents": 513, "properties": {"os": "", "browser": "", "device": ""}}})
}

#[tokio::test]
async fn every_wrong_word_has_its_close_code() {
    let discord = StandIn::start().await;
    let good = identify(&discord);
    let with = |key: &str, value: Value| {
        let mut changed = good.clone();
        changed["d"][key] = value;
        changed.to_string()
    };
    for (said, code) in [
        ("{".to_owned(), 4_002),
        ("{}".to_owned(), 4_001),
        ("{\"op\": 77}".to_owned(), 4_001),
        ("{\"op\": 3, \"d\": {}}".to_owned(), 4_003),
        (with("properties", json!(null)), 4_002),
        (with("token", json!("wrong")), 4_004),
        (with("shard", json!([2, 2])), 4_010),
        (with("intents", json!(1_u64 << 40)), 4_013),
        (with("intents", json!(1 << 15)), 4_014),
        (with("large", json!("x".repeat(5_000))), 4_002),
        (json!({"op": 6, "d": {"token": "wrong", "session_id": "s", "seq": 1}}).to_string(), 4_004),
    ] {
        let mut raw = Raw::hello(&discord).await;
        raw.send(&said).await;
        assert_eq!(raw.closed().await, Some(Some(code)), "{said}");
    }
    let mut raw = Raw::hello(&discord).await;
    raw.send(&good.to_string()).await;
    raw.send(&good.to_string()).await;
    assert_eq!(raw.closed().await, Some(Some(4_005)), "identified twice");
    assert_eq!(Raw::open(&discord, "v=9&encoding=json").await.closed().await, Some(Some(4_012)));
    let mut chatty = Raw::hello(&discord).await;
    for _ in 0..121 {
        chatty.send("{\"op\": 1, \"d\": null}").await;
    }
    assert_eq!(chatty.closed().await, Some(Some(4_008)));
}

#[tokio::test]
async fn payloads_are_zlib_where_identify_asks_for_it() {
    let discord = StandIn::start().await;
    let mut asked = identify(&discord);
    asked["d"]["compress"] = json!(true);
    let mut raw = Raw::hello(&discord).await;
    raw.send(&asked.to_string()).await;
    let (kind, bytes) = raw.frame().await.expect("READY");
    assert_eq!((kind, bytes[0]), (BINARY, 0x78));
    discord.ask_heartbeat();
    assert_eq!(raw.json().await["op"], 1);
    raw.send("{\"op\": 1, \"d\": 1}").await;
    assert_eq!(raw.json().await["op"], 11);
}

#[tokio::test]
async fn a_resume_replays_only_what_was_missed() {
    let discord = StandIn::start().await;
    club(&discord);
    let mut raw = Raw::hello(&discord).await;
    raw.send(&identify(&discord).to_string()).await;
    let ready = raw.json().await;
    assert_eq!((&ready["t"], &ready["s"], &ready["d"]["guilds"][0]["unavailable"]), (&json!("READY"), &json!(1), &json!(true)));
    assert_eq!(raw.json().await["t"], "GUILD_CREATE");
    drop(raw);
    discord.until_so("the end", |state| state.gateway.connected() == 0).await;
    discord.add_guild("Hill Striders");
    let resume = |sequence: u64| {
        json!({"op": 6, "d": {"token": discord.token(), "session_id": ready["d"]["session_id"], "seq": sequence}}).to_string()
    };
    let mut raw = Raw::hello(&discord).await;
    raw.send(&resume(2)).await;
    let missed = raw.json().await;
    assert_eq!((&missed["t"], &missed["s"]), (&json!("GUILD_CREATE"), &json!(3)));
    assert_eq!(raw.json().await["t"], "RESUMED");
    let mut ahead = Raw::hello(&discord).await;
    ahead.send(&resume(999)).await;
    assert_eq!(ahead.closed().await, Some(Some(4_007)));
    discord.forget_sessions();
    let mut lost = Raw::hello(&discord).await;
    lost.send(&resume(2)).await;
    assert_eq!(lost.json().await, json!({"op": 9, "d": false}));
}

#[tokio::test]
async fn guilds_go_to_their_shards() {
    let discord = StandIn::start().await;
    for name in ["A", "B", "C", "D"] {
        discord.add_guild(name);
    }
    let mut seen = Vec::new();
    for shard in 0..2_u64 {
        let mut asked = identify(&discord);
        asked["d"]["shard"] = json!([shard, 2]);
        let mut raw = Raw::hello(&discord).await;
        raw.send(&asked.to_string()).await;
        let ready = raw.json().await;
        for guild in ready["d"]["guilds"].as_array().expect("a list") {
            let id: u64 = guild["id"].as_str().expect("text").parse().expect("digits");
            assert_eq!((id >> 22) % 2, shard);
            seen.push(id);
        }
    }
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 4);
}

#[tokio::test]
async fn connections_end_in_each_way() {
    let discord = StandIn::start().await;
    let mut raw = Raw::hello(&discord).await;
    discord.close_gateway(None);
    assert_eq!(raw.closed().await, Some(None), "a close frame without a code");
    let mut raw = Raw::hello(&discord).await;
    discord.close_gateway(Some(4_000));
    assert_eq!(raw.closed().await, Some(Some(4_000)));
    let mut raw = Raw::hello(&discord).await;
    discord.drop_gateway();
    assert_eq!(raw.closed().await, None, "no close frame at all");
    let mut raw = Raw::hello(&discord).await;
    discord.half_close_gateway();
    raw.send("{\"op\": 1, \"d\": null}").await;
    let silence = timeout(Duration::from_millis(100), raw.frame()).await;
    assert!(silence.is_err(), "open and silent: {silence:?}");
    discord.faults(|faults| faults.no_acknowledgement = true);
    let mut raw = Raw::hello(&discord).await;
    raw.send("{\"op\": 1, \"d\": null}").await;
    discord.until_so("the heartbeat", |state| state.gateway.heartbeats == 1).await;
    discord.ask_reconnect();
    assert_eq!(raw.json().await["op"], 7, "no acknowledgement came before");
    discord.gateway(|gateway| gateway.heartbeat_interval = 20);
    let mut raw = Raw::hello(&discord).await;
    assert_eq!(raw.closed().await, Some(Some(4_009)), "no heartbeat came");
}
