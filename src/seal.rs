//! Sealing: a dump of the database reveals no person (promise P6).
//!
//! One master key, never in the database. From it derive (HKDF-SHA-256, RFC 5869) the keys for links and codes, for the
//! system's own secrets, and the key that wraps each incident's random key. From an incident's key derive its sealing
//! key (AES-256-GCM) and its blind indexes (HMAC-SHA-256), so that destroying the wrapped key destroys both: people can
//! no longer be read, and guesses no longer be tested.

mod cipher;
mod hash;
mod random;
mod words;

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::aead::LessSafeKey;
use aws_lc_rs::hkdf;

use self::cipher::{MacKey, cipher, derive, mac, mac_key, open_with, seal_with};
pub use self::hash::{Digest, sha256};
pub use self::random::{random, unique};
use self::words::base64_any;
pub use self::words::{from_hex, to_hex};
use crate::id::{BUCKETS, IncidentId};

/// A sealed value could not be opened: wrong key, wrong owner, or altered bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a sealed value does not open: wrong master key, or its bytes were altered")]
pub struct Broken;

/// The master key was not 32 octets of hex or base64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the master key must be 32 random octets, written as 64 hexadecimal digits or as base64")]
pub struct BadMasterKey;

/// Whether two secrets are equal, in a time that does not depend on where they differ.
pub fn same(a: &[u8], b: &[u8]) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(a, b).is_ok()
}

/// 32 octets from which others derive.
#[derive(Clone)]
pub struct MasterKey([u8; 32]);

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(•••)")
    }
}

impl MasterKey {
    /// Reads a key written as hex or base64; surrounding white space is ignored.
    ///
    /// # Errors
    /// [`BadMasterKey`] if it is not exactly 32 octets.
    pub fn parse(text: &str) -> Result<Self, BadMasterKey> {
        let text = text.trim();
        let bytes = if text.len() == 64 {
            from_hex(text)
        } else {
            base64_any(text)
        };
        let key = bytes.and_then(|b| <[u8; 32]>::try_from(b).ok());
        key.map(Self).ok_or(BadMasterKey)
    }

    fn root(&self) -> hkdf::Prk {
        hkdf::Salt::new(hkdf::HKDF_SHA256, b"candor/1").extract(&self.0)
    }
}

/// The keys of this deployment, derived once from the master key. Cheap to clone.
#[derive(Clone)]
pub struct Keyring(Arc<Keys>);

struct Keys {
    wrap: LessSafeKey,
    former: Option<LessSafeKey>,
    system: LessSafeKey,
    former_system: Option<LessSafeKey>,
    link: MacKey,
    code: MacKey,
    fingerprints: Fingerprints,
}

/// What tells one key from another and does not help to find it: 8 octets derived from each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprints {
    /// Of the master key.
    pub master: [u8; 8],
    /// Of the master key before it, if that is given.
    pub former: Option<[u8; 8]>,
    /// Of the key of links and codes.
    pub links: [u8; 8],
}

fn fingerprint(root: &hkdf::Prk) -> [u8; 8] {
    let derived = derive(root, b"fingerprint");
    std::array::from_fn(|at| derived[at])
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keyring(•••)")
    }
}

impl Keyring {
    /// Derives all keys from one.
    pub fn new(master: &[u8; 32]) -> Self {
        Self::of(&MasterKey(*master), None, None)
    }

    /// Derives all keys from the master key; those of links and codes from `link`, if that is another key.
    /// Incidents still wrapped under `former`, the master key before, open too.
    pub fn of(master: &MasterKey, link: Option<&MasterKey>, former: Option<&MasterKey>) -> Self {
        let (root, links) = (master.root(), link.unwrap_or(master).root());
        Self(Arc::new(Keys {
            wrap: wrapping(&root),
            former: former.map(|key| wrapping(&key.root())),
            system: system(&root),
            former_system: former.map(|key| system(&key.root())),
            link: mac_key(&derive(&links, b"status links")),
            code: mac_key(&derive(&links, b"notice codes")),
            fingerprints: Fingerprints {
                master: fingerprint(&root),
                former: former.map(|key| fingerprint(&key.root())),
                links: fingerprint(&links),
            },
        }))
    }

