//! Claims: each has a state, a text for each language, versions with author and time, and says in public what it said
//! before it was corrected.

mod browser;
mod kept;
mod quoted;
mod refused;

use candor::incident::claims::Texts;
use candor::incident::steer::{self, NewClaim, SteerError};
use candor::incident::{UpdateKind, store};
use candor::staff::StaffRole::{Auditor, Comms};
use serde_json::json;

use crate::client::{ApiClient, Browser, unlabelled};
use crate::house::House;
use crate::incident::closing::version;
use crate::people::Scene;

const AT: &str = "/console/incidents/sundmere";

const PEOPLE: &str = "reference,email,name,locale,jurisdiction,elements\n\
    E-1,eve@example.org,Eve,en,US-WA,name\n\
    S-1,sol@example.org,Sol,es-MX,US-WA,name\n\
    F-1,fay@example.org,Fay,fr,US-WA,name\n";

fn texts(pairs: &[(&str, &str)]) -> Texts {
    let pair = |(locale, text): &(&str, &str)| ((*locale).to_owned(), (*text).to_owned());
    pairs.iter().map(pair).collect()
}

fn claim(key: &str, state: UpdateKind, of: &[(&str, &str)]) -> NewClaim {
    NewClaim {
        key: key.to_owned(),
        state,
        texts: texts(of),
    }
}

/// Writes a claim as the comms lead.
async fn write(house: &House, scene: &Scene, new: &NewClaim) -> Result<bool, SteerError> {
    let seen = version(house, scene.incident).await;
    steer::edit_claim(&house.app, scene.comms, scene.incident, seen, new).await
}

async fn publish(house: &House, scene: &Scene) {
    let seen = version(house, scene.incident).await;
    steer::publish_facts(&house.app, scene.comms, scene.incident, seen)
        .await
        .unwrap();
}

