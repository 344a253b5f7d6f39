//! What a connection trusts, and the certificate that it shows: rustls by what the URL says.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::crypto::{self, CryptoProvider};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use tokio_rustls::rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};

use super::options::{Mode, Roots, Security};

/// What TLS that begins without asking says that it is for.
const ALPN: &[u8] = b"postgresql";

/// Reads the files that the URL names: each connection does, so that a renewed certificate needs no new start.
///
/// # Errors
/// Which file is wrong, and what it should hold.
pub(super) fn settings(security: &Security) -> Result<ClientConfig, String> {
    let provider = Arc::new(crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|e| format!("TLS cannot be set up: {e}"))?;
    let verifier: Arc<dyn ServerCertVerifier> = match security.mode {
        Mode::Disable | Mode::Prefer | Mode::Require => Arc::new(Anybody(provider)),
        Mode::VerifyCa | Mode::VerifyFull => {
            let roots = Arc::new(roots(security)?);
            let chain = WebPkiServerVerifier::builder_with_provider(roots, provider)
                .build()
                .map_err(|e| format!("sslrootcert cannot be used: {e}"))?;
            match security.mode {
                Mode::VerifyCa => Arc::new(AnyName(chain)),
                _ => chain,
            }
        }
    };
    let builder = builder
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let mut settings = match &security.client {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => {
            let chain = certificates(certificate, "sslcert")?;
            builder
                .with_client_auth_cert(chain, private_key(key)?)
                .map_err(|e| {
                    format!(
                        "the key in {} (sslkey) does not fit the certificate in {} (sslcert): {e}",
                        key.display(),
                        certificate.display()
                    )
                })?
        }
    };
    if security.is_direct {
        settings.alpn_protocols = vec![ALPN.to_vec()];
    }
    Ok(settings)
}

fn roots(security: &Security) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    let (added, place) = match &security.roots {
        Some(Roots::File(file)) => {
            let found = certificates(file, "sslrootcert")?;
            (
                roots.add_parsable_certificates(found).0,
                format!("{}", file.display()),
            )
        }
        _ => {
            let found = system().iter().cloned();
            (
                roots.add_parsable_certificates(found).0,
                "this machine".to_owned(),
            )
        }
    };
    match added {
        0 => Err(format!(
            "{place} (sslrootcert) has no certificate of a CA: name a PEM file that has one"
        )),
        _ => Ok(roots),
    }
}

/// The CAs of the operating system, read once.
fn system() -> &'static [CertificateDer<'static>] {
    static FOUND: OnceLock<Vec<CertificateDer<'static>>> = OnceLock::new();
    FOUND.get_or_init(|| rustls_native_certs::load_native_certs().certs)
}

fn certificates(file: &Path, option: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let unreadable = |why: &dyn std::fmt::Display| {
        let name = file.display();
        format!(
            "{name} ({option}) cannot be read: {why}. Name a PEM file that this account may read"
        )
    };
    let octets = std::fs::read(file).map_err(|e| unreadable(&e))?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&octets).collect();
    let found = found.map_err(|e| unreadable(&e))?;
    match found.is_empty() {
        true => Err(unreadable(&"it holds no certificate")),
        false => Ok(found),
    }
}

fn private_key(file: &Path) -> Result<PrivateKeyDer<'static>, String> {
    let unreadable = |why: &dyn std::fmt::Display| {
        let name = file.display();
        format!(
            "{name} (sslkey) cannot be read: {why}. Name a PEM file with an unencrypted private key that this account \
             may read"
        )
    };
    let octets = std::fs::read(file).map_err(|e| unreadable(&e))?;
    PrivateKeyDer::from_pem_slice(&octets).map_err(|_| unreadable(&"it holds no such key"))
}

/// `verify-ca`: a trusted CA signed the certificate, for whatever name.
#[derive(Debug)]
struct AnyName(Arc<WebPkiServerVerifier>);

impl ServerCertVerifier for AnyName {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = self
            .0
            .verify_server_cert(end_entity, intermediates, name, ocsp, now);
        match verified {
            // The name is compared last.
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

/// `prefer` and `require`: whatever certificate, if only the server has its key.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let known = &self.0.signature_verification_algorithms;
        crypto::verify_tls12_signature(message, certificate, signed, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let known = &self.0.signature_verification_algorithms;
        crypto::verify_tls13_signature(message, certificate, signed, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
