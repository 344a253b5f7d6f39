//! Many real questions and hostile ones through the pages, and the messages of the demo.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_rehearsals_messages_can_be_read() {
    let folder = std::env::temp_dir().join(format!("candor-outbox-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let relays = format!(
        "[[mail.relays]]\nname = \"folder\"\nurl = \"file://{}\"",
        folder.display()
    );
    let (house, site, scene) = open(&relays, 1).await;
    scene.launched(&house, CampaignKind::Initial).await;
    house.send_all().await;
    let name = "20261123T090000.000Z-n1@sundmere.example.eml";
    std::fs::write(folder.join(name), &house.mail.sent()[0].raw).unwrap();
    let comms = site.signed_in("cleo", &[StaffRole::Comms]).await;
    assert!(
        comms
            .get("/console/outbox")
            .body
            .contains("Notice of data breach")
    );
    let letter = comms.get(&format!("/console/outbox/{name}"));
    assert!(
        letter.body.contains("Dear Person 0") && letter.body.contains("<iframe sandbox"),
        "{}",
        letter.body
    );
    let html = comms.get(&format!("/console/outbox/{name}/html"));
    assert!(
        html.header("content-security-policy")
            .starts_with("sandbox;")
            && html.body.contains("Person 0")
    );
    for other in ["none.eml", "..%2F..%2Fetc%2Fpasswd", ".eml"] {
        assert_eq!(
            comms.get(&format!("/console/outbox/{other}")).status,
            404,
            "{other}"
        );
    }
    candor::audit::noticed::write(&house.app).await.unwrap();
    let read = |subject: &str, times: u8| {
        format!(
            "select count(*) from audit_event where action = 'outbox.read' and subject = '{subject}'
             and detail::jsonb @> '{{\"times\": {times}, \"rows\": {times}}}'"
        )
    };
    assert_eq!(house.number(&read("list", 1)).await, 1);
    assert_eq!(
        house.number(&read(name, 2)).await,
        1,
        "its text and its HTML"
    );
    std::fs::remove_dir_all(folder).unwrap();
}

fn corpus(path: &str) -> Option<PathBuf> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../shared/corpora")
        .join(path);
    if file.exists() {
        return Some(file);
    }
    assert!(std::env::var("CI").is_err(), "{path} is missing");
    println!("{path} is not here: this test did not run");
    None
}

/// Asks all of these questions, five per person, from several browsers at once; returns the status of each answer.
async fn ask_all(house: &House, site: &Site, scene: &Scene, questions: &[String]) -> Vec<u16> {
    let mut asking = tokio::task::JoinSet::new();
    let hands = 4;
    for hand in 0..hands {
        let mut five = Vec::new();
        for (n, questions) in questions
            .chunks(5)
            .enumerate()
            .filter(|(n, _)| n % hands == hand)
        {
            five.push((n, person(house, scene, n).await.1, questions.to_vec()));
        }
        let browser = site.browser();
        asking.spawn(async move {
            let mut answers = Vec::new();
            for (n, token, questions) in five {
                let status = format!("/s/{token}");
                let csrf = browser.get(&status).csrf().to_owned();
                for (at, text) in questions.iter().enumerate() {
                    let fields = [("csrf", csrf.as_str()), ("text", text.as_str())];
                    let seen = browser.post(&format!("{status}/tickets"), &fields, &[]);
                    answers.push((n * 5 + at, seen.status));
                }
            }
            answers
        });
    }
    let mut answers: Vec<_> = asking.join_all().await.concat();
    answers.sort_unstable();
    answers.into_iter().map(|(_, status)| status).collect()
}

/// The stored texts of a person's questions, in the order in which they were asked.
async fn kept(house: &House, scene: &Scene, n: usize) -> Vec<String> {
    let (id, _) = person(house, scene, n).await;
    let mut conn = house.app.db.get().await.unwrap();
    let tickets = store::of_person(&mut conn, &house.app.keys, id)
        .await
        .unwrap();
    let mut words = Vec::new();
    for ticket in tickets.iter().rev() {
        let thread = store::thread(&mut conn, &house.app.keys, ticket, 0)
            .await
            .unwrap();
        assert!(thread.len() == 1 && thread[0].kind == MessageKind::Customer);
        words.push(thread[0].text.clone().unwrap());
    }
    words.sort();
    words
}

#[tokio::test(flavor = "multi_thread")]
async fn three_thousand_real_questions_are_kept_to_the_byte() {
    let Some(file) = corpus("banking77/test.csv") else {
        return;
    };
    let mut reader = csv::Reader::from_path(file).unwrap();
    let questions: Vec<String> = reader
        .records()
        .map(|row| row.unwrap()[0].to_owned())
        .collect();
    assert_eq!(questions.len(), 3_080);
    let (house, site, scene) = open("", questions.len().div_ceil(5)).await;
    let answers = ask_all(&house, &site, &scene, &questions).await;
    assert!(answers.iter().all(|status| *status == 303));
    assert_eq!(house.number("select count(*) from ticket").await, 3_080);
    for (n, asked) in questions.chunks(5).enumerate() {
        let mut asked = asked.to_vec();
        asked.sort();
        assert_eq!(kept(&house, &scene, n).await, asked);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_words_are_kept_equal_and_shown_as_words() {
    let Some(file) = corpus("naughty-strings/blns.json") else {
        return;
    };
    let strings: Vec<String> = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let (mut naughty, mut seen) = (Vec::new(), std::collections::BTreeSet::new());
    naughty.extend(
        strings
            .into_iter()
            .filter(|string| seen.insert(string.clone())),
    );
    let (house, site, scene) = open("", naughty.len().div_ceil(5)).await;
    let answers = ask_all(&house, &site, &scene, &naughty).await;
    let accepted = |at: usize| match answers[at] {
        303 => true,
        422 => false,
        // Control characters are refused before any handler.
        400 if naughty[at].chars().any(char::is_control) => false,
        other => panic!("{:?} was answered with {other}", naughty[at]),
    };
    let refused = (0..naughty.len()).filter(|at| !accepted(*at)).count();
    assert!(
        refused < 10,
        "only what shows nothing is refused, not {refused}"
    );
    let agent = site.signed_in("ben", StaffRole::ALL).await;
    let mut tags = None;
    for (n, asked) in naughty.chunks(5).enumerate() {
        let mut asked: Vec<_> = asked
            .iter()
            .enumerate()
            .filter(|(at, _)| accepted(n * 5 + at))
            .map(|(_, words)| words.clone())
            .collect();
        asked.sort();
        assert_eq!(kept(&house, &scene, n).await, asked);
        // As many tags as with any other words, except for the links to the person's other tickets.
        let (id, _) = person(&house, &scene, n).await;
        let tickets = store::of_person(&mut house.app.db.get().await.unwrap(), &house.app.keys, id)
            .await
            .unwrap();
        for ticket in tickets.iter().filter(|_| tickets.len() > 1) {
            let page = agent.get(&format!("/console/tickets/{}", ticket.id)).body;
            let count = page.matches('<').count() - 4 * tickets.len();
            assert_eq!(*tags.get_or_insert(count), count, "{:?}", ticket.subject);
        }
    }
}
