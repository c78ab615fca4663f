//! `patella playground` itself.

use std::{
    io::{BufRead, BufReader, Read},
    net::TcpListener as Blocking,
    process::{Command, Stdio},
};

use super::*;
use crate::program::{self, Running};

fn patella(arguments: &[&str]) -> Command {
    let mut command = program::patella();
    command.arg("playground").args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The program, and the address that it printed.
fn started(arguments: &[&str]) -> (Running, String) {
    let mut child = Running::start(patella(arguments));
    let mut line = String::new();
    BufReader::new(child.stdout()).read_line(&mut line).expect("text");
    let address = line.strip_prefix("Open ").and_then(|rest| rest.strip_suffix(" in a browser. Ctrl-C ends it.\n"));
    let address = address.unwrap_or_else(|| panic!("{line:?}")).to_owned();
    (child, address)
}

/// Sends the signal that service managers send; the exit code and what was said on standard error.
#[cfg(unix)]
fn ended(mut child: Running) -> (Option<i32>, String) {
    child.signal("-TERM");
    let status = child.wait();
    let mut said = String::new();
    child.stderr().read_to_string(&mut said).expect("text");
    (status.code(), said)
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn it_prints_its_address_answers_and_ends_well() {
    let (child, address) = started(&["--listen", "127.0.0.1:0"]);
    assert!(address.starts_with("http://127.0.0.1:") && !address.ends_with(":0"), "{address}");
    let page = reqwest::get(&address).await.expect("it answers").text().await.expect("text");
    assert!(page.contains("<title>"), "{page}");
    let question = json!({ "command": "ask", "options": { "question": "outside of my knee hurts after 5 miles" } });
    let request = Client::new().post(format!("{address}/api/command")).json(&question);
    let shown: Value = request.send().await.expect("it answers").json().await.expect("JSON");
    assert_eq!(shown["title"], "Pain on the outside of the knee");
    assert_eq!(ended(child), (Some(0), String::new()), "nothing is logged");
}

#[cfg(unix)]
#[test]
fn who_opens_it_to_others_is_warned() {
    let (child, address) = started(&["--listen", "0.0.0.0:0"]);
    assert!(address.starts_with("http://127.0.0.1:"), "{address}");
    let (code, said) = ended(child);
    assert!(code == Some(0) && said.contains("warning: whoever can reach 0.0.0.0:"), "{code:?}: {said}");
}

#[test]
fn a_port_that_is_taken_says_what_to_do() {
    let taken = Blocking::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let address = taken.local_addr().expect("an address").to_string();
    let output = patella(&["--listen", &address]).output().expect("the program starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), output.stdout.is_empty()), (Some(1), true), "{said}");
    assert!(said.contains(&format!("cannot listen at {address}")) && said.contains("--listen 127.0.0.1:0"), "{said}");
}

#[test]
fn a_wrong_address_is_wrong_usage() {
    for wrong in ["8420", "127.0.0.1", "http://127.0.0.1:8420", "127.0.0.1:port"] {
        let output = patella(&["--listen", wrong]).output().expect("the program starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{wrong}: {said}");
        assert!(said.contains("127.0.0.1:8420"), "{wrong}: {said}");
    }
}
