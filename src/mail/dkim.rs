//! Signatures that say which domain answers for a letter (DKIM: RFC 6376, RFC 8301, RFC 8463).
//!
//! Own code instead of lettre's, which takes 1.2 ms a letter. Relaxed canonicalization of header and
//! body: relays fold lines and cut blanks, and that must not break a signature.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;

use super::canon::Canonical;
use super::encode::header;
use super::letter::Letter;
use crate::seal::sha256;

/// RSA keys that every receiver must be able to check (RFC 8301 §3.2), less those too short to trust.
const RSA_OCTETS: std::ops::RangeInclusive<usize> = 256..=512;
/// Characters of a signature in one line.
const CHUNK: usize = 64;

/// Why a key cannot sign. Quotes nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BadKey {
    /// No PEM text.
    #[error("is no private key in PEM form (-----BEGIN PRIVATE KEY-----)")]
    Pem,
    /// Neither kind.
    #[error("holds neither an Ed25519 key nor an RSA key of 2048 to 4096 bits")]
    Kind,
    /// Not a name in ASCII.
    #[error("domain and selector must be DNS names in ASCII (xn--… where they are not)")]
    Name,
}

enum Key {
    Rsa(RsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl Key {
    fn parse(pem: &str) -> Result<Self, BadKey> {
        let der = der(pem).ok_or(BadKey::Pem)?;
        if let Ok(key) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der) {
            return Ok(Self::Ed25519(key));
        }
        RsaKeyPair::from_pkcs8(&der)
            .or_else(|_| RsaKeyPair::from_der(&der))
            .ok()
            .filter(|key| RSA_OCTETS.contains(&key.public_modulus_len()))
            .map(Self::Rsa)
            .ok_or(BadKey::Kind)
    }

    fn algorithm(&self) -> &'static str {
        match self {
            Self::Rsa(_) => "rsa-sha256",
            Self::Ed25519(_) => "ed25519-sha256",
        }
    }

    /// Signs what RFC 6376 §3.7 calls the data hash's input; in base64.
    fn sign(&self, data: &[u8]) -> Option<String> {
        match self {
            Self::Ed25519(key) => Some(STANDARD.encode(key.sign(&sha256(data)))),
            Self::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(
                    &RSA_PKCS1_SHA256,
                    &SystemRandom::new(),
                    data,
                    &mut signature,
                )
                .ok()?;
                Some(STANDARD.encode(signature))
            }
        }
    }
}

/// The octets between the lines of dashes.
fn der(pem: &str) -> Option<Vec<u8>> {
    let (_, rest) = pem.split_once("-----BEGIN ")?;
    let (kind, rest) = rest.split_once("-----")?;
    let (body, _) = rest.split_once("-----END ")?;
    let body: String = body.split_ascii_whitespace().collect();
    matches!(kind, "PRIVATE KEY" | "RSA PRIVATE KEY")
        .then(|| STANDARD.decode(body).ok())
        .flatten()
}

/// One key, and where its public half stands: `selector._domainkey.domain`.
pub struct Signer {
    domain: String,
    selector: String,
    key: Key,
}

impl Signer {
    /// Reads a key: PEM, PKCS #8 or (RSA) PKCS #1.
    ///
    /// # Errors
    /// [`BadKey`].
    pub fn new(domain: &str, selector: &str, pem: &str) -> Result<Self, BadKey> {
        if !(is_name(domain) && is_name(selector)) {
            return Err(BadKey::Name);
        }
        Ok(Self {
            domain: domain.to_ascii_lowercase(),
            selector: selector.to_owned(),
            key: Key::parse(pem)?,
        })
    }

    /// How it signs: `rsa-sha256` or `ed25519-sha256`.
    pub fn algorithm(&self) -> &'static str {
        self.key.algorithm()
    }

    /// Where receivers look for the public key.
    pub fn record(&self) -> String {
        format!("{}._domainkey.{}", self.selector, self.domain)
    }

    /// Whether DMARC counts its signature for letters from this domain (RFC 7489 §3.1.1; organisational
    /// domains are not looked up, so a sister domain counts as foreign).
    pub fn answers_for(&self, from: &str) -> bool {
        from.strip_suffix(&self.domain)
            .is_some_and(|left| left.is_empty() || left.ends_with('.'))
    }

    /// The header field, ended by CRLF.
    fn field(&self, canon: &Canonical, signed_at: i64) -> Option<String> {
        let mut words = vec![
            "v=1;".to_owned(),
            format!("a={};", self.algorithm()),
            "c=relaxed/relaxed;".to_owned(),
            format!("d={};", self.domain),
            format!("s={};", self.selector),
            format!("t={signed_at};"),
        ];
        words.extend(canon.names());
        words.push(format!("bh={};", canon.body_hash));
        words.push("b=".to_owned());
        let mut data = canon.headers.clone();
        data.push_str("dkim-signature:");
        data.push_str(&words.join(" "));
        let signature = self.key.sign(data.as_bytes())?;
        let chunks = signature.as_bytes().chunks(CHUNK);
        words.extend(chunks.map(|chunk| String::from_utf8_lossy(chunk).into_owned()));
        let mut field = String::with_capacity(1024);
        header(&mut field, "DKIM-Signature", words);
        Some(field)
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.record(), self.algorithm())
    }
}

fn is_name(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    text.len() <= 200 && text.split('.').all(label)
}

/// All keys of this deployment; with none, letters leave unsigned. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Signers(Arc<[Signer]>);