    /// The fingerprints of the keys from which the others derive.
    pub fn fingerprints(&self) -> Fingerprints {
        self.0.fingerprints
    }

    /// A new incident's key, and its wrapped form for the database.
    pub fn new_incident_key(&self, incident: IncidentId) -> (IncidentKey, Vec<u8>) {
        let raw: [u8; 32] = random();
        let wrapped = seal_with(&self.0.wrap, incident.uuid().as_bytes(), &raw);
        (IncidentKey::new(&raw), wrapped)
    }

    /// Unwraps an incident's key.
    ///
    /// # Errors
    /// [`Broken`] under another master key, or for another incident's wrapped key.
    pub fn incident_key(
        &self,
        incident: IncidentId,
        wrapped: &[u8],
    ) -> Result<IncidentKey, Broken> {
        Ok(IncidentKey::new(&self.unwrap(incident, wrapped)?))
    }

    fn unwrap(&self, incident: IncidentId, wrapped: &[u8]) -> Result<[u8; 32], Broken> {
        let open = |key| open_with(key, incident.uuid().as_bytes(), wrapped);
        let raw = open(&self.0.wrap).or_else(|broken| match &self.0.former {
            Some(former) => open(former),
            None => Err(broken),
        })?;
        raw.try_into().map_err(|_| Broken)
    }

    /// An incident's key wrapped under the present master key; `None` if it is already. Nothing that it
    /// seals changes.
    ///
    /// # Errors
    /// [`Broken`] if neither this master key nor the one before opens it.
    pub fn rewrap(&self, incident: IncidentId, wrapped: &[u8]) -> Result<Option<Vec<u8>>, Broken> {
        let owner = incident.uuid();
        let owner = owner.as_bytes();
        if open_with(&self.0.wrap, owner, wrapped).is_ok() {
            return Ok(None);
        }
        let raw = self.unwrap(incident, wrapped)?;
        Ok(Some(seal_with(&self.0.wrap, owner, &raw)))
    }

    /// Seals a secret that belongs to no incident. `context` must be given again to open it.
    pub fn seal(&self, context: &[u8], plain: &[u8]) -> Vec<u8> {
        seal_with(&self.0.system, context, plain)
    }

    /// Opens what [`Self::seal`] sealed, under this master key or the former one.
    ///
    /// # Errors
    /// [`Broken`] if key, context or bytes are not the same.
    pub fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Vec<u8>, Broken> {
        let open = |key| open_with(key, context, sealed);
        open(&self.0.system).or_else(|broken| match &self.0.former_system {
            Some(former) => open(former),
            None => Err(broken),
        })
    }

    /// The same sealed under the present master key; `None` if it is already.
    ///
    /// # Errors
    /// [`Broken`] if neither this master key nor the one before opens it.
    pub fn reseal(&self, context: &[u8], sealed: &[u8]) -> Result<Option<Vec<u8>>, Broken> {
        if open_with(&self.0.system, context, sealed).is_ok() {
            return Ok(None);
        }
        let plain = self.open(context, sealed)?;
        Ok(Some(self.seal(context, &plain)))
    }

    /// The MAC of a status link or another short-lived token of this deployment.
    pub fn link_mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        mac(&self.0.link, parts)
    }

    /// The MAC behind notice codes.
    pub fn code_mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        mac(&self.0.code, parts)
    }
}

/// What a blind index is an index of. Each has a key of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Index {
    /// The organisation's own number for the person.
    Reference,
    /// The e-mail address in its key form.
    Email,
    /// Name and postcode together.
    NamePostcode,
    /// The whole contact record, to see whether it changed.
    Contact,
    /// Why a row was refused, where that repeats words of its cells.
    Refusal,
    /// Postal address and postcode together.
    Address,
}

/// The key of one incident: seals its people and their words, and indexes them blindly.
#[derive(Clone)]
pub struct IncidentKey(Arc<IncidentKeys>);

struct IncidentKeys {
    seal: LessSafeKey,
    indexes: [MacKey; 6],
}

impl fmt::Debug for IncidentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IncidentKey(•••)")
    }
}

