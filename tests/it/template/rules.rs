//! Rules about texts: each shows what it means by its two examples, the operator's own are checked, and real notices trip
//! them without a crash.

use std::collections::{BTreeMap, BTreeSet};

use candor::config::Config;
use candor::person::place::Jurisdiction;
use candor::template::Variant;
use candor::template::lint::Check;
use candor::template::rules::{Rules, State};
use chrono::NaiveDate;
use serde_json::Value;

use crate::house::House;
use crate::mail::Scratch;
use crate::program::Program;
use crate::template::merge::page::corpus;

fn with(settings: &str) -> Config {
    let env = [("CANDOR__DATABASE__URL", "postgres://x/x")];
    let env = env.map(|(key, value)| (key.to_owned(), value.to_owned()));
    Config::from_parts(Some(settings), env).unwrap()
}

fn refused(settings: &str) -> String {
    Rules::of(&with(settings)).unwrap_err().to_string()
}

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 30).unwrap()
}

#[test]
fn each_rule_finds_nothing_in_its_passing_and_something_in_its_failing_example() {
    let rules = Rules::of(&with("")).unwrap();
    assert!(rules.all().len() > 60);
    for rule in rules.all() {
        let (passing, failing) = rules.examples(&rule.key).unwrap();
        assert_eq!(passing, 0, "{}", rule.key);
        assert!(failing > 0, "{}", rule.key);
    }
    let used: BTreeSet<Check> = rules.all().iter().map(|rule| rule.check).collect();
    assert_eq!(used, Check::ALL.into(), "each kind of check has a rule");
}

#[test]
fn the_places_that_the_research_names_have_rules_and_japan_has_none() {
    let rules = Rules::of(&with("")).unwrap();
    let places: BTreeSet<String> = rules.all().iter().flat_map(|rule| rule.places()).collect();
    for place in [
        "any", "US", "US-CA", "US-MA", "US-NY", "DE", "FR", "GB", "BR",
    ] {
        assert!(places.contains(place), "{place}");
    }
    assert!(!places.contains("JP"));
    let is_disputed = |key: &str| {
        let mut all = rules.all().iter();
        all.any(|rule| rule.key == key && rule.state == State::Disputed)
    };
    assert!(is_disputed("law.us.fcc-date"));
}

const OWN: &str = r#"
[[rule]]
key = "own.brand"
jurisdictions = ["DE-BY"]
severity = "blocking"
law = "Counsel"
check = "needs_part"
what = "The brand is missing."
todo = "Name the brand."
phrases = { en = ["sundmere"] }
passing = { body = "Sundmere writes to you." }
failing = { body = "We write to you." }
"#;

#[test]
fn an_operator_adds_rules_and_switches_rules_off() {
    let scratch = Scratch::new();
    let dir = scratch.path();
    // Rules are kept by their settings: with another domain they are read again.
    let settings = |domain: &str| {
        let dir = dir.display();
        format!("[lint]\nrules = \"{dir}\"\noff = [\"law.us-*\"]\ndomains = [\"{domain}\"]\n")
    };
    std::fs::write(dir.join("own.toml"), OWN).unwrap();
    std::fs::write(dir.join("notes.txt"), "no rule").unwrap();
    let rules = Rules::of(&with(&settings("first.example"))).unwrap();
    let keys: Vec<&str> = rules.all().iter().map(|rule| rule.key.as_str()).collect();
    assert!(keys.contains(&"own.brand") && keys.contains(&"law.gdpr.nature"));
    assert!(!keys.iter().any(|key| key.starts_with("law.us-")));
    // What is wrong is said with the rule and the reason.
    for (change, by, why) in [
        (
            "Sundmere writes",
            "Somebody writes",
            "finds something in its passing example",
        ),
        (
            "We write",
            "We, Sundmere, write",
            "finds nothing in its failing example",
        ),
        ("own.brand", "any.guidance", "another rule with this key"),
        ("DE-BY", "Bavaria", "own.toml"),
        ("needs_part", "needs_luck", "own.toml"),
        ("what = ", "because = ", "own.toml"),
    ] {
        std::fs::write(dir.join("own.toml"), OWN.replace(change, by)).unwrap();
        let said = refused(&settings(by));
        assert!(said.contains(why), "{change}: {said}");
    }
}

