//! One request at a time: what is refused, as what, and after how much work.

use patella::discord::interactions::PATH;
use tokio::{io::AsyncWriteExt, net::TcpStream};

use super::{
    wire::{Answer, exchange, head, read, signed},
    *,
};

/// A post of a body with headers, by hand.
async fn post(open: &Open, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    exchange(open.address(), &[head(headers, body.len()).as_bytes(), body].concat()).await
}

/// A signed request, changed.
fn changed(mut request: Signed, change: impl FnOnce(&mut Signed)) -> Signed {
    change(&mut request);
    request
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_wrong_gets_the_same_answer_after_the_same_work() {
    let discord = StandIn::start().await;
    let own = discord.public_key();
    let other = discord.change_key(99);
    let keys = format!("{own},{other}");
    let open = Open::with_keys(discord, &keys, hasty()).await;
    let sent = open.question(0);
    let again = Signed { signature: sent.signature.clone(), timestamp: sent.timestamp.clone(), body: sent.body.clone() };
    let taken = post(&open, &[&signed(&sent)[..], &[("connection", "close")]].concat(), &sent.body).await;
    assert_eq!(taken.status, 200, "{taken:?}");

    let fresh = || open.question(0);
    let foreign = || {
        let key = ed25519_dalek::SigningKey::from_bytes(&[42; 32]);
        Signed::new(&key, fresh().timestamp.parse().expect("seconds"), open.body(ORDINARY).to_string())
    };
    let loud = |request: &mut Signed| request.signature.make_ascii_uppercase();
    let cases: Vec<(&str, Signed, Outcome)> = vec![
        (
            "a digit is wrong",
            changed(fresh(), |r| r.signature.replace_range(9..10, if &r.signature[9..10] == "0" { "1" } else { "0" })),
            Outcome::Forged,
        ),
        ("of another body", changed(fresh(), |r| r.signature = fresh().signature), Outcome::Forged),
        (
            "of another time",
            changed(fresh(), |r| r.timestamp = (r.timestamp.parse::<u64>().expect("seconds") + 1).to_string()),
            Outcome::Forged,
        ),
        ("of a stranger", foreign(), Outcome::Forged),
        ("the body lacks its last byte", changed(fresh(), |r| r.body.truncate(r.body.len() - 1)), Outcome::Forged),
        ("the body goes on", changed(fresh(), |r| r.body.extend(b"{}")), Outcome::Forged),
        ("the body is empty", changed(fresh(), |r| r.body.clear()), Outcome::Forged),
        (
            "the time moved into the body",
            changed(fresh(), |r| {
                let digit = r.timestamp.pop().expect("a digit");
                r.body.insert(0, digit as u8);
            }),
            Outcome::Stale,
        ),
        ("all zeros", changed(fresh(), |r| r.signature = "0".repeat(128)), Outcome::Forged),
        ("too large a number", changed(fresh(), |r| r.signature.replace_range(126.., "ff")), Outcome::Unsigned),
        ("no hexadecimal", changed(fresh(), |r| r.signature.replace_range(..2, "zz")), Outcome::Unsigned),
        ("half of it", changed(fresh(), |r| r.signature.truncate(64)), Outcome::Unsigned),
        ("more than it", changed(fresh(), |r| r.signature.push_str("00")), Outcome::Unsigned),
        ("empty", changed(fresh(), |r| r.signature.clear()), Outcome::Unsigned),
        ("no time", changed(fresh(), |r| r.timestamp.clear()), Outcome::Unsigned),
        ("a time with a sign", changed(fresh(), |r| r.timestamp.insert(0, '+')), Outcome::Unsigned),
        ("a time in words", changed(fresh(), |r| "now".clone_into(&mut r.timestamp)), Outcome::Unsigned),
        ("a time beyond numbers", changed(fresh(), |r| r.timestamp = "9".repeat(40)), Outcome::Unsigned),
        ("too old", open.question(-62), Outcome::Stale),
        ("too far ahead", open.question(63), Outcome::Stale),
        ("the first of all times", Signed { ..open.question(-1_000_000_000) }, Outcome::Stale),
        ("signed, and no JSON", open.discord.signed(0, "hello"), Outcome::Unreadable),
        ("signed, and cut off", open.discord.signed(0, &open.body(ORDINARY).to_string()[..40]), Outcome::Unreadable),
        ("signed, and no text", open.discord.signed(0, vec![0xff; 300]), Outcome::Unreadable),
        ("signed, and ever deeper", open.discord.signed(0, "[".repeat(100_000)), Outcome::Unreadable),
        ("sent again", Signed { ..again }, Outcome::Replayed),
        (
            "sent again, in capitals",
            changed(
                Signed { signature: sent.signature.clone(), timestamp: sent.timestamp.clone(), body: sent.body.clone() },
                loud,
            ),
            Outcome::Replayed,
        ),
    ];
    let mut answers = Vec::new();
    let mut expect = async |what: &str, headers: &[(&str, &str)], body: &[u8], outcome: Outcome| {
        let before = open.counts();
        let answer = post(&open, headers, body).await;
        let after = open.counts();
        assert_eq!(after.of(outcome), before.of(outcome) + 1, "{what}: {before:?} {after:?}");
        assert_eq!(after.looks, before.looks + 2, "{what}: each key looks once");
        assert_eq!(answer.status, 401, "{what}");
        answers.push(answer);
    };
    for (what, request, outcome) in &cases {
        expect(what, &signed(request), &request.body, *outcome).await;
    }
    let request = fresh();
    let [signature, timestamp] = signed(&request);
    expect("without a signature", &[timestamp], &request.body, Outcome::Unsigned).await;
    expect("without a time", &[signature], &request.body, Outcome::Unsigned).await;
    expect("without both", &[], &request.body, Outcome::Unsigned).await;
    expect("with the old one first", &[signed(&sent)[0], signature, timestamp], &request.body, Outcome::Forged).await;
    let first = answers[0].clone();
    assert!(first.body.is_empty());
    assert!(answers.iter().all(|answer| *answer == first), "{answers:#?}");
    // All that was good of it is still good.
    assert_eq!(post(&open, &[&signed(&request)[..], &[("connection", "close")]].concat(), &request.body).await.status, 200);
    open.answer().await;
    open.discord.assert_no_violations();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_off_by_a_minute_is_no_reason_to_refuse() {
    let open = Open::new(hasty()).await;
    for beside in [-57, -10, 10, 57] {
        let request = open.question(beside);
        let answer = post(&open, &[&signed(&request)[..], &[("connection", "close")]].concat(), &request.body).await;
        assert_eq!(answer.status, 200, "{beside} s");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn signed_and_not_to_be_understood_is_no_failure_of_the_signature() {
    let open = Open::new(hasty()).await;
    for body in ["{}", "[]", "7", "null", "\"x\"", "{\"type\":2}", "{\"id\":[],\"token\":7,\"type\":\"2\"}"] {
        let request = open.discord.signed(0, body);
        let answer = post(&open, &signed(&request), &request.body).await;
        assert_eq!((answer.status, answer.body.as_str()), (503, ""), "{body}");
    }
    let counts = open.counts();
    // One PING with a wrong signature came when the address was saved.
    assert_eq!((counts.of(Outcome::Unanswered), counts.refused()), (7, 1));
    open.answer().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_paths_and_methods_are_named_as_such() {
    let open = Open::new(hasty()).await;
    let statuses = [
        ("GET", PATH, 405),
        ("PUT", PATH, 405),
        ("DELETE", PATH, 405),
        ("POST", "/", 404),
        ("GET", "/", 404),
        ("POST", "/interactions/1", 404),
        ("GET", "/metrics", 404),
        ("POST", "/../interactions", 404),
    ];
    for (method, path, status) in statuses {
        let request = format!("{method} {path} HTTP/1.1\r\nhost: patella\r\ncontent-length: 0\r\n\r\n");
        let answer = exchange(open.address(), request.as_bytes()).await;
        assert_eq!((answer.status, answer.body.as_str()), (status, ""), "{method} {path}");
    }
    for garbage in
        ["hello\r\n\r\n", "\r\n\r\n\r\n\r\n", "POST /interactions HTTP/9.9\r\n\r\n", "\u{1}\u{3}\u{1}\u{0}\u{5}\u{0}tls"]
    {
        let answer = exchange(open.address(), garbage.as_bytes()).await;
        assert!([0, 400, 505].contains(&answer.status), "{garbage:?}: {answer:?}");
    }
    let vain = format!("POST {PATH} HTTP/1.1\r\nhost: patella\r\nx-vain: {}\r\n\r\n", "v".repeat(64 * 1024));
    assert!([0, 431].contains(&exchange(open.address(), vain.as_bytes()).await.status));
    open.answer().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_large_is_refused_unread() {
    let open = Open::new(hasty()).await;
    let looks = open.counts().looks;
    let request = open.discord.signed(0, vec![b' '; 256 * 1024 + 1]);
    // The head says it: nothing of the body needs to come.
    let answer = exchange(open.address(), head(&signed(&request), request.body.len()).as_bytes()).await;
    assert_eq!(answer.status, 413);
    // The head does not say it.
    let [signature, timestamp] = signed(&request);
    let mut chunks = format!(
        "POST {PATH} HTTP/1.1\r\nhost: patella\r\n{}: {}\r\n{}: {}\r\ntransfer-encoding: chunked\r\n\r\n",
        signature.0, signature.1, timestamp.0, timestamp.1
    );
    for _ in 0..5 {
        chunks.push_str(&format!("ffff\r\n{}\r\n", "x".repeat(0xffff)));
    }
    let mut stream = TcpStream::connect(open.address()).await.expect("it listens");
    stream.write_all(chunks.as_bytes()).await.expect("it is read until it is too much");
    assert_eq!(read(&mut stream).await.status, 413);
    assert_eq!((open.counts().of(Outcome::Large), open.counts().looks), (2, looks));
    // The largest that is read.
    let mut body = open.body(ORDINARY);
    body["padding"] = json!("");
    body["padding"] = json!("p".repeat(256 * 1024 - body.to_string().len()));
    let request = open.discord.signed(0, body.to_string());
    assert_eq!(request.body.len(), 256 * 1024);
    let answer = post(&open, &[&signed(&request)[..], &[("connection", "close")]].concat(), &request.body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_slow_is_not_waited_for() {
    let open = Open::new(hasty()).await;
    let request = open.question(0);
    let looks = open.counts().looks;
    // No head, half a head, a head alone, half a body.
    let whole = [head(&signed(&request), request.body.len()).as_bytes(), &request.body].concat();
    let head_ends = whole.len() - request.body.len();
    for (sent, status) in [(0, 0), (1, 0), (head_ends - 2, 0), (head_ends, 408), (whole.len() - 1, 408)] {
        let answer = exchange(open.address(), &whole[..sent]).await;
        assert!(answer.status == status || (status == 0 && answer.status == 408), "{sent} bytes: {answer:?}");
    }
    assert_eq!((open.counts().of(Outcome::Slow), open.counts().looks), (2, looks));
    // Who hangs up in the middle is nobody's trouble.
    for sent in [1, head_ends, whole.len() - 1] {
        let mut stream = TcpStream::connect(open.address()).await.expect("it listens");
        stream.write_all(&whole[..sent]).await.expect("it is read");
        drop(stream);
    }
    open.answer().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn large_bodies_have_a_room_of_their_own() {
    let open = Open::new(Limits { large: 2, within: Duration::from_secs(20), ..hasty() }).await;
    let large = head(&[], 200_000);
    let mut slow = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(open.address()).await.expect("it listens");
        stream.write_all(large.as_bytes()).await.expect("it is read");
        slow.push(stream);
    }
    // Both have their room once a third has none.
    let mut status = 0;
    while status != 503 {
        status = tokio::time::timeout(Duration::from_millis(500), exchange(open.address(), large.as_bytes()))
            .await
            .map_or(0, |a| a.status);
    }
    assert!(open.counts().of(Outcome::Crowded) >= 1);
    open.answer().await;
    drop(slow);
    let request = open.discord.signed(0, vec![b' '; 100_000]);
    let mut status = 503;
    while status == 503 {
        status = post(&open, &signed(&request), &request.body).await.status;
    }
    assert_eq!(status, 401, "signed, and no JSON: it was read");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_that_mean_nothing_change_nothing() {
    let open = Open::new(hasty()).await;
    let looks = open.counts().looks;
    let mut chance = fastrand::Rng::with_seed(7);
    let mut bodies = 0;
    for _ in 0..1_000 {
        let request = open.question(0);
        let mut bytes = [head(&signed(&request), request.body.len()).as_bytes(), &request.body].concat();
        match chance.u8(..4) {
            // Some letters are others; never in the length, which would have it wait for more.
            0 => {
                let signature = bytes.windows(11).position(|w| w == b"X-Signature").expect("a header");
                for _ in 0..chance.usize(1..20) {
                    let at = chance.usize(signature + 21..signature + 21 + 128);
                    bytes[at] = if bytes[at] == b'a' { b'b' } else { b'a' };
                }
            }
            1 => {
                let start = bytes.len() - request.body.len();
                for _ in 0..chance.usize(1..20) {
                    let at = chance.usize(start..bytes.len());
                    bytes[at] = if bytes[at] == b'x' { b'y' } else { b'x' };
                }
            }
            2 => {
                let length = chance.usize(..3_000);
                let body: Vec<u8> = (0..length).map(|_| chance.u8(..)).collect();
                bytes = [head(&signed(&request), length).as_bytes(), &body].concat();
            }
            _ => {
                let noise: String = (0..chance.usize(..200)).map(|_| chance.char('!'..'~')).collect();
                bytes = [head(&[("x-signature-ed25519", &noise), ("x-signature-timestamp", "1")], 2).as_bytes(), b"{}"].concat();
            }
        }
        bodies += 1;
        let answer = exchange(open.address(), &bytes).await;
        assert_eq!((answer.status, answer.body.as_str()), (401, ""), "{}", String::from_utf8_lossy(&bytes));
    }
    assert_eq!(open.counts().looks, looks + bodies, "one look each");
    open.answer().await;
    open.discord.assert_no_violations();
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_replaced_without_a_gap() {
    let discord = StandIn::start().await;
    let old = discord.public_key();
    let new = discord.change_key(99);
    discord.change_key(23);
    assert_eq!(discord.public_key(), old);
    let open = Open::with_keys(discord, &format!("{old}, {new}"), hasty()).await;
    open.answer().await;
    assert_eq!(open.discord.change_key(99), new);
    open.answer().await;
    // The old one is taken away.
    let open = Open::with_keys(open.discord, &new, hasty()).await;
    open.answer().await;
    open.discord.change_key(23);
    let refused = open.question(0);
    assert_eq!(post(&open, &signed(&refused), &refused.body).await.status, 401);
    let refused = open.discord.set_endpoint(&open.url()).await.expect_err("Discord would not take the address");
    assert!(refused.contains("a PING got 401"), "{refused}");
}
