//! Requests with wrong types, control characters and huge values, to all public pages and the whole API. The suite
//! sends some hundred. CANDOR_FUZZ=10000 sends that many, CANDOR_FUZZ_SEED changes the seed, CANDOR_FUZZ_PROGRAM names
//! a release build.

mod bodies;
mod run;

use std::collections::BTreeMap;
use std::time::Duration;

use candor::staff::StaffRole::{Admin, Agent, Approver, Auditor, Comms, Lead};
use candor::web::endpoints;
use serde_json::{Value, json};

use self::bodies::good;
use super::raw;
use crate::client::Site;
use crate::house::House;
use crate::program::Program;
use crate::web::routes::furnish;

/// Pseudo-random numbers (SplitMix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.next() % most as u64).unwrap()
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    fn often(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

/// Unexpected texts.
const SHORT: [&str; 50] = [
    "",
    " ",
    "a\0b",
    "\0",
    "\u{1b}[0m",
    "a\u{7f}b",
    "a\u{85}b",
    "\u{200b}",
    "\u{3164}",
    "\u{202e}abc",
    "../../etc/passwd",
    "' or 1=1 --",
    "{{ elements }}",
    "{{#if has.ssn}}",
    "%00",
    "%",
    "null",
    "-1",
    "0",
    "2147483648",
    "9223372036854775808",
    "1e999",
    "NaN",
    "true",
    "en",
    "EN",
    "en_US",
    "x-y-z",
    "US-CA",
    "Narnia",
    "9999-12-31T23:59:60Z",
    "+262142-12-31T23:59:59Z",
    "0000-01-01T00:00:00Z",
    "-262143-01-01",
    "2026-11-29",
    "per_00000000000070008000000000000001",
    "tpl_zz",
    "\u{fffd}",
    "\u{ffff}",
    "🙂🙂🙂",
    "<script>alert(1)</script>",
    "a\r\nSet-Cookie: x=1",
    "everyone",
    "initial",
    "notified_by_post",
    "sundmere",
    "a@b",
    "7F3K-92QX-4T",
    ";;;;",
    ",,,,",
];

/// An unexpected text, short or very long.
fn text(random: &mut Random) -> String {
    match random.below(20) {
        0 => "x".repeat(1 + random.below(200_000)),
        1 => ",".repeat(1 + random.below(400_000)),
        2 => "\"&<>'".repeat(1 + random.below(40_000)),
        3 => "{{ no }}".repeat(1 + random.below(20_000)),
        4 => "ä\u{301}".repeat(1 + random.below(50_000)),
        5 => "\n".repeat(1 + random.below(100_000)),
        _ => (*random.one(&SHORT)).to_owned(),
    }
}

/// Values of any type.
fn value(random: &mut Random) -> Value {
    match random.below(14) {
        0 => Value::Null,
        1 => json!(random.often(50)),
        2 => json!(i64::MAX),
        3 => json!(i64::MIN),
        4 => json!(random.next()),
        5 => json!(u32::MAX),
        6 => json!(1.5e300),
        7 => json!([]),
        8 => json!({}),
        9 => (0..100).fold(json!(1), |inner, _| json!([inner])),
        10 => Value::Array(vec![json!("x"); 1 + random.below(20_000)]),
        11 => (0..random.below(5_000))
            .map(|n| (format!("k{n}"), json!("v")))
            .collect(),
        _ => json!(text(random)),
    }
}

/// Replaces one value of a JSON text.
fn spoil(json: &mut Value, random: &mut Random) {
    match json {
        Value::Object(members) if !members.is_empty() && random.often(85) => {
            let at = random.below(members.len());
            if random.often(10) {
                members.insert(text(random), value(random));
            } else if let Some((_, inner)) = members.iter_mut().nth(at) {
                spoil(inner, random);
            }
        }
        Value::Array(items) if !items.is_empty() && random.often(80) => {
            let at = random.below(items.len());
            spoil(&mut items[at], random);
        }
        other => *other = value(random),
    }
}

const FIELDS: [&str; 9] = [
    "text",
    "code",
    "email",
    "password",
    "next",
    "harm",
    "back",
    "letter",
    "reference",
];
const ASKED: [&str; 14] = [
    "incident",
    "status",
    "assignee",
    "person",
    "cursor",
    "limit",
    "locale",
    "jurisdiction",
    "reference",
    "by",
    "draft",
    "mode",
    "code",
    "standing",
];

/// One request, whole.
struct Asked {
    what: String,
    octets: Vec<u8>,
}

/// A query string with unexpected values.
fn query(random: &mut Random) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for _ in 0..1 + random.below(3) {
        let mut odd = text(random);
        odd.truncate(
            odd.char_indices()
                .nth(1_000)
                .map_or(odd.len(), |(at, _)| at),
        );
        query.append_pair(ASKED[random.below(ASKED.len())], &odd);
    }
    query.finish()
}

