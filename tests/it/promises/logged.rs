//! P6, personal data is sealed: what the program logs at the level `trace`.

use candor::campaign::CampaignKind;
use candor::link::StatusLink;
use candor::person::find::{Clue, find};

use crate::house::House;
use crate::mail::Scratch;
use crate::operations::processes::until_completed;
use crate::people::Scene;
use crate::program::Program;

const LIST: &str = "reference,email,name,locale,jurisdiction,postcode,elements,address\n\
    QX-LOG-1,zebulon.log@quagga.example,Zebulon Winterbottom,en,US-WA,ZQX-9,name;ssn,12 Quagga Crescent\n\
    QX-LOG-2,not an address of Wilhelmina,Wilhelmina Plank,en,US-WA,ZQX-8,name,13 Quagga Crescent\n";

/// Reads a status page, and finds a person in three ways.
async fn read_pages(program: &Program, token: &str, key: &str) {
    let (base, link, bearer) = (program.base(), token.to_owned(), key.to_owned());
    let asked = tokio::task::spawn_blocking(move || {
        let page = ureq::get(format!("{base}/s/{link}")).call().unwrap();
        let people = format!("{base}/api/v1/incidents/sundmere/people");
        let looks = [
            "email=zebulon.log%40quagga.example",
            "reference=QX-LOG-1",
            "name=Zebulon%20Winterbottom&postcode=ZQX-9",
        ];
        let found = looks.map(|clue| {
            let call = ureq::get(format!("{people}?{clue}"))
                .header("authorization", format!("Bearer {bearer}"));
            call.call().unwrap().status().as_u16()
        });
        (page.status().as_u16(), found)
    });
    assert_eq!(asked.await.unwrap(), (200, [200; 3]));
}

#[tokio::test(flavor = "multi_thread")]
async fn p6_the_log_contains_no_personal_data_at_any_level() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    let scratch = Scratch::new();
    let at = |name: &str| scratch.path().join(name);
    std::fs::write(at("list.csv"), LIST).unwrap();
    let program = Program::of(&house)
        .with_relay("folder", &format!("file://{}", at("mail").display()), 1)
        .with("CANDOR__LOG__LEVEL", "trace");
    let (list, rejects) = (at("list.csv"), at("rejects.csv"));
    let imported = program.run(&[
        "import",
        "--incident",
        "sundmere",
        "--activate",
        "--confirm-rejects",
        "--rejects",
        rejects.to_str().unwrap(),
        list.to_str().unwrap(),
    ]);
    assert!(imported.status.success());
    let key = program.ok(&["key", "create", "--name", "reader", "--role", "comms"]);
    let key = key.lines().last().unwrap().to_owned();

    let log = at("run.log");
    let mut running = program.start_logged("run", &log);
    running.until_ready(&program).await;
    scene.launched(&house, CampaignKind::Initial).await;
    until_completed(&house).await;
    let clue = Clue::Reference("QX-LOG-1".to_owned());
    let person = find(&house.app, scene.incident, &clue)
        .await
        .unwrap()
        .remove(0);
    let (person, epoch) = (person.id, person.link_epoch);
    let token = StatusLink { person, epoch }.token(&house.app.keys);
    read_pages(&program, &token, &key).await;
    assert_eq!(running.terminate().await.code(), Some(0));

    let log = std::fs::read_to_string(log).unwrap() + &String::from_utf8_lossy(&imported.stderr);
    let log = log.to_lowercase();
    assert!(log.contains("trace") && log.len() > 1_000, "it says much");
    for secret in [
        "zebulon",
        "winterbottom",
        "quagga",
        "qx-log",
        "zqx-",
        "wilhelmina",
        &token,
        &key,
        &"07".repeat(32),
    ] {
        assert!(
            !log.contains(&secret.to_lowercase()),
            "{secret} is in the log"
        );
    }
}
