//! Notices are merged without loss, and nothing in a person's values can act. Here: one whole notice, placeholders,
//! blocks, layout. In the submodules: hostile values, real texts, properties.

mod hostile;
mod layout;
pub mod page;
mod properties;
mod real;

use std::collections::BTreeMap;

use candor::element::{Element, ElementSet};
use candor::template::merge::{
    Compiled, Fixed, MergeError, MissingValue, Placeholder, Problem, Rendered, Values, compile,
};

const LINK: &str = "https://help.example.org/s/abc123";
const CODE: &str = "7F3K-92QX-4T";

fn facts() -> BTreeMap<String, String> {
    let facts = [
        ("phone", "+1 800 555 0100"),
        ("site", "https://example.org/help"),
        ("what", "Someone broke in.\nWe shut the door."),
        ("markup", "5 < 6 & *stars* [x](https://evil.example)"),
        ("blank", " "),
    ];
    facts.map(|(k, v)| (k.into(), v.into())).into()
}

fn compiled_in(locale: &str, subject: &str, body: &str) -> Result<Compiled, Vec<MergeError>> {
    let facts = facts();
    let fixed = Fixed {
        locale,
        organisation: "Northwind Mobile",
        incident_title: "Theft of <customer> data",
        facts: &facts,
    };
    compile(subject, body, &fixed)
}

fn compiled(body: &str) -> Compiled {
    match compiled_in("en", "Your data was stolen", body) {
        Ok(compiled) => compiled,
        Err(errors) => panic!("{errors:?}\n{body}"),
    }
}

fn problems(subject: &str, body: &str) -> Vec<(usize, usize, Problem)> {
    let errors = compiled_in("en", subject, body).err().unwrap_or_default();
    errors
        .into_iter()
        .map(|e| (e.line, e.column, e.problem))
        .collect()
}

fn set(codes: &[&str]) -> ElementSet {
    let bits = codes.iter().map(|code| {
        let element = Element::from_code(code).unwrap();
        1_i64 << Element::ALL.iter().position(|e| *e == element).unwrap()
    });
    ElementSet::from_bits_truncate(bits.sum())
}

fn ana(elements: &[&str]) -> Values<'static> {
    Values {
        name: "Ana Pérez",
        reference: "A-1001",
        elements: set(elements),
        told_wrongly: set(&["imei"]),
        status_link: LINK,
        notice_code: CODE,
    }
}

fn render(body: &str, values: &Values<'_>) -> Rendered {
    let rendered = compiled(body).render(values);
    rendered.unwrap_or_else(|missing| panic!("{missing}"))
}

/// The text part between the title and the end part.
fn body_text(rendered: &Rendered) -> &str {
    let (_, after) = rendered.text.split_once("====\n").unwrap();
    after.split("\n* * *\n").next().unwrap().trim()
}

// ---- one whole notice -------------------------------------------------------------------------

const WHOLE: &str = "\
Dear {{ name }},

On **Tuesday, August 17** we learned that someone stole customer data from us. Your data is part \
of it: {{ elements }}. We are sorry.

