//! What binds a sign-in to the TLS connection that it runs over: `tls-server-end-point` (RFC 5929 §4).

use sha2::{Digest, Sha256, Sha384, Sha512};

/// Hashes a certificate.
type Hash = fn(&[u8]) -> Vec<u8>;

/// The algorithms that Postgres servers' certificates are signed with, by OID (RFC 8017, RFC 5758).
const SIGNATURES: [(&[u8], Hash); 8] = [
    // MD5 and SHA-1 are replaced by SHA-256.
    (b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04", sha256),
    (b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05", sha256),
    (b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b", sha256),
    (b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c", sha384),
    (b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d", sha512),
    (b"\x2a\x86\x48\xce\x3d\x04\x03\x02", sha256),
    (b"\x2a\x86\x48\xce\x3d\x04\x03\x03", sha384),
    (b"\x2a\x86\x48\xce\x3d\x04\x03\x04", sha512),
];
/// RSASSA-PSS, which names its hash apart (RFC 4055).
const PSS: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a";
const HASHES: [(&[u8], Hash); 3] = [
    (b"\x60\x86\x48\x01\x65\x03\x04\x02\x01", sha256),
    (b"\x60\x86\x48\x01\x65\x03\x04\x02\x02", sha384),
    (b"\x60\x86\x48\x01\x65\x03\x04\x02\x03", sha512),
];
const SEQUENCE: u8 = 0x30;
const OID: u8 = 0x06;
const FIRST: u8 = 0xa0;

/// The binding to a server with this certificate (DER). `None`: its signature has no hash (Ed25519), and the RFC no
/// binding for it.
pub(super) fn end_point(certificate: &[u8]) -> Option<Vec<u8>> {
    hash_of(certificate).map(|hash| hash(certificate))
}

fn sha256(octets: &[u8]) -> Vec<u8> {
    Sha256::digest(octets).to_vec()
}

fn sha384(octets: &[u8]) -> Vec<u8> {
    Sha384::digest(octets).to_vec()
}

fn sha512(octets: &[u8]) -> Vec<u8> {
    Sha512::digest(octets).to_vec()
}

fn hash_of(certificate: &[u8]) -> Option<Hash> {
    let (body, _) = element(certificate, SEQUENCE)?;
    let (_, after) = element(body, SEQUENCE)?;
    let (signature, _) = element(after, SEQUENCE)?;
    let (oid, parameters) = element(signature, OID)?;
    if oid != PSS {
        return find(&SIGNATURES, oid);
    }
    let (parameters, _) = element(parameters, SEQUENCE)?;
    // Without one it is SHA-1.
    let Some((hash, _)) = element(parameters, FIRST) else {
        return Some(sha256);
    };
    let (hash, _) = element(hash, SEQUENCE)?;
    find(&HASHES, element(hash, OID)?.0)
}

fn find(among: &[(&[u8], Hash)], oid: &[u8]) -> Option<Hash> {
    let found = among.iter().find(|(known, _)| *known == oid);
    found.map(|(_, hash)| *hash)
}

/// The content of a DER element with this tag, and what follows it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let [first, length, rest @ ..] = der else {
        return None;
    };
    if *first != tag {
        return None;
    }
    let (length, rest) = match usize::from(*length) {
        short @ ..0x80 => (short, rest),
        long => {
            let (octets, rest) = rest.split_at_checked(long & 0x7f)?;
            let length = octets.iter().try_fold(0_usize, |sum, octet| {
                sum.checked_mul(256)?.checked_add(usize::from(*octet))
            })?;
            (length, rest)
        }
    };
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, SignatureAlgorithm};

    use super::*;

    fn signed_with(algorithm: &'static SignatureAlgorithm) -> Vec<u8> {
        let key = KeyPair::generate_for(algorithm).expect("a key");
        let params = CertificateParams::new(["db.example".to_owned()]).expect("a name");
        params
            .self_signed(&key)
            .expect("a certificate")
            .der()
            .to_vec()
    }

    #[test]
    fn the_hash_is_that_of_the_certificates_signature() {
        let certificate = signed_with(&rcgen::PKCS_ECDSA_P256_SHA256);
        assert_eq!(end_point(&certificate), Some(sha256(&certificate)));
        let certificate = signed_with(&rcgen::PKCS_ECDSA_P384_SHA384);
        assert_eq!(end_point(&certificate), Some(sha384(&certificate)));
        assert_eq!(end_point(&signed_with(&rcgen::PKCS_ED25519)), None);
    }

    #[test]
    fn what_is_no_certificate_has_no_binding() {
        let certificate = signed_with(&rcgen::PKCS_ECDSA_P256_SHA256);
        for end in 0..certificate.len() - 100 {
            assert_eq!(end_point(&certificate[..end]), None);
        }
        assert_eq!(end_point(&[SEQUENCE, 0xff]), None);
    }
}