impl Signers {
    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Signer> {
        self.0.iter()
    }

    /// Puts one signature of each key before the letter's header. The same letter gets the same
    /// signatures: their time is the letter's.
    #[must_use]
    pub fn sign(&self, mut letter: Letter) -> Letter {
        if self.0.is_empty() {
            return letter;
        }
        let Some(canon) = Canonical::of(&letter.raw) else {
            return letter;
        };
        let signed_at = letter.date.timestamp();
        let mut raw = Vec::with_capacity(letter.raw.len() + self.0.len() * 1024);
        for signer in self.iter() {
            match signer.field(&canon, signed_at) {
                Some(field) => raw.extend(field.into_bytes()),
                // An unsigned message is better than none. A key that could be read signs, so this does not happen.
                None => tracing::warn!(record = signer.record(), "a key did not sign"),
            }
        }
        raw.append(&mut letter.raw);
        letter.raw = raw;
        letter
    }
}

impl FromIterator<Signer> for Signers {
    fn from_iter<I: IntoIterator<Item = Signer>>(signers: I) -> Self {
        Self(signers.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::EmailAddress;

    /// RFC 8463 A.1, with the octets that make it PKCS #8 (RFC 8410 §7).
    const PEM: &str = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n";
    const HEAD: &str = "From: Joe SixPack <joe@football.example.com>\r\n\
        To: Suzie Q <suzie@shopping.example.net>\r\n\
        Subject: Is dinner ready?\r\n\
        Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n\
        Message-ID: <20030712040037.46341.5F8J@football.example.com>";
    const BODY: &str = "Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n";

    fn signer() -> Signer {
        Signer::new("football.example.com", "brisbane", PEM).expect("a key")
    }

    fn signed(head: &str, body: &str) -> String {
        let address = |text| EmailAddress::parse(text).expect("an address");
        let letter = Letter {
            sender: address("joe@football.example.com"),
            recipient: address("suzie@shopping.example.net"),
            message_id: "1@football.example.com".into(),
            date: chrono::DateTime::from_timestamp(1_528_637_909, 0).expect("a moment"),
            raw: format!("{head}\r\n\r\n{body}").into_bytes(),
        };
        let signers = Signers::from_iter([signer()]);
        String::from_utf8(signers.sign(letter).raw).expect("text")
    }

    #[test]
    fn the_example_of_rfc_8463_is_signed_as_it_says() {
        let names = [
            "from",
            "to",
            "subject",
            "date",
            "message-id",
            "from",
            "subject",
            "date",
        ];
        let canon = Canonical::with(HEAD, BODY, &names);
        assert_eq!(canon.signed, names);
        let body_hash = "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=";
        assert_eq!(canon.body_hash, body_hash);
        let data = format!(
            "{}dkim-signature:v=1; a=ed25519-sha256; c=relaxed/relaxed; d=football.example.com; \
             i=@football.example.com; q=dns/txt; s=brisbane; t=1528637909; h=from : to : subject : \
             date : message-id : from : subject : date; bh={body_hash}; b=",
            canon.headers
        );
        assert_eq!(
            signer().key.sign(data.as_bytes()).as_deref(),
            Some(
                "/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11BusFa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw=="
            )
        );
    }

    #[test]
    fn a_letter_gets_a_folded_field_and_stays_as_it_is() {
        let raw = signed(HEAD, BODY);
        let (field, rest) = raw.split_once("From:").expect("both");
        assert_eq!(format!("From:{rest}"), format!("{HEAD}\r\n\r\n{BODY}"));
        assert!(field.lines().all(|line| line.len() <= 78), "{field}");
        assert!(field.starts_with("DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;"));
        let flat = field.replace("\r\n", "").replace(' ', "");
        assert!(flat.contains("d=football.example.com;s=brisbane;t=1528637909;"));
        assert!(
            flat.contains(";h=from:from:to:subject:date:message-id;bh="),
            "{flat}"
        );
    }

    #[test]
    fn what_relays_do_to_blanks_and_folds_changes_nothing_and_a_word_does() {
        let signature = |head: &str, body: &str| {
            let raw = signed(head, body);
            raw.split_once("From:").expect("a From").0.to_owned()
        };
        let first = signature(HEAD, BODY);
        let head = HEAD.replace("dinner ready", "dinner\r\n\tready");
        let body = BODY.replace("game.  Are", "game. \t Are") + "\r\n \r\n";
        assert_eq!(signature(&head, &body), first);
        assert_ne!(signature(HEAD, &BODY.replace("lost", "won")), first);
        assert_ne!(signature(&HEAD.replace("dinner", "lunch"), BODY), first);
    }

    #[test]
    fn what_is_no_key_is_refused_and_not_quoted() {
        let broken = PEM.replace("MC4C", "MC5C");
        let why = |domain, pem| Signer::new(domain, "s1", pem).err();
        assert_eq!(why("example.com", "hunter2"), Some(BadKey::Pem));
        assert_eq!(why("example.com", &broken), Some(BadKey::Kind));
        assert_eq!(why("bücher.example", PEM), Some(BadKey::Name));
        assert_eq!(why("a.example; x=1", PEM), Some(BadKey::Name));
        assert!(!format!("{:?}", signer()).contains("MC4C"));
    }

    #[test]
    fn a_domain_answers_for_itself_and_what_is_below() {
        let answers = |from| signer().answers_for(from);
        assert!(answers("football.example.com") && answers("mail.football.example.com"));
        assert!(!answers("example.com") && !answers("myfootball.example.com"));
    }
}
