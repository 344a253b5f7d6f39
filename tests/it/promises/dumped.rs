//! P6, betrays nobody: a dump of the database, searched for everybody in it.

use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use candor::campaign::CampaignKind;
use candor::db::embedded::program;
use candor::link::{NoticeCode, StatusLink};
use candor::person::find::{Clue, find};
use candor::seal::to_hex;
use candor::ticket::intake;

use crate::house::House;
use crate::people::Scene;

const PEOPLE: usize = 100;
const WORDS: &str = "My grandmother Wilhelmina asks whether her pension is safe.";

/// The forms in which `text` could stand in a dump.
fn forms(text: &str) -> Vec<String> {
    let bytes = text.as_bytes();
    let (small, large) = (text.to_lowercase(), text.to_uppercase());
    let hex = [
        to_hex(bytes),
        to_hex(small.as_bytes()),
        to_hex(large.as_bytes()),
    ];
    let mut forms = vec![small];
    forms.extend(hex);
    for skipped in 0..3 {
        // In the middle of other octets base64 has three faces; the first and last digits depend on those.
        let shifted = [&vec![0; skipped][..], bytes].concat();
        for encoded in [
            STANDARD_NO_PAD.encode(&shifted),
            URL_SAFE_NO_PAD.encode(&shifted),
        ] {
            forms.push(encoded[(skipped * 4).div_ceil(3)..encoded.len() - 2].to_lowercase());
        }
    }
    forms
}

#[tokio::test(flavor = "multi_thread")]
async fn p6_a_dump_of_the_database_betrays_nobody() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    let mut csv = "reference,email,name,locale,jurisdiction,postcode,elements,address\n".to_owned();
    let mut secrets = vec![WORDS.to_owned()];
    for n in 0..PEOPLE {
        let secret = [
            format!("QX-77{n:04}-ZK"),
            format!("zebulon.q{n}@quagga-{n}.example"),
            format!("Zebulon Q. Winterbottom-{n}"),
            format!("{n} Quagga Crescent"),
            format!("ZQX-{n:04}-W"),
        ];
        let [reference, email, name, address, postcode] = &secret;
        csv.push_str(&format!(
            "{reference},{email},{name},en,US-WA,{postcode},name;ssn,{address}\n"
        ));
        secrets.extend(secret);
    }
    scene.import(&house, &csv).await;
    scene.launched(&house, CampaignKind::Initial).await;
    for n in 0..PEOPLE {
        let clue = Clue::Reference(format!("QX-77{n:04}-ZK"));
        let person = find(&house.app, scene.incident, &clue)
            .await
            .unwrap()
            .remove(0);
        let (person, epoch) = (person.id, person.link_epoch);
        secrets.push(StatusLink { person, epoch }.token(&house.app.keys));
        if n < 10 {
            intake::ask(&house.app, scene.incident, person, "", WORDS)
                .await
                .unwrap();
        }
    }
    // Some letters still wait in the outbox, others have been sent.
    let waiting = dump(&house);
    house.send_all().await;
    assert_eq!(
        house
            .number("select count(*) from notice where status = 'sent'")
            .await,
        PEOPLE as i64
    );
    let rows = house
        .raw()
        .await
        .query("select id from notice", &[])
        .await
        .unwrap();
    let code = |row: &tokio_postgres::Row| {
        let id = candor::id::NoticeId::from_uuid(row.get(0));
        NoticeCode::of(id, &house.app.keys).to_string()
    };
    secrets.extend(rows.iter().map(code));
    let sent = dump(&house);
    // The search finds what is there.
    assert!(sent.contains("sundmere") && sent.contains("us-wa") && sent.len() > 100_000);
    for secret in &secrets {
        for form in forms(secret) {
            assert!(
                !waiting.contains(&form) && !sent.contains(&form),
                "{secret} as {form}"
            );
        }
    }
}

/// Everything of a house that Postgres would hand out, in small letters.
fn dump(house: &House) -> String {
    let dumped = Command::new(program("pg_dump").expect("it comes with the server"))
        .args(["--schema", house.schema(), "--dbname", &house.url])
        .output()
        .unwrap();
    assert!(
        dumped.status.success(),
        "{}",
        String::from_utf8_lossy(&dumped.stderr)
    );
    String::from_utf8(dumped.stdout).unwrap().to_lowercase()
}
