//! Lists that are uploaded in chunks.

use candor::scope::Upload;
use candor::scope::activate::discard;
use candor::scope::upload::{self, UploadError, add, begin};
use candor::staff::StaffRole;
use chrono::TimeDelta;
use serde_json::json;

use super::*;
use crate::client::Site;

const LIST: &str =
    "reference,email,elements\na,ada@example.org,name\nb,not an address,name\nc,,name;ssn\n";

impl Desk {
    async fn begin(&self, size: usize) -> Upload {
        let size = i64::try_from(size).unwrap();
        let begun = begin(&self.house.app, self.by, self.incident, size, None).await;
        begun.unwrap()
    }

    /// Begins an upload of the list and adds it in chunks of this size in octets.
    async fn upload(&self, list: &str, piece: usize) -> Upload {
        let mut upload = self.begin(list.len()).await;
        for piece in list.as_bytes().chunks(piece) {
            let (id, at) = (upload.id, upload.received);
            upload = add(&self.house.app, self.by, id, at, piece).await.unwrap();
        }
        upload
    }

    async fn read(&self, of: &Upload) -> Result<Imported, ImportError> {
        let full = ScopeMode::Full;
        upload::import(&self.house.app, self.by, self.incident, full, of.id).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_in_chunks_is_imported_as_if_it_had_come_whole() {
    let desk = Desk::new().await;
    let whole = desk.import(ScopeMode::Full, LIST).await.unwrap();
    discard(&desk.house.app, desk.by, desk.incident, whole.version)
        .await
        .unwrap();
    let upload = desk.upload(LIST, 7).await;
    let pieced = desk.read(&upload).await.unwrap();
    assert_eq!(
        (pieced.accepted, pieced.rejected, &pieced.delta),
        (whole.accepted, whole.rejected, &whole.delta)
    );
    let hashes = "select count(file_hash) * 10 + count(distinct file_hash) from scope_version";
    assert_eq!(
        desk.house.number(hashes).await,
        21,
        "both are known, and the same"
    );
    desk.activate(pieced.version).await.unwrap();
    assert_eq!(desk.account().await.people, 2);
    assert_eq!(
        desk.rows("upload").await + desk.rows("upload_piece").await,
        0
    );
    let again = desk.read(&upload).await;
    assert!(matches!(again, Err(ImportError::Missing)), "{again:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_next_chunk_is_accepted_and_earlier_ones_stay() {
    let desk = Desk::new().await;
    let app = &desk.house.app;
    let upload = desk.begin(LIST.len()).await;
    let half = &LIST.as_bytes()[..20];
    add(app, desk.by, upload.id, 0, half).await.unwrap();
    for at in [0, 19, 21] {
        let wrong = add(app, desk.by, upload.id, at, half).await;
        assert!(
            matches!(wrong, Err(UploadError::NotNext { received: 20 })),
            "{wrong:?}"
        );
    }
    let beyond = add(app, desk.by, upload.id, 20, &vec![b'x'; LIST.len()]).await;
    assert!(matches!(beyond, Err(UploadError::TooMuch)), "{beyond:?}");
    let early = desk.read(&upload).await;
    assert!(
        matches!(early, Err(ImportError::Incomplete { received: 20, .. })),
        "{early:?}"
    );
    let stranger = desk.house.staff(&["comms"]).await;
    let theirs = upload::find(app, stranger, upload.id).await;
    assert!(matches!(theirs, Err(UploadError::Missing)), "{theirs:?}");
    for size in [0, -1, i64::MAX] {
        let none = begin(app, desk.by, desk.incident, size, None).await;
        assert!(matches!(none, Err(UploadError::NotASize)), "{none:?}");
    }
    // The same chunk twice at once, as after an answer that was lost: it counts once.
    let rest = &LIST.as_bytes()[20..];
    let (one, other) = tokio::join!(
        add(app, desk.by, upload.id, 20, rest),
        add(app, desk.by, upload.id, 20, rest),
    );
    assert_eq!(u8::from(one.is_ok()) + u8::from(other.is_ok()), 1);
    assert_eq!(desk.read(&upload).await.unwrap().accepted, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_is_refused_whole_is_not_kept_and_one_that_must_wait_is() {
    let desk = Desk::new().await;
    let wrong = desk.upload("who,what\nme,name\n", 5).await;
    let refused = desk.read(&wrong).await;
    assert!(
        matches!(refused, Err(ImportError::Header(_))),
        "{refused:?}"
    );
    assert_eq!(desk.rows("upload").await, 0);

    let upload = desk.upload(LIST, 1_000).await;
    let busy = desk.house.raw().await;
    assert!(store::try_lock_session(&busy, desk.incident).await.unwrap());
    let waits = desk.read(&upload).await;
    assert!(matches!(waits, Err(ImportError::Busy)), "{waits:?}");
    let another = begin(&desk.house.app, desk.by, desk.incident, 10, None).await;
    assert!(matches!(another, Err(UploadError::Busy)), "{another:?}");
    store::unlock_session(&busy, desk.incident).await.unwrap();
    assert_eq!(desk.read(&upload).await.unwrap().accepted, 2);
}

/// Promise P6, while a list is uploaded.
#[tokio::test(flavor = "multi_thread")]
async fn chunks_show_no_name_and_are_deleted_with_their_owners_next_list_with_the_day_or_with_the_incident()
 {
    let desk = Desk::new().await;
    let app = &desk.house.app;
    let upload = desk.upload(LIST, 1_000).await;
    let dump =
        "select count(*) from upload_piece where position('ada@example.org'::bytea in sealed) > 0";
    assert_eq!(desk.house.number(dump).await, 0);
    let sealed = store::find_piece(&mut *desk.conn().await, upload.id, 0)
        .await
        .unwrap();
    let plain = desk
        .key()
        .await
        .open(&store::piece_owner(&upload, 0), &sealed);
    assert_eq!(
        plain.unwrap(),
        LIST.as_bytes(),
        "what was looked for is in it"
    );

    desk.begin(10).await;
    assert_eq!(
        desk.rows("upload").await,
        1,
        "whoever begins another gives this one up"
    );
    assert_eq!(desk.rows("upload_piece").await, 0);

    let upload = desk.upload(LIST, 1_000).await;
    app.clock.advance(TimeDelta::hours(23));
    upload::sweep(app).await.unwrap();
    upload::find(app, desk.by, upload.id).await.unwrap();
    app.clock.advance(TimeDelta::hours(2));
    upload::sweep(app).await.unwrap();
    assert_eq!(desk.rows("upload").await, 0);

    let upload = desk.upload(&LIST[..20], 1_000).await;
    steer::move_to(app, desk.by, desk.incident, 1, IncidentState::Dismissed)
        .await
        .unwrap();
    let over = begin(app, desk.by, desk.incident, 10, None).await;
    let Err(UploadError::Draft(why)) = over else {
        panic!("nothing is taken of a list that could not be imported")
    };
    assert!(
        matches!(*why, ImportError::Over(IncidentState::Dismissed)),
        "{why:?}"
    );
    forget(app, desk.by, desk.incident, "carrier")
        .await
        .unwrap();
    assert_eq!(desk.rows("upload").await, 0);
    let more = add(app, desk.by, upload.id, 20, b"x").await;
    assert!(matches!(more, Err(UploadError::Missing)), "{more:?}");
    let anew = begin(app, desk.by, desk.incident, 10, None).await;
    assert!(matches!(anew, Err(UploadError::Forgotten)), "{anew:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_sends_a_list_in_chunks() {
    let desk = Desk::new().await;
    let site = Site::open(&desk.house.app).await;
    let program = site.program(&[StaffRole::Comms]).await;
    let begun = program.post("/incidents/carrier/uploads", &json!({ "size": LIST.len() }));
    assert_eq!(begun.status, 201, "{}", begun.body);
    let id = begun.json()["id"].as_str().unwrap().to_owned();
    let at = format!("/uploads/{id}");
    assert_eq!(begun.header("location"), format!("/api/v1{at}"));

    let (first, last) = LIST.split_at(30);
    assert_eq!(
        program.patch(&at, &[("upload-offset", "0")], first).status,
        200
    );
    let lost = program.patch(&at, &[("upload-offset", "0")], first);
    assert_eq!((lost.status, &lost.json()["received"]), (409, &json!(30)));
    for offset in ["", "-", "x"] {
        assert_eq!(
            program
                .patch(&at, &[("upload-offset", offset)], last)
                .status,
            400
        );
    }
    let huge = "x".repeat(upload::PIECE + 1);
    assert_eq!(
        program.patch(&at, &[("upload-offset", "30")], &huge).status,
        413
    );
    let seen = program.get(&at);
    assert_eq!((seen.status, seen.header("upload-offset")), (200, "30"));

    let import = format!("/incidents/carrier/scopes?upload={id}");
    let early = program.post(&import, &json!({}));
    assert_eq!((early.status, &early.json()["received"]), (409, &json!(30)));
    assert_eq!(
        program.patch(&at, &[("upload-offset", "30")], last).status,
        200
    );
    let imported = program.post(&import, &json!({}));
    assert_eq!(imported.status, 201, "{}", imported.body);
    assert_eq!(imported.json()["accepted"], json!(2));
    assert_eq!(program.get(&at).status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_page_of_ours_sends_chunks() {
    let desk = Desk::new().await;
    let site = Site::open(&desk.house.app).await;
    let browser = site.signed_in("carla", &[StaffRole::Comms]).await;
    let page = browser.get("/console/incidents/carrier/import");
    let csrf = page.csrf().to_owned();
    let size = LIST.len().to_string();
    let begun = browser.post(
        "/console/incidents/carrier/uploads",
        &[("csrf", csrf.as_str()), ("size", size.as_str())],
        &[],
    );
    assert_eq!(begun.status, 201, "{}", begun.body);
    let at = format!("/console/uploads/{}", begun.json()["id"].as_str().unwrap());
    let start = ("upload-offset", "0");
    let foreign = ("sec-fetch-site", "cross-site");
    let ours = ("x-csrf-token", csrf.as_str());
    for headers in [&[start][..], &[start, ours, foreign][..]] {
        assert_eq!(browser.patch(&at, headers, LIST).status, 403);
    }
    assert_eq!(browser.patch(&at, &[start, ours], LIST).status, 200);
    assert_eq!(browser.get(&at).json()["received"], json!(LIST.len()));

    let id = at.rsplit('/').next().unwrap().to_owned();
    let scopes = "/console/incidents/carrier/scopes";
    let other = site.signed_in("otto", &[StaffRole::Comms]).await;
    let theirs = other
        .get("/console/incidents/carrier/import")
        .csrf()
        .to_owned();
    let with = |csrf: &str, id: &str| parts(&[("csrf", csrf), ("mode", "full"), ("upload", id)]);
    assert_eq!(browser.post_parts(scopes, &with("forged", &id)).status, 403);
    assert_eq!(
        browser.post_parts(scopes, &with(&csrf, "upl_none")).status,
        404
    );
    assert_eq!(other.post_parts(scopes, &with(&theirs, &id)).status, 404);
    let elsewhere = steer::open(&desk.house.app, desk.by, "other", "Another", &Facts::new()).await;
    elsewhere.unwrap();
    let wrong = browser.post_parts("/console/incidents/other/scopes", &with(&csrf, &id));
    assert_eq!(wrong.status, 404, "it is a list of another incident");
    let done = browser.post_parts(scopes, &with(&csrf, &id));
    assert_eq!(
        done.header("location"),
        "/console/incidents/carrier/scopes/1?did=imported"
    );
}

/// The body of a form without a file.
fn parts(fields: &[(&str, &str)]) -> String {
    let part = |(name, value): &(&str, &str)| {
        format!("--frontier\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    fields.iter().map(part).collect::<String>() + "--frontier--\r\n"
}
