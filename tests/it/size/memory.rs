//! The memory that a first list needs, from its first octet until it is in force.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use candor::element::Element;

use super::is_full;
use crate::house::House;
use crate::mail::Scratch;
use crate::people::Scene;
use crate::program::Program;

/// The limit for one command, in MiB.
const LIMIT: f64 = 128.0;

/// A list of people of 50 states and 12 locales who lost some elements each; of at most `kinds` kinds, nearly all of
/// them different from each other.
fn write_list(to: &Path, people: u64, kinds: u64) {
    const LOCALES: [&str; 12] = [
        "en", "es", "fr", "de", "pt", "vi", "ko", "tl", "zh", "ar", "ru", "it",
    ];
    const STATES: &str = "AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM \
        NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY";
    let states: Vec<_> = STATES.split_whitespace().collect();
    let codes: Vec<_> = Element::ALL.iter().map(|element| element.code()).collect();
    let mut list = BufWriter::new(File::create(to).unwrap());
    writeln!(list, "reference,email,name,locale,jurisdiction,elements").unwrap();
    for n in 0..people {
        // Mixed as in SplitMix64, so that the bits of a kind say nothing of the next.
        let mut bits = (n % kinds)
            .wrapping_add(1)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15);
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits ^= bits >> 27;
        let state = states[(bits % 50) as usize];
        let locale = LOCALES[(bits / 64 % 12) as usize];
        let lost = codes
            .iter()
            .enumerate()
            .filter(|(i, _)| bits >> (i + 10) & 1 == 1);
        let mut lost: Vec<_> = lost.map(|(_, code)| *code).collect();
        if lost.is_empty() {
            lost.push(codes[0]);
        }
        let lost = lost.join(";");
        writeln!(
            list,
            "R-{n},p{n}@example.org,Person {n},{locale},US-{state},{lost}"
        )
        .unwrap();
    }
    list.flush().unwrap();
}

/// The most memory that `candor import --activate` of a list needs, in MiB.
async fn peak(people: u64, kinds: u64) -> f64 {
    let house = House::new().await;
    Scene::new(&house).await;
    let scratch = Scratch::new();
    let list = scratch.path().join("list.csv");
    write_list(&list, people, kinds);
    let begun = Instant::now();
    let peak = run(&Program::of(&house), &list).await;
    let of = "select count(*) from (select distinct bucket, jurisdiction, locale, exposed from person) kinds";
    println!(
        "{people} people of {} kinds (by bucket): {peak:.1} MiB, {:.1} s",
        house.number(of).await,
        begun.elapsed().as_secs_f64()
    );
    let in_force = "select count(*) from person";
    assert_eq!(house.number(in_force).await, i64::try_from(people).unwrap());
    let booked = "select sum(n) from account_count";
    assert_eq!(house.number(booked).await, i64::try_from(people).unwrap());
    let parts = "select sum(n) from account_part where kind = 'element'";
    let exposed = "select sum(bit_count(exposed::bit(64))) from person";
    assert_eq!(house.number(parts).await, house.number(exposed).await);
    peak
}

async fn run(program: &Program, list: &Path) -> f64 {
    let file = list.display().to_string();
    let words = ["import", "--incident", "sundmere", "--activate", &file];
    let words = program.words(&words);
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).envs(program.environment());
    let errors = list.with_extension("errors");
    command.stdin(Stdio::null()).stdout(Stdio::null());
    command.stderr(File::create(&errors).unwrap());
    let mut child = command.spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut most: f64 = 0.0;
    let ended = loop {
        // The pages of the program's file do not count: an unoptimised one is large.
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("RssAnon:"));
        let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
        most = most.max(kib.unwrap_or(0.0) / 1024.0);
        if let Some(ended) = child.try_wait().unwrap() {
            break ended;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    let errors = std::fs::read_to_string(errors).unwrap();
    assert!(ended.success(), "{errors}");
    most
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_list_takes_no_more_memory_for_more_kinds_of_people() {
    if is_full() {
        let peak = peak(2_000_000, u64::MAX).await;
        assert!(peak < LIMIT, "{peak} MiB");
        return;
    }
    // A kind kept in memory takes some 200 octets: 240,000 would take 46 MiB. Two runs of one list differ by up to 12 MiB.
    let few = peak(240_000, 40).await;
    let many = peak(240_000, 240_000).await;
    assert!(many < few + 24.0, "{few} MiB, then {many} MiB");
    assert!(many < LIMIT, "{many} MiB");
}
