//! All pages for each role: where links and buttons lead (S6), what Enter does (L7), and what happens to typed text
//! when a button of another part of the page is pressed (L9).

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use candor::campaign::CampaignKind;
use candor::staff::StaffRole::{Agent, Comms, Lead};
use candor::staff::{StaffRole, key};
use candor::web::{Access, endpoints};

use crate::client::{Browser, Seen, Site};
use crate::html::{Form, forms, links, tags};
use crate::people::{Scene, list};
use crate::web::filled_house::{Filled, filled, roles, site};

/// More pages than a filled house has, so that the walk ends.
const MOST: usize = 1_500;

/// The address to which a link of a page leads; `None` if it leaves the site or stays on the page.
fn goal(page: &str, link: &str) -> Option<String> {
    let link = link.split('#').next().unwrap_or_default();
    let here = page.split('?').next().unwrap_or_default();
    match link {
        "" => None,
        link if link.starts_with('?') => Some(format!("{here}{link}")),
        link if link.starts_with('/') => Some(link.to_owned()),
        _ => None,
    }
}

/// Every page that links reach from `start`, each once.
fn walk(browser: &Browser, start: &str) -> BTreeMap<String, Seen> {
    let (mut seen, mut waiting) = (BTreeMap::new(), VecDeque::from([start.to_owned()]));
    let mut known = BTreeSet::from([start.to_owned()]);
    while let Some(path) = waiting.pop_front() {
        let page = browser.get(&path);
        let mut next = links(&page.body);
        next.extend((page.status == 303).then(|| page.header("location").to_owned()));
        for link in next.iter().filter_map(|link| goal(&path, link)) {
            if known.insert(link.clone()) {
                waiting.push_back(link);
            }
        }
        seen.insert(path, page);
        assert!(seen.len() < MOST, "the walk does not end");
    }
    seen
}

/// The roles that may send this form.
fn who(method: &str, path: &str) -> Option<Access> {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let fits = |pattern: &str| {
        let (one, other): (Vec<_>, Vec<_>) =
            (pattern.split('/').collect(), path.split('/').collect());
        let same = |(part, given): (&&str, &&str)| {
            part == given || part.starts_with('{') && !given.is_empty()
        };
        one.len() == other.len() && one.iter().zip(&other).all(same)
    };
    let mut all = endpoints().into_iter();
    let door =
        all.find(|(of, pattern, _)| of.as_str().eq_ignore_ascii_case(method) && fits(pattern));
    door.map(|(_, _, who)| who)
}

fn is_open_to(role: StaffRole, who: Option<Access>) -> bool {
    match who {
        Some(Access::May(right)) => role.may(right),
        Some(_) => true,
        None => false,
    }
}

