//! How many statements a page or list asks: at most ten, however much data there is.

mod full_house;
mod log;

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use candor::id::IncidentId;
use candor::recall::steer;
use candor::recall::{Corrections, Named};
use candor::staff::StaffRole;
use candor::web::endpoints;

use self::full_house::{Full, site};
use self::log::Logged;
use crate::client::{ApiClient, Browser, Seen, Site};

/// The most statements of one request, the one that looks for the session or key included. Not included: once a minute
/// another keeps when the session was last used.
const MOST: usize = 10;

/// What is no page and no list of a page: the download of a whole list as a file. It is read bucket by bucket while it is
/// sent, so that never all of its people are in memory, with statements for each of the 64 buckets and for each thousand
/// people of one.
const MORE: [(&str, usize); 6] = [
    ("/console/incidents/{slug}/people.csv", 200),
    ("/console/campaigns/{campaign}/notices.csv", 200),
    ("/api/v1/incidents/{incident}/people.csv", 200),
    ("/api/v1/campaigns/{campaign}/notices.csv", 200),
    ("/console/incidents/{slug}/letters/without-address", 200),
    ("/api/v1/incidents/{incident}/letters/without-address", 200),
];

/// Routes of which this house has nothing: a kept answer of the memory relay, an upload, a file of a version.
const MISSING: [&str; 6] = [
    "/assets/{file}",
    "/source",
    "/console/outbox/{name}",
    "/console/outbox/{name}/html",
    "/console/uploads/{upload}",
    "/api/v1/uploads/{upload}",
];

/// The statements of the dearest request of each route.
type Table = BTreeMap<String, Vec<String>>;

/// What asks: a browser of staff, one of a person with their details open, a program.
struct Callers {
    staff: Browser,
    person: Browser,
    program: ApiClient,
}

/// The addresses of a route: of each parameter all values, those of several parameters side by side.
fn addresses(path: &str, things: &BTreeMap<&'static str, Vec<String>>) -> Vec<String> {
    let names: Vec<&str> = path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .collect();
    let values = |name: &str| things.get(name).map_or(1, Vec::len).max(1);
    let most = names.iter().map(|name| values(name)).max().unwrap_or(1);
    let fill = |n: usize| {
        names.iter().fold(path.to_owned(), |path, name| {
            let all = things.get(name).map(Vec::as_slice).unwrap_or_default();
            // Lists, of which several parameters tell one, are those of the first incident.
            let several = names.len() > 1 && matches!(*name, "slug" | "incident");
            let n = if several { 0 } else { n };
            // Each incident has this fact.
            let none = if *name == "claim" {
                "contact_phone"
            } else {
                "none"
            };
            let value = all.get(n).or(all.first()).map_or(none, String::as_str);
            path.replace(&format!("{{{name}}}"), value)
        })
    };
    (0..most).map(fill).collect()
}

impl Callers {
    fn get(&self, path: &str) -> Seen {
        match path.strip_prefix("/api/v1") {
            Some(path) => self.program.get(path),
            None if path.starts_with("/s/") => self.person.get(path),
            None => self.staff.get(path),
        }
    }
}

/// Asks twice, so that connections know all types and caches are warm, and keeps the second.
fn measure(log: &mut Logged, table: &mut Table, route: &str, ask: impl Fn() -> Seen) {
    ask();
    log.forget();
    let seen = ask();
    let asked = log.taken();
    let is_there = seen.status == 200 || MISSING.contains(&route);
    let start: String = seen.body.chars().take(300).collect();
    assert!(is_there, "{route}: {} {start}", seen.status);
    let dearest = table.entry(route.to_owned()).or_default();
    if asked.len() >= dearest.len() {
        *dearest = asked;
    }
}

