//! The comms team's side of the console without script: filling in forms and pressing buttons.

use candor::staff::StaffRole::{Agent, Approver, Auditor, Comms};

use crate::client::{Browser, PASSWORD, Seen, Site};
use crate::house::House;

const LIST: &str = "reference,email,name,elements\n\
    A-1,ana@example.org,Ana <b>,name;ssn\n\
    A-2,bo@example.org,Bo,name\n\
    A-3,nowhere,Cy,shoe_size\n";

#[track_caller]
fn shows(seen: &Seen, status: u16, words: &[&str]) {
    assert_eq!(seen.status, status, "{}", seen.body);
    for word in words {
        assert!(
            seen.body.contains(word),
            "“{word}” is not on the page: {}",
            seen.body
        );
    }
}

/// Presses a button of a campaign's page; the form carries what the page showed.
fn press(browser: &Browser, campaign: &str, action: &str) -> Seen {
    let page = browser.get(campaign);
    let hidden = |name: &str| {
        let (_, rest) = page
            .body
            .split_once(&format!("name=\"{name}\" value=\""))
            .expect("a button");
        rest.split_once('"').unwrap().0.to_owned()
    };
    let (version, hash) = (hidden("version"), hidden("content_hash"));
    let fields = [
        ("csrf", page.csrf()),
        ("version", &version),
        ("content_hash", &hash),
        ("password", PASSWORD),
    ];
    browser.post(&format!("{campaign}/{action}"), &fields, &[])
}

/// An incident with a list in force, and a template; returns the template's path.
fn prepared(comms: &Browser) -> String {
    let fields = [
        ("title", "Theft of data"),
        ("slug", "sundmere"),
        ("what_happened", "Somebody got in."),
    ];
    let opened = comms.submit("/console/incidents", "/console/incidents", &fields);
    shows(
        &comms.follow(&opened),
        200,
        &["Theft of data", "The incident is open"],
    );
    import_list(comms);
    let begun = comms.submit(
        "/console/templates",
        "/console/templates",
        &[("name", "First"), ("locale", "en")],
    );
    assert_eq!(begun.status, 303, "{}", begun.body);
    begun.goal()
}

