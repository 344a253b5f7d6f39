//! Reads pages as a browser without script does: links, and forms with the controls that belong to them, also by the
//! `form` attribute.

use std::collections::BTreeMap;

/// The page contains these words.
#[track_caller]
pub fn has(page: &str, words: &str) {
    assert!(page.contains(words), "“{words}” is not in {page}");
}

/// The page does not contain these words.
#[track_caller]
pub fn lacks(page: &str, words: &str) {
    assert!(!page.contains(words), "“{words}” is in {page}");
}

/// An element: its name and attributes. One without a value has an empty one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    pub name: String,
    attributes: BTreeMap<String, String>,
}

impl Tag {
    /// The value of an attribute.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }

    /// Whether it has the attribute.
    pub fn has(&self, name: &str) -> bool {
        self.attributes.contains_key(name)
    }

    /// The value of an attribute; empty if there is none.
    pub fn or_empty(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default()
    }

    /// Whether it sends its form.
    pub fn is_submit(&self) -> bool {
        let kind = self.get("type");
        self.name == "button" && matches!(kind, None | Some("submit"))
    }

    /// Whether Enter in it presses the default button of its form: true for every visible input, false for a text area.
    pub fn takes_enter(&self) -> bool {
        self.name == "input" && self.get("type") != Some("hidden")
    }

    /// Whether a user types text into it.
    pub fn takes_words(&self) -> bool {
        let kind = self.get("type").unwrap_or("text");
        let words = matches!(
            kind,
            "text" | "email" | "date" | "number" | "search" | "tel"
        );
        self.name == "textarea" || self.name == "input" && words
    }
}

/// A form and its controls, in the order of the page.
#[derive(Debug, Clone)]
pub struct Form {
    pub action: String,
    pub method: String,
    pub controls: Vec<Tag>,
}

impl Form {
    /// Its submit buttons.
    pub fn buttons(&self) -> impl Iterator<Item = &Tag> {
        self.controls.iter().filter(|control| control.is_submit())
    }

    /// Its hidden fields.
    pub fn hidden(&self) -> Vec<(String, String)> {
        let hidden = self
            .controls
            .iter()
            .filter(|c| c.get("type") == Some("hidden"));
        let pair = |c: &Tag| {
            (
                c.or_empty("name").to_owned(),
                c.or_empty("value").to_owned(),
            )
        };
        hidden.map(pair).collect()
    }

    /// The addresses to which its buttons send it.
    pub fn goals(&self) -> Vec<String> {
        let does =
            |button: &&Tag| !button.has("disabled") && button.get("formmethod") != Some("dialog");
        let sends = self.buttons().filter(does);
        let goal = |button: &Tag| button.get("formaction").unwrap_or(&self.action).to_owned();
        sends.map(goal).collect()
    }
}

fn unescaped(text: &str) -> String {
    let text = text.replace("&#38;", "&").replace("&amp;", "&");
    let text = text.replace("&#34;", "\"").replace("&quot;", "\"");
    let text = text
        .replace("&#39;", "'")
        .replace("&#60;", "<")
        .replace("&lt;", "<");
    text.replace("&#62;", ">").replace("&gt;", ">")
}

fn tag(text: &str) -> Option<Tag> {
    let end = text
        .find(|c: char| c.is_whitespace() || c == '>')
        .unwrap_or(text.len());
    let (name, mut rest) = text.split_at(end);
    let letters = name.trim_start_matches('/');
    if letters.is_empty() || !letters.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let mut attributes = BTreeMap::new();
    loop {
        rest = rest.trim_start();
        if rest.is_empty() || rest.starts_with(['>', '/']) {
            break;
        }
        let end = rest
            .find(|c: char| c.is_whitespace() || matches!(c, '=' | '>'))
            .unwrap_or(rest.len());
        let (attribute, after) = rest.split_at(end);
        let (value, after) = match after.strip_prefix("=\"") {
            Some(after) => after.split_once('"')?,
            None => ("", after),
        };
        attributes.insert(attribute.to_owned(), unescaped(value));
        rest = after;
    }
    Some(Tag {
        name: name.to_ascii_lowercase(),
        attributes,
    })
}

/// All tags of a page in order; a closing tag has a slash before its name.
pub fn tags(page: &str) -> Vec<Tag> {
    let mut tags = Vec::new();
    let mut rest = page;
    while let Some((_, after)) = rest.split_once('<') {
        rest = after;
        if let Some(tag) = tag(after) {
            // The content of a text area is text, even if it looks like a tag.
            if tag.name == "textarea" {
                rest = after.split_once("</textarea>").map_or("", |(_, rest)| rest);
            }
            tags.push(tag);
        }
    }
    tags
}

/// The forms of a page.
pub fn forms(page: &str) -> Vec<Form> {
    let tags = tags(page);
    let mut forms: Vec<(Option<String>, Form)> = Vec::new();
    let made = tags.iter().filter(|tag| tag.name == "form");
    for tag in made {
        let form = Form {
            action: tag.or_empty("action").to_owned(),
            method: tag.get("method").unwrap_or("get").to_owned(),
            controls: Vec::new(),
        };
        forms.push((tag.get("id").map(str::to_owned), form));
    }
    let (mut open, mut next) = (None, 0);
    for tag in tags {
        match tag.name.as_str() {
            "form" => {
                open = Some(next);
                next += 1;
            }
            "/form" => open = None,
            "input" | "textarea" | "select" | "button" => {
                let owner = match tag.get("form") {
                    Some(id) => forms.iter().position(|(of, _)| of.as_deref() == Some(id)),
                    None => open,
                };
                if let Some(owner) = owner {
                    forms[owner].1.controls.push(tag);
                }
            }
            _ => {}
        }
    }
    forms.into_iter().map(|(_, form)| form).collect()
}

/// The addresses that a page leads to or shows: links, frames, and GET forms.
pub fn links(page: &str) -> Vec<String> {
    let of = |tag: &Tag| match tag.name.as_str() {
        "a" => tag.get("href").map(str::to_owned),
        "iframe" => tag.get("src").map(str::to_owned),
        "form" if tag.get("method") == Some("get") => tag.get("action").map(str::to_owned),
        _ => None,
    };
    let mut found: Vec<_> = tags(page).iter().filter_map(of).collect();
    for form in forms(page).iter().filter(|form| form.method == "get") {
        let mut goals = form.goals();
        goals.retain(|goal| *goal != form.action);
        found.extend(goals);
    }
    found
}

#[test]
fn controls_belong_to_the_form_that_they_name_or_stand_in() {
    let page = r#"<form id="page" method="post" action="/facts"><button type="submit" disabled hidden></button>
        <input type="hidden" name="csrf" value="a&amp;b"></form><p>1 < 2</p><input form="page" name="key">
        <form action="/other"><textarea name="text">
        <button name="not"></textarea><button form="page" formaction="/state" name="to" value="closed">Close</button></form>"#;
    let forms = forms(page);
    assert_eq!(
        (
            forms.len(),
            forms[0].controls.len(),
            forms[1].controls.len()
        ),
        (2, 4, 1)
    );
    assert_eq!(forms[0].hidden(), [("csrf".to_owned(), "a&b".to_owned())]);
    assert_eq!(forms[0].goals(), ["/state"]);
    assert!(forms[0].controls[2].takes_enter() && forms[1].controls[0].takes_words());
}
