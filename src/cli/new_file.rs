//! Files with personal data that commands write: readable by their owner only, and renamed to their path once complete.
//! An earlier file stays until then.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use uuid::Uuid;

/// A file that is being written under another name. Dropped without [`Self::keep`], it is gone.
pub(crate) struct NewFile {
    file: File,
    /// The temporary path; none for a device or a pipe, which is written directly.
    temporary: Option<PathBuf>,
}

impl NewFile {
    /// Begins a file for the place `path`, in the same folder.
    ///
    /// # Errors
    /// The file system's, with the path.
    pub(crate) fn begin(path: &Path) -> Result<Self> {
        let cannot = || format!("{} cannot be written", path.display());
        let place = place(path);
        if fs::metadata(&place).is_ok_and(|found| !found.is_file()) {
            let file = OpenOptions::new().write(true).open(&place);
            let file = file.with_context(cannot)?;
            return Ok(Self {
                file,
                temporary: None,
            });
        }
        let temporary = place.with_file_name(format!(".candor-{}.part", Uuid::now_v7().simple()));
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&temporary)
            .with_context(cannot)?;
        Ok(Self {
            file,
            temporary: Some(temporary),
        })
    }

    /// Renames it to `path`, which must be in the folder in which it was begun.
    ///
    /// # Errors
    /// The file system's, with the path.
    pub(crate) fn keep(mut self, path: &Path) -> Result<()> {
        let Some(temporary) = &self.temporary else {
            return Ok(());
        };
        let kept = self.file.sync_all();
        kept.and_then(|()| fs::rename(temporary, place(path)))
            .with_context(|| format!("{} cannot be written", path.display()))?;
        self.temporary = None;
        Ok(())
    }
}

/// Where a path leads: a link to a file stays a link.
fn place(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

impl Write for NewFile {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.file.write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if let Some(temporary) = &self.temporary {
            // If it cannot be removed, its owner alone can read it.
            let _ = fs::remove_file(temporary);
        }
    }
}
