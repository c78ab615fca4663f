//! Writes the base that the program starts with, and the files that it was made from: the knowledge folder read, checked and learned from once, when the program is
//! built. A folder with errors yields an empty file; the program then reads the embedded folder itself and says what is wrong.
//!
//! The modules are the library's own, compiled here a second time.

#![allow(dead_code, unused_imports)]

#[path = "src/base.rs"]
mod base;
#[path = "src/id.rs"]
mod id;
#[path = "src/intent.rs"]
mod intent;
#[path = "src/knowledge/mod.rs"]
mod knowledge;
#[path = "src/limits.rs"]
mod limits;
#[path = "src/model/mod.rs"]
mod model;
#[path = "src/reply.rs"]
mod reply;
#[path = "src/text/mod.rs"]
mod text;

use std::{env, fs, io::Write, path::Path};

use flate2::{Compression, write::DeflateEncoder};

fn main() {
    println!("cargo::rerun-if-changed=knowledge");
    for module in ["base.rs", "id.rs", "intent.rs", "knowledge", "limits.rs", "model", "reply.rs", "text"] {
        println!("cargo::rerun-if-changed=src/{module}");
    }
    println!("cargo::rerun-if-changed=build.rs");
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("knowledge");
    let mut files = Vec::new();
    collect(&folder, "", &mut files);
    files.sort();
    let bytes = base::Base::from_files(&files).map_or(Vec::new(), |base| base.to_bytes().expect("a base can be written"));
    let out = env::var("OUT_DIR").expect("cargo sets it");
    fs::write(Path::new(&out).join("base.bin"), bytes).expect("the build folder can be written");
    // The files themselves are asked for seldom: packed, they take a third of the room.
    let packed = fs::File::create(Path::new(&out).join("files.bin")).expect("the build folder can be written");
    let mut packed = DeflateEncoder::new(packed, Compression::best());
    packed.write_all(&postcard::to_allocvec(&files).expect("texts can be written")).expect("the build folder can be written");
    packed.finish().expect("the build folder can be written");
}

fn collect(folder: &Path, under: &str, files: &mut Vec<knowledge::File>) {
    for entry in fs::read_dir(folder).expect("the knowledge folder can be read") {
        let entry = entry.expect("an entry of the knowledge folder");
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if under.is_empty() { name.clone() } else { format!("{under}/{name}") };
        if name.starts_with('.') {
            continue;
        }
        if entry.path().is_dir() {
            collect(&entry.path(), &path, files);
        } else {
            let bytes = fs::read(entry.path()).expect("a knowledge file can be read");
            files.push((path, String::from_utf8_lossy(&bytes).into_owned()));
        }
    }
}
