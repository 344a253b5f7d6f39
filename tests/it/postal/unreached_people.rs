//! The dashboard, the incident and the page of letters show people that no e-mail reaches.

use candor::incident::IncidentState::{Closed, Monitoring, Notifying, Scoping};
use candor::incident::open::Untold;
use candor::incident::steer::{self, Step};
use candor::incident::{IncidentState, store as incidents};
use candor::postal::{How, PostalKind, Telling, post};
use candor::staff::StaffRole;

use super::{Post, day};
use crate::client::{Browser, Site};
use crate::html::{has, lacks};

const TODAY: &str = "2026-11-23";
const AT: &str = "/console/incidents/sundmere";
const LETTERS: &str = "/console/incidents/sundmere/letters";

fn row(reference: &str, email: &str, address: &str, flags: &str) -> String {
    format!("{reference},{email},{reference},1,{address},en,US-WA,{flags},name\n")
}

impl Post {
    async fn moved(&self, to: IncidentState) {
        let (app, of) = (&self.house.app, self.scene.incident);
        let found = incidents::find(&mut app.db.get().await.unwrap(), of).await;
        let step = Step {
            version: found.unwrap().version,
            to,
            agreed: Some(Untold::default()),
        };
        steer::step(app, self.scene.comms, of, step).await.unwrap();
    }

    /// A member of the comms team at the console.
    async fn comms(&self) -> (Site, Browser) {
        let site = Site::open(&self.house.app).await;
        let browser = site.signed_in("ana", &[StaffRole::Comms]).await;
        (site, browser)
    }
}

/// Review 6a, row 5; row 13 for the import.
#[tokio::test(flavor = "multi_thread")]
async fn a_letter_that_comes_back_after_closing_is_asked_for_and_no_list_is_offered_that_is_refused()
 {
    let rows = row("ann", "", "1 St", "") + &row("dee", "", "2 St", "deceased");
    let post = Post::with(&rows).await;
    let (batch, _) = post.take(PostalKind::Letter, false).await.unwrap();
    post.posted(batch.id, TODAY).await.unwrap();
    for to in [Scoping, Notifying, Monitoring, Closed] {
        post.moved(to).await;
    }
    let (_site, comms) = post.comms().await;
    let waits = "closed, and 1 person needs a letter. Move it back to scoping, then tell them.";
    let before = comms.page("/console");
    lacks(&before, waits);

    let back = post.returned("reference,reason\nann,moved away\n").await;
    assert_eq!(back.returned, 1);
    let dashboard = comms.page("/console");
    has(&dashboard, &format!("Theft of data: {waits}"));
    has(&dashboard, "/console/incidents/sundmere#state");
    let incident = comms.page(AT);
    has(&incident, &format!("This incident is {waits}"));
    has(&incident, "Start scoping");
    lacks(&incident, "Import a list");
    let letters = comms.page(LETTERS);
    has(
        &letters,
        "The incident is closed. Move it back to scoping first.",
    );
    // Next of kin are still told: theirs is the only list that is offered.
    assert_eq!(letters.matches("Take this list …").count(), 1, "{letters}");
    has(&letters, "name=\"kind\" value=\"kin\"");

    let import = comms.page(&format!("{AT}/import"));
    has(
        &import,
        "This incident is closed: it takes no list. Move it back to scoping first, then import and activate the list.",
    );
    lacks(&import, "Read the file");

    post.moved(Scoping).await;
    lacks(&comms.page("/console"), "closed, and");
    has(&comms.page("/console"), "1 person needs a letter.");
    has(&comms.page(&format!("{AT}/import")), "Read the file");
}

/// The figures of the list of letters: to be told, and on waiting lists.
#[track_caller]
fn figures(letters: &str, who: &str, figures: (i64, i64)) {
    let line = letters.split("<tr>").find(|line| line.contains(who));
    let line = line.unwrap_or_else(|| panic!("“{who}” is not in {letters}"));
    let (people, waiting) = figures;
    let cells: Vec<_> = line.split("</td>").take(2).collect();
    for (cell, figure) in cells.iter().zip([people, waiting]) {
        assert!(cell.ends_with(&format!(">{figure}")), "{figure}: {cell}");
    }
}

/// Ann is not affected, Bob has an e-mail address, Fay died; Gus is new.
async fn change(post: &Post) {
    let changes = [
        row("ann", "", "1 St", "retract"),
        row("bob", "bob@example.org", "1 St", ""),
        row("fay", "", "1 St", "deceased"),
        row("gus", "", "2 St", ""),
    ];
    post.delta(&changes.concat()).await;
}

