//! A server that accepts only TLS connections, with a CA made for one test, and the files of its clients.

use std::fs;

use candor::db::Connector;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

use crate::mail::Scratch;
use crate::postgres::{Postgres, Wanted};

/// The name in the server's certificate.
pub const HOST: &str = "db.candor.example";
/// The roles' password.
pub const PASSWORD: &str = "geheim-4711";
/// TLS is required; `certified` also needs a certificate of the CA.
const HOSTS: &str = "hostssl all certified 127.0.0.1/32 scram-sha-256 clientcert=verify-ca\n\
    hostssl all all 127.0.0.1/32 scram-sha-256";

/// A CA.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    pub fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
            .distinguished_name
            .push(DnType::CommonName, "Test CA");
        let pem = params.self_signed(&key).unwrap().pem();
        let issuer = Issuer::new(params, key);
        Self { issuer, pem }
    }

    /// A certificate for this name and its key, in PEM.
    pub fn certificate(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        let made = params.signed_by(&key, &self.issuer).unwrap();
        (made.pem(), key.serialize_pem())
    }
}

/// A server that requires TLS, and the files of its clients.
pub struct Secured {
    pub server: Postgres,
    pub ca: Authority,
    pub files: Scratch,
}

impl Secured {
    pub async fn start() -> Self {
        let ca = Authority::new();
        let (certificate, key) = ca.certificate(HOST);
        let server = Postgres::start(Wanted {
            settings: "ssl = on\nssl_ca_file = 'ca.crt'\nmax_connections = 100",
            hosts: HOSTS,
            files: &[
                ("server.crt", &certificate),
                ("server.key", &key),
                ("ca.crt", &ca.pem),
            ],
            locales: None,
        })
        .await;
        let local = Connector::new(&server.local()).unwrap();
        let roles = format!(
            "create role app login password '{PASSWORD}'; create role certified login password '{PASSWORD}'; \
             create database candor owner app"
        );
        let client = local.client().await.unwrap();
        for one in roles.split("; ") {
            client.batch_execute(one).await.unwrap();
        }
        let secured = Self {
            server,
            ca,
            files: Scratch::new(),
        };
        secured.file("ca.crt", &secured.ca.pem);
        secured.file("other.crt", &Authority::new().pem);
        secured
    }

    /// Writes a file for clients, and returns its path.
    pub fn file(&self, name: &str, content: &str) -> String {
        fs::write(self.files.path().join(name), content).unwrap();
        self.at(name)
    }

    fn at(&self, name: &str) -> String {
        self.files.path().join(name).display().to_string()
    }

    /// A URL with these options. `{name}` stands for a client's file.
    pub fn url(&self, user: &str, host: &str, options: &str) -> String {
        let port = self.server.port;
        let folder = self.files.path().display().to_string();
        let options = options.replace("{", &format!("{folder}/")).replace('}', "");
        format!("postgres://{user}:{PASSWORD}@{host}:{port}/candor?hostaddr=127.0.0.1&{options}")
    }

    pub fn full(&self) -> String {
        let options = "sslmode=verify-full&sslrootcert={ca.crt}&channel_binding=require";
        self.url("app", HOST, options)
    }
}
