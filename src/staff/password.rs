//! Passwords: at least twelve characters and no other rule (NIST SP 800-63B §3.1.1.2), in Unicode form NFKC, since
//! keyboards differ in how they write the same letter; kept as Argon2id hashes (RFC 9106). Hashing is slow on purpose:
//! it runs on its own threads, and callers must not hold a connection while they wait.

use std::fmt;
use std::sync::LazyLock;

use argon2::password_hash::{PasswordHash as Phc, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization;

use crate::seal::random;

/// Fewest characters.
const SHORTEST: usize = 12;
/// Most octets: a bound on the work that a stranger can order.
const LONGEST: usize = 1_024;

/// How many hashes are computed at once; each holds its memory (19 MiB at [`Cost::FULL`]).
static HASHING: Semaphore = Semaphore::const_new(4);

/// The hash that a password for an unknown account is compared with, so that it takes as long.
static NOBODYS: LazyLock<PasswordHash> =
    LazyLock::new(|| Password::generate().hash_now(Cost::FULL));

/// A password as typed. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

/// Why a password was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a password has at least 12 characters, and at most 1024 bytes")]
pub struct BadPassword;

/// The work that one hash takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Memory in KiB.
    pub memory: u32,
    /// Passes over it.
    pub passes: u32,
}

impl Cost {
    /// What OWASP recommends for Argon2id: 19 MiB, two passes, parallelism 1.
    pub const FULL: Self = Self {
        memory: 19_456,
        passes: 2,
    };
    /// For rehearsals and tests, where accounts protect nothing.
    pub const LIGHT: Self = Self {
        memory: 8,
        passes: 1,
    };
}

impl Password {
    /// Takes a new password.
    ///
    /// # Errors
    /// [`BadPassword`] if it is too short or too long.
    pub fn parse(typed: &str) -> Result<Self, BadPassword> {
        if typed.len() > LONGEST {
            return Err(BadPassword);
        }
        let typed: String = typed.nfkc().collect();
        let fits = typed.chars().count() >= SHORTEST && typed.len() <= LONGEST;
        fits.then_some(Self(typed)).ok_or(BadPassword)
    }

    /// A new random password of 100 bits, in groups that can be read out.
    pub fn generate() -> Self {
        const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
        let letters = random::<20>().map(|byte| char::from(ALPHABET[usize::from(byte & 31)]));
        let groups: Vec<String> = letters
            .chunks(4)
            .map(|group| group.iter().collect())
            .collect();
        Self(groups.join("-"))
    }

    /// The password itself, to be shown once.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Its hash, on a thread for slow work.
    pub async fn hash(&self, cost: Cost) -> PasswordHash {
        let password = self.clone();
        slowly(move || password.hash_now(cost)).await
    }

    fn hash_now(&self, cost: Cost) -> PasswordHash {
        let params = Params::new(cost.memory, cost.passes, 1, None)
            .expect("the costs above are within Argon2's limits");
        let salt = SaltString::encode_b64(&random::<16>()).expect("16 octets are a salt");
        let hash = Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password(self.0.as_bytes(), &salt)
            .expect("Argon2 takes any password of this length");
        PasswordHash(hash.to_string())
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(•••)")
    }
}

/// An Argon2id hash in PHC form, with its own cost and salt. Verbs take this rather than the password, so that no
/// transaction waits for a hash.
#[derive(Clone)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// As the database keeps it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// From the database.
    pub fn from_stored(phc: String) -> Self {
        Self(phc)
    }

    /// Whether it is of what was typed, in form NFKC.
    fn fits(&self, typed: &str) -> bool {
        let password: String = typed.nfkc().collect();
        Phc::new(&self.0).is_ok_and(|phc| {
            Argon2::default()
                .verify_password(password.as_bytes(), &phc)
                .is_ok()
        })
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(•••)")
    }
}

/// Whether `typed` is the password. Without a hash, because there is no such account, it is `false`
/// and takes as long.
pub async fn verify(hash: Option<PasswordHash>, typed: &str) -> bool {
    if typed.len() > LONGEST {
        return false;
    }
    let typed = typed.to_owned();
    slowly(move || match hash {
        Some(hash) => hash.fits(&typed),
        None => {
            std::hint::black_box(NOBODYS.fits(&typed));
            false
        }
    })
    .await
}

async fn slowly<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let _turn = HASHING
        .acquire()
        .await
        .expect("the semaphore is never closed");
    tokio::task::spawn_blocking(work)
        .await
        .expect("hashing does not panic, and the runtime outlives its callers")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_needs_twelve_characters_and_nothing_else() {
        assert_eq!(Password::parse("elevenchars"), Err(BadPassword));
        assert!(Password::parse("twelve chars").is_ok());
        assert!(Password::parse("пароль пароль").is_ok());
        assert!(Password::parse(&"x".repeat(1_025)).is_err());
    }

    #[tokio::test]
    async fn the_same_letters_in_another_unicode_form_are_the_same_password() {
        let (composed, apart) = ("pássword of mine", "pa\u{301}ssword of mine");
        for (set, typed) in [
            (composed, apart),
            (apart, composed),
            ("ﬁne password", "fine password"),
        ] {
            let hash = Password::parse(set)
                .expect("long enough")
                .hash(Cost::LIGHT)
                .await;
            assert!(verify(Some(hash), typed).await, "{set} {typed}");
        }
    }

    #[tokio::test]
    async fn only_the_right_password_fits() {
        let password = Password::generate();
        assert_eq!(password.expose().len(), 24);
        let hash = password.hash(Cost::LIGHT).await;
        assert!(verify(Some(hash.clone()), password.expose()).await);
        assert!(!verify(Some(hash), "another password").await);
        assert!(!verify(None, password.expose()).await);
        assert!(!verify(Some(PasswordHash::from_stored("junk".to_owned())), "x").await);
    }
}
