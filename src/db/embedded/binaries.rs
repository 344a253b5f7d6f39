//! Which of the installed Postgres servers a private cluster uses.

use std::cmp::Reverse;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::error::EmbeddedError;

/// The directory of server programs that fit the data, or the first found if there is no data.
pub(super) fn fitting(data: &Path) -> Result<PathBuf, EmbeddedError> {
    let (found, looked) = installed();
    let Some(first) = found.first() else {
        return Err(EmbeddedError::Missing { looked });
    };
    let Ok(made_by) = fs::read_to_string(data.join("PG_VERSION")) else {
        return Ok(first.clone());
    };
    let made_by = made_by.trim().to_owned();
    let versions: Vec<_> = found.iter().map(|bin| major_version(bin)).collect();
    match versions.iter().position(|version| *version == made_by) {
        Some(fits) => Ok(found[fits].clone()),
        None => Err(EmbeddedError::Version {
            data: data.to_owned(),
            made_by,
            first: first.clone(),
            version: versions[0].clone(),
        }),
    }
}

/// A program that comes with the servers, such as `pg_dump`; of the first that has it.
pub(super) fn program(name: &str) -> Option<PathBuf> {
    let mut programs = installed().0.into_iter().map(|bin| bin.join(name));
    programs.find(|program| program.is_file())
}

/// Directories with both `initdb` and `postgres`, in the order we like them, and where we looked.
fn installed() -> (Vec<PathBuf>, String) {
    let (mut found, looked) = match std::env::var_os("CANDOR_PG_BIN") {
        Some(named) => {
            let looked = format!("CANDOR_PG_BIN={}", named.to_string_lossy());
            (vec![named.into()], looked)
        }
        None => {
            let path = std::env::var_os("PATH").unwrap_or_default();
            let mut places: Vec<PathBuf> = std::env::split_paths(&path).collect();
            places.extend(versions_in("/usr/lib/postgresql", ""));
            places.extend(versions_in("/usr/local/opt", "postgresql"));
            places.extend(versions_in("/opt/homebrew/opt", "postgresql"));
            let looked = "PATH, /usr/lib/postgresql/*/bin and Homebrew's postgresql*/bin";
            (places, looked.to_owned())
        }
    };
    found.retain(|bin| bin.join("initdb").is_file() && bin.join("postgres").is_file());
    (found, looked)
}

/// The `bin` directories of the versions under `root`, the highest first.
fn versions_in(root: &str, prefix: &str) -> Vec<PathBuf> {
    let mut named: Vec<(u32, PathBuf)> = Vec::new();
    for entry in fs::read_dir(root).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if let Some(version) = name.strip_prefix(prefix) {
            let version = version.trim_start_matches('@').parse().unwrap_or(0);
            named.push((version, entry.path().join("bin")));
        }
    }
    named.sort_by_key(|(version, _)| Reverse(*version));
    named.into_iter().map(|(_, bin)| bin).collect()
}

/// `15` from `postgres (PostgreSQL) 15.18 (Debian …)`; empty if it does not say.
fn major_version(bin: &Path) -> String {
    let ran = Command::new(bin.join("postgres")).arg("--version").output();
    let said = ran.map_or_else(|_| Vec::new(), |ran| ran.stdout);
    let said = String::from_utf8_lossy(&said);
    let version = said.split_whitespace().nth(2).unwrap_or("");
    version.chars().take_while(char::is_ascii_digit).collect()
}
