//! Forms that were opened before another session changed their subject (B15, B16, B17), and what pages say of flags
//! (E21) and of approvals (E26).

use candor::staff::StaffRole::Comms;

use crate::client::{Browser, Seen, Site};
use crate::house::House;

const AT: &str = "/console/incidents/sundmere";

/// An incident with a draft of one person.
fn drafted(comms: &Browser) {
    let fields = [
        ("title", "Theft of data"),
        ("slug", "sundmere"),
        ("what_happened", "Somebody got in."),
    ];
    let opened = comms.submit("/console/incidents", "/console/incidents", &fields);
    assert_eq!(opened.status, 303, "{}", opened.body);
    add(
        comms,
        "",
        "reference,email,elements,flags\nr1,a@example.org,name,hold\n",
    );
}

fn add(comms: &Browser, query: &str, list: &str) {
    let (page, to) = (format!("{AT}/import"), format!("{AT}/scopes{query}"));
    let sent = comms.upload(&page, &to, &[("mode", "delta")], list);
    assert_eq!(sent.status, 303, "{}", sent.body);
}

/// The fields that the form of `action` on this page sends.
fn fields(page: &Seen, action: &str) -> Vec<(String, String)> {
    let (_, form) = page
        .body
        .split_once(&format!("/scopes/1/{action}\""))
        .expect("a form");
    let form = form.split("</form>").next().unwrap();
    let inputs = form.split(" name=\"").skip(1).filter_map(|rest| {
        let (name, rest) = rest.split_once("\" value=\"")?;
        Some((name.to_owned(), rest.split_once('"')?.0.to_owned()))
    });
    inputs.collect()
}

fn send(comms: &Browser, action: &str, fields: &[(String, String)]) -> Seen {
    let fields: Vec<_> = fields
        .iter()
        .map(|(n, v)| (n.as_str(), v.as_str()))
        .collect();
    let same_site = [("sec-fetch-site", "same-origin")];
    comms.post(&format!("{AT}/scopes/1/{action}"), &fields, &same_site)
}

