//! Hostile values and hostile texts are shown as text and cannot act.

use candor::template::merge::{Rendered, Values};

use super::page::{hostile_names, html_text, tags, visible};
use super::{ana, compiled, compiled_in, render};

#[test]
fn facts_are_text_never_markdown() {
    let rendered = render("{{ facts.markup }}\n\n{{ facts.site }}", &ana(&["ssn"]));
    assert!(
        rendered
            .html
            .contains("5 &lt; 6 &amp; *stars* [x](https://evil.example)")
    );
    assert!(
        rendered
            .html
            .contains("<a href=\"https://example.org/help\">https://example.org/help</a>")
    );
}

#[test]
fn an_address_in_a_name_is_broken_and_direction_controls_do_not_leak() {
    let mut values = ana(&["ssn"]);
    values.name = "Win http://evil.example/x or a@b.co J.R.\u{202E}\r\nBcc: x";
    let Rendered {
        subject,
        text,
        html,
    } = compiled_in("en", "For {{ name }}", "Dear {{ name }}, hi.")
        .unwrap()
        .render(&values)
        .unwrap();
    for part in [&subject, &text, &html] {
        assert!(
            !part.contains("http://evil")
                && !part.contains("evil.example")
                && !part.contains("a@b"),
            "{part}"
        );
        assert!(!part.contains('\u{202E}'), "{part}");
        assert!(part.contains("J.R. Bcc: x"), "{part}");
    }
    assert!(!subject.contains(['\r', '\n']));
    values.name = "محمد";
    let rendered = render("Dear {{ name }}, hi.", &values);
    assert!(rendered.text.contains("Dear \u{2068}محمد\u{2069}, hi."));
    assert!(rendered.html.contains("<bdi>محمد</bdi>"));
}

const HOSTILE_BODY: &str = "Dear {{ name }},\n\n*{{ name }}* `{{ name }}` [{{ name }}]({{ status_link }})\n\n# {{ name }}\n\n\
                            - {{ name }}\n\n{{#if has.ssn}}{{ name }}{{/if}}\n\n{{ elements }}: {{ guidance }}";

#[test]
fn hostile_names_are_shown_and_bring_no_tag_link_or_header() {
    let Some(names) = hostile_names() else { return };
    let compiled = compiled_in("en", "For {{ name }}", HOSTILE_BODY).unwrap();
    let mut values = ana(&["ssn"]);
    let benign = tags(&compiled.render(&values).unwrap().html);
    for name in &names {
        values.name = name;
        let rendered = compiled.render(&values).unwrap();
        assert_eq!(tags(&rendered.html), benign, "{name}");
        assert!(!rendered.subject.chars().any(char::is_control), "{name}");
        assert!(
            !rendered.text.chars().any(|c| c.is_control() && c != '\n'),
            "{name}"
        );
        let shown = visible(name);
        if !shown.is_empty() {
            assert!(visible(&rendered.text).contains(&shown), "text: {name}");
            assert!(
                visible(&html_text(&rendered.html)).contains(&shown),
                "html: {name}"
            );
            assert!(
                visible(&rendered.subject).contains(&shown),
                "subject: {name}"
            );
        }
    }
}

#[test]
fn hostile_references_codes_and_links_bring_no_tag() {
    let Some(names) = hostile_names() else { return };
    let body = "{{ reference }} {{ notice_code }} {{ status_link }} [x](https://a.example/{{ notice_code }})";
    let compiled = compiled(body);
    let benign: Vec<String> = tags(&compiled.render(&ana(&["ssn"])).unwrap().html);
    for name in &names {
        let link = format!("https://x.example/{name}");
        let values = Values {
            reference: name,
            notice_code: name,
            status_link: &link,
            ..ana(&["ssn"])
        };
        if let Ok(rendered) = compiled.render(&values) {
            let found = tags(&rendered.html);
            let name_of = |tag: &String| tag.split([' ', '>']).next().unwrap_or("").to_owned();
            assert!(
                found.iter().map(name_of).eq(benign.iter().map(name_of)),
                "{name}"
            );
            assert!(
                found.iter().all(|tag| tag.matches('"').count() % 2 == 0),
                "{name}"
            );
        }
    }
}

#[test]
fn hostile_bodies_bring_no_tag_that_markdown_does_not_make() {
    let Some(names) = hostile_names() else { return };
    let ours = [
        "html",
        "head",
        "meta",
        "title",
        "body",
        "div",
        "p",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "ul",
        "ol",
        "li",
        "blockquote",
        "pre",
        "code",
        "strong",
        "em",
        "a",
        "br",
        "hr",
        "bdi",
        "!DOCTYPE",
    ];
    for body in &names {
        let Ok(compiled) = compiled_in("en", "s", body) else {
            continue;
        };
        let html = compiled.render(&ana(&["ssn"])).unwrap().html;
        for tag in tags(&html) {
            let name = tag
                .trim_start_matches(['<', '/'])
                .split([' ', '>'])
                .next()
                .unwrap();
            assert!(ours.contains(&name), "{tag} from {body}");
            if let Some(href) = tag.strip_prefix("<a href=\"") {
                assert!(
                    ["https://", "http://", "mailto:", "tel:"]
                        .iter()
                        .any(|s| href.to_lowercase().starts_with(s)),
                    "{tag}"
                );
            }
            assert!(!tag.contains(" on"), "{tag}");
        }
    }
}
