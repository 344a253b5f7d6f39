//! How to reach a person: sealed for the database, and the blind indexes that find it again.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use crate::address::EmailAddress;
use crate::id::{BUCKETS, IncidentId};
use crate::seal::{self, Broken, IncidentKey, Index};

/// A blind index.
pub type Key = [u8; 16];

/// The contact data of a person. `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Contact {
    /// The organisation's own number for them, as it was given.
    pub reference: String,
    /// Where the notice goes.
    pub email: Option<EmailAddress>,
    /// How they are called.
    pub name: Option<String>,
    /// Their postal code.
    pub postcode: Option<String>,
    /// Their postal address; may have several lines.
    pub address: Option<String>,
}

impl fmt::Debug for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Contact(•••)")
    }
}

/// As it is sealed: short names, nothing for what is not there.
#[derive(Serialize, Deserialize)]
struct Wire<'a> {
    r: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    e: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    n: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    p: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    a: Option<Cow<'a, str>>,
}

/// The blind indexes of a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keys {
    /// Of the reference; it also decides the bucket.
    pub reference: Key,
    /// Of the e-mail address.
    pub email: Option<Key>,
    /// Of name and postcode, if both are known.
    pub name: Option<Key>,
    /// Of the whole, to see whether anything changed.
    pub contact: Key,
}

impl Keys {
    /// Where this person lives.
    pub fn bucket(&self) -> i32 {
        seal::bucket(&self.reference)
    }
}

/// Contact data as the database holds it.
#[derive(Debug, Clone)]
pub struct Sealed {
    pub(super) reference_key: Vec<u8>,
    pub(super) bytes: Vec<u8>,
}

impl Sealed {
    /// Opens it for the incident it belongs to.
    ///
    /// # Errors
    /// [`Broken`] under another key, for another incident or person, or if the bytes were altered.
    pub fn open(&self, key: &IncidentKey, incident: IncidentId) -> Result<Contact, Broken> {
        Contact::open(key, incident, &self.reference_key, &self.bytes)
    }
}

impl Contact {
    /// The blind indexes, and the sealed form that belongs to this incident and this reference.
    pub fn seal(&self, key: &IncidentKey, incident: IncidentId) -> (Keys, Vec<u8>) {
        let plain = self.to_wire();
        let keys = self.keys_of(key, &plain);
        let sealed = key.seal(&owner(incident, &keys.reference), &plain);
        (keys, sealed)
    }

    /// The key and the sealed form of a former person of this bucket: the key is
    /// that of no reference.
    pub fn seal_former(
        &self,
        key: &IncidentKey,
        incident: IncidentId,
        bucket: i32,
    ) -> (Key, Vec<u8>) {
        let former = in_bucket(seal::random(), bucket);
        let sealed = key.seal(&owner(incident, &former), &self.to_wire());
        (former, sealed)
    }

    /// The blind indexes alone.
    pub fn keys(&self, key: &IncidentKey) -> Keys {
        self.keys_of(key, &self.to_wire())
    }

    /// Opens what [`Self::seal`] sealed.
    ///
    /// # Errors
    /// [`Broken`] under another key, for another incident or person, or if the bytes were altered.
    pub fn open(
        key: &IncidentKey,
        incident: IncidentId,
        reference_key: &[u8],
        sealed: &[u8],
    ) -> Result<Self, Broken> {
        let plain = key.open(&owner(incident, reference_key), sealed)?;
        let wire: Wire<'_> = serde_json::from_slice(&plain).map_err(|_| Broken)?;
        let email = wire.e.map(|text| EmailAddress::parse(&text)).transpose();
        Ok(Self {
            reference: wire.r.into_owned(),
            email: email.map_err(|_| Broken)?,
            name: wire.n.map(Cow::into_owned),
            postcode: wire.p.map(Cow::into_owned),
            address: wire.a.map(Cow::into_owned),
        })
    }

    /// The index of the postal address with its postcode, to see whether a letter still goes to it; `None` without an
    /// address. Case, compatibility forms and white space do not matter.
    pub fn address_key(&self, key: &IncidentKey) -> Option<Key> {
        let address = self.address.as_deref().map(folded)?;
        let lines: Vec<_> = address.split_whitespace().collect();
        if lines.is_empty() {
            return None;
        }
        let mut form = lines.join(" ");
        form.push('\n');
        let postcode = folded(self.postcode.as_deref().unwrap_or_default());
        form.extend(postcode.chars().filter(|c| !c.is_whitespace()));
        Some(key.index(Index::Address, form.as_bytes()))
    }

    fn to_wire(&self) -> Vec<u8> {
        let wire = Wire {
            r: Cow::Borrowed(&self.reference),
            e: self.email.as_ref().map(|e| Cow::Borrowed(e.as_str())),
            n: self.name.as_deref().map(Cow::Borrowed),
            p: self.postcode.as_deref().map(Cow::Borrowed),
            a: self.address.as_deref().map(Cow::Borrowed),
        };
        let mut plain = Vec::with_capacity(256);
        serde_json::to_writer(&mut plain, &wire).expect("texts always become JSON");
        plain
    }

    fn keys_of(&self, key: &IncidentKey, plain: &[u8]) -> Keys {
        let name = self.name.as_deref().zip(self.postcode.as_deref());
        let reference = reference_key(key, &self.reference);
        let bucket = seal::bucket(&reference);
        Keys {
            reference,
            email: self
                .email
                .as_ref()
                .map(|email| in_bucket(email_key(key, email), bucket)),
            name: name.map(|(name, postcode)| name_key(key, name, postcode)),
            contact: key.index(Index::Contact, plain),
        }
    }
}