{{#if has.ssn}}
Your Social Security number lets others open accounts in your name.
{{/if}}

## What you can do

{{ guidance }}

## What we are doing

- We closed the way in.
{{#if has.carrier_pin}}
- We replaced your account PIN. Choose a new one when you sign in.
{{/if}}
- We work with the police. {{#if has.phone}}We watch for attempts to move your number.{{/if}}

> {{ facts.what }}

Questions? Call [our helpline](tel:{{ facts.phone }}) or read <https://example.org/help>. Your \
reference is {{ reference }}.
";

const WHOLE_AS_TEXT: &str = "\
Northwind Mobile

Your data was stolen
====================

Dear Ana Pérez,

On Tuesday, August 17 we learned that someone stole customer data from
us. Your data is part of it: account PIN, phone number and name. We are
sorry.

What you can do
---------------

1. Choose a new account PIN
   Set it in your account today and use it nowhere else. If you used the
   stolen PIN anywhere else, change it there too.

2. Lock your phone number
   Ask your mobile carrier to lock your number against SIM swaps and
   moves to another carrier. The lock is free. Where you get sign-in
   codes by text message, switch to an app.

3. Expect false messages
   Calls, texts and emails may use what was stolen to seem real. We
   never ask for a password or PIN, and never call you to ask for a
   code. Do not follow a link that you did not expect: type the address
   yourself.

What we are doing
-----------------

- We closed the way in.
- We replaced your account PIN. Choose a new one when you sign in.
- We work with the police. We watch for attempts to move your number.

> Someone broke in.
> We shut the door.

Questions? Call our helpline (+1 800 555 0100) or read
https://example.org/help. Your reference is A-1001.

* * *

How to check that this notice is genuine
----------------------------------------

Type this address into your browser yourself: help.example.org/verify.
Enter this notice code there: 7F3K-92QX-4T

Your own page about this incident: https://help.example.org/s/abc123
";

#[test]
fn a_whole_notice_reads_well_as_text() {
    let rendered = render(WHOLE, &ana(&["name", "phone", "carrier_pin"]));
    assert_eq!(rendered.subject, "Your data was stolen");
    assert_eq!(rendered.text, WHOLE_AS_TEXT);
    assert!(
        rendered
            .html
            .contains("<a href=\"tel:+18005550100\">our helpline</a>")
    );
}

#[test]
fn the_html_part_is_a_whole_document_that_fetches_nothing() {
    let rendered = render(
        "Hello {{ name }}\n\n![logo](https://x.example/a.png)",
        &ana(&["ssn"]),
    );
    let html = &rendered.html;
    assert!(
        html.starts_with("<!DOCTYPE html>\n<html lang=\"en\" dir=\"ltr\">"),
        "{html}"
    );
    assert!(html.contains("<title>Your data was stolen</title>"));
    assert!(html.contains("<strong>Northwind Mobile</strong>"));
    assert!(html.contains(">Your data was stolen</h1>"));
    assert!(html.contains("<a href=\"https://x.example/a.png\">logo</a>"));
    for fetched in ["<img", "<link", "<script", "<style", "url(", " src="] {
        assert!(!html.contains(fetched), "{fetched}");
    }
    let organisation = html.find("Northwind").unwrap();
    assert!(organisation < html.find("</h1>").unwrap());
}

#[test]
fn every_notice_ends_with_a_way_to_check_it_in_the_readers_language() {
    for (locale, salutation) in [
        ("de-AT", "Damen und Herren"),
        ("ar", "السيدة أو السيد"),
        ("zh", "先生/女士"),
    ] {
        let compiled = compiled_in(locale, "x", "{{ name }}").unwrap();
        let mut values = ana(&["ssn"]);
        values.name = " \u{202E} ";
        let Rendered { text, html, .. } = compiled.render(&values).unwrap();
        for part in [&text, &html] {
            assert!(part.contains(salutation), "{part}");
            assert!(part.contains(CODE) && part.contains(LINK), "{part}");
            assert!(part.contains("help.example.org/verify"), "{part}");
        }
        assert_eq!(html.contains("dir=\"rtl\""), locale == "ar");
    }
}

#[test]
fn the_end_part_repeats_neither_code_nor_link_of_the_body() {
    let rendered = render(
        "Code {{ notice_code }}, page {{ status_link }}.",
        &ana(&["ssn"]),
    );
    assert_eq!(rendered.text.matches(CODE).count(), 1);
    assert_eq!(rendered.text.matches(LINK).count(), 1);
    // A block that hides them from some people does not count.
    let hidden = "{{#if has.ssn}}{{ notice_code }} {{ status_link }}{{/if}} Hello.";
    let rendered = render(hidden, &ana(&["phone"]));
    assert_eq!(rendered.text.matches(CODE).count(), 1);
    assert_eq!(rendered.text.matches(LINK).count(), 1);
    // A link with other words as its text is a link.
    let rendered = render("[Your page]({{ status_link }})", &ana(&["phone"]));
    assert_eq!(rendered.html.matches(LINK).count(), 1);
    assert!(
        rendered
            .text
            .contains("Your page (https://help.example.org/s/abc123)")
    );
}

// ---- placeholders and blocks ------------------------------------------------------------------

#[test]
fn white_space_and_case_do_not_matter_and_braces_can_be_escaped() {
    let body = "{{name}} {{  Reference }} {{ FACTS.Phone }} {{ Incident.Title }} \\{{ name }} \
                {{ #if has.SSN }}yes{{ / if }}";
    let rendered = render(body, &ana(&["ssn"]));
    assert_eq!(
        body_text(&rendered),
        "Ana Pérez A-1001 +1 800 555 0100 Theft of <customer> data {{ name }} yes"
    );
    assert!(
        rendered
            .html
            .contains("Theft of &lt;customer&gt; data {{ name }} yes")
    );
}

#[test]
fn all_errors_come_at_once_with_their_places() {
    let body = "Dear {{ nmae }},\n  é {{ facts.fax }} {{ facts.blank }}\n{{#if has.shoe}}x{{/if}}\n\
                {{#if has.ssn}}a{{#if has.dob}}b{{/if}}c{{/if}}\n{{/if}} {{ name\n{{#if has.ssn}}";
    assert_eq!(
        problems("Hi {{ guidance }} {{ x }}", body),
        [
            (1, 4, Problem::NotInSubject(Placeholder::Guidance)),
            (1, 19, Problem::UnknownPlaceholder("x".into())),
            (1, 6, Problem::UnknownPlaceholder("nmae".into())),
            (2, 5, Problem::UnknownFact("fax".into())),
            (2, 21, Problem::UnknownFact("blank".into())),
            (3, 1, Problem::UnknownElement("shoe".into())),
            (4, 17, Problem::NestedBlock),
            (5, 1, Problem::NothingToClose),
            (5, 9, Problem::Unclosed),
            (6, 1, Problem::UnclosedBlock),
        ]
    );
}

#[test]
fn what_cannot_be_shown_where_it_stands_is_refused() {
    let one = |body: &str| {
        problems("s", body)
            .into_iter()
            .map(|p| p.2)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        one("**a {{#if has.ssn}}b** c{{/if}}"),
        [Problem::SplitBlock]
    );
    assert_eq!(one("{{#if has.ssn}}a\n\nb{{/if}}"), [Problem::SplitBlock]);
    assert_eq!(one("# Do {{ guidance }}"), [Problem::GuidanceInline]);
    assert_eq!(one("*{{ guidance }}*"), [Problem::GuidanceInline]);
    assert_eq!(one("`{{#if has.ssn}}`a{{/if}}"), [Problem::NotHere]);
    assert_eq!(
        one("[a](https://x.example/?{{ name }})"),
        [Problem::InAddress]
    );
    assert_eq!(
        one("[a](https://x.example \"{{ name }}\")"),
        [Problem::NotHere]
    );
    assert_eq!(
        one("[a]: https://x.example/{{ notice_code }}\n\nb"),
        [Problem::NotHere]
    );
    assert_eq!(one(" \n "), [Problem::Empty]);
    assert_eq!(one(&">".repeat(500)), [Problem::TooDeep]);
    assert_eq!(problems("a\nb", "x")[0].2, Problem::SubjectLines);
    let error = compiled_in("en", "s", "a {{ b }}").unwrap_err();
    assert!(
        error[0]
            .to_string()
            .starts_with("Line 1, column 3: There is no placeholder “b”.")
    );
}

#[test]
fn a_missing_value_refuses_the_person_only_where_it_is_used() {
    let missing = |body: &str, values: &Values<'_>| compiled(body).render(values).err();
    let mut values = ana(&[]);
    assert_eq!(
        missing("{{ elements }}", &values),
        Some(MissingValue(Placeholder::Elements))
    );
    assert_eq!(
        missing("{{ guidance }}", &values),
        Some(MissingValue(Placeholder::Guidance))
    );
    values.reference = "\n";
    assert_eq!(
        missing("{{ reference }}", &values),
        Some(MissingValue(Placeholder::Reference))
    );
    assert_eq!(
        missing("{{#if has.ssn}}{{ reference }}{{/if}}x", &values),
        None
    );
    values.status_link = "javascript:alert(1)";
    assert_eq!(
        missing("x", &values),
        Some(MissingValue(Placeholder::StatusLink))
    );
    assert_eq!(
        compiled("{{ reference }} {{name}} {{name}}").uses(),
        [Placeholder::Name, Placeholder::Reference]
    );
}
