//! The fact sheet: saving publishes nothing. Publishing is an act of its own, after a preview of what changes where.

use candor::campaign::CampaignKind;
use candor::incident::{Facts, UpdateKind, steer, store};
use candor::staff::StaffRole::Comms;
use serde_json::json;

use crate::client::{ApiClient, Browser, unlabelled};
use crate::house::House;
use crate::incident::closing::version;
use crate::people::{Scene, list};

const AT: &str = "/console/incidents/sundmere";

fn sheet(pairs: &[(&str, &str)]) -> Facts {
    let pair = |(key, text): &(&str, &str)| ((*key).to_owned(), (*text).to_owned());
    pairs.iter().map(pair).collect()
}

async fn save(house: &House, scene: &Scene, title: &str, pairs: &[(&str, &str)]) {
    scene.edit_facts(house, title, &sheet(pairs)).await;
}

/// Publishes a first update.
async fn say(house: &House, scene: &Scene) {
    let (app, kind) = (&house.app, UpdateKind::Known);
    steer::publish(app, scene.comms, scene.incident, kind, "We know.", None)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn t11_saved_facts_are_public_nowhere_until_they_are_published_after_a_preview() {
    let (house, scene, site) = Scene::open("").await;
    let (browser, comms) = (site.browser(), site.signed_in("ada", &[Comms]).await);
    scene.import(&house, &list(1, "name")).await;
    let mine = scene.status_page(&house, "R-00000").await.1;
    save(
        &house,
        &scene,
        "Theft of data",
        &[("what", "Alpha."), ("when", "In May."), ("same", "Stays.")],
    )
    .await;
    say(&house, &scene).await;
    let everywhere = || {
        [
            "/",
            "/incidents/sundmere",
            "/incidents/sundmere/feed.xml",
            &mine,
        ]
        .map(|page| browser.get(page).body)
        .join("\n")
    };
    assert!(everywhere().contains("We know.") && !everywhere().contains("Alpha."));
    let preview = comms.get(&format!("{AT}/facts/publish")).body;
    assert!(
        preview.contains("No fact of this incident is public yet."),
        "{preview}"
    );
    assert!(preview.contains(">new</td>") && preview.contains("Alpha."));
    let seen = version(&house, scene.incident).await.to_string();
    let to = format!("{AT}/facts/publish");
    let done = comms.submit(AT, &to, &[("version", &seen)]);
    assert!(
        comms
            .follow(&done)
            .body
            .contains("The fact sheet is public")
    );
    for page in ["/incidents/sundmere", &mine] {
        assert!(browser.get(page).body.contains("Alpha."), "{page}");
    }

    changes_are_previewed(&house, &scene, &comms, &everywhere).await;

    // Another account saves between the preview and the act: the act would publish something other than the preview
    // showed.
    let seen = version(&house, scene.incident).await.to_string();
    save(&house, &scene, "Theft of more data", &[("what", "Delta.")]).await;
    assert_eq!(comms.submit(AT, &to, &[("version", &seen)]).status, 409);
    assert!(!everywhere().contains("Delta."));

    let program = site.program(&[Comms]).await;
    publishes_by_the_api(&program, &everywhere);
    let noted = "select count(*) from audit_event where action = 'incident.publish_facts' and detail::jsonb = \
        '{\"added\": [], \"changed\": [\"what\"], \"removed\": [\"same\", \"when\"], \"title\": true}'";
    assert_eq!(house.number(noted).await, 1);
}

/// Saves other facts, and reads the preview.
async fn changes_are_previewed(
    house: &House,
    scene: &Scene,
    comms: &Browser,
    everywhere: &impl Fn() -> String,
) {
    // The next save changes nothing in public; the preview tells old from new, and where.
    let facts = [
        ("what", "Beta."),
        ("what_es", "Gamma."),
        ("same", "Stays."),
        ("next_update", "2026-12-24"),
    ];
    save(house, scene, "Theft of more data", &facts).await;
    for secret in ["Beta.", "Gamma.", "24 December", "more data"] {
        assert!(!everywhere().contains(secret), "{secret}");
    }
    let mut conn = house.app.db.get().await.unwrap();
    let found = store::find(&mut conn, scene.incident).await.unwrap();
    assert_eq!(
        found.unpublished_facts(),
        ["next_update", "what", "what_es"]
    );
    let page = comms.get(AT).body;
    assert!(page.contains("5 changes are not public."), "{page}");
    let preview = unlabelled(&comms.get(&format!("{AT}/facts/publish")).body);
    for words in [
        "<dd dir=\"auto\">Theft of data</dd>",
        "<dd dir=\"auto\">Theft of more data</dd>",
        "<td>changed</td><td class=\"words\" dir=\"auto\">Alpha.</td><td class=\"words\" dir=\"auto\">Beta.</td>\
         <td>public page, status pages</td>",
        "<td>new</td><td class=\"words\" dir=\"auto\">–</td><td class=\"words\" dir=\"auto\">Gamma.</td>\
         <td>status pages of people who read “es”</td>",
        "<td>removed</td><td class=\"words\" dir=\"auto\">In May.</td>",
        "front page, public page, status pages",
        "Unchanged: 1.",
    ] {
        assert!(preview.contains(words), "{words}: {preview}");
    }
}

/// Publishes with the version that was seen, and only with it.
fn publishes_by_the_api(program: &ApiClient, everywhere: &impl Fn() -> String) {
    let publish = |version: serde_json::Value| {
        program.post(
            "/incidents/sundmere/facts/publish",
            &json!({ "version": version }),
        )
    };
    assert_eq!(publish(json!(null)).status, 428);
    assert_eq!(publish(json!(1)).status, 409);
    let shown = program.get("/incidents/sundmere").json();
    assert_eq!(shown["unpublished"], json!(["what"]));
    assert_eq!(shown["published"]["facts"]["what"], "Alpha.");
    let done = publish(shown["version"].clone()).json();
    assert_eq!(
        (&done["unpublished"], &done["published"]["title"]),
        (&json!([]), &json!("Theft of more data"))
    );
    assert!(everywhere().contains("Delta.") && everywhere().contains("Theft of more data"));
    let again = publish(done["version"].clone());
    assert!(again.status == 409 && again.body.contains("public already"));
}

#[tokio::test(flavor = "multi_thread")]
async fn t11_an_update_is_previewed_and_publishes_only_itself() {
    let (house, scene, site) = Scene::open("").await;
    let comms = site.signed_in("ada", &[Comms]).await;
    save(&house, &scene, "Theft of data", &[("what", "Alpha.")]).await;
    let typed = [
        ("kind", "known"),
        ("text", "We <know>."),
        ("next_on", "2026-12-01"),
    ];
    let to = format!("{AT}/updates");
    let seen = comms.submit(AT, &to, &[&typed[..], &[("act", "preview")]].concat());
    assert_eq!(seen.status, 200);
    for words in [
        "What will be published",
        "We &#60;know&#62;.",
        "Next update: Tuesday 1 December 2026.",
        "It makes the incident’s page public.",
        "value=\"2026-12-01\"",
    ] {
        assert!(seen.body.contains(words), "{words}: {}", seen.body);
    }
    assert_eq!(
        house.number("select count(*) from incident_update").await,
        0
    );
    let empty = comms.submit(
        AT,
        &to,
        &[("kind", "known"), ("text", " "), ("act", "preview")],
    );
    assert_eq!(empty.status, 422);
    assert_eq!(comms.submit(AT, &to, &typed).status, 303);
    let page = site.browser().get("/incidents/sundmere").body;
    assert!(page.contains("We &#60;know&#62;.") && !page.contains("Alpha."));
}

#[tokio::test(flavor = "multi_thread")]
async fn t11_a_public_title_stays_until_another_is_published_also_without_facts() {
    let (house, scene, site) = Scene::open("").await;
    save(&house, &scene, "Working title", &[]).await;
    say(&house, &scene).await;
    let page = || site.browser().get("/incidents/sundmere").body;
    assert!(page().contains("Working title"));
    save(&house, &scene, "A graver title", &[]).await;
    assert!(page().contains("Working title") && !page().contains("graver"));
    let at = version(&house, scene.incident).await;
    steer::publish_facts(&house.app, scene.comms, scene.incident, at)
        .await
        .unwrap();
    assert!(page().contains("A graver title"));
}

/// D11: what the dashboard says of people who have no means of contact.
#[tokio::test(flavor = "multi_thread")]
async fn d11_the_dashboard_names_people_without_a_campaign_uncertain_notices_letters_and_supplements()
 {
    let (house, scene, site) = Scene::open("").await;
    let comms = site.signed_in("ada", &[Comms]).await;
    use candor::incident::IncidentState::{Confirmed, Scoping};
    crate::incident::closing::go_through(&house, &scene, &[Confirmed, Scoping]).await;
    let people = list(3, "name") + "L-1,,Lee,en,US-WA,name\n";
    scene.import(&house, &people).await;
    let board = || comms.get("/console").body;
    let unreached = "Theft of data: 3 people are in progress, and no campaign will reach them.";
    assert!(board().contains(unreached), "{}", board());
    assert!(board().contains("Theft of data: 1 person needs a letter."));

    // While a campaign waits for approval or its audience is incomplete, the number is unknown.
    let campaign = scene.launched(&house, CampaignKind::Initial).await;
    assert!(!board().contains("no campaign will reach"), "{}", board());
    house.send_all().await;
    assert!(!board().contains("no campaign will reach"));
    // One of the three is uncertain, as a dead sender leaves it.
    house
        .sql(
            "update campaign_count set n = n - 1 where status = 'sent'; \
             insert into campaign_count (campaign_id, status, n) select id, 'uncertain', 1 from campaign \
             on conflict (campaign_id, status) do update set n = campaign_count.n + 1; \
             update notice set status = 'uncertain' where id = (select id from notice where status = 'sent' limit 1); \
             update outcome set result = 'uncertain' where settled and (bucket, notice_id) in ( \
                 select bucket, id from notice where status = 'uncertain'); \
             update person_since set named = 0 where (bucket, person_id) in ( \
                 select bucket, person_id from notice where status = 'uncertain'); \
             update account_count set n = n + 2 where standing = 'in_progress'",
        )
        .await;
    let left = house
        .number("select coalesce(sum(n), 0) from account_count where standing = 'in_progress'")
        .await;
    let shown = board();
    assert!(
        shown.contains(
            "1 notice was left uncertain, and its person was not told since: it may have arrived."
        ),
        "{shown}"
    );
    assert!(shown.contains(&format!(
        "/console/campaigns/{campaign}/notices?status=uncertain"
    )));
    let rest = match left - 1 {
        1 => "at least 1 person is in progress".to_owned(),
        n => format!("at least {n} people are in progress"),
    };
    assert!(
        shown.contains(&format!(
            "Theft of data: {rest}, and no campaign will reach them."
        )),
        "{left}: {shown}"
    );
}