async fn browser(site: &Site, role: StaffRole) -> Browser {
    site.signed_in(&role.to_string(), &[role]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn s6_no_role_sees_a_link_or_a_button_that_is_refused() {
    let filled = filled().await;
    let site = site(&filled).await;
    for role in roles() {
        let pages = walk(&browser(&site, role).await, "/console");
        let refused: Vec<_> = pages
            .iter()
            .filter(|(_, page)| !matches!(page.status, 200 | 303))
            .map(|(path, page)| format!("{} {path}", page.status))
            .collect();
        assert_eq!(refused, [""; 0], "links that {role} sees");
        for (path, page) in &pages {
            // The page of all components has a sample button that leads nowhere.
            let each = forms(&page.body).into_iter();
            for form in each.filter(|form| form.method != "dialog" && path != "/console/design") {
                for goal in form.goals() {
                    let door = who(&form.method, &goal);
                    assert!(
                        is_open_to(role, door),
                        "{role} sees on {path}: {} {goal}",
                        form.method
                    );
                }
            }
        }
        let at_least = if role == Agent { 8 } else { 15 };
        assert!(pages.len() >= at_least, "{role}: {:?}", pages.keys());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s6_an_agent_reads_why_a_campaign_waits_and_gets_no_button_to_its_page() {
    let (house, scene, site) = Scene::open("").await;
    scene.import(&house, &list(3, "name")).await;
    let campaign = scene.launched(&house, CampaignKind::Initial).await;
    let (agent, comms) = (browser(&site, Agent).await, browser(&site, Comms).await);
    let waits = |why: &str| {
        for (browser, sees) in [(&agent, false), (&comms, true)] {
            let board = browser.get("/console").body;
            assert!(board.contains(&format!("waits. {why}")), "{board}");
            let to = format!("/console/campaigns/{campaign}");
            assert_eq!(links(&board).contains(&to), sees, "{board}");
        }
    };
    waits("Nothing is sent: no sender is running.");
    house
        .sql(
            "update campaign_pace set percent = 0, reason = 'It holds: 500 people wait on the helpline.';
             insert into sender (id, node, seen_at, relays, campaigns) values (gen_random_uuid(), 'n',
                 now() + interval '1 hour', '[{\"name\": \"a\", \"connections\": 0, \"held_until\": null,
                 \"why\": null}]', '{}')",
        )
        .await;
    waits("It holds: 500 people wait on the helpline.");
}

#[tokio::test(flavor = "multi_thread")]
async fn s6_strangers_and_customers_see_no_link_that_is_refused() {
    let filled = filled().await;
    let site = site(&filled).await;
    for start in ["/", &filled.status] {
        let pages = walk(&site.browser(), start);
        for (path, page) in &pages {
            assert!(
                matches!(page.status, 200 | 303),
                "{} {path}, from {start}",
                page.status
            );
        }
        assert!(pages.len() >= 4, "{:?}", pages.keys());
    }
}

/// The navigation of a page: what stands in its `nav` elements of the frame.
fn navigation(page: &Seen) -> Vec<String> {
    let frame = page.body.split("<main").next().unwrap_or_default();
    let mut found = links(frame);
    found.extend(
        page.body
            .rsplit("</main>")
            .next()
            .map(links)
            .unwrap_or_default(),
    );
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn s6_error_pages_keep_the_navigation_of_the_signed_in_account() {
    let filled = filled().await;
    let site = site(&filled).await;
    for role in roles() {
        let browser = browser(&site, role).await;
        let expected = navigation(&browser.get("/console"));
        assert!(expected.len() > 3, "{expected:?}");
        let mut wrong = vec![
            ("/console/nowhere", 404),
            ("/console/incidents/nowhere", 404),
        ];
        wrong.extend((role == Agent).then_some(("/console/campaigns", 403)));
        for (path, status) in wrong {
            let page = browser.get(path);
            assert_eq!(
                (page.status, navigation(&page)),
                (status, expected.clone()),
                "{path}"
            );
            assert!(!page.body.contains("Sending allowed"), "it did not ask");
        }
    }
    let page = site
        .browser()
        .post("/console/tickets/x/messages", &[("text", "x")], &[]);
    assert_eq!(page.status, 401);
    assert!(
        !page.body.contains("/console/incidents"),
        "a stranger sees none"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn s6_tickets_are_given_to_people_and_never_to_api_keys() {
    let filled = filled().await;
    let site = site(&filled).await;
    let app = &filled.house.app;
    let system = candor::actor::Actor::System(candor::actor::System::Cli);
    let (account, _) = key::create(app, system, "importer", &[Agent])
        .await
        .unwrap();
    let lead = browser(&site, Lead).await;
    let id = "select id::text from ticket where status = 'open'";
    let row = filled.house.raw().await.query_one(id, &[]).await.unwrap();
    let id: uuid::Uuid = row.get::<_, String>(0).parse().unwrap();
    let path = format!("/console/tickets/{}", candor::id::TicketId::from_uuid(id));
    let page = lead.get(&path);
    assert!(page.body.contains("Give it to"), "{}", page.body);
    assert!(
        !page.body.contains(&account.id.to_string()),
        "a key is offered"
    );
    let to = account.id.to_string();
    let given = lead.submit(&path, &format!("{path}/assign"), &[("agent", &to)]);
    assert_eq!(given.status, 422, "{}", given.body);
}

/// Forms that only open or look up something for the person who types: Enter may press their button.
const HARMLESS: &[&str] = &[
    "/console/sign-in",
    "/console/helpline/find",
    "/verify",
    "/open",
];

/// What is wrong with the effect of Enter in a form.
fn fault(form: &Form) -> Option<String> {
    let enters = form.controls.iter().any(|control| control.takes_enter());
    let harmless = HARMLESS.iter().any(|end| form.action.ends_with(end));
    if form.method == "get" || !enters || harmless {
        return None;
    }
    // In text fields Enter presses the first button, even a disabled one. In dates and checkboxes Chromium presses the
    // first enabled button; one that closes a dialog does nothing outside of a dialog.
    let first = form.buttons().next()?;
    let enabled = form.buttons().find(|button| !button.has("disabled"))?;
    let fine = first.has("disabled") && enabled.get("formmethod") == Some("dialog");
    (!fine).then(|| format!("Enter in {} presses {first:?} or {enabled:?}", form.action))
}

/// Every page that some role can reach.
async fn all_pages(filled: &Filled) -> BTreeMap<String, Seen> {
    let site = site(filled).await;
    let mut pages = walk(&site.signed_in("all", StaffRole::ALL).await, "/console");
    pages.extend(walk(&browser(&site, StaffRole::Admin).await, "/console"));
    for start in ["/", &filled.status, "/console/sign-in"] {
        pages.extend(walk(&site.browser(), start));
    }
    pages
}

#[tokio::test(flavor = "multi_thread")]
async fn l7_enter_in_a_field_presses_no_button_that_does_something() {
    let filled = filled().await;
    let pages = all_pages(&filled).await;
    let (mut faults, mut looked_at) = (BTreeSet::new(), 0);
    for page in pages.values() {
        for form in forms(&page.body) {
            looked_at += usize::from(form.controls.iter().any(|control| control.takes_enter()));
            faults.extend(fault(&form));
        }
    }
    assert_eq!(faults, BTreeSet::new());
    assert!(looked_at > 8, "{looked_at} forms with fields");
}

/// Forms that leave a page on purpose and discard its typed text.
const LEAVE: &[&str] = &[
    "/console/sign-out",
    "/console/start",
    "/console/stop",
    "/console/helpline/next",
];

#[tokio::test(flavor = "multi_thread")]
async fn l9_every_button_of_a_page_takes_along_the_text_that_is_typed_there() {
    let filled = filled().await;
    let pages = all_pages(&filled).await;
    let mut with_text = 0;
    for (path, page) in pages
        .iter()
        .filter(|(path, _)| path.starts_with("/console"))
    {
        let forms = forms(&page.body);
        let has_text = |form: &Form| {
            form.controls
                .iter()
                .any(|control| control.name == "textarea")
        };
        // The page of all components is not among them.
        if !forms
            .iter()
            .any(|form| form.method == "post" && has_text(form))
        {
            continue;
        }
        with_text += 1;
        for form in forms
            .iter()
            .filter(|form| !has_text(form) && !form.controls.is_empty())
        {
            let away = form
                .goals()
                .iter()
                .all(|goal| LEAVE.contains(&goal.as_str()));
            assert!(
                away || form.method == "dialog",
                "{path}: {} loses what is typed",
                form.action
            );
        }
        for link in tags(&page.body).iter().filter(|tag| tag.name == "a") {
            let same_page = link.or_empty("href").starts_with('?');
            assert!(!same_page, "{path}: {link:?} loses what is typed");
        }
    }
    assert!(with_text >= 3, "{with_text} pages with text");
}