fn before_any_list_is_taken(comms: &Browser) {
    let letters = comms.page(LETTERS);
    figures(&letters, "People whom no e-mail reaches", (5, 0));
    has(
        &letters,
        "1 person has no postal address: they need one, or must be told otherwise.",
    );
    has(
        &letters,
        "Download who needs an address, as a CSV to fill in",
    );
    let without = comms.page(&format!("{LETTERS}/without-address?kind=letter"));
    assert_eq!(without.trim_end(), "reference,address,postcode\neve,,");
}

/// Review 6a, rows 6 and 10.
#[tokio::test(flavor = "multi_thread")]
async fn people_on_a_list_who_belong_on_none_any_more_hide_no_person_who_does() {
    let rows: Vec<_> = ["ann", "bob", "cyd", "fay"]
        .map(|who| row(who, "", "1 St", ""))
        .into();
    let post = Post::with(&(rows.concat() + &row("eve", "", "", ""))).await;
    let (_site, comms) = post.comms().await;
    before_any_list_is_taken(&comms);

    let (batch, rows) = post.take(PostalKind::Letter, false).await.unwrap();
    assert_eq!(rows.len(), 4);
    figures(
        &comms.page(LETTERS),
        "People whom no e-mail reaches",
        (5, 4),
    );
    change(&post).await;
    let letters = comms.page(LETTERS);
    figures(&letters, "People whom no e-mail reaches", (3, 1));
    // Fay is on the list of letters, which must not tell her; so no other list takes her.
    figures(&letters, "Next of kin of people who died", (1, 1));
    has(
        &letters,
        "Also the person on a list that waits: they may be told twice.",
    );
    let dashboard = comms.page("/console");
    for words in [
        "4 people are on lists of letters that are not recorded as posted.",
        "2 people need a letter. They are on no list yet.",
    ] {
        has(&dashboard, words);
    }
    lacks(&dashboard, "next of kin are to be told");
    // The result of taking a list says the same: Gus alone is new, Cyd is on the list, Eve lacks an address.
    let (second, rows) = post.take(PostalKind::Letter, false).await.unwrap();
    assert_eq!(
        (
            rows.keys().map(String::as_str).collect::<Vec<_>>(),
            second.without_address
        ),
        (vec!["gus"], 1)
    );
    post::discard(&post.house.app, post.scene.comms, batch.id)
        .await
        .unwrap();
    figures(
        &comms.page(LETTERS),
        "People whom no e-mail reaches",
        (3, 1),
    );
    has(
        &comms.page("/console"),
        "1 person died: the next of kin are to be told.",
    );
}

/// Review 6a, row 8.
#[tokio::test(flavor = "multi_thread")]
async fn next_of_kin_and_safe_channels_are_shown_under_open_work_and_at_the_incident() {
    let rows = [
        row("dan", "", "1 St", "deceased"),
        row("dot", "dot@example.org", "1 St", "deceased"),
        row("pam", "pam@example.org", "1 St", "protected"),
        row("ok", "ok@example.org", "1 St", ""),
    ];
    let post = Post::with(&rows.concat()).await;
    let (site, comms) = post.comms().await;
    let owed = [
        "2 people died: their next of kin are to be told.",
        "1 person at a protected address is to be told through a safe channel.",
    ];
    for at in ["/console", AT] {
        let page = comms.page(at);
        owed.iter().for_each(|words| has(&page, words));
        has(&page, "Take the list");
    }
    // An auditor takes no list.
    let auditor = site.signed_in("aud", &[StaffRole::Auditor]).await;
    lacks(&auditor.page("/console"), owed[0]);
    let (kin, _) = post.take(PostalKind::Kin, false).await.unwrap();
    let page = comms.page("/console");
    has(
        &page,
        "2 people are on lists of next of kin that are not recorded as told.",
    );
    has(&page, "Record it as told");
    lacks(&page, owed[0]);
    let telling = Telling::new(How::Phone, "the widow").unwrap();
    let done = post::Done::told(day(TODAY), telling);
    post::record(&post.house.app, post.scene.comms, kin.id, &done)
        .await
        .unwrap();
    let page = comms.page(AT);
    lacks(&page, "next of kin that are not");
    has(&page, owed[1]);
    // The audit log says which list each act was for.
    has(
        &page,
        &format!(
            "took a list of people to be told: next of kin, 2 people, batch {}",
            kin.id
        ),
    );
    has(&page, "activated a list of affected people, version 1");
}