/// What the fuzz knows of the house.
struct World {
    things: BTreeMap<&'static str, String>,
    key: String,
    /// The tokens of public forms and of those behind a status link.
    csrf: [String; 2],
}

impl World {
    fn address(&self, path: &str, random: &mut Random) -> String {
        let part = |part: &str, random: &mut Random| {
            let name = part
                .strip_prefix('{')
                .and_then(|part| part.strip_suffix('}'));
            match name {
                None => part.to_owned(),
                Some(_) if random.often(15) => {
                    let mut odd = text(random);
                    odd.truncate(odd.char_indices().nth(300).map_or(odd.len(), |(at, _)| at));
                    url::form_urlencoded::byte_serialize(odd.as_bytes()).collect()
                }
                Some(name) => self
                    .things
                    .get(name)
                    .cloned()
                    .unwrap_or_else(|| "none".to_owned()),
            }
        };
        path.split('/')
            .map(|of| part(of, random))
            .collect::<Vec<_>>()
            .join("/")
    }

    fn request(&self, (method, path): &(String, String), random: &mut Random) -> Asked {
        let mut address = self.address(path, random);
        if random.often(40) {
            address = format!("{address}?{}", query(random));
        }
        let is_api = path.starts_with("/api");
        let mut headers = vec![
            ("Host".to_owned(), "candor".to_owned()),
            ("Connection".to_owned(), "close".to_owned()),
        ];
        let mut put = |name: &str, value: String| headers.push((name.to_owned(), value));
        if is_api {
            put("Authorization", format!("Bearer {}", self.key));
            put("Idempotency-Key", format!("f-{}", random.next()));
        }
        if random.often(10) {
            put("If-Match", "\"99999999999999999999\"".to_owned());
        }
        if random.often(10) {
            put("X-Forwarded-For", "1.2.3.4:5, [::1]:8, unknown".to_owned());
        } else {
            // Many client addresses, so that no rate limit refuses all requests.
            let n = random.next().to_be_bytes();
            put("X-Forwarded-For", format!("198.{}.{}.{}", n[0], n[1], n[2]));
        }
        if path.contains("/uploads/") {
            put("Upload-Offset", "0".to_owned());
        }
        if random.often(5) {
            put(
                "Cookie",
                "candor_device=%00%ff; candor_unlock=\"; candor_session=x".to_owned(),
            );
        }
        let mut body = Vec::new();
        if method != "GET" {
            let (kind, octets) = self.body(path, is_api, random);
            put("Content-Type", kind);
            put("Content-Length", octets.len().to_string());
            body = octets;
        }
        let head: String = headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect();
        Asked {
            what: format!("{method} {}", address.chars().take(200).collect::<String>()),
            octets: [
                format!("{method} {address} HTTP/1.1\r\n{head}\r\n").as_bytes(),
                &body,
            ]
            .concat(),
        }
    }

    fn body(&self, path: &str, is_api: bool, random: &mut Random) -> (String, Vec<u8>) {
        if !is_api {
            let mut form = url::form_urlencoded::Serializer::new(String::new());
            if random.often(90) {
                let behind_a_link = path.starts_with("/s/");
                form.append_pair("csrf", &self.csrf[usize::from(behind_a_link)]);
            }
            for _ in 0..1 + random.below(4) {
                form.append_pair(FIELDS[random.below(FIELDS.len())], &text(random));
            }
            return (
                "application/x-www-form-urlencoded".to_owned(),
                form.finish().into_bytes(),
            );
        }
        if path.ends_with("/scopes") && random.often(80) {
            let mut list = "reference,email,name,elements\n".to_owned();
            if random.often(50) {
                list = text(random) + "\n";
            }
            for _ in 0..random.below(5) {
                list += &format!("{},{},{},name\n", text(random), text(random), text(random));
            }
            return ("text/csv".to_owned(), list.into_bytes());
        }
        let mut json = good(path, &self.things);
        for _ in 0..random.below(3) {
            spoil(&mut json, random);
        }
        let mut octets = json.to_string().into_bytes();
        if random.often(5) {
            let at = random.below(octets.len().max(1));
            octets.truncate(at);
        }
        if random.often(3) {
            let at = random.below(octets.len().max(1));
            octets.insert(at, 0xff);
        }
        ("application/json".to_owned(), octets)
    }
}
