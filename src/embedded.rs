//! The knowledge folder as it was when the binary was built, so that the binary runs alone.

use std::{io::Read, sync::OnceLock};

use flate2::read::DeflateDecoder;

use crate::{
    base::Base,
    encoder::{Encoder, WeightsError},
    knowledge::{File, Problem},
};

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

/// What `tools/train` taught the encoder (`model/README.md`).
static WEIGHTS: &[u8] = include_bytes!("../model/patella.safetensors");

/// The encoder that the binary carries; read once, however often it is asked for.
///
/// # Errors
/// Where the weights cannot be used: nothing takes their place.
pub fn encoder() -> Result<&'static Encoder, WeightsError> {
    static ENCODER: OnceLock<Result<Encoder, WeightsError>> = OnceLock::new();
    ENCODER.get_or_init(|| Encoder::new(WEIGHTS)).as_ref().map_err(Clone::clone)
}

/// Written by `build.rs`: the folder's text files, packed.
static FILES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/files.bin"));

/// All files of the folder, in the order of their paths. Hidden ones (editors' and file managers' own) are left out; a byte that is no
/// UTF-8 turned into a mark that the loader and the checks show in its place.
pub fn files() -> Vec<File> {
    let mut bytes = Vec::new();
    DeflateDecoder::new(FILES).read_to_end(&mut bytes).expect("the build packed it");
    postcard::from_bytes(&bytes).expect("the build wrote it")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knowledge::Knowledge;

    #[test]
    fn the_folder_is_there_with_slashed_paths() {
        let files = files();
        assert!(files.iter().any(|(path, _)| path == "sources.toml"));
        assert!(files.iter().any(|(path, text)| path.starts_with("topics/pain/") && text.contains("asks")));
        assert!(files.is_sorted());
    }

    /// So that a release can be built again and compared: nothing that is embedded stands in an order of chance.
    #[test]
    fn the_same_files_give_the_same_bytes() {
        let bytes = || postcard::to_allocvec(&Knowledge::load(&files()).0).expect("it can be written");
        assert!(bytes() == bytes());
    }
}
