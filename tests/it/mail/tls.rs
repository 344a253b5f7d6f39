//! TLS to relays: only a certificate that holds is talked to.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use candor::mail::{Relay, Reply};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::ServerConfig;

use super::scripted::{Act, serve, serve_with};
use super::{Scratch, accepted, did_not_run, letter};

/// An authority, and certificates by it and without it.
const MAKE: &str = r#"
cat > ca.cnf <<'END'
[ca]
default_ca = here
[here]
database = index.txt
new_certs_dir = .
rand_serial = yes
unique_subject = no
default_md = sha256
policy = any
copy_extensions = copy
[any]
commonName = supplied
[req]
distinguished_name = name
x509_extensions = authority
[name]
[authority]
basicConstraints = critical,CA:TRUE
END
touch index.txt
key="-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -config ca.cnf"
openssl req -x509 $key -keyout ca.key -out ca.pem -subj /CN=Test -days 2
for who in good expired elsewhere; do
    host=localhost; test $who = elsewhere && host=other.example
    openssl req $key -keyout $who.key -out $who.csr -subj /CN=$host -addext subjectAltName=DNS:$host
    until=20991231235959Z; test $who = expired && until=20210818000000Z
    openssl ca -batch -config ca.cnf -cert ca.pem -keyfile ca.key -in $who.csr -out $who.pem \
        -notext -startdate 20210817000000Z -enddate $until
done
openssl req -x509 $key -extensions none -keyout own.key -out own.pem -subj /CN=localhost -days 2 \
    -addext subjectAltName=DNS:localhost
"#;

fn certificates(in_directory: &Path) -> bool {
    let made = Command::new("sh")
        .args(["-ec", MAKE])
        .current_dir(in_directory)
        .stdout(Stdio::null())
        .output();
    let made = made.expect("a shell");
    if !made.status.success() {
        println!("{}", String::from_utf8_lossy(&made.stderr));
    }
    made.status.success()
}

fn acceptor(directory: &Path, who: &str) -> TlsAcceptor {
    let file = |end: &str| directory.join(format!("{who}.{end}"));
    let chain = vec![CertificateDer::from_pem_file(file("pem")).expect("a certificate")];
    let key = PrivateKeyDer::from_pem_file(file("key")).expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("a pair");
    TlsAcceptor::from(Arc::new(config))
}

#[tokio::test]
async fn only_a_certificate_that_holds_is_talked_to() {
    let scratch = Scratch::new();
    if !certificates(scratch.path()) {
        return did_not_run("only_a_certificate_that_holds_is_talked_to", "openssl");
    }
    let ca = scratch.path().join("ca.pem").display().to_string();
    for (scheme, implicit) in [("smtps", true), ("smtp+starttls", false)] {
        for (who, trouble) in [
            ("good", ""),
            ("expired", "expired"),
            ("own", ""),
            ("elsewhere", "not valid for name"),
        ] {
            let tls = Some(acceptor(scratch.path(), who));
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