impl IncidentKey {
    fn new(raw: &[u8; 32]) -> Self {
        let root = hkdf::Salt::new(hkdf::HKDF_SHA256, b"candor/incident/1").extract(raw);
        let index = |info: &[u8]| mac_key(&derive(&root, info));
        Self(Arc::new(IncidentKeys {
            seal: cipher(&derive(&root, b"seal")),
            indexes: [
                index(b"index reference"),
                index(b"index email"),
                index(b"index name and postcode"),
                index(b"index contact"),
                index(b"index refusal"),
                index(b"index address"),
            ],
        }))
    }

    /// Seals `plain` for `owner` (the associated data: who or what it belongs to).
    pub fn seal(&self, owner: &[u8], plain: &[u8]) -> Vec<u8> {
        seal_with(&self.0.seal, owner, plain)
    }

    /// Opens what [`Self::seal`] sealed for the same owner.
    ///
    /// # Errors
    /// [`Broken`] if key, owner or bytes are not the same.
    pub fn open(&self, owner: &[u8], sealed: &[u8]) -> Result<Vec<u8>, Broken> {
        open_with(&self.0.seal, owner, sealed)
    }

    /// The blind index of `value`: 16 octets that only this incident's key can make.
    pub fn index(&self, of: Index, value: &[u8]) -> [u8; 16] {
        let tag = mac(&self.0.indexes[of as usize], &[value]);
        let mut out = [0; 16];
        out.copy_from_slice(&tag[..16]);
        out
    }
}

/// The bucket (0..[`BUCKETS`]) of the person with this reference index.
pub fn bucket(reference_key: &[u8; 16]) -> i32 {
    i32::from(reference_key[0]) & (BUCKETS - 1)
}

fn system(root: &hkdf::Prk) -> LessSafeKey {
    cipher(&derive(root, b"seal system secrets"))
}

fn wrapping(root: &hkdf::Prk) -> LessSafeKey {
    cipher(&derive(root, b"wrap incident keys"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn incident(n: u8) -> IncidentId {
        IncidentId::from_uuid(uuid::Uuid::from_bytes([n; 16]))
    }

    #[test]
    fn sealed_opens_only_for_its_owner_and_untouched() {
        let keys = Keyring::new(&[7; 32]);
        let (key, wrapped) = keys.new_incident_key(incident(1));
        let sealed = key.seal(b"me", b"words");
        assert_eq!(key.open(b"me", &sealed), Ok(b"words".to_vec()));
        assert_eq!(key.open(b"you", &sealed), Err(Broken));
        for at in 0..sealed.len() {
            let mut bent = sealed.clone();
            bent[at] ^= 1;
            assert_eq!(key.open(b"me", &bent), Err(Broken));
        }
        assert_eq!(key.open(b"me", &sealed[..5]), Err(Broken));
        let again = keys
            .incident_key(incident(1), &wrapped)
            .expect("the same master key");
        assert_eq!(again.open(b"me", &sealed), Ok(b"words".to_vec()));
        assert!(keys.incident_key(incident(2), &wrapped).is_err());
        assert!(
            Keyring::new(&[8; 32])
                .incident_key(incident(1), &wrapped)
                .is_err()
        );
    }

    #[test]
    fn blind_indexes_differ_by_kind_and_by_incident() {
        let keys = Keyring::new(&[7; 32]);
        let (a, _) = keys.new_incident_key(incident(1));
        let (b, _) = keys.new_incident_key(incident(1));
        assert_eq!(a.index(Index::Email, b"x"), a.index(Index::Email, b"x"));
        assert_ne!(a.index(Index::Email, b"x"), a.index(Index::Reference, b"x"));
        assert_ne!(a.index(Index::Email, b"x"), b.index(Index::Email, b"x"));
    }

    #[test]
    fn the_master_key_reads_as_hex_or_base64_and_nothing_else() {
        assert!(MasterKey::parse(&"ab".repeat(32)).is_ok());
        assert!(MasterKey::parse(" BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n").is_ok());
        assert!(MasterKey::parse("short").is_err());
        assert!(MasterKey::parse(&"zz".repeat(32)).is_err());
        assert!(MasterKey::parse("").is_err());
    }
}
