//! Checks before any handler: compressed bodies, control characters, credentials and links as people write them.

use std::os::unix::fs::PermissionsExt;

use candor::link::StatusLink;
use candor::mail::Relay;
use candor::staff::StaffRole::{Admin, Agent, Comms};
use candor::web;
use serde_json::json;

use super::raw;
use crate::client::{ApiClient, Browser, Site};
use crate::house::House;
use crate::mail::Scratch;
use crate::people::{Scene, list};

/// A gzip stream of a small JSON text.
const GZIP: &[u8] = &[
    0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xab, 0xae, 5, 0, 0x43, 0xbf, 0xa6, 0xa3, 2, 0, 0, 0,
];

#[tokio::test(flavor = "multi_thread")]
async fn a_compressed_body_is_refused_by_every_extractor_before_it_is_inflated() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    let program = site.program(&[Comms, Admin]).await;
    let ana = site.signed_in("ana", &[Comms]).await;
    let session = ana.cookie("candor_session").unwrap();
    let (key, base) = (program.key.clone(), site.url.clone());
    tokio::task::spawn_blocking(move || {
        let by_key = format!("Authorization: Bearer {key}\r\nIdempotency-Key: 1\r\n");
        let by_cookie = format!("Cookie: candor_session={session}\r\n");
        for (path, who, kind) in [
            ("/verify", "", "application/x-www-form-urlencoded"),
            ("/console/sign-in", "", "application/x-www-form-urlencoded"),
            ("/console/incidents", "", "application/x-www-form-urlencoded"),
            ("/console/incidents", &*by_cookie, "application/x-www-form-urlencoded"),
            ("/console/incidents/x/scopes", &*by_cookie, "multipart/form-data; boundary=x"),
            ("/api/v1/incidents", &*by_key, "application/json"),
            ("/api/v1/incidents/x/scopes", &*by_key, "text/csv"),
            ("/nowhere", "", "application/json"),
        ] {
            for encoding in ["gzip", "GZIP", "br", "deflate", "zstd", "gzip, identity", "x"] {
                let headers = format!(
                    "{who}Content-Type: {kind}\r\nContent-Encoding: {encoding}\r\nContent-Length: {}\r\n",
                    GZIP.len()
                );
                let octets = [raw::post(path, &headers).as_bytes(), GZIP].concat();
                let (status, text) = raw::send(&base, &octets);
                assert_eq!(status, 415, "{path} {encoding}: {text}");
                assert!(text.contains("Content-Encoding"), "{text}");
            }
        }
    })
    .await
    .unwrap();
    let seen = program.send(
        "/incidents",
        &[
            ("content-type", "application/json"),
            ("content-encoding", "identity"),
            ("idempotency-key", "2"),
        ],
        &json!({ "slug": "a", "title": "A", "facts": {} }).to_string(),
    );
    assert_eq!(seen.status, 201, "{}", seen.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn nul_and_control_characters_are_refused_wherever_they_stand() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    let template = scene.template(&house, "t", crate::people::BODY).await;
    let site = Site::open(&house.app).await;
    let program = site.program(&[Comms, Agent, Admin]).await;
    let ana = site.signed_in("ana", &[Comms, Agent]).await;
    refuses_addresses(&ana, &program);
    refuses_values(&program, &template.to_string());
    let seen = ana.submit(
        "/console/incidents",
        "/console/incidents",
        &[
            ("slug", "nul"),
            ("title", "a\0b and twenty characters more"),
        ],
    );
    assert_eq!(seen.status, 400, "{}", seen.body);
    assert!(seen.body.contains("the field title") || seen.body.contains("The field title"));
    assert!(
        seen.body.contains("ab and twenty characters more"),
        "given back without it"
    );
    let cookie = [("cookie", "candor_device=a%00b")];
    assert_eq!(site.browser().post("/verify", &[], &cookie).status, 400);
    let strange = [("cookie", "somebody_elses=a%00b")];
    assert_eq!(site.browser().post("/verify", &[], &strange).status, 403);
}