/// Sealed data belong to one reference in one incident: rows cannot be exchanged.
fn owner(incident: IncidentId, reference_key: &[u8]) -> Vec<u8> {
    [incident.uuid().as_bytes(), reference_key].concat()
}

/// The index of a reference: white space around it, case and compatibility forms do not matter.
pub fn reference_key(key: &IncidentKey, reference: &str) -> Key {
    let reference = reference.trim();
    let form = if reference.is_ascii() {
        reference.to_ascii_uppercase()
    } else {
        reference
            .nfkc()
            .flat_map(char::to_uppercase)
            .nfkc()
            .collect()
    };
    key.index(Index::Reference, form.as_bytes())
}

/// The indexes that an e-mail address in its key form has in each bucket; plus-tags are kept.
pub fn email_keys(key: &IncidentKey, email: &EmailAddress) -> impl Iterator<Item = Key> {
    let index = email_key(key, email);
    (0..BUCKETS).map(move |bucket| in_bucket(index, bucket))
}

fn email_key(key: &IncidentKey, email: &EmailAddress) -> Key {
    key.index(Index::Email, email.key_form().as_bytes())
}

/// An index led by the bucket: the keys of a bucket lie side by side, so that a list that is put in force bucket
/// by bucket adds to each page once. 120 of its bits are left.
fn in_bucket(mut index: Key, bucket: i32) -> Key {
    index[0] = u8::try_from(bucket & (BUCKETS - 1)).unwrap_or(0);
    index
}

/// The index of name and postcode: case, compatibility forms and the number of spaces do not matter,
/// in the postcode no space does.
pub fn name_key(key: &IncidentKey, name: &str, postcode: &str) -> Key {
    let mut form = String::with_capacity(name.len() + postcode.len() + 1);
    for word in folded(name).split_whitespace() {
        form.push_str(word);
        form.push(' ');
    }
    form.push('\n');
    form.extend(folded(postcode).chars().filter(|c| !c.is_whitespace()));
    key.index(Index::NamePostcode, form.as_bytes())
}

fn folded(text: &str) -> String {
    if text.is_ascii() {
        text.to_ascii_lowercase()
    } else {
        text.nfkc().flat_map(char::to_lowercase).nfkc().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::Keyring;

    fn incident(n: u8) -> IncidentId {
        IncidentId::from_uuid(uuid::Uuid::from_bytes([n; 16]))
    }

    fn key() -> IncidentKey {
        Keyring::new(&[7; 32]).new_incident_key(incident(1)).0
    }

    fn someone() -> Contact {
        Contact {
            reference: "ac-7".to_owned(),
            email: EmailAddress::parse("ada@example.org").ok(),
            name: Some("Ada \"Quote\" Löwe".to_owned()),
            postcode: Some("SW1A 1AA".to_owned()),
            address: Some("1 High St\nLondon".to_owned()),
        }
    }

    #[test]
    fn a_contact_opens_for_its_own_incident_and_reference_only() {
        let key = key();
        let (keys, sealed) = someone().seal(&key, incident(1));
        let open = |n, reference: &Key| Contact::open(&key, incident(n), reference, &sealed);
        assert_eq!(open(1, &keys.reference), Ok(someone()));
        assert_eq!(open(2, &keys.reference), Err(Broken));
        assert_eq!(open(1, &keys.contact), Err(Broken));
        assert_eq!(keys, someone().keys(&key));
    }

    #[test]
    fn look_ups_forgive_case_spaces_and_compatibility_forms() {
        let key = key();
        assert_eq!(reference_key(&key, " ac-7 "), reference_key(&key, "ＡC-7"));
        assert_ne!(reference_key(&key, "ac-7"), reference_key(&key, "ac7"));
        assert_eq!(
            name_key(&key, "ada  LÖWE ", "sw1a1aa"),
            name_key(&key, "Ada Lo\u{308}we", "SW1A 1AA")
        );
        assert_ne!(name_key(&key, "ab", "c"), name_key(&key, "a", "bc"));
    }

    #[test]
    fn any_change_of_a_contact_shows() {
        let key = key();
        let mut other = someone();
        other.address = None;
        assert_ne!(other.keys(&key).contact, someone().keys(&key).contact);
        assert_eq!(other.keys(&key).reference, someone().keys(&key).reference);
    }

    #[test]
    fn another_address_or_postcode_shows_and_another_way_to_write_it_does_not() {
        let key = key();
        let was = someone().address_key(&key);
        let at = |address: &str, postcode: &str| {
            let contact = Contact {
                address: Some(address.to_owned()),
                postcode: Some(postcode.to_owned()),
                ..someone()
            };
            contact.address_key(&key)
        };
        assert!(was.is_some());
        assert_eq!(at("1  HIGH st London", "sw1a1aa"), was);
        assert_ne!(at("2 High St\nLondon", "SW1A 1AA"), was);
        assert_ne!(at("1 High St\nLondon", "SW1A 1AB"), was);
        assert_eq!(at(" \n ", "SW1A 1AA"), None);
    }

    #[test]
    fn nothing_of_a_contact_is_printed() {
        assert!(!format!("{:?}", someone()).contains("Ada"));
    }
}
