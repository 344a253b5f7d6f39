//! The account that runs a private cluster, and directories that only that account can open.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

/// The account Postgres runs as: our own, unless we are root: Postgres refuses to run as root.
#[derive(Debug, Clone, Copy)]
pub(super) struct Account {
    pub(super) uid: u32,
    pub(super) gid: u32,
}

impl Account {
    /// Ours; for root, the owner of existing `data`, else `postgres` or `nobody`.
    pub(super) fn to_run(data: &Path) -> io::Result<Self> {
        let (uid, gid) = (own_id("-u")?, own_id("-g")?);
        if uid != 0 {
            return Ok(Self { uid, gid });
        }
        if let Ok(owner) = fs::metadata(data)
            && owner.uid() != 0
        {
            let (uid, gid) = (owner.uid(), owner.gid());
            return Ok(Self { uid, gid });
        }
        let passwd = fs::read_to_string("/etc/passwd")?;
        ["postgres", "nobody"]
            .iter()
            .find_map(|name| Self::named(name, &passwd))
            .ok_or_else(|| io::Error::other("no account `postgres` or `nobody`"))
    }

    fn named(name: &str, passwd: &str) -> Option<Self> {
        let mut entries = passwd.lines().map(|line| line.split(':'));
        let mut fields = entries.find(|entry| entry.clone().next() == Some(name))?;
        let uid = fields.nth(2)?.parse().ok()?;
        let gid = fields.next()?.parse().ok()?;
        Some(Self { uid, gid })
    }

    /// Makes the directory this account's alone. One that belongs to another account (in `/tmp` any account may have
    /// created that name or a link first) is refused, and so is one of ours that holds other things: root must not give
    /// away `/var` after a typing mistake.
    pub(super) fn take(self, dir: &Path) -> io::Result<()> {
        match DirBuilder::new().mode(0o700).create(dir) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        let found = fs::symlink_metadata(dir)?;
        let is_ours = found.uid() == own_id("-u")? && fs::read_dir(dir)?.next().is_none();
        if !found.is_dir() || (found.uid() != self.uid && !is_ours) {
            return Err(io::Error::other(
                "it holds other files, or is somebody else's",
            ));
        }
        chown(dir, Some(self.uid), Some(self.gid))?;
        fs::set_permissions(dir, Permissions::from_mode(0o700))
    }

    /// Whether this account gets there, through every directory above it.
    pub(super) fn can_write(self, dir: &Path) -> bool {
        let mut test = Command::new("test");
        test.arg("-w").arg(dir).uid(self.uid).gid(self.gid);
        test.status().is_ok_and(|status| status.success())
    }
}

fn own_id(which: &str) -> io::Result<u32> {
    let answer = Command::new("id").arg(which).output()?;
    let digits = String::from_utf8_lossy(&answer.stdout);
    digits.trim().parse().map_err(io::Error::other)
}