fn refuses_addresses(ana: &Browser, program: &ApiClient) {
    for path in [
        "/incidents/a%00b",
        "/incidents/a%00b/feed.xml",
        "/console/incidents/a%00b",
        "/console/sign-in?next=%1b",
        "/console/incidents/sundmere/people?reason=%00",
    ] {
        let seen = ana.get(path);
        assert_eq!(seen.status, 400, "{path}: {}", seen.body);
        assert!(seen.body.contains("control character"), "{path}");
    }
    for path in [
        "/incidents/a%00b",
        "/campaigns?incident=a%00b",
        "/tickets?incident=a%00b",
        "/incidents/sundmere/people?locale=a%00b",
        "/incidents/sundmere/people?reference=a%7fb",
    ] {
        let seen = program.get(path);
        assert_eq!(seen.status, 400, "{path}: {}", seen.body);
        assert!(
            seen.json()["detail"]
                .as_str()
                .unwrap()
                .contains("control character")
        );
    }
}

fn refuses_values(program: &ApiClient, template: &str) {
    let texts = |subject: &str, body: &str| json!({ "en": { "subject": subject, "body": body } });
    let to = |places: &str| {
        json!({
            "incident": "sundmere", "template": template, "kind": "initial",
            "audience": { "who": "everyone", "jurisdictions": [places], "locales": [places], "elements": [] },
        })
    };
    for (path, body, at) in [
        (
            "/templates".to_owned(),
            json!({ "name": "n", "variants": texts("a\0b", "b") }),
            "variants.en.subject",
        ),
        (
            "/templates".to_owned(),
            json!({ "name": "n", "variants": texts("a", "b\u{1b}") }),
            "variants.en.body",
        ),
        (
            format!("/templates/{template}/versions"),
            json!({ "variants": texts("a\0", "b") }),
            "variants.en.subject",
        ),
        (
            format!("/templates/{template}/preview"),
            json!({ "incident": "a\0b" }),
            "incident",
        ),
        (
            "/campaigns".to_owned(),
            json!({ "incident": "a\0b", "template": template, "kind": "initial" }),
            "incident",
        ),
        (
            "/campaigns".to_owned(),
            to("a\0b"),
            "audience.jurisdictions[0]",
        ),
        (
            "/incidents".to_owned(),
            json!({ "slug": "x", "title": "a\u{85}b", "facts": {} }),
            "title",
        ),
        (
            "/incidents".to_owned(),
            json!({ "slug": "x", "title": "a", "facts": { "what\0": "b" } }),
            "facts",
        ),
    ] {
        let seen = program.post(&path, &body);
        assert_eq!(
            (seen.status, &seen.json()["at"]),
            (400, &json!(at)),
            "{path}: {}",
            seen.body
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_scheme_of_credentials_is_written_in_any_case() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    let program = site.program(&[Comms]).await;
    let base = site.url.clone();
    let key = program.key.clone();
    tokio::task::spawn_blocking(move || {
        for (scheme, expected) in [("bearer", 200), ("BEARER", 200), ("Bearer", 200), ("Basic", 401), ("Bearerx", 401)] {
            let request = format!(
                "GET /api/v1/templates HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: {scheme} {key}\r\n\r\n"
            );
            assert_eq!(raw::send(&base, request.as_bytes()).0, expected, "{scheme}");
        }
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_took_punctuation_along_leads_to_its_page() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(1, "name;ssn")).await;
    let person = house.people().await[0];
    let token = StatusLink { person, epoch: 0 }.token(&house.app.keys);
    assert_eq!(token.len(), StatusLink::LENGTH);
    let site = Site::open(&house.app).await;
    let browser = site.browser();
    for tail in [
        ".",
        ",",
        ")",
        "%20",
        "%3E",
        "=",
        "%E2%80%9D",
        "!",
        "%5D",
        "%0A",
    ] {
        if tail == "%0A" {
            assert_eq!(browser.get(&format!("/s/{token}{tail}")).status, 400);
            continue;
        }
        let seen = browser.get(&format!("/s/{token}{tail}"));
        assert_eq!(seen.status, 303, "{tail}: {}", seen.body);
        assert_eq!(seen.header("location"), format!("/s/{token}"), "{tail}");
        assert_eq!(browser.follow(&seen).status, 200, "{tail}");
    }
    let seen = browser.get(&format!("/s/{token}%3E/tickets/1"));
    assert_eq!(seen.header("location"), format!("/s/{token}/tickets/1"));
    assert_eq!(
        browser
            .get(&format!("/s/{token}?code=1&code=2&utm_source=x"))
            .status,
        200
    );
    for forged in [
        format!("/s/{token}x"),
        format!("/s/{token}.x"),
        "/s/.".to_owned(),
    ] {
        assert_eq!(browser.get(&forged).status, 404, "{forged}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forms_token_is_another_one_in_every_answer() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    let browser = site.browser();
    let tokens = [(); 3].map(|()| browser.get("/verify").csrf().to_owned());
    assert!(tokens[0] != tokens[1] && tokens[1] != tokens[2]);
    for token in &tokens {
        let seen = browser.post("/verify", &[("csrf", token), ("code", "x")], &[]);
        assert_ne!(seen.status, 403, "{}", seen.body);
    }
    let mut forged = tokens[0].clone().into_bytes();
    forged[5] = if forged[5] == b'A' { b'B' } else { b'A' };
    let forged = String::from_utf8(forged).unwrap();
    assert_eq!(
        browser.post("/verify", &[("csrf", &forged)], &[]).status,
        403
    );
    assert_eq!(browser.post("/verify", &[("csrf", "")], &[]).status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn under_https_the_session_belongs_to_this_host_alone() {
    let house = House::with("[http]\npublic_url = \"https://help.example.com\"").await;
    let site = Site::open(&house.app).await;
    site.staff("ana", &[Comms]).await;
    let browser = site.browser();
    let seen = browser.sign_in("ana@staff.example", crate::client::PASSWORD);
    assert_eq!(seen.status, 303, "{}", seen.body);
    assert!(browser.cookie("__Host-candor_session").is_some());
    assert_eq!(browser.cookie("candor_session"), None);
    assert_eq!(browser.get("/console").status, 200);
    let seen = browser.submit("/console", "/console/sign-out", &[]);
    assert_eq!(seen.status, 303);
    assert!(
        seen.header("set-cookie").contains("Secure"),
        "{:?}",
        seen.headers
    );
    assert_eq!(browser.cookie("__Host-candor_session"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_are_on_an_address_of_their_own_and_pages_link_to_the_source() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    let browser = site.browser();
    assert_eq!(browser.get("/metrics").status, 404);
    let shutdown = candor::shutdown::Shutdown::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let figures = format!("http://{}/metrics", listener.local_addr().unwrap());
    let (app, until) = (house.app.clone(), shutdown.clone());
    let served = tokio::spawn(async move { web::operations::serve(app, listener, &until).await });
    let seen = tokio::task::spawn_blocking(move || {
        let mut answer = ureq::get(figures).call().unwrap();
        answer.body_mut().read_to_string().unwrap()
    });
    assert!(seen.await.unwrap().contains("candor_requests_total"));
    shutdown.leave();
    served.await.unwrap().unwrap();
    assert!(browser.get("/").body.contains("href=\"/source\""));
    let seen = browser.get("/source");
    assert!(
        seen.body.contains("GNU Affero General Public License"),
        "{}",
        seen.body
    );
    let named = House::with("[http]\nsource_url = \"https://example.com/candor\"").await;
    let site = Site::open(&named.app).await;
    let seen = site.browser().get("/source");
    assert_eq!(seen.header("location"), "https://example.com/candor");
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_in_a_folder_are_for_one_user_only() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(2, "name;ssn")).await;
    scene
        .launched(&house, candor::campaign::CampaignKind::Initial)
        .await;
    let scratch = Scratch::new();
    let folder = scratch.path().join("outbox");
    let mut routes = house.routes(1);
    routes[0].relay = Relay::Folder(candor::mail::folder::FolderRelay::new("f", folder.clone()));
    house.send_through(routes).await;
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    let files: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|f| f.unwrap().path())
        .collect();
    assert_eq!(files.len(), 2);
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}
