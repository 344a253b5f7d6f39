//! The primitives: HKDF-SHA-256, HMAC-SHA-256 and AES-256-GCM, in the form in which [`super`] uses them.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::{Broken, unique};

/// The first octet of everything sealed, so that the format can change.
const FORMAT: u8 = 1;

struct Length32;

impl hkdf::KeyType for Length32 {
    fn len(&self) -> usize {
        32
    }
}

pub(super) fn derive(root: &hkdf::Prk, info: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    root.expand(&[info], Length32)
        .and_then(|okm| okm.fill(&mut out))
        .expect("HKDF-SHA-256 gives 32 octets");
    out
}

pub(super) fn cipher(key: &[u8; 32]) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).expect("AES-256 takes 32 octets"))
}

/// Of RustCrypto: a copy of it is all that a message needs besides hashing, while aws-lc takes as long for
/// setting itself up as for the hash (docs/decisions/0002).
pub(super) type MacKey = Hmac<Sha256>;

pub(super) fn mac_key(key: &[u8; 32]) -> MacKey {
    MacKey::new_from_slice(key).expect("HMAC takes a key of any length")
}

/// HMAC-SHA-256 over the parts, each preceded by its length so that no two lists collide.
pub(super) fn mac(key: &MacKey, parts: &[&[u8]]) -> [u8; 32] {
    let mut context = key.clone();
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    context.finalize().into_bytes().into()
}

/// Format octet, nonce, ciphertext with tag. Nonces are random: 2^32 seals under one key stay safe
/// (NIST SP 800-38D), which is beyond the people and words of any incident.
pub(super) fn seal_with(key: &LessSafeKey, owner: &[u8], plain: &[u8]) -> Vec<u8> {
    let nonce: [u8; NONCE_LEN] = unique();
    let mut out = Vec::with_capacity(1 + NONCE_LEN + plain.len() + AES_256_GCM.tag_len());
    out.push(FORMAT);
    out.extend_from_slice(&nonce);
    out.extend_from_slice(plain);
    let tag = key
        .seal_in_place_separate_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(owner),
            &mut out[1 + NONCE_LEN..],
        )
        .expect("AES-GCM seals up to 64 GiB");
    out.extend_from_slice(tag.as_ref());
    out
}

pub(super) fn open_with(key: &LessSafeKey, owner: &[u8], sealed: &[u8]) -> Result<Vec<u8>, Broken> {
    let (head, body) = sealed.split_at_checked(1 + NONCE_LEN).ok_or(Broken)?;
    if head[0] != FORMAT {
        return Err(Broken);
    }
    let nonce = Nonce::try_assume_unique_for_key(&head[1..]).map_err(|_| Broken)?;
    let mut body = body.to_vec();
    let plain = key
        .open_in_place(nonce, Aad::from(owner), &mut body)
        .map_err(|_| Broken)?
        .len();
    body.truncate(plain);
    Ok(body)
}