/// Saves the claim on its page, as a browser does, and opens the page that follows.
fn save(comms: &Browser, key: &str, state: &str, of: &[(&str, &str)]) -> String {
    let path = format!("{AT}/claims/{key}");
    let mut fields = vec![("state", state)];
    for (locale, text) in of {
        fields.extend([("locale", *locale), ("text", *text)]);
    }
    let saved = comms.submit(&path, &path, &fields);
    comms.follow(&saved).body
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_is_written_published_and_corrected_in_two_languages() {
    let (house, scene, site) = Scene::open("").await;
    let comms = site.signed_in("ada", &[Comms]).await;
    scene.import(&house, PEOPLE).await;
    let mine = [
        scene.status_page(&house, "E-1").await.1,
        scene.status_page(&house, "S-1").await.1,
    ];
    is_new(&comms);
    let texts = [
        ("en", "A thief copied files."),
        ("ES", "Un ladrón copió archivos."),
    ];
    let sheet = save(&comms, "what_happened", "being_checked", &texts);
    for words in [
        "The claim is saved.",
        "A thief copied files.",
        "Español",
        "ada, just now",
        "not public",
    ] {
        assert!(sheet.contains(words), "{words}: {sheet}");
    }
    publish(&house, &scene).await;
    let browser = site.browser();
    let public = browser.get("/incidents/sundmere").body;
    assert!(public.contains("A thief copied files.") && public.contains("being checked"));
    assert!(!public.contains("ladrón"));
    let spanish = browser.get(&mine[1]).body;
    assert!(spanish.contains("Un ladrón copió archivos.") && !spanish.contains("A thief"));
    is_corrected(&comms);
    let public = browser.get("/incidents/sundmere").body;
    let former = "<del dir=\"auto\">A thief copied files.</del>";
    assert!(
        public.contains("Two thieves") && public.contains(former),
        "{public}"
    );
    assert!(public.contains("Corrected on ") && !public.contains("being checked"));
    let spanish = browser.get(&mine[1]).body;
    assert!(
        spanish.contains("Dos ladrones") && spanish.contains("Un ladrón copió archivos.</del>")
    );
    assert!(browser.get(&mine[0]).body.contains(former));
    is_on_record(&comms);

    an_auditor_reads_it(&site.program(&[Auditor]).await);
}

/// The API says the same.
fn an_auditor_reads_it(auditor: &ApiClient) {
    let found = auditor
        .get("/incidents/sundmere/claims/what_happened")
        .json();
    assert_eq!(found["state"], "corrected");
    assert_eq!(
        found["texts"],
        json!({ "en": "Two thieves copied files.", "es": "Dos ladrones copiaron archivos." })
    );
    let corrections = &found["public"]["corrections"];
    assert_eq!(corrections[0]["before"]["es"], "Un ladrón copió archivos.");
    assert_eq!(found["versions"].as_array().unwrap().len(), 2);
    let sheet = auditor.get("/incidents/sundmere").json();
    assert_eq!(
        sheet["facts"]["what_happened_es"],
        "Dos ladrones copiaron archivos."
    );
}

/// The fact sheet leads to the page of a claim that does not exist yet.
fn is_new(comms: &Browser) {
    let sheet = comms.get(&format!("{AT}/facts")).body;
    assert!(sheet.contains("What happened</a>"), "{sheet}");
    let new = comms.get(&format!("{AT}/facts?key=what%20happened"));
    let new = comms.follow(&new).body;
    assert!(new.contains("What happened, in two or three sentences?"));
    assert!(!new.contains("value=\"corrected\""), "{new}");
}

/// Corrects both texts, and reads the preview before publishing.
fn is_corrected(comms: &Browser) {
    let texts = [
        ("en", "Two thieves copied files."),
        ("es", "Dos ladrones copiaron archivos."),
    ];
    let sheet = save(comms, "what_happened", "corrected", &texts);
    assert!(sheet.contains("pages show an older version"), "{sheet}");
    let to = format!("{AT}/facts/publish");
    let preview = unlabelled(&comms.get(&to).body);
    for words in [
        "Pages say that “what_happened” was corrected, when, and what it said before.",
        "<td class=\"words\" dir=\"auto\">A thief copied files.</td>",
        "status pages of people who read “es”",
    ] {
        assert!(preview.contains(words), "{words}: {preview}");
    }
    let done = comms.submit(&to, &to, &[]);
    let sheet = comms.follow(&done).body;
    assert!(
        sheet.contains("The fact sheet is public") && sheet.contains("Still says the old text")
    );
    // There is nothing left to publish.
    assert!(comms.get(&to).body.contains("There is nothing to publish."));
}

/// Who changed what from what to what, on the page of the claim and in the incident's history.
fn is_on_record(comms: &Browser) {
    let page = comms.get(&format!("{AT}/claims/what_happened")).body;
    for words in [
        "[removed] </span>A thief",
        "[added] </span>Two thieves",
        "<strong>ada</strong>",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let incident = comms.get(AT).body;
    let line = "changed the fact sheet: the claim “what_happened”, now corrected";
    assert!(incident.contains(line), "{incident}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_that_is_marked_otherwise_or_saved_as_it_was_changes_only_that() {
    let (house, scene, site) = Scene::open("").await;
    let same = [("en", "We found nothing.")];
    let misuse = |state| claim("what_we_know_about_misuse", state, &same);
    assert!(
        write(&house, &scene, &misuse(UpdateKind::Known))
            .await
            .unwrap()
    );
    publish(&house, &scene).await;
    let before = version(&house, scene.incident).await;
    assert!(
        !write(&house, &scene, &misuse(UpdateKind::Known))
            .await
            .unwrap()
    );
    assert_eq!(version(&house, scene.incident).await, before);

    // Only the state: there is something to publish, and nothing to show as corrected.
    let checked = misuse(UpdateKind::BeingChecked);
    assert!(write(&house, &scene, &checked).await.unwrap());
    publish(&house, &scene).await;
    let page = site.browser().get("/incidents/sundmere").body;
    assert!(
        page.contains("being checked") && !page.contains("Corrected on"),
        "{page}"
    );
    let seen = version(&house, scene.incident).await;
    let again = steer::publish_facts(&house.app, scene.comms, scene.incident, seen).await;
    assert!(matches!(again, Err(SteerError::NothingNew)));

    // Without texts the claim is gone; its versions stay.
    let gone = claim(
        "what_we_know_about_misuse",
        UpdateKind::Known,
        &[("en", " ")],
    );
    assert!(write(&house, &scene, &gone).await.unwrap());
    let mut conn = house.app.db.get().await.unwrap();
    let found = store::find(&mut conn, scene.incident).await.unwrap();
    assert!(!found.facts.contains_key("what_we_know_about_misuse"));
    let key = Some("what_we_know_about_misuse");
    let kept = store::claims::history(&mut conn, scene.incident, key, 10).await;
    assert_eq!(kept.unwrap().len(), 3);
}
