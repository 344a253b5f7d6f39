//! Where the keys of a deployment come from: a file, the environment, or a program that asks a key management service,
//! a vault or a hardware token.

use std::fmt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

use super::{ConfigError, bad};
use crate::seal::{Keyring, MasterKey};

/// A secret: usable, never printed.
#[derive(Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// The secret itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(secret: String) -> Self {
        Self(secret)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() {
            "unset"
        } else {
            "•••"
        })
    }
}

/// `[secrets]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secrets {
    /// File with the master key.
    pub master_key_file: PathBuf,
    /// The master key itself.
    pub master_key: Secret,
    /// Program that prints the master key, and its arguments.
    pub master_key_command: Vec<String>,
    /// File with the master key before this one, while incidents are still wrapped under it.
    pub former_master_key_file: PathBuf,
    /// Program that prints it.
    pub former_master_key_command: Vec<String>,
    /// File with the key of status links and notice codes, if that is not the master key.
    pub link_key_file: PathBuf,
    /// Program that prints it.
    pub link_key_command: Vec<String>,
}

/// Somewhere a key can be read. Reading happens once, when the program starts.
trait KeySource {
    /// The key as text.
    ///
    /// # Errors
    /// Why not, without any of what was read.
    fn read(&self) -> Result<Secret, String>;
}

/// The key stands in the settings.
impl KeySource for Secret {
    fn read(&self) -> Result<Secret, String> {
        Ok(self.clone())
    }
}

/// The key is in a file that no other account may read.
impl KeySource for &Path {
    fn read(&self) -> Result<Secret, String> {
        read_private(self)
    }
}

/// The contents of a file that no other account may read.
///
/// # Errors
/// Why not, without any of what was read.
pub(super) fn read_private(path: &Path) -> Result<Secret, String> {
    let file = path.display();
    let named = |e: std::io::Error| format!("{file}: {e}");
    let mode = std::fs::metadata(path).map_err(named)?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(format!("{file} can be read by others: chmod 600 {file}"));
    }
    Ok(std::fs::read_to_string(path).map_err(named)?.into())
}

/// A program prints the key: `["vault", "kv", "get", "-field=key", "secret/candor"]`. No shell reads the
/// words; what the program says on standard error goes where Candor's own goes.
impl KeySource for &[String] {
    fn read(&self) -> Result<Secret, String> {
        let (program, words) = self.split_first().ok_or("names no program")?;
        let done = Command::new(program)
            .args(words)
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
            .map_err(|e| format!("{program}: {e}"))?;
        if !done.status.success() {
            return Err(format!("{program} ended with {}", done.status));
        }
        let text = String::from_utf8(done.stdout);
        Ok(text
            .map_err(|_| format!("{program} printed something that is no text"))?
            .into())
    }
}

/// One key of the settings and the places that may hold it.
struct Places<'a> {
    name: &'static str,
    file: &'a Path,
    command: &'a [String],
    inline: Option<&'a Secret>,
}

impl Places<'_> {
    /// The key; `None` if no place is named.
    fn key(&self) -> Result<Option<MasterKey>, ConfigError> {
        let named = |end: &str| format!("secrets.{}{end}", self.name);
        let inline = self.inline.filter(|key| !key.expose().is_empty());
        let file = Some(self.file).filter(|file| !file.as_os_str().is_empty());
        let command = Some(self.command).filter(|command| !command.is_empty());
        let sources: Vec<(&str, &dyn KeySource)> = [
            ("_file", file.as_ref().map(|file| file as &dyn KeySource)),
            (
                "_command",
                command.as_ref().map(|words| words as &dyn KeySource),
            ),
            ("", inline.map(|key| key as &dyn KeySource)),
        ]
        .into_iter()
        .filter_map(|(end, source)| source.map(|source| (end, source)))
        .collect();
        match sources[..] {
            [] => Ok(None),
            [(end, source)] => {
                let text = source.read().map_err(|why| bad(&named(end), why))?;
                let key = MasterKey::parse(text.expose()).map_err(|why| bad(&named(end), why))?;
                Ok(Some(key))
            }
            [(first, _), (second, _), ..] => Err(bad(
                &named(second),
                format!("is set beside {}: keep one", named(first)),
            )),
        }
    }
}

