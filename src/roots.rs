//! The certificates of CAs that this machine trusts, for TLS to relays and to Postgres.

use std::sync::OnceLock;

use tokio_rustls::rustls::pki_types::CertificateDer;

/// The certificates of the operating system, read once. `SSL_CERT_FILE` and `SSL_CERT_DIR` say where they lie if that is
/// not the usual place. Empty: there are none, or none that can be read.
pub(crate) fn system() -> &'static [CertificateDer<'static>] {
    static FOUND: OnceLock<Vec<CertificateDer<'static>>> = OnceLock::new();
    FOUND.get_or_init(|| rustls_native_certs::load_native_certs().certs)
}
