//! The knowledge folder as it was when the binary was built, so that the binary runs alone.

use include_dir::{Dir, include_dir};

use crate::{
    base::Base,
    knowledge::{File, Problem},
};

static FOLDER: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/knowledge");

/// Written by `build.rs`; empty where the folder had errors.
static BASE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/base.bin"));

/// The base that the binary carries.
///
/// # Errors
/// Every problem of the embedded files, where any of them is an error.
pub fn base() -> Result<Base, Vec<Problem>> {
    match Base::from_bytes(BASE) {
        Ok(base) => Ok(base),
        Err(_) => Base::from_files(&files()),
    }
}

/// All files of the folder, in the order of their paths. Hidden ones (editors' and file managers' own) are left out.
pub fn files() -> Vec<File> {
    let mut files = Vec::new();
    collect(&FOLDER, &mut files);
    files.sort();
    files
}

fn collect(folder: &Dir<'_>, files: &mut Vec<File>) {
    for file in folder.files() {
        // With `/` on every platform, as the loader expects.
        let path = file.path().iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/");
        if !path.split('/').any(|part| part.starts_with('.')) {
            // A byte that is no UTF-8 turns into a mark that the loader and the checks then show in its place.
            files.push((path, String::from_utf8_lossy(file.contents()).into_owned()));
        }
    }
    for inner in folder.dirs() {
        collect(inner, files);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_is_there_with_slashed_paths() {
        let files = files();
        assert!(files.iter().any(|(path, _)| path == "sources.toml"));
        assert!(files.iter().any(|(path, text)| path.starts_with("topics/pain/") && text.contains("asks")));
        assert!(files.is_sorted());
    }
}
