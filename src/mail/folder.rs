//! A relay that keeps letters as `.eml` files, for demonstrations and for looking at.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::letter::Letter;
use super::reply::Reply;

/// A directory that takes letters, one file each, whole or not at all.
///
/// The name is the letter's date and Message-ID, so names sort by time, and a letter sent again
/// replaces itself.
#[derive(Debug, Clone)]
pub struct FolderRelay {
    name: Arc<str>,
    directory: Arc<Path>,
}

impl FolderRelay {
    /// The directory is made when the first letter comes.
    pub fn new(name: &str, directory: PathBuf) -> Self {
        Self {
            name: name.into(),
            directory: directory.into(),
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether letters can be written, found out by a file that is removed at once. The directory itself is not made:
    /// another user may ask than the one who sends.
    ///
    /// # Errors
    /// [`Reply::Unreachable`]
    pub(super) async fn look(&self) -> Result<(), Reply> {
        let directory = Arc::clone(&self.directory);
        let tried = tokio::task::spawn_blocking(move || try_in(&directory)).await;
        match tried {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(cannot(&error)),
            Err(_) => Err(Reply::unreachable(STOPPING)),
        }
    }

    pub(super) async fn send(&self, letter: &Letter) -> Reply {
        let directory = Arc::clone(&self.directory);
        let (file, raw) = (file_name(letter), letter.raw.clone());
        let written =
            tokio::task::spawn_blocking(move || write_whole(&directory, &file, &raw)).await;
        match written {
            Ok(Ok(())) => Reply::Accepted {
                code: 250,
                text: "kept in the folder".to_owned(),
            },
            Ok(Err(error)) => cannot(&error),
            Err(_) => Reply::unreachable(STOPPING),
        }
    }
}

const STOPPING: &str = "the folder cannot be written: the program is stopping";

fn cannot(error: &io::Error) -> Reply {
    Reply::unreachable(format!("the folder cannot be written: {}", error.kind()))
}

/// Makes a file in the directory, or in the nearest one above it that is there, and removes it.
fn try_in(directory: &Path) -> io::Result<()> {
    static TRIES: AtomicU64 = AtomicU64::new(0);
    let is_there = |path: &&Path| path.exists();
    let place = directory.ancestors().find(is_there).unwrap_or(directory);
    let number = TRIES.fetch_add(1, Ordering::Relaxed);
    let file = place.join(format!(".candor-{}-{number}", std::process::id()));
    let mut new = OpenOptions::new();
    new.write(true).create_new(true).mode(0o600).open(&file)?;
    fs::remove_file(&file)
}

fn file_name(letter: &Letter) -> String {
    let safe = |c: char| {
        if c.is_ascii_alphanumeric() || "-_.@".contains(c) {
            c
        } else {
            '_'
        }
    };
    let id: String = letter.message_id.chars().map(safe).take(150).collect();
    format!("{}-{id}.eml", letter.date.format("%Y%m%dT%H%M%S%.3fZ"))
}

/// A listing of the directory shows a whole letter or none, also after a power failure.
fn write_whole(directory: &Path, file: &str, raw: &[u8]) -> io::Result<()> {
    // Whole letters with names and addresses: for Candor's user only.
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)?;
    let unfinished = directory.join(format!(".{file}.{}", std::process::id()));
    let mut private = OpenOptions::new();
    private.write(true).create(true).truncate(true).mode(0o600);
    let written = private.open(&unfinished).and_then(|mut out| {
        out.write_all(raw)?;
        out.sync_all()?;
        fs::rename(&unfinished, directory.join(file))
    });
    if written.is_err() {
        let _ = fs::remove_file(&unfinished);
    }
    written?;
    File::open(directory)?.sync_all()
}