impl Secrets {
    /// The keys of this deployment.
    ///
    /// # Errors
    /// [`ConfigError`] if no master key is given, two are, one cannot be read or is not a key, or the settings do not
    /// say whether links outlive the former master key.
    pub fn keyring(&self) -> Result<Keyring, ConfigError> {
        let master = Places {
            name: "master_key",
            file: &self.master_key_file,
            command: &self.master_key_command,
            inline: Some(&self.master_key),
        };
        let former = Places {
            name: "former_master_key",
            file: &self.former_master_key_file,
            command: &self.former_master_key_command,
            inline: None,
        };
        let link = Places {
            name: "link_key",
            file: &self.link_key_file,
            command: &self.link_key_command,
            inline: None,
        };
        let master = master.key()?.ok_or_else(|| {
            bad(
                "secrets.master_key_file",
                "is missing. Make one with: (umask 077; openssl rand -hex 32 > master.key)",
            )
        })?;
        let (former, link) = (former.key()?, link.key()?);
        if former.is_some() && link.is_none() {
            return Err(bad(
                "secrets.link_key_file",
                "is missing beside a former master key: name the former key's file here too, and status \
                 links already sent stay good; name the new one's, and they all end",
            ));
        }
        Ok(Keyring::of(&master, link.as_ref(), former.as_ref()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::id::IncidentId;

    const OLD: &str = "0101010101010101010101010101010101010101010101010101010101010101";
    const NEW: &str = "0202020202020202020202020202020202020202020202020202020202020202";

    fn secrets(text: &str) -> Secrets {
        let config = Config::from_parts(Some(&format!("[secrets]\n{text}")), []);
        config.expect("valid").secrets
    }

    fn prints(key: &str, word: &str) -> String {
        format!("{word}_command = [\"printf\", \"{key}\\\\n\"]\n")
    }

    #[test]
    fn a_program_hands_over_the_same_key_as_a_file() {
        let incident = IncidentId::from_uuid(uuid::Uuid::from_bytes([7; 16]));
        let inline = secrets(&format!("master_key = \"{OLD}\""));
        let (_, wrapped) = inline.keyring().expect("a key").new_incident_key(incident);
        let keys = secrets(&prints(OLD, "master_key")).keyring();
        assert!(
            keys.expect("a key")
                .incident_key(incident, &wrapped)
                .is_ok()
        );
    }

    #[test]
    fn a_program_that_fails_or_prints_no_key_is_named_and_not_quoted() {
        let why = |text: &str| secrets(text).keyring().expect_err("refused").to_string();
        assert!(why("master_key_command = [\"false\"]").contains("false ended with"));
        assert!(why("master_key_command = [\"/no/such\"]").contains("/no/such"));
        let wrong = why(&prints("hunter2", "master_key"));
        assert!(
            wrong.contains("master_key_command") && !wrong.contains("hunter2"),
            "{wrong}"
        );
        let two = prints(OLD, "master_key") + &format!("master_key = \"{OLD}\"");
        assert!(why(&two).contains("keep one"));
    }

    #[test]
    fn with_a_former_key_somebody_decides_about_the_links() {
        let both = prints(NEW, "master_key") + &prints(OLD, "former_master_key");
        let why = secrets(&both).keyring().expect_err("undecided").to_string();
        assert!(why.contains("link_key_file"), "{why}");
        let old = secrets(&prints(OLD, "master_key")).keyring().expect("keys");
        let kept = secrets(&(both + &prints(OLD, "link_key")))
            .keyring()
            .expect("keys");
        assert_eq!(old.link_mac(&[b"x"]), kept.link_mac(&[b"x"]));
        assert_eq!(old.code_mac(&[b"x"]), kept.code_mac(&[b"x"]));
    }
}
