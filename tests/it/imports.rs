//! The layers hold: a file imports only from its own folder's nouns or from a lower layer, a noun imports only nouns
//! on a lower line, and what belongs in one place is nowhere else. Stands in for a workspace (docs/architecture.md).

mod paths;

use std::collections::{BTreeMap, BTreeSet};

use self::paths::{code, paths, sources, target};

/// The nouns, the highest line first: a noun imports only nouns on a lower line. docs/architecture.md says why each
/// stands where it does.
const NOUNS: &[&[&str]] = &[
    &["recovery", "erasure", "summary"],
    &["scope", "delivery"],
    &["postal", "recall"],
    &["campaign", "ticket"],
    &["template", "account", "outbox", "notice", "csv_file"],
    &["person"],
    &["incident"],
    &["staff", "deployment"],
    &["audit"],
];
/// Verbs: they open transactions, ask rules, write through stores.
const VERBS: &[&str] = &[
    "audit/link",
    "audit/noticed",
    "audit/search",
    "audit/verify",
    "campaign/approval",
    "campaign/copy",
    "campaign/doubled",
    "campaign/draft",
    "campaign/guard",
    "campaign/hold",
    "campaign/launch",
    "campaign/news",
    "campaign/old_texts",
    "campaign/reference_list",
    "campaign/reject",
    "campaign/schedule",
    "campaign/submit",
    "campaign/test_send",
    "campaign/void_watch",
    "campaign/waiver",
    "delivery/freeze",
    "delivery/retry_now",
    "delivery/review",
    "delivery/settle",
    "deployment/keys",
    "deployment/watch",
    "erasure",
    "incident/rewrap",
    "incident/steer",
    "person/find",
    "person/hardest",
    "person/revoke",
    "postal/code",
    "postal/lacking",
    "postal/list",
    "postal/minors",
    "postal/moved",
    "postal/outdated",
    "postal/post",
    "postal/restore",
    "postal/returned",
    "postal/take",
    "postal/told",
    "recall/draft",
    "recall/readers",
    "recall/steer",
    "recovery/locks",
    "recovery/restored",
    "scope/activate",
    "scope/difference",
    "scope/import",
    "scope/upload",
    "staff/confirm",
    "staff/key",
    "staff/manage",
    "staff/replay/once",
    "staff/session",
    "staff/sign_in",
    "staff/wrong_code",
    "template/edit",
    "template/manage",
    "ticket/agent",
    "ticket/code",
    "ticket/intake",
    "ticket/released",
    "ticket/reweigh",
];
/// Files that put things together.
const ENTRY: &[&str] = &["lib", "main", "cli", "rehearsal"];
/// Words of the program that know nothing of it.
const WORDS: &[&str] = &[
    "actor",
    "address",
    "clock",
    "config",
    "element",
    "id",
    "invisible",
    "link",
    "noticed",
    "roots",
    "seal",
    "shutdown",
    "telemetry",
    "trouble",
    "zone",
];

fn layer(file: &str) -> u8 {
    let top = file.split('/').next().unwrap_or(file);
    match top {
        _ if ENTRY.contains(&top) => 7,
        "web" => 6,
        "worker" => 5,
        // A closed list of words, which what is counted in memory names.
        _ if WORDS.contains(&top) || file == "audit/action" => 0,
        "db" | "mail" | "app" => 1,
        _ if file.split('/').skip(1).any(|part| part == "store") => 3,
        _ if VERBS
            .iter()
            .any(|verb| file == *verb || file.starts_with(&format!("{verb}/"))) =>
        {
            4
        }
        _ => 2,
    }
}

/// On which line of [`NOUNS`] a file stands; 0 is the highest.
fn line(file: &str) -> Option<usize> {
    let top = file.split('/').next().unwrap_or(file);
    NOUNS.iter().position(|line| line.contains(&top))
}

/// The imports of a noun from another noun that is not on a lower line.
fn sideways(sources: &BTreeMap<String, String>) -> BTreeSet<String> {
    let mut wrong = BTreeSet::new();
    for (file, text) in sources {
        for path in paths(file, text) {
            let to = target(&path, sources);
            let lines = to.and_then(|to| line(file).zip(line(to)));
            let noun = |file: &str| file.split('/').next().map(str::to_owned);
            if lines.is_some_and(|(from, to)| to <= from) && to.and_then(noun) != noun(file) {
                wrong.insert(format!("{file} imports {path}"));
            }
        }
    }
    wrong
}

