//! Sends the requests, and checks that unspoilt ones are accepted.

use super::*;

/// A house with a value for every path parameter.
async fn furnished(house: &House, site: &Site) -> World {
    let (mut things, person) = furnish(house).await;
    things.remove("staff");
    let program = site
        .program(&[Comms, Approver, Agent, Lead, Auditor, Admin])
        .await;
    let csrf = |path: &str| site.browser().get(path).csrf().to_owned();
    let status = format!("/s/{}", things["token"]);
    let upload = program.post("/incidents/sundmere/uploads", &json!({ "size": 100 }));
    let upload = upload.json()["id"].as_str().unwrap().to_owned();
    things.extend([("upload", upload), ("person", person.to_string())]);
    World {
        csrf: [csrf("/verify"), csrf(&status)],
        key: program.key,
        things,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_fuzz_spoils_would_be_taken() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    let world = furnished(&house, &site).await;
    let program = site
        .program(&[Comms, Approver, Agent, Lead, Auditor, Admin])
        .await;
    let posts = endpoints()
        .into_iter()
        .filter(|(method, path, _)| {
            method == "POST" || method == "PATCH" && !path.contains("/uploads/")
        })
        .filter(|(_, path, _)| !path.ends_with("/scopes"));
    let mut wrong = Vec::new();
    for (method, path, _) in posts {
        let Some(of_api) = path.strip_prefix("/api/v1") else {
            continue;
        };
        let named = |part: &str| {
            let name = part
                .strip_prefix('{')
                .and_then(|part| part.strip_suffix('}'));
            name.map_or(part, |name| world.things[name].as_str())
                .to_owned()
        };
        let address: Vec<_> = of_api.split('/').map(named).collect();
        let (address, body) = (address.join("/"), good(&path, &world.things));
        let seen = if method == "PATCH" {
            let json = [("content-type", "application/json")];
            program.patch(&address, &json, &body.to_string())
        } else {
            program.post(&address, &body)
        };
        // Refused because of a state or of the meaning of a text; not for the form of the body.
        if matches!(seen.status, 400 | 401 | 403 | 404 | 415) || seen.status >= 500 {
            wrong.push(format!("{path}: {} {}", seen.status, seen.body));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A number in the environment.
fn number(name: &str, else_: u64) -> u64 {
    std::env::var(name).map_or(else_, |text| text.parse().unwrap())
}

fn nothing_is_wrong(wrong: &[String]) {
    assert!(
        wrong.is_empty(),
        "{} faults:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

fn fault(at: u64, what: &str, (status, answer, took): (u16, &str, Duration)) -> String {
    let end: String = answer
        .chars()
        .rev()
        .take(300)
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .collect();
    format!(
        "{at} {} {status} {} octets {took:?} …{end}",
        what,
        answer.len()
    )
}

/// Method and path of each route that is tried.
fn doors() -> Vec<(String, String)> {
    endpoints()
        .into_iter()
        .map(|(method, path, _)| (method.to_string(), path))
        .filter(|(_, path)| !path.starts_with("/console") || path.ends_with("/sign-in"))
        .filter(|(_, path)| !path.ends_with("/forget"))
        .collect()
}

/// How large a refusal may be. A page shows what was typed again; an apostrophe has three octets in a form and five in a
/// page.
fn most_octets(asked: &Asked) -> usize {
    let least = 64_000;
    if asked.what.contains(" /api/") {
        return least;
    }
    least.max(32_000 + asked.octets.len() * 5 / 3)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_request_breaks_the_server_or_makes_it_slow_or_large() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    let world = furnished(&house, &site).await;
    let program = Program::of(&house).with("CANDOR__HTTP__METRICS_LISTEN", "");
    let chosen = std::env::var("CANDOR_FUZZ_PROGRAM").ok();
    let mut running = program.start_by("serve", chosen.as_deref());
    running.until_ready(&program).await;
    let process = running.id();
    let (requests, seed) = (number("CANDOR_FUZZ", 400), number("CANDOR_FUZZ_SEED", 1));
    // A debug build that shares the machine with other tests is slow for other reasons.
    let slowest_allowed = match chosen {
        Some(_) => Duration::from_secs(1),
        None => Duration::from_secs(10),
    };
    let doors = doors();
    let base = program.base();
    let fuzz = move || {
        let mut random = Random(seed);
        let (mut slowest, mut largest, mut wrong) = (Duration::ZERO, 0, Vec::new());
        let mut statuses: BTreeMap<u16, u64> = BTreeMap::new();
        let (mut early, mut most) = (0, 0);
        for at in 0..requests {
            let asked = world.request(&random.one(&doors).clone(), &mut random);
            let (status, answer, took) = raw::timed(&base, &asked.octets);
            *statuses.entry(status).or_default() += 1;
            let is_refusal = status >= 400;
            if is_refusal {
                largest = largest.max(answer.len());
            }
            slowest = slowest.max(took);
            let is_large = is_refusal && answer.len() > most_octets(&asked);
            if status >= 500 || status == 0 || is_large || took > slowest_allowed {
                wrong.push(fault(at, &asked.what, (status, &answer, took)));
            }
            let held = super::super::bodies::resident(process);
            if at == requests / 4 {
                early = held;
            }
            most = most.max(held);
        }
        println!(
            "{requests} requests, seed {seed}: {statuses:?}, slowest {slowest:?}, largest refusal {largest} octets, memory \
             {early} octets after a quarter, {most} at most"
        );
        (wrong, early, most)
    };
    let (wrong, early, most) = tokio::task::spawn_blocking(fuzz).await.unwrap();
    nothing_is_wrong(&wrong);
    assert!(
        most < early + (128 << 20),
        "memory grew from {early} to {most}"
    );
    assert_eq!(running.terminate().await.code(), Some(0));
}
