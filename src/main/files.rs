//! Files from disk: the knowledge folder, settings, labelled questions.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use patella::{
    embedded,
    knowledge::{File, Knowledge, Problem, Severity},
};

/// A knowledge folder that was read.
pub struct Folder {
    /// What stands before the paths of its files in messages.
    pub name: String,
    /// Its text files.
    pub files: Vec<File>,
    /// Files that are no text.
    unreadable: Vec<Problem>,
}

impl Folder {
    /// Reads a folder with all folders in it; the copy inside the program where none is named. Hidden files are left out: they
    /// belong to editors and file managers.
    ///
    /// # Errors
    /// Where the folder is missing, is none, holds nothing, or cannot be read.
    pub fn read(dir: Option<&Path>) -> anyhow::Result<Self> {
        let Some(dir) = dir else {
            return Ok(Self { name: "knowledge".into(), files: embedded::files(), unreadable: Vec::new() });
        };
        let about = fs::metadata(dir).with_context(|| format!("cannot read the knowledge folder {}", dir.display()))?;
        if !about.is_dir() {
            bail!("{} is not a folder; name the folder that holds sources.toml and topics/", dir.display());
        }
        let name = dir.display().to_string();
        let mut folder = Self { name: name.trim_end_matches('/').to_owned(), files: Vec::new(), unreadable: Vec::new() };
        folder.collect(dir, "")?;
        if folder.files.is_empty() && folder.unreadable.is_empty() {
            bail!("{} is empty; name the folder that holds sources.toml and topics/", dir.display());
        }
        folder.files.sort();
        Ok(folder)
    }

    /// The knowledge with every problem, those of unreadable files among them.
    pub fn load(&self) -> (Knowledge, Vec<Problem>) {
        let (knowledge, mut problems) = Knowledge::load(&self.files);
        problems.extend(self.unreadable.iter().cloned());
        problems.sort_by(|a, b| (&a.path, a.line, a.column).cmp(&(&b.path, b.line, b.column)));
        (knowledge, problems)
    }

    /// The text of one of its files.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.files.iter().find(|(name, _)| name == path).map(|(_, text)| text.as_str())
    }

    /// The path of one of its files as messages give it, or any text that begins with such a path.
    pub fn name_in(&self, path: &str) -> String {
        format!("{}/{path}", self.name)
    }

    fn collect(&mut self, dir: &Path, prefix: &str) -> anyhow::Result<()> {
        let entries = fs::read_dir(dir).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        for entry in entries.with_context(|| format!("cannot list {}", dir.display()))? {
            let name = entry.file_name().to_string_lossy().into_owned();
            let path: PathBuf = entry.path();
            if name.starts_with('.') {
                continue;
            }
            let relative = format!("{prefix}{name}");
            // A link to a folder is left alone: it could lead around in circles.
            if path.is_dir() {
                if !path.is_symlink() {
                    self.collect(&path, &format!("{relative}/"))?;
                }
                continue;
            }
            let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            match String::from_utf8(bytes) {
                Ok(text) => self.files.push((relative, text)),
                Err(error) => self.unreadable.push(not_text(relative, error.as_bytes(), error.utf8_error().valid_up_to())),
            }
        }
        Ok(())
    }
}

/// A file that is not UTF-8 from a byte on.
fn not_text(path: String, bytes: &[u8], at: usize) -> Problem {
    let before = String::from_utf8_lossy(&bytes[..at]);
    Problem {
        severity: Severity::Error,
        path,
        span: at..at,
        line: before.matches('\n').count() + 1,
        column: before.chars().rev().take_while(|&c| c != '\n').count() + 1,
        what: "not UTF-8 text from here on".into(),
        mend: "save the file as UTF-8".into(),
    }
}

/// Files of questions to score, with their names: one file, or those of a folder that hold phrases.
///
/// # Errors
/// Where one cannot be read, or a folder holds none.
pub fn questions(path: &Path) -> anyhow::Result<Vec<File>> {
    if !path.is_dir() {
        return Ok(vec![(path.display().to_string(), read_text(path)?)]);
    }
    let mut files = Folder::read(Some(path))?.files;
    files.retain(|(name, _)| name.ends_with(".txt"));
    if files.is_empty() {
        bail!("{} holds no phrases, such as rf.dvt.txt; name a file of labelled questions", path.display());
    }
    Ok(files)
}

/// A text file.
///
/// # Errors
/// Where it is missing, cannot be read or is no UTF-8; names the file.
pub fn read_text(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Writes a file that its owner alone may read, whole or not at all: what was there stays until the new one is complete.
#[cfg(feature = "discord")]
pub fn replace(path: &Path, text: &str) -> anyhow::Result<()> {
    use std::io::Write as _;
    let name = path.file_name().with_context(|| format!("{} is no file", path.display()))?;
    let mut beside = name.to_os_string();
    beside.push(format!(".{}.new", std::process::id()));
    let beside = path.with_file_name(beside);
    let mut new = fs::OpenOptions::new();
    new.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut new, 0o600);
    let write = || -> std::io::Result<()> {
        let mut file = new.open(&beside)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&beside, path)
    };
    write().inspect_err(|_| drop(fs::remove_file(&beside))).with_context(|| format!("cannot write {}", path.display()))
}