#[test]
fn what_makes_a_text_unusable_cannot_be_switched_off() {
    let said = refused("[lint]\noff = [\"any.exposed-value\"]");
    assert!(said.contains("cannot be switched off"), "{said}");
    let said = refused("[lint]\noff = [\"law.atlantis\"]");
    assert!(said.contains("there is no such rule"), "{said}");
    let rules = Rules::of(&with("[lint]\noff = [\"any.*\"]")).unwrap();
    assert!(
        rules
            .all()
            .iter()
            .any(|rule| rule.key == "any.exposed-value")
    );
    let said = refused("[lint]\nrules = \"/nowhere/at/all\"");
    assert!(said.contains("/nowhere/at/all"), "{said}");
}

#[test]
fn real_notices_are_read_without_a_crash_and_counted() {
    let Some(lines) = corpus("ca-breach-notice-texts/notices.jsonl") else {
        return;
    };
    let rules = Rules::of(&with("")).unwrap();
    let california = Jurisdiction::parse("US-CA").unwrap();
    let (mut trips, mut texts): (BTreeMap<String, usize>, usize) = Default::default();
    for line in lines.lines() {
        let notice: Value = serde_json::from_str(line).unwrap();
        let variant = Variant {
            subject: "Notice of Data Breach".to_owned(),
            body: notice["text"].as_str().unwrap().to_owned(),
        };
        texts += 1;
        for one in rules.examine("en", &variant, &california, today()) {
            *trips.entry(one.rule).or_default() += 1;
        }
    }
    println!("{texts} real texts; how many trip which rule:");
    for (rule, n) in &trips {
        println!("{n:>5}  {rule}");
    }
    assert_eq!(texts, 900);
    // The corpus has only the paragraph “what happened”, without headings: the form of California is not in it.
    assert!(trips["law.us-ca.what-you-can-do"] > 800, "{trips:?}");
    let hedged = trips["any.hedge"];
    assert!((100..900).contains(&hedged), "{hedged}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_checks_a_file_without_a_database() {
    let house = House::new().await;
    let program = Program::of(&house).without("CANDOR__DATABASE__URL");
    let scratch = Scratch::new();
    let file = scratch.path().join("notice.md");
    let path = file.display().to_string();
    let check = |text: &str, places: &str| {
        std::fs::write(&file, text).unwrap();
        let words = ["lint", &path, "--in", places, "--elements", "name"];
        let output = program.run(&words);
        let said = String::from_utf8(output.stdout).unwrap();
        (output.status.code(), said)
    };
    let (code, said) = check(
        "Subject: Notice\nStolen: {{ elements }}.\n",
        "US-CA,JP,US-TX",
    );
    assert_eq!(code, Some(1), "{said}");
    for words in [
        "blocking  en:law.us-ca.title",
        "California Civil Code, 1798.82(d)",
        "Candor knows no rule for JP",
        "for US-TX Candor knows only rules of the whole country",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(!said.contains("law.us-ca.bureaus"), "{said}");
    let (code, said) = check(PLAIN, "JP");
    assert_eq!(code, Some(0), "{said}");
    let listed = program.ok(&["lint", "--list"]);
    assert!(
        listed.contains("law.us-ma.nature") && listed.contains("unverified"),
        "{listed}"
    );
}

const PLAIN: &str = "Subject: Notice of Data Breach
Dear {{ name }},

someone copied data about you: {{ elements }}. Call +1 800 555 0142.

{{ guidance }}

Your page: {{ status_link }}
";
