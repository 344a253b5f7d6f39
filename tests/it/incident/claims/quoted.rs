//! A text quotes a claim in its own language. What was approved, sent or copied with an old text is listed.

use candor::campaign::launch;
use candor::id::CampaignId;
use candor::mail::Letter;
use candor::template::{Variant, Variants, edit};
use serde_json::Value;

use super::*;
use crate::client::ApiClient;

const QUOTES: &str =
    "Dear {{ name }},\n\n{{ facts.what_happened }}\n\nTaken: {{ elements }}.\n\n{{ guidance }}";

async fn template(house: &House, scene: &Scene, name: &str, body: &str) -> Value {
    let text = |_: &str| Variant {
        subject: "Notice of data breach".to_owned(),
        body: body.to_owned(),
    };
    let variants = Variants::from(["en", "es", "fr"].map(|tag| (tag.to_owned(), text(tag))));
    json!(
        edit::create(&house.app, scene.comms, name, &variants)
            .await
            .unwrap()
    )
}

/// The path of a submitted campaign with texts that quote a claim without a French text.
fn submitted(program: &ApiClient, template: &Value) -> String {
    let new = json!({ "incident": "sundmere", "template": template, "kind": "initial" });
    let drafted = program.post("/campaigns", &new).json();
    let path = format!("/campaigns/{}", drafted["id"].as_str().unwrap());
    let refused = program.post(&format!("{path}/submit"), &json!({})).json();
    assert_eq!(
        refused["acknowledge"].as_array().unwrap().len(),
        1,
        "{refused}"
    );
    assert_eq!(refused["acknowledge"][0]["key"], "fr:what_happened");
    let why = refused["acknowledge"][0]["why"].as_str().unwrap();
    assert!(
        why.contains("Write the claim “what_happened” in “fr” on the fact sheet"),
        "{why}"
    );
    let said = json!({ "acknowledged": ["fr:what_happened"] });
    assert_eq!(program.post(&format!("{path}/submit"), &said).status, 200);
    path
}

fn words(letter: &Letter) -> String {
    // Soft line breaks of quoted-printable, and of the text part.
    let raw = String::from_utf8_lossy(&letter.raw)
        .replace("=\r\n", "")
        .replace("\r\n", " ");
    raw.replace("=C3=B3", "ó")
}

/// The preview of the Spanish text.
fn is_previewed(program: &ApiClient, quotes: &Value) {
    let preview = json!({ "incident": "sundmere", "locale": "es" });
    let path = format!("/templates/{}/preview", quotes.as_str().unwrap());
    let shown = program.post(&path, &preview).json();
    assert!(
        shown["text"]
            .as_str()
            .unwrap()
            .contains("Un ladrón copió archivos."),
        "{shown}"
    );
}

/// Sends the campaign; each reader gets the claim in the language of their text.
async fn is_sent(house: &House, scene: &Scene, program: &ApiClient, quotes: &Value) -> CampaignId {
    let path = submitted(program, quotes);
    let hash = program.get(&path).json()["content_hash"]
        .as_str()
        .unwrap()
        .to_owned();
    let id: CampaignId = path.rsplit('/').next().unwrap().parse().unwrap();
    launch::approve(&house.app, scene.approver, id, &hash)
        .await
        .unwrap();
    launch::launch(&house.app, scene.comms, id).await.unwrap();
    house.send_all().await;
    for letter in house.mail.take_sent() {
        let (words, to) = (words(&letter), letter.recipient.as_str().to_owned());
        let is_spanish = to.starts_with("sol@");
        assert_eq!(
            words.contains("Un ladrón copió archivos."),
            is_spanish,
            "{to}: {words}"
        );
        assert_eq!(
            words.contains("A thief copied files."),
            !is_spanish,
            "{to}: {words}"
        );
    }
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn each_text_quotes_a_claim_in_its_language_and_old_texts_are_listed() {
    let (house, scene, site) = Scene::open("").await;
    let program = site.program(&[Comms]).await;
    scene.import(&house, PEOPLE).await;
    let told = [
        ("en", "A thief copied files."),
        ("es", "Un ladrón copió archivos."),
    ];
    write(
        &house,
        &scene,
        &claim("what_happened", UpdateKind::Known, &told),
    )
    .await
    .unwrap();
    let quotes = template(&house, &scene, "Quotes", QUOTES).await;
    let by_copy = QUOTES.replace(
        "{{ facts.what_happened }}",
        "As we know, a thief.\nA thief copied\nfiles.",
    );
    let copies = template(&house, &scene, "Copies", &by_copy).await;
    let old = |of: &ApiClient| of.get("/incidents/sundmere/claims").json()["old_texts"].clone();
    assert_eq!(old(&program), json!([]));

    is_previewed(&program, &quotes);
    let id = is_sent(&house, &scene, &program, &quotes).await;
    let told = [("en", "Two thieves copied files."), told[1]];
    write(
        &house,
        &scene,
        &claim("what_happened", UpdateKind::Corrected, &told),
    )
    .await
    .unwrap();
    let found = old(&program);
    assert_eq!(
        found,
        json!([
            { "key": "what_happened", "locales": ["en", "es", "fr"], "template": copies },
            { "key": "what_happened", "locales": ["en", "fr"], "campaign": id.to_string(), "status": "completed",
              "sent": 3, "left": 0 },
        ])
    );
    let comms = site.signed_in("ada", &[Comms]).await;
    for page in ["facts", "claims/what_happened"] {
        let page = comms.get(&format!("{AT}/{page}")).body;
        for words in [
            "Template “Copies”",
            "Campaign “Initial notice of ",
            "Sent to 3 people.",
        ] {
            assert!(page.contains(words), "{words}: {page}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p5_a_text_in_another_language_or_state_after_the_approval_is_named() {
    let (house, scene, site) = Scene::open("").await;
    let program = site.program(&[Comms]).await;
    scene.import(&house, PEOPLE).await;
    let told = [
        ("en", "A thief copied files."),
        ("es", "Un ladrón copió archivos."),
    ];
    let write_it = async |state, told: &[(&str, &str)]| {
        write(&house, &scene, &claim("what_happened", state, told))
            .await
            .unwrap();
    };
    write_it(UpdateKind::Known, &told).await;
    let quotes = template(&house, &scene, "Quotes", QUOTES).await;
    let path = submitted(&program, &quotes);
    let found = program.get(&path).json();
    let id: CampaignId = path.rsplit('/').next().unwrap().parse().unwrap();
    let hash = found["content_hash"].as_str().unwrap();
    launch::approve(&house.app, scene.approver, id, hash)
        .await
        .unwrap();

    // A state is no part of what is sent.
    write_it(UpdateKind::BeingChecked, &told).await;
    assert_eq!(program.get(&path).json()["approval"]["changed"], json!([]));
    write_it(UpdateKind::Known, &[told[0], ("es", "Dos ladrones.")]).await;
    assert_eq!(
        program.get(&path).json()["approval"]["changed"],
        json!(["fact:what_happened_es"])
    );
    let refused = program.post(&format!("{path}/launch"), &json!({}));
    assert!(
        refused.status == 409 && refused.body.contains("fact:what_happened_es"),
        "{}",
        refused.body
    );
    write_it(UpdateKind::Known, &told).await;
    assert_eq!(program.get(&path).json()["approval"]["changed"], json!([]));

    // The Spanish text goes: Spanish readers would get the English words.
    write_it(UpdateKind::Known, &told[..1]).await;
    let changed = program.get(&path).json()["approval"]["changed"].clone();
    assert_eq!(changed, json!(["fact:what_happened_es", "fact_languages"]));
}
