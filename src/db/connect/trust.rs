//! What a connection trusts, and the certificate that it shows: rustls by what the URL says.

use std::path::Path;
use std::sync::Arc;

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
use crate::roots;

/// What is wrong on a machine without certificates of CAs.
const NO_ROOTS: &str = "this machine has no certificates of CAs: install ca-certificates, set SSL_CERT_FILE, or name a CA \
     file by sslrootcert";
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
            let trusted = Arc::new(trusted(security)?);
            let chain = WebPkiServerVerifier::builder_with_provider(trusted, provider)
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

fn trusted(security: &Security) -> Result<RootCertStore, String> {
    let mut trusted = RootCertStore::empty();
    match &security.roots {
        Some(Roots::File(file)) => {
            let found = certificates(file, "sslrootcert")?;
            match trusted.add_parsable_certificates(found) {
                (0, _) => Err(format!(
                    "{} (sslrootcert) has no certificate of a CA: name a PEM file that has one",
                    file.display()
                )),
                _ => Ok(trusted),
            }
        }
        _ => match trusted.add_parsable_certificates(roots::system().iter().cloned()) {
            (0, _) => Err(NO_ROOTS.to_owned()),
            _ => Ok(trusted),
        },
    }
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
