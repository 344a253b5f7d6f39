//! Pages and the audit log show a version as it is: reasons of refused rows, rows that were replaced, and told people
//! who leave the scope.

use candor::incident::IncidentState;
use candor::scope::{ScopeMode, store};
use candor::staff::StaffRole;
use serde_json::Value;

use super::Desk;
use crate::client::{Browser, Site};
use crate::html::has;

const AT: &str = "/console/incidents/carrier/scopes";

impl Desk {
    async fn comms(&self) -> (Site, Browser) {
        let site = Site::open(&self.house.app).await;
        let browser = site.signed_in("ana", &[StaffRole::Comms]).await;
        (site, browser)
    }

    /// The details of the latest audit entry of this kind.
    async fn detail(&self, action: &str) -> Value {
        let latest = "select detail::text from audit_event where action = $1 order by written_at desc, id desc limit 1";
        let raw = self.house.raw().await;
        let detail: String = raw.query_one(latest, &[&action]).await.unwrap().get(0);
        serde_json::from_str(&detail).unwrap()
    }
}

/// Review 6a, row 9.
#[tokio::test(flavor = "multi_thread")]
async fn rows_are_counted_together_only_if_they_were_refused_for_the_same_reason() {
    let desk = Desk::new().await;
    let list = "reference,email,elements\n\
        r1,a b@example.org,name\nr2,a@@example.org,name\nr3,a@,name\nr4,c d@example.org,name\n\
        r5,,name,x\nr6,,name,x,y,z\nr0,,name\nr00,,name\nr0,,ssn\nr00,,ssn\n";
    let read = desk.import(ScopeMode::Full, list).await.unwrap();
    assert_eq!((read.accepted, read.rejected), (2, 8));
    let key = desk.key().await;
    let groups = store::group_rejects(&mut *desk.conn().await, &key, desk.incident, 1, 10).await;
    let mut seen: Vec<_> = groups
        .unwrap()
        .iter()
        .map(|group| (group.rows, group.why.clone()))
        .collect();
    seen.sort();
    let expected = [
        (1, "An e-mail address has one @, this has several."),
        (1, "Nothing stands after the @."),
        (2, "The e-mail address contains a space."),
        (2, "The reference stands on another line too."),
        (2, "The row has more or fewer cells than the first line."),
    ];
    assert_eq!(seen, expected.map(|(n, words)| (n, words.to_owned())));
    // By code they are as before.
    let by_code = store::count_rejects(&mut *desk.conn().await, desk.incident, 1).await;
    let email = ("email".to_owned(), "not_an_address".to_owned(), 4);
    assert!(by_code.unwrap().contains(&email));
    let (_site, comms) = desk.comms().await;
    let page = comms.page(&format!("{AT}/1"));
    let (_, by_reason) = page.split_once("Rejected rows by reason").unwrap();
    let (by_reason, by_row) = by_reason.split_once("Row by row").unwrap();
    for (_, words) in expected {
        has(by_reason, words);
    }
    // Each row still has its own reason.
    has(by_row, "The row has 6 cells, the first line has 3.");
    // Reasons that an earlier release combined are not shown as one reason.
    let raw = desk.house.raw().await;
    let older = "update scope_version set reject_groups = jsonb_build_object('counts', '[]'::jsonb, 'groups',
        jsonb_build_array(jsonb_build_object('column', 'email', 'code', 'not_an_address', 'rows', 4, 'file', 1,
            'line', 2, 'nth', 1)))";
    raw.execute(older, &[]).await.unwrap();
    has(
        &comms.page(&format!("{AT}/1")),
        "Not all for the same reason; for example: The e-mail address contains a space.",
    );
}