/// Imports a list with a bad row, reads why, and activates it without that row.
fn import_list(comms: &Browser) {
    let import = "/console/incidents/sundmere/import";
    let uploaded = comms.upload(
        import,
        "/console/incidents/sundmere/scopes",
        &[("mode", "full")],
        LIST,
    );
    let report = comms.follow(&uploaded);
    shows(
        &report,
        200,
        &[
            "Scope v1",
            "4 lines = 1 header + 2 accepted + 1 refused + 0 blank",
            "There is no element “shoe_size”.",
            ">nowhere<",
            "Activate",
        ],
    );
    let at = "/console/incidents/sundmere/scopes/1";
    let rejects = comms.get(&format!("{at}/rejects"));
    shows(
        &rejects,
        200,
        &[
            "reference,email,name,elements,line,column,reason",
            "A-3,nowhere,Cy,shoe_size,4,",
        ],
    );
    let unsure = comms.submit(at, &format!("{at}/activate"), &[]);
    shows(
        &unsure,
        422,
        &[
            "As it is now: 1 of 3 rows were refused",
            "Activate with these changes",
        ],
    );
    let sure = [("rejected", "1")];
    let activated = comms.submit(at, &format!("{at}/activate"), &sure);
    shows(
        &comms.follow(&activated),
        200,
        &["This version is in force"],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_is_prepared_approved_and_watched_in_the_console() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    let comms = site.signed_in("comms", &[Comms, Approver]).await;
    let approver = site.signed_in("approver", &[Approver]).await;
    let template = prepared(&comms);
    write_template(&comms, &approver, &template);
    let campaign = draft_and_launch(&comms, &approver, &template);
    house.send_all().await;
    watch(&comms, &campaign);
    read_people(&comms, &approver, &campaign);
}

/// A wrong text is refused and kept; a right one is previewed, also for a real person.
fn write_template(comms: &Browser, approver: &Browser, template: &str) {
    let words = [
        ("locale", "en"),
        ("subject", "Notice"),
        ("body", "Dear {{ name }}, {{ oops }}"),
    ];
    let saved = comms.submit(template, &format!("{template}/versions"), &words);
    shows(
        &saved,
        422,
        &["no placeholder “oops”", "Dear {{ name }}, {{ oops }}"],
    );
    let words = [
        ("locale", "en"),
        ("subject", "Notice"),
        ("body", "Dear {{ name }}, {{ elements }}."),
    ];
    let saved = comms.submit(template, &format!("{template}/versions"), &words);
    shows(&comms.follow(&saved), 200, &["Version 2", "Alex Example"]);
    let real = "?locale=en&incident=sundmere&reference=A-1";
    shows(
        &comms.get(&format!("{template}{real}")),
        200,
        &["the person with reference A-1"],
    );
    assert_eq!(approver.get(&format!("{template}{real}")).status, 403);
    let html = comms.get(&format!("{template}/preview{real}"));
    shows(&html, 200, &["Ana &lt;b&gt;"]);
    assert!(
        html.header("content-security-policy")
            .starts_with("sandbox")
    );
}

/// Drafts, submits, approves and launches; returns the path of the campaign.
fn draft_and_launch(comms: &Browser, approver: &Browser, template: &str) -> String {
    let id = template.rsplit('/').next().unwrap();
    let fields = [
        ("incident", "sundmere"),
        ("template", id),
        ("kind", "initial"),
        ("audience", ""),
        ("rate", "fast"),
    ];
    let page = "/console/campaigns";
    shows(
        &comms.submit(page, page, &fields),
        422,
        &["Enter a whole number", "value=\"fast\""],
    );
    let drafted = comms.submit(page, page, &[&fields[..4], &[("rate", "0")]].concat());
    let campaign = drafted.goal();
    shows(
        &comms.follow(&drafted),
        200,
        &["Submit for approval", "of 2 sent"],
    );
    shows(
        &press(comms, &campaign, "submit"),
        422,
        &["The incident is suspected", "Who reads what"],
    );
    let at = "/console/incidents/sundmere";
    comms.submit(at, &format!("{at}/state"), &[("to", "confirmed")]);
    assert_eq!(press(comms, &campaign, "submit").status, 303);
    shows(
        &comms.get(&campaign),
        200,
        &[
            "A second person must approve what you wrote or submitted.",
            "Take back",
        ],
    );
    assert_eq!(press(comms, &campaign, "approve").status, 403);
    shows(
        &approver.get("/console"),
        200,
        &["waits for a second person"],
    );
    let (page, to) = (
        format!("{campaign}/approval"),
        format!("{campaign}/approve"),
    );
    let approved = approver.submit(&page, &to, &[("password", PASSWORD)]);
    assert_eq!(approved.status, 303, "{}", approved.body);
    assert_eq!(press(comms, &campaign, "launch").status, 303);
    shows(&comms.get("/console"), 200, &["Running"]);
    campaign
}

/// The page of the campaign, and its event stream.
fn watch(comms: &Browser, campaign: &str) {
    let done = comms.get(campaign);
    shows(
        &done,
        200,
        &[
            "completed",
            "2</b> <span data-live=\"of\">of 2 sent</span>",
            "100 % done",
        ],
    );
    let live = comms.get(&format!("{campaign}/live"));
    shows(
        &live,
        200,
        &[
            "event: progress\ndata: {",
            "\"status\":\"completed\"",
            "\"sent\":\"2\"",
        ],
    );
    assert_eq!(live.header("content-type"), "text/event-stream");
}

/// From the notices of the campaign to a person, and which roles may read that.
fn read_people(comms: &Browser, approver: &Browser, campaign: &str) {
    let notices = comms.get(&format!("{campaign}/notices?status=sent"));
    shows(&notices, 200, &["A-1", "A-2"]);
    assert!(!notices.body.contains("ana@example.org"));
    let (_, rest) = notices.body.split_once("/console/notices/").unwrap();
    let notice = rest.split_once('"').unwrap().0;
    let seen = comms.get(&format!("/console/notices/{notice}"));
    shows(&seen, 200, &["Attempts", "accepted"]);
    // The page of a notice links to its person; a role without the right to see people gets no link.
    let (_, rest) = seen.body.split_once("/console/people/").unwrap();
    let person = format!("/console/people/{}", rest.split_once('"').unwrap().0);
    let ledger = comms.get(&person);
    let told = ["A-", "Notice of data breach", "sent", "v1: ", notice];
    shows(&ledger, 200, &told);
    assert!(!ledger.body.contains("@example.org"));
    assert_eq!(approver.get(&person).status, 403);
    let seen = approver.get(&format!("/console/notices/{notice}"));
    assert!(seen.status == 200 && !seen.body.contains("/console/people/"));
    let nobody = "/console/people/per_00000000000070008000000000000001";
    assert_eq!(comms.get(nobody).status, 404);
    shows(
        &comms.get("/console/incidents/sundmere"),
        200,
        &["everyone is accounted for", "activated a list"],
    );
}

fn an_update_says_when_the_next_one_comes(comms: &Browser, at: &str) {
    let update = [
        ("kind", "known"),
        ("text", "We know."),
        ("next_on", "2020-01-01"),
    ];
    shows(
        &comms.submit(at, &format!("{at}/updates"), &update),
        422,
        &["not past", "We know."],
    );
    let update = [
        ("kind", "being_checked"),
        ("text", "We count."),
        ("next_on", "2026-12-01"),
    ];
    let published = comms.submit(at, &format!("{at}/updates"), &update);
    shows(
        &comms.follow(&published),
        200,
        &["being checked", "Next update: Tuesday 1 December 2026."],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn typed_text_is_kept_and_the_page_says_what_another_account_changed() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    let comms = site.signed_in("comms", &[Comms]).await;
    let bad = [
        ("title", "Two <words>"),
        ("slug", "Not A Slug"),
        ("what_happened", "Long words."),
    ];
    let page = "/console/incidents";
    shows(
        &comms.submit(page, page, &bad),
        422,
        &["Two &#60;words&#62;", "Not A Slug", "Long words."],
    );
    prepared(&comms);
    let at = "/console/incidents/sundmere";
    let facts = [
        ("version", "99"),
        ("key", "new_fact"),
        ("value", "Words to keep."),
    ];
    shows(
        &comms.submit(at, &format!("{at}/facts"), &facts),
        409,
        &["Words to keep."],
    );
    an_update_says_when_the_next_one_comes(&comms, at);
    let list = "reference,ssn\n1,2\n";
    let refused = comms.upload(
        &format!("{at}/import"),
        &format!("{at}/scopes"),
        &[("mode", "delta")],
        list,
    );
    shows(&refused, 422, &["ssn", "value=\"delta\" checked"]);
    let moved = comms.submit(at, &format!("{at}/state"), &[("to", "confirmed")]);
    shows(
        &comms.follow(&moved),
        200,
        &["The incident is now confirmed.", "Start scoping"],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_emergency_stop_is_on_every_page() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    let approver = site.signed_in("approver", &[Approver]).await;
    let stopped = approver.submit("/console", "/console/stop", &[]);
    shows(
        &approver.follow(&stopped),
        200,
        &["All sending is stopped, ", "by approver"],
    );
    let auditor = site.signed_in("auditor", &[Auditor]).await;
    shows(
        &auditor.get("/console/templates"),
        200,
        &["No message leaves"],
    );
    let agent = site.signed_in("agent", &[Agent]).await;
    assert_eq!(agent.submit("/console", "/console/start", &[]).status, 403);
    let started = approver.submit("/console", "/console/start", &[]);
    shows(
        &approver.follow(&started),
        200,
        &["Sending is allowed again"],
    );
}