#[tokio::test(flavor = "multi_thread")]
async fn b15_b16_a_form_about_a_draft_that_has_changed_since_does_nothing_and_says_what_changed() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    let comms = site.signed_in("comms", &[Comms]).await;
    drafted(&comms);
    let seen = comms.get(&format!("{AT}/scopes/1"));
    let before = comms.get(&format!("{AT}/import"));
    let old: Vec<_> = ["activate", "discard"]
        .map(|action| (action, fields(&seen, action)))
        .into();
    add(
        &comms,
        "?draft=add",
        "reference,email,elements,flags\nr2,b@example.org,name,\n",
    );
    for (action, form) in &old {
        assert!(form.iter().any(|(name, _)| name == "revision"), "{form:?}");
        let refused = send(&comms, action, form);
        assert_eq!(refused.status, 422, "{}", refused.body);
        assert!(
            refused.body.contains("2 accepted and 0 refused rows now"),
            "{}",
            refused.body
        );
    }
    // The import page discards a draft too.
    let (_, seen) = before
        .body
        .split_once("draft=replace&amp;seen=")
        .expect("a button");
    let seen = seen.split_once('"').unwrap().0;
    let (page, to) = (
        format!("{AT}/import"),
        format!("{AT}/scopes?draft=replace&seen={seen}"),
    );
    let list = "reference,elements\nr9,name\n";
    let refused = comms.upload(&page, &to, &[("mode", "full")], list);
    assert_eq!(refused.status, 409, "{}", refused.body);
    assert_eq!(house.number("select count(*) from person").await, 0);
    let draft = "select count(*) from scope_version where status = 'draft' and accepted = 2";
    assert_eq!(house.number(draft).await, 1);
    let now = comms.get(&format!("{AT}/scopes/1"));
    // E21: a first draft says how many people have which flag.
    assert!(now.body.contains("By flag"), "{}", now.body);
    let done = send(&comms, "activate", &fields(&now, "activate"));
    assert_eq!(done.status, 303, "{}", done.body);
    assert_eq!(house.number("select count(*) from person").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn e24_the_page_asks_by_number_whether_it_is_the_same_person_or_another_one_or_not_now() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    let comms = site.signed_in("comms", &[Comms]).await;
    drafted(&comms);
    let first = comms.get(&format!("{AT}/scopes/1"));
    assert_eq!(
        send(&comms, "activate", &fields(&first, "activate")).status,
        303
    );
    let named = "reference,email,name,elements\nr1,a@example.org,Ann,name\n";
    add(&comms, "", named);
    let second = format!("{AT}/scopes/2");
    assert_eq!(
        comms
            .submit(&second, &format!("{second}/activate"), &[])
            .status,
        303
    );
    add(
        &comms,
        "",
        "reference,email,name,elements\nr1,b@example.org,Bob,name\n",
    );
    let third = format!("{AT}/scopes/3");
    let page = comms.get(&third).body;
    for answer in ["same:1", "another:1", "later"] {
        assert!(
            page.contains(&format!("name=\"identity\" value=\"{answer}\"")),
            "{page}"
        );
    }
    let activate = format!("{third}/activate");
    assert_eq!(comms.submit(&third, &activate, &[]).status, 422);
    let later = comms.submit(&third, &activate, &[("identity", "later")]);
    assert!(
        comms
            .follow(&later)
            .body
            .contains("The draft is still a draft")
    );
    let wrong = comms.submit(&third, &activate, &[("identity", "another:2")]);
    assert_eq!(wrong.status, 422, "{}", wrong.body);
    let done = comms.submit(&third, &activate, &[("identity", "another:1")]);
    assert!(
        comms
            .follow(&done)
            .body
            .contains("the former people were removed from the scope")
    );
    assert_eq!(house.number("select count(*) from person").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn b17_a_template_that_another_account_has_saved_is_not_overwritten() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    let comms = site.signed_in("comms", &[Comms]).await;
    let begun = comms.submit(
        "/console/templates",
        "/console/templates",
        &[("name", "First"), ("locale", "en")],
    );
    let at = begun.goal();
    let page = comms.get(&at);
    let (csrf, to) = (page.csrf().to_owned(), format!("{at}/versions"));
    assert!(
        page.body.contains("name=\"version\" value=\"1\""),
        "{}",
        page.body
    );
    let save = |version: &str, body: &str| {
        let form = [
            ("csrf", csrf.as_str()),
            ("version", version),
            ("locale", "en"),
            ("subject", "Your data"),
            ("body", body),
        ];
        comms.post(&to, &form, &[("sec-fetch-site", "same-origin")])
    };
    assert_eq!(save("1", "{{ elements }} Words of one.").status, 303);
    let refused = save("1", "{{ elements }} Words of the other.");
    assert_eq!(refused.status, 409, "{}", refused.body);
    for words in [
        "version 2 was saved since version 1 was opened",
        "comms wrote a version just now: ",
        "Words of the other.",
        "name=\"version\" value=\"2\"",
    ] {
        assert!(refused.body.contains(words), "“{words}”: {}", refused.body);
    }
    assert!(comms.get(&at).body.contains("Words of one."));
    assert_eq!(save("2", "{{ elements }} Words of both.").status, 303);
    assert!(comms.get(&at).body.contains("Words of both."));
}

#[tokio::test(flavor = "multi_thread")]
async fn b17_a_program_that_says_on_what_its_version_is_based_gets_409_with_what_changed() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    let program = site.program(&[Comms]).await;
    let text = |body: &str| serde_json::json!({ "en": { "subject": "Your data", "body": body } });
    let new = serde_json::json!({ "name": "First", "variants": text("{{ elements }} One.") });
    let id = program.post("/templates", &new).json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let to = format!("/templates/{id}/versions");
    let next = |body: &str| serde_json::json!({ "variants": text(body), "based_on": 1 });
    assert_eq!(program.post(&to, &next("{{ elements }} Two.")).status, 201);
    let refused = program.post(&to, &next("{{ elements }} Three."));
    assert_eq!(refused.status, 409, "{}", refused.body);
    let why = refused.json();
    assert_eq!(why["changed"], serde_json::json!(["en: body"]));
    assert_eq!(why["type"], "urn:candor:problem:changed");
    let free = serde_json::json!({ "variants": text("{{ elements }} Four.") });
    assert_eq!(program.post(&to, &free).status, 201, "as it was before");
}

#[tokio::test(flavor = "multi_thread")]
async fn e21_e26_the_import_page_explains_flags_and_a_saved_sheet_speaks_of_approvals_only_if_there_are()
 {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    let comms = site.signed_in("comms", &[Comms]).await;
    drafted(&comms);
    let page = comms.get(&format!("{AT}/import")).body;
    for (flag, means) in candor::person::flags::MEANS {
        assert!(
            page.contains(&format!("<code>{flag}</code>")) && page.contains(means),
            "{page}"
        );
    }
    let facts = [("key", "when"), ("value", "On Monday.")];
    let saved = comms.submit(AT, &format!("{AT}/facts"), &facts);
    let said = comms.follow(&saved).body;
    assert!(said.contains("The fact sheet is saved."), "{said}");
    assert!(
        !said.contains("Approvals given before are void"),
        "there were none: {said}"
    );
}