/// Review 6a, row 18.
#[tokio::test(flavor = "multi_thread")]
async fn the_audit_log_counts_replaced_rows_as_the_page_of_the_version_does() {
    let desk = Desk::new().await;
    let list = "reference,email,elements\nr1,,bogus\nr2,,bogus\nr3,,bogus\nr4,,name\n";
    desk.import(ScopeMode::Full, list).await.unwrap();
    // Two rows are corrected, one is sent again unchanged.
    let corrected = "reference,email,elements,line,column,reason\nr1,,name,2,elements,There is no element\n\
        r2,,name,3,elements,There is no element\nr3,,bogus,4,elements,There is no element\n";
    let added = desk.add(corrected).await.unwrap();
    assert_eq!((added.accepted, added.rejected), (3, 1));
    let (_site, comms) = desk.comms().await;
    let page = comms.page(&format!("{AT}/1"));
    for (tile, figure) in [("Replaced", 2), ("Refused again", 1)] {
        has(
            &page,
            &format!("<span class=\"name\">{tile}</span><b>{figure}</b>"),
        );
    }
    let log = desk.detail("scope.add").await;
    assert_eq!(
        (&log["added"]["replaced"], &log["refused_again"]),
        (&2.into(), &1.into())
    );
    desk.activate(1).await.unwrap();
    let log = desk.detail("scope.activate").await;
    let delta = &log["delta"];
    assert_eq!(
        (&delta["replaced"], &delta["refused_again"]),
        (&2.into(), &1.into())
    );
}

/// Review 6a, row 20: told people who leave the scope.
#[tokio::test(flavor = "multi_thread")]
async fn an_activation_says_how_many_told_people_leave_the_scope() {
    for mode in [ScopeMode::Full, ScopeMode::Delta] {
        let desk = Desk::new().await;
        let head = "reference,email,elements,flags\n";
        let all = |who: &str| format!("{who},{who}@example.org,name;ssn,\n");
        let four = ["ann", "bob", "cyd", "dee"].map(all).concat();
        desk.take(ScopeMode::Full, &format!("{head}{four}")).await;
        for who in ["ann", "bob", "cyd"] {
            desk.notify(who, "name;ssn").await;
        }
        // Ann loses an element; Bob, Cyd and Dee leave; Dee was told nothing.
        let ann = "ann,ann@example.org,name,\n";
        let leave = match mode {
            ScopeMode::Full => String::new(),
            ScopeMode::Delta => ["bob", "cyd", "dee"]
                .map(|who| format!("{who},,,retract\n"))
                .concat(),
        };
        let read = desk.import(mode, format!("{head}{ann}{leave}")).await;
        let delta = read.unwrap().delta;
        let counted = (
            delta.people_retracted,
            delta.told_retracted,
            delta.told_too_much,
        );
        assert_eq!(counted, (3, 2, 1), "{mode:?}");
        let (_site, comms) = desk.comms().await;
        let page = comms.page(&format!("{AT}/2"));
        has(
            &page,
            "1 person stays in scope and was told of data that the list takes back: a correction must tell them.",
        );
        has(
            &page,
            "0 people are added to the scope and 3 are removed. 2 of the removed people were told something: a \
             correction must tell them that they are not affected.",
        );
        has(&page, "and are not affected; 2 of them were told something");
        // Told after the list was read: counted, too.
        desk.notify("dee", "name").await;
        has(
            &comms.page(&format!("{AT}/2")),
            "3 of the removed people were told something",
        );
        desk.activate(2).await.unwrap();
        assert_eq!(desk.account().await.told_too_much, 4, "{mode:?}");
    }
}

/// Review 6a, row 13: no text of the file is repeated.
#[tokio::test(flavor = "multi_thread")]
async fn an_import_into_an_incident_that_is_over_is_refused_before_the_list_is_read() {
    use candor::incident::{steer, store as incidents};
    use candor::scope::import::{ImportError, ask_draft};
    let desk = Desk::new().await;
    let found = incidents::find(&mut *desk.conn().await, desk.incident).await;
    let (app, to) = (&desk.house.app, IncidentState::Dismissed);
    steer::move_to(app, desk.by, desk.incident, found.unwrap().version, to)
        .await
        .unwrap();
    let refused = ask_draft(&mut *desk.conn().await, desk.incident, None).await;
    assert!(
        matches!(refused, Err(ImportError::Over(IncidentState::Dismissed))),
        "{refused:?}"
    );
    let (_site, comms) = desk.comms().await;
    has(
        &comms.page("/console/incidents/carrier/import"),
        "This incident is dismissed: it takes no list. Open another incident for the list.",
    );
}