/// The statements between two ticks of the stream of a campaign.
fn tick(log: &mut Logged, site: &Site, staff: &Browser, campaign: &str) -> Vec<String> {
    let host = site.url.strip_prefix("http://").unwrap();
    let cookie = staff.cookie("candor_session").unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    let wait = Some(Duration::from_secs(60));
    stream.set_read_timeout(wait).unwrap();
    write!(
        stream,
        "GET /console/campaigns/{campaign}/live HTTP/1.1\r\nHost: {host}\r\n\
         Cookie: candor_session={cookie}\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let (mut heard, mut octets) = (String::new(), [0; 4_096]);
    let mut until = |n: usize| {
        while heard.matches("event: progress").count() < n {
            let read = stream.read(&mut octets).unwrap();
            assert!(read > 0, "{heard}");
            heard += &String::from_utf8_lossy(&octets[..read]);
        }
    };
    until(1);
    log.forget();
    until(2);
    log.taken()
}

/// Prints the table; with CANDOR_STATEMENTS the statements of each route that has more than [`MOST`].
fn print(table: &Table) {
    let mut rows: Vec<_> = table.iter().collect();
    rows.sort_by_key(|(route, asked)| (std::cmp::Reverse(asked.len()), *route));
    for (route, asked) in rows {
        println!("{:>5}  {route}", asked.len());
        if std::env::var("CANDOR_STATEMENTS").is_ok() && asked.len() > MOST {
            for one in asked {
                println!("           {}", one.chars().take(200).collect::<String>());
            }
        }
    }
}

/// Lists with filters.
const FILTERED: [&str; 10] = [
    "/console?did=stopped",
    "/console/campaigns?incident=sundmere",
    "/console/helpline?status=open",
    "/console/helpline?status=solved",
    "/console/audit?action=campaign.launch",
    "/console/incidents/sundmere/people?standing=notified",
    "/api/v1/tickets?incident=sundmere&status=open,new",
    "/api/v1/campaigns?incident=sundmere",
    "/api/v1/incidents/sundmere/account?by=jurisdiction",
    "/api/v1/incidents/sundmere/people?reference=R-0-000",
];

/// Measures every GET route, and the lists with filters.
fn measure_gets(log: &mut Logged, table: &mut Table, callers: &Callers, full: &Full) {
    for (method, route, _) in endpoints() {
        if method != "GET" || route.ends_with("/live") {
            continue;
        }
        for path in addresses(&route, &full.things) {
            measure(log, table, &route, || callers.get(&path));
        }
    }
    for path in FILTERED {
        measure(log, table, path, || callers.get(path));
    }
    for campaign in &full.things["campaign"] {
        let path = format!("/console/campaigns/{campaign}/notices?status=sent");
        let route = "/console/campaigns/{campaign}/notices?status=sent";
        measure(log, table, route, || callers.get(&path));
    }
}

/// Measures the search of the helpline.
fn measure_search(log: &mut Logged, table: &mut Table, callers: &Callers) {
    let csrf = callers
        .staff
        .get("/console/helpline/find")
        .csrf()
        .to_owned();
    for sought in ["R-0", "R-0-000", "person0@of0.example", "fraud"] {
        let fields = [("csrf", csrf.as_str()), ("sought", sought)];
        let route = "POST /console/helpline/find";
        let find = || callers.staff.post("/console/helpline/find", &fields, &[]);
        measure(log, table, route, find);
    }
}

/// Adds a recall that is published and one that waits, of the text that the person with the status link was sent.
async fn recalled(full: &mut Full) {
    let house = &full.house;
    let (comms, approver) = (
        house.staff(&["comms"]).await,
        house.staff(&["approver"]).await,
    );
    let of = "select id from incident where slug = 'sundmere'";
    let of = house.raw().await.query_one(of, &[]).await.unwrap().get(0);
    let mut ids = Vec::new();
    for words in ["was broken into", "Your page"] {
        let named = Named {
            words: Some(words.to_owned()),
            ..Named::default()
        };
        let right = Corrections::from([("en".to_owned(), "It was not.".to_owned())]);
        let incident = IncidentId::from_uuid(of);
        let id = steer::propose(&house.app, comms, incident, (named, right)).await;
        ids.push(id.unwrap());
    }
    steer::publish(&house.app, approver, steer::Seen::at(ids[0], None))
        .await
        .unwrap();
    let ids = ids.iter().map(ToString::to_string).collect();
    full.things.insert("recall", ids);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_statements_of_a_page_or_list_do_not_grow_with_its_data() {
    let mut log = Logged::start().await;
    let mut full = Full::at(&log.url()).await;
    let site = site(&full).await;
    let status = format!("/s/{}", full.status);
    let callers = Callers {
        staff: site.signed_in("all", StaffRole::ALL).await,
        person: site.browser(),
        program: site.program(StaffRole::ALL).await,
    };
    super::status_pages::unlock(&full.house, &callers.person, &status).await;
    full.under_way().await;
    recalled(&mut full).await;
    full.house
        .sql("alter system set log_statement = 'all'")
        .await;
    full.house.sql("select pg_reload_conf()").await;
    while log.taken().is_empty() {
        full.house.sql("select 'logged'").await;
    }

    let mut table = Table::new();
    measure_gets(&mut log, &mut table, &callers, &full);
    measure_search(&mut log, &mut table, &callers);
    for campaign in &full.things["campaign"] {
        let seen = callers.staff.get(&format!("/console/campaigns/{campaign}"));
        if seen.body.contains("data-live=\"of\"") && seen.body.contains("/pause") {
            let asked = tick(&mut log, &site, &callers.staff, campaign);
            table.insert(
                "one tick of /console/campaigns/{campaign}/live".to_owned(),
                asked,
            );
        }
    }
    print(&table);
    let most = |route: &str| {
        let more = MORE.iter().find(|(one, _)| *one == route);
        more.map_or(MOST, |(_, most)| *most)
    };
    let over = table
        .iter()
        .filter(|(route, asked)| asked.len() > most(route));
    let over: Vec<_> = over.map(|(route, asked)| (route, asked.len())).collect();
    assert!(over.is_empty(), "{over:#?}");
    drop(site);
    drop(full);
    log.stop().await;
}