#[test]
fn a_noun_imports_only_nouns_on_a_lower_line() {
    let wrong = sideways(&sources());
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_folder_is_a_noun_or_has_a_layer_of_its_own() {
    let unknown: BTreeSet<String> = sources()
        .into_keys()
        .filter(|file| line(file).is_none() && (2..=4).contains(&layer(file)))
        .collect();
    assert!(unknown.is_empty(), "not on any line of NOUNS: {unknown:?}");
}

#[test]
fn an_upward_or_sideways_import_of_a_noun_is_refused() {
    let source = |file: &str, text: &str| (file.to_owned(), text.to_owned());
    let mut made_up = BTreeMap::from([
        source("person", "use crate::incident::Incident;"),
        source("incident", "pub struct Incident;"),
        source("campaign/launch", "use crate::{person, incident};"),
        source("ticket", "use super::person;"),
    ]);
    assert_eq!(sideways(&made_up), BTreeSet::new());
    made_up.extend([
        source("incident", "use crate::person::Person;"),
        source(
            "ticket/agent",
            "fn late() { crate::campaign::launch::now() }",
        ),
    ]);
    let refused = sideways(&made_up).into_iter().collect::<Vec<_>>();
    let expected = [
        "incident imports person::Person",
        "ticket/agent imports campaign::launch::now",
    ];
    assert_eq!(refused, expected);
}

#[test]
fn every_import_goes_down() {
    let sources = sources();
    let mut upward = BTreeSet::new();
    for (file, text) in &sources {
        for path in paths(file, text) {
            let Some(to) = target(&path, &sources) else {
                continue;
            };
            let parent_reexport = to.starts_with(&format!("{file}/"));
            if layer(to) > layer(file) && !parent_reexport {
                upward.insert(format!(
                    "{file} (L{}) imports {path} (L{})",
                    layer(file),
                    layer(to)
                ));
            }
            if layer(file) == 5 && layer(to) == 6 || layer(file) == 6 && layer(to) == 5 {
                upward.insert(format!(
                    "{file} imports {path}: worker and web never see each other"
                ));
            }
        }
    }
    assert!(upward.is_empty(), "{upward:#?}");
}

#[test]
fn no_two_files_import_each_other() {
    let sources = sources();
    let edges: BTreeMap<&str, BTreeSet<&str>> = sources
        .iter()
        .map(|(file, text)| {
            let to = paths(file, text)
                .iter()
                .filter_map(|path| target(path, &sources))
                .collect::<BTreeSet<_>>();
            // A child may name its parent's nouns, and a parent its children: that is one module.
            let related = |to: &str| {
                to == file
                    || to.starts_with(&format!("{file}/"))
                    || file.starts_with(&format!("{to}/"))
            };
            (
                file.as_str(),
                to.into_iter().filter(|to| !related(to)).collect(),
            )
        })
        .collect();
    let mut cycles = Vec::new();
    for start in edges.keys() {
        let mut seen = BTreeSet::new();
        let mut next: Vec<&str> = edges[start].iter().copied().collect();
        while let Some(file) = next.pop() {
            if file == *start {
                cycles.push(*start);
                break;
            }
            if seen.insert(file) {
                next.extend(edges.get(file).into_iter().flatten());
            }
        }
    }
    assert!(
        cycles.is_empty(),
        "these files import themselves through others: {cycles:?}"
    );
}

#[test]
fn what_belongs_in_one_place_is_nowhere_else() {
    let rules: &[(&str, &[&str])] = &[
        ("actix_web", &["web"]),
        ("lettre", &["mail"]),
        ("askama", &["web"]),
        ("aws_lc_rs", &["seal", "mail", "db"]),
    ];
    let mut wrong = Vec::new();
    for (file, text) in sources() {
        let code = code(&text);
        let top = file.split('/').next().unwrap_or_default().to_owned();
        for (word, homes) in rules {
            if code.contains(&format!("{word}::")) && !homes.contains(&top.as_str()) {
                wrong.push(format!("{file} names {word}"));
            }
        }
        // Whatever else opens one loses the SQLSTATE of its errors, and TLS. The private cluster has its own socket.
        let opens = [
            "NoTls",
            "AsyncPgConnection::establish",
            "tokio_postgres::connect(",
        ];
        if opens.iter().any(|word| code.contains(word)) && !file.starts_with("db/embedded") {
            wrong.push(format!("{file} opens a connection: `db::Connector` does"));
        }
        if code.contains("schema::") && layer(&file) != 3 && top != "db" {
            wrong.push(format!("{file} names the schema: only stores do"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_file_says_what_lives_there() {
    let silent: Vec<String> = sources()
        .into_iter()
        .filter(|(_, text)| !text.starts_with("//!"))
        .map(|(file, _)| file)
        .collect();
    assert!(silent.is_empty(), "{silent:?}");
}
