//! Default settings that people would see, and imports of dead processes: what pages and commands say of them.

use candor::actor::{Actor, System};
use candor::address::EmailAddress;
use candor::campaign::{CampaignKind, UncertainPolicy};
use candor::staff::password::{Cost, Password};
use candor::staff::{StaffRole, manage};

use crate::client::Site;
use crate::house::House;
use crate::mail::Scratch;
use crate::people::{Scene, list};
use crate::program::Program;

#[tokio::test(flavor = "multi_thread")]
async fn l10_check_and_letter_lists_warn_of_defaults_that_would_go_out() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene
        .import(
            &house,
            "reference,name,elements,address,postcode\nA-1,Ann,name;ssn,1 Way,98101\n",
        )
        .await;
    let email = EmailAddress::parse("c@sundmere.example").unwrap();
    let hash = Password::generate().hash(Cost::LIGHT).await;
    let by = Actor::System(System::Cli);
    manage::add(&house.app, by, "Comms", &email, &[StaffRole::Comms], &hash)
        .await
        .unwrap();
    let program = Program::of(&house)
        .with_relay("relay", "file:///tmp/candor-never-written", 1)
        .without("CANDOR__ORGANISATION__NAME");
    let said = program.ok(&["check"]);
    assert!(said.contains("warn defaults"), "{said}");
    assert!(said.contains("http.public_url") && said.contains("organisation.name"));
    assert!(
        !said.contains("organisation.from_address"),
        "that is set: {said}"
    );
    let scratch = Scratch::new();
    let out = scratch.path().join("letters.csv").display().to_string();
    let words = [
        "letters",
        "--incident",
        "sundmere",
        "--out",
        &out,
        "--as",
        "c@sundmere.example",
        "--anyway",
    ];
    let output = program.run(&words);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    assert!(errors.contains("warning: organisation.name"), "{errors}");
    assert!(errors.contains("warning: http.public_url"), "{errors}");
}

#[tokio::test(flavor = "multi_thread")]
async fn l10_a_campaign_that_is_not_launched_shows_the_defaults_that_would_go_out() {
    let house = House::with("[http]\npublic_url = \"http://127.0.0.1:8080\"\n").await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(2, "name;ssn")).await;
    let draft = scene
        .draft(&house, CampaignKind::Initial, UncertainPolicy::Resend)
        .await;
    let site = Site::open(&house.app).await;
    let browser = site.signed_in("cora", &[StaffRole::Comms]).await;
    let page = browser.get(&format!("/console/campaigns/{draft}")).body;
    assert!(page.contains("Not set yet") && page.contains("http.public_url"));
    scene.launch(&house, draft).await;
    let page = browser.get(&format!("/console/campaigns/{draft}")).body;
    assert!(!page.contains("Not set yet"));
}

#[tokio::test(flavor = "multi_thread")]
async fn z7_an_import_that_died_says_so_in_the_list_and_to_the_page_that_waits() {
    let (house, scene, site) = Scene::open("").await;
    let browser = site.signed_in("cora", &[StaffRole::Comms]).await;
    house
        .sql(&format!(
            "insert into scope_version (incident_id, version, mode, status, accepted, created_by, created_at)
             values ('{}', 1, 'full', 'importing', 7, '{}', now())",
            scene.incident.uuid(),
            scene.comms.uuid()
        ))
        .await;
    let rows = || {
        let waits = browser.get("/console/incidents/sundmere/importing");
        waits.json()["rows"].clone()
    };
    let listed = || browser.get("/console/incidents/sundmere").body;
    assert!(listed().contains("import died"));
    assert_eq!(rows(), 0);
    let page = browser.get("/console/incidents/sundmere/scopes/1").body;
    assert!(page.contains("import died") && page.contains("rows before it died"));
    let client = house.raw().await;
    let lock = scene.incident.uuid().as_u64_pair().1.cast_signed();
    client
        .execute("select pg_advisory_lock($1)", &[&lock])
        .await
        .unwrap();
    assert!(!listed().contains("import died"));
    assert_eq!(rows(), 7);
}
