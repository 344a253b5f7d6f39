//! TLS to relays: the client talks only to a server with a valid certificate.

use std::sync::Arc;

use candor::mail::{Relay, Reply};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::ServerConfig;

use super::scripted::{Act, serve, serve_with};
use super::{Scratch, accepted, did_not_run, letter};
use crate::house::House;
use crate::program::Program;

/// An authority that signs certificates, made for one test.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "Test");
        let pem = params.self_signed(&key).expect("a certificate").pem();
        let issuer = Issuer::new(params, key);
        Self { issuer, pem }
    }

    /// A server of this authority: `good`, `expired`, or with a name `elsewhere`; or with a self-signed certificate,
    /// `own`.
    fn acceptor(&self, who: &str) -> TlsAcceptor {
        let host = if who == "elsewhere" {
            "other.example"
        } else {
            "localhost"
        };
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new([host.to_owned()]).expect("a name");
        if who == "expired" {
            params.not_before = date_time_ymd(2021, 8, 17);
            params.not_after = date_time_ymd(2021, 8, 18);
        }
        let made = match who {
            "own" => params.self_signed(&key),
            _ => params.signed_by(&key, &self.issuer),
        };
        let chain = vec![CertificateDer::from(made.expect("a certificate"))];
        let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .expect("a pair");
        TlsAcceptor::from(Arc::new(config))
    }
}

#[tokio::test]
async fn the_client_talks_only_to_a_server_with_a_valid_certificate() {
    let scratch = Scratch::new();
    let (authority, ca) = (Authority::new(), scratch.path().join("ca.pem"));
    std::fs::write(&ca, &authority.pem).expect("written");
    let ca = ca.display();
    for (scheme, implicit) in [("smtps", true), ("smtp+starttls", false)] {
        for (who, trouble) in [
            ("good", ""),
            ("expired", "expired"),
            ("own", ""),
            ("elsewhere", "not valid for name"),
        ] {
            let tls = Some(authority.acceptor(who));
            let server = serve_with(
                &["PIPELINING", "STARTTLS"],
                |_, _| Act::Usual,
                tls,
                implicit,
            )
            .await;
            let url = format!("{scheme}://localhost:{}?timeout=5&ca={ca}", server.port);
            let line = Relay::from_url("test", &url)
                .expect("a relay")
                .connect()
                .await;
            if who == "good" {
                let mut line = line.expect("connects");
                assert!(accepted(&line.send(&letter(1)).await));
                assert!(accepted(&line.send(&letter(2)).await));
                assert_eq!(server.bursts_of_opening(), [1, 1], "pipelined in TLS too");
                continue;
            }
            let Err(Reply::Unreachable { why }) = line else {
                panic!("{scheme} {who}: {line:?}")
            };
            assert!(
                why.contains("certificate") && why.contains(trouble),
                "{scheme} {who}: {why}"
            );
            assert!(server.heard().iter().all(|word| !word.starts_with("MAIL")));
        }
    }
}

#[tokio::test]
async fn nothing_is_sent_to_a_server_without_starttls() {
    for act in [
        Act::Say("502 no such thing"),
        Act::Say("220 go\r\n250 injected"),
        Act::HangUp,
        Act::Silence,
    ] {
        let server = serve(&["STARTTLS"], move |_, at| {
            if at == "STARTTLS" { act } else { Act::Usual }
        })
        .await;
        let url = format!("smtp+starttls://u:p@localhost:{}?timeout=1", server.port);
        let Ok(relay) = Relay::from_url("test", &url) else {
            return did_not_run(
                "nothing_is_sent_to_a_server_without_starttls",
                "system certificates",
            );
        };
        assert!(
            matches!(relay.connect().await, Err(Reply::Unreachable { .. })),
            "{act:?}"
        );
        let heard = server.heard();
        assert!(
            heard
                .iter()
                .all(|word| word.starts_with("EHLO") || word == "STARTTLS"),
            "{heard:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn check_says_what_to_do_on_a_machine_without_certificates_of_cas() {
    let house = House::new().await;
    let check = |url: &str| {
        let program = Program::of(&house).with_relay("main", url, 1);
        let program = program.with("SSL_CERT_FILE", "/nowhere/certificates.pem");
        let output = program.with("SSL_CERT_DIR", "/nowhere").run(&["check"]);
        String::from_utf8(output.stdout).unwrap()
    };
    let said = check("smtps://127.0.0.1:1");
    let advice = "this machine has no certificates of CAs: install ca-certificates, set SSL_CERT_FILE, or name a CA file";
    assert!(said.contains(advice), "{said}");
    // With a CA of its own the relay needs none of them.
    let scratch = Scratch::new();
    let ca = scratch.path().join("ca.pem");
    std::fs::write(&ca, Authority::new().pem).unwrap();
    let said = check(&format!("smtps://127.0.0.1:1?ca={}", ca.display()));
    assert!(
        !said.contains(advice) && said.contains("relay main"),
        "{said}"
    );
}
