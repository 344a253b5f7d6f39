//! The small file in which a node keeps the latest epoch of its database that it saw: an older copy of the database
//! shows an earlier one, whatever else it looks like.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{ConfigError, bad};

/// Where the settings let the file be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateDir {
    path: PathBuf,
    /// The settings name it: then it has to be usable.
    is_named: bool,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    deployment: Uuid,
    epoch: i64,
}

impl StateDir {
    /// The directory of `database.state_dir`; `None`: nowhere. `auto` is the first that the environment names:
    /// `STATE_DIRECTORY` (systemd), `XDG_STATE_HOME`, `HOME`.
    pub(super) fn of(setting: &str, env: impl Fn(&str) -> Option<PathBuf>) -> Option<Self> {
        let named = |path: PathBuf, is_named| Some(Self { path, is_named });
        if setting.is_empty() {
            return None;
        }
        if setting != "auto" {
            return named(setting.into(), true);
        }
        let full = |name: &str| env(name).filter(|path| path.is_absolute());
        let first = full("STATE_DIRECTORY")
            .or_else(|| Some(full("XDG_STATE_HOME")?.join("candor")))
            .or_else(|| Some(full("HOME")?.join(".local/state/candor")))?;
        named(first, false)
    }

    /// Makes the directory, readable by its owner only, if it is not there.
    ///
    /// # Errors
    /// [`ConfigError`] if the settings name a directory in which nothing can be written.
    pub fn prepare(&self) -> Result<(), ConfigError> {
        let probe = self.path.join(format!(".probe-{}", std::process::id()));
        let made = self
            .make()
            .and_then(|()| write_private(&probe, b""))
            .and_then(|()| fs::remove_file(&probe));
        match made {
            Err(error) if self.is_named => {
                let why = format!("{}: {error}", self.path.display());
                Err(bad("database.state_dir", why))
            }
            _ => Ok(()),
        }
    }

    fn make(&self) -> io::Result<()> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.path)
    }

    fn file(&self, deployment: Uuid) -> PathBuf {
        self.path.join(format!("{}.epoch", deployment.simple()))
    }

    /// Which file holds the epoch of a database, for messages.
    pub fn shown(&self) -> String {
        self.path.display().to_string()
    }

    /// The latest epoch of this database that was seen from here; `None`: none was, which says nothing. A file that
    /// cannot be read as one counts as absent.
    ///
    /// # Errors
    /// If the file is there and may not be read.
    pub fn read(&self, deployment: Uuid) -> io::Result<Option<i64>> {
        let text = match fs::read(self.file(deployment)) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let kept = serde_json::from_slice::<Kept>(&text).ok();
        let ours = kept.filter(|kept| kept.deployment == deployment);
        Ok(ours.map(|kept| kept.epoch))
    }

    /// Keeps an epoch, unless a later one is kept: written to another file and moved over it, so that a reader finds
    /// the one or the other whole.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn keep(&self, deployment: Uuid, epoch: i64) -> io::Result<()> {
        if self.read(deployment)?.is_some_and(|kept| kept >= epoch) {
            return Ok(());
        }
        self.make()?;
        let file = self.file(deployment);
        let beside = file.with_extension(format!("{}.new", std::process::id()));
        let kept = serde_json::to_vec(&Kept { deployment, epoch })?;
        write_private(&beside, &kept)?;
        fs::rename(&beside, &file)?;
        File::open(&self.path)?.sync_all()
    }
}

fn write_private(path: &Path, octets: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(octets)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("{name}-{}", std::process::id()));
            let _ = fs::remove_dir_all(&path);
            Self(path)
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn the_latest_epoch_is_kept_for_each_database_and_only_its_owner_reads_it() {
        let scratch = Scratch::new("candor-state");
        let dir = StateDir::of(&scratch.0.join("deep").display().to_string(), |_| None);
        let dir = dir.expect("named");
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        assert_eq!(dir.read(one).expect("absent"), None);
        for epoch in [5, 9, 7] {
            dir.keep(one, epoch).expect("writable");
        }
        assert_eq!(dir.read(one).expect("there"), Some(9));
        assert_eq!(dir.read(other).expect("absent"), None);
        let mode = |path: &Path| {
            let found = fs::metadata(path).expect("there");
            found.permissions().mode() & 0o777
        };
        assert_eq!(mode(&dir.file(one)), 0o600);
        assert_eq!(mode(&dir.path), 0o700);
        let files = fs::read_dir(&dir.path).expect("there").count();
        assert_eq!(files, 1, "nothing is left beside it");
        fs::write(dir.file(one), "{").expect("writable");
        assert_eq!(dir.read(one).expect("there"), None, "broken");
    }

    #[test]
    fn the_environment_names_the_directory_unless_the_settings_do() {
        let of = |setting: &str, known: &[(&str, &str)]| {
            let find = |name: &str| known.iter().find(|(known, _)| *known == name);
            let dir = StateDir::of(setting, |name| find(name).map(|(_, path)| path.into()));
            dir.map(|dir| dir.shown())
        };
        let home = ("HOME", "/home/candor");
        assert_eq!(of("", &[home]), None);
        assert_eq!(of("auto", &[]), None);
        let expected = Some("/home/candor/.local/state/candor".to_owned());
        assert_eq!(
            of("auto", &[home, ("XDG_STATE_HOME", "relative")]),
            expected
        );
        let systemd = ("STATE_DIRECTORY", "/var/lib/candor");
        let expected = Some("/var/lib/candor".to_owned());
        assert_eq!(of("auto", &[home, systemd]), expected);
        assert_eq!(of("/srv", &[home]), Some("/srv".to_owned()));
    }

    #[test]
    fn a_named_directory_that_cannot_be_used_is_an_error_and_another_is_not() {
        let scratch = Scratch::new("candor-no-state");
        fs::write(&scratch.0, "a file").expect("writable");
        let below = scratch.0.join("below");
        let named = StateDir::of(&below.display().to_string(), |_| None).expect("named");
        let why = named.prepare().expect_err("refused").to_string();
        assert!(why.contains("database.state_dir"), "{why}");
        let found = |name: &str| (name == "STATE_DIRECTORY").then(|| below.clone());
        let auto = StateDir::of("auto", found).expect("found");
        assert!(auto.prepare().is_ok());
        assert!(auto.keep(Uuid::nil(), 1).is_err());
        let _ = fs::remove_file(&scratch.0);
    }
}
