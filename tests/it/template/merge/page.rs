//! Reads the merged parts as a recipient would, and reads the corpora.

use std::path::{Path, PathBuf};

pub fn corpus_path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../shared/corpora")
        .join(name)
}

pub fn corpus(name: &str) -> Option<String> {
    let found = std::fs::read_to_string(corpus_path(name)).ok();
    if found.is_none() {
        assert!(
            std::env::var_os("CI").is_none_or(|ci| ci != "true"),
            "corpus {name} is missing"
        );
        println!("not run: corpus {name} is not here");
    }
    found
}

pub fn hostile_names() -> Option<Vec<String>> {
    let naughty: Vec<String> = serde_json::from_str(&corpus("naughty-strings/blns.json")?).unwrap();
    let mut names = naughty;
    for file in ["payloads/xss-rsnake.txt", "payloads/crlf.txt"] {
        names.extend(corpus(file)?.lines().map(str::to_owned));
    }
    names.push("</title><script>alert(1)</script>".into());
    names.push("{{ status_link }} {{#if has.ssn}} \u{E000}0\u{E000}".into());
    Some(names)
}

/// All tags with their attributes. No text contains a bare `<`, so this is exact.
pub fn tags(html: &str) -> Vec<String> {
    let after_open = html.split('<').skip(1);
    after_open
        .map(|rest| format!("<{}>", rest.split('>').next().unwrap_or("")))
        .collect()
}

/// What a recipient of the HTML part sees, with the numbers of lists.
pub fn html_text(html: &str) -> String {
    let (_, body) = html.split_once("<body").unwrap();
    let mut text = String::new();
    let mut lists: Vec<Option<u64>> = Vec::new();
    for rest in body.split('<').skip(1) {
        let (tag, after) = rest.split_once('>').unwrap();
        match tag.split(' ').next().unwrap() {
            "ol" => lists
                .push(Some(tag.split_once("start=\"").map_or(1, |(_, n)| {
                    n.split('"').next().unwrap().parse().unwrap()
                }))),
            "ul" => lists.push(None),
            "/ol" | "/ul" => drop(lists.pop()),
            "li" => {
                if let Some(Some(number)) = lists.last_mut() {
                    text.push_str(&format!(" {number}. "));
                    *number += 1;
                }
            }
            "br" | "p" | "h1" | "h2" | "/p" | "/li" => text.push('\n'),
            _ => {}
        }
        text.push_str(after);
    }
    let entities = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&amp;", "&"),
    ];
    entities
        .iter()
        .fold(text, |text, (entity, c)| text.replace(entity, c))
}

/// A value without its invisible and layout characters.
pub fn visible(text: &str) -> String {
    let hidden = |c: char| matches!(c, '\u{200B}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}');
    text.chars()
        .filter(|c| !c.is_whitespace() && !c.is_control() && !hidden(*c))
        .collect()
}

pub fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty())
        .map(str::to_owned)
        .collect()
}

#[track_caller]
pub fn in_order(source: &[String], shown: &[String]) {
    let mut shown_words = shown.iter();
    for word in source {
        assert!(
            shown_words.any(|w| w == word),
            "“{word}” is lost: {source:?}\n{shown:?}"
        );
    }
}
