//! Layout: lists, gaps, line lengths, and scripts from right to left.

use super::*;

#[test]
fn conditional_items_belong_to_one_list_and_are_numbered_as_seen() {
    let body = "1. one\n{{#if has.ssn}}\n2. two\n{{/if}}\n3. three\n4. {{#if has.dob}}four{{/if}}\n5. five";
    let text = |elements: &[&str]| body_text(&render(body, &ana(elements))).to_owned();
    assert_eq!(text(&[]), "1. one\n2. three\n3. five");
    assert_eq!(text(&["ssn"]), "1. one\n2. two\n3. three\n4. five");
    assert_eq!(text(&["dob"]), "1. one\n2. three\n3. four\n4. five");
    let html = render(body, &ana(&["ssn", "dob"])).html;
    assert_eq!(html.matches("<ol").count(), 1);
    assert_eq!(html.matches("<li").count(), 5);
}

#[test]
fn what_is_hidden_leaves_no_empty_paragraph_list_or_gap() {
    let body = "a\n\n{{#if has.ssn}}\n## t\n\n- x\n{{/if}}\n{{#if has.dob}}b{{/if}} {{#if has.ssn}}c{{/if}}\n\n\
                - {{#if has.ssn}}d{{/if}}\n\n### {{#if has.ssn}}f{{/if}}\n\n\
                > {{#if has.ssn}}g{{/if}}\n\ne";
    let rendered = render(body, &ana(&["phone"]));
    assert_eq!(body_text(&rendered), "a\n\ne");
    assert!(
        !rendered.html.contains("<ul")
            && !rendered.html.contains("<h3")
            && !rendered.html.contains("<blockquote")
    );
    assert_eq!(rendered.html.matches("<p ").count(), 1 + 2 + 2);
    let rendered = render(body, &ana(&["ssn"]));
    assert_eq!(
        body_text(&rendered),
        "a\n\nt\n-\n\n- x\n\nc\n\n- d\n\nf\n\n> g\n\ne"
    );
}

#[test]
fn structure_survives_in_the_text_part() {
    let body = "### Small\n\n7. seven\n8. eight\n   - inner *item*\n\n     more\n\n> quoted\n>\n> twice\n\n    code  here\n\n---\n\n\
                <b>raw</b> and <me@example.org> and [rel](/x) and `{{ reference }}`  \nbroken";
    let rendered = render(body, &ana(&["ssn"]));
    let (text, _) = rendered.text.split_once("How to check").unwrap();
    let (_, text) = text.split_once("====\n").unwrap();
    assert_eq!(
        text.trim(),
        "Small\n\n7. seven\n8. eight\n   - inner item\n\n     more\n\n> quoted\n>\n> twice\n\n    code  here\n\n* * *\n\n\
         <b>raw</b> and me@example.org and rel (/x) and A-1001\nbroken\n\n* * *"
    );
    assert!(rendered.html.contains("&lt;b&gt;raw&lt;/b&gt;"));
    assert!(rendered.html.contains("<a href=\"mailto:me@example.org\">"));
    assert!(rendered.html.contains("<ol start=\"7\""));
}

#[test]
fn lines_keep_to_72_columns_in_any_script_and_addresses_stay_whole() {
    let long_link = format!("https://example.org/{}", "a".repeat(90));
    for text in [
        "word ".repeat(60),
        "数据泄露通知，请注意。".repeat(20),
        "слово ".repeat(50),
    ] {
        let rendered = render(
            &format!("- {text}\n\n> {text} {{{{ name }}}}\n\n{long_link}"),
            &ana(&["ssn"]),
        );
        for line in rendered
            .text
            .lines()
            .filter(|line| !line.contains("https://"))
        {
            let columns: usize = line
                .chars()
                .map(|c| {
                    if ('\u{2E80}'..'\u{FFE6}').contains(&c) {
                        2
                    } else {
                        1
                    }
                })
                .sum();
            assert!(columns <= 72, "{columns} {line}");
        }
        assert!(rendered.text.lines().any(|line| line == long_link));
        assert!(
            !rendered
                .text
                .lines()
                .any(|line| line.ends_with(' ') || line.trim().starts_with('。'))
        );
    }
}

#[test]
fn codes_and_numbers_keep_their_order_in_arabic() {
    let body = "{{ notice_code }} [x](tel:{{ facts.phone }}) {{ facts.phone }} {{ name }}";
    let compiled = compiled_in("ar", "x", body).unwrap();
    let Rendered { text, html, .. } = compiled.render(&ana(&["ssn"])).unwrap();
    assert!(text.contains("\u{2066}7F3K-92QX-4T\u{2069}"), "{text}");
    assert!(html.contains("<bdi>7F3K-92QX-4T</bdi>"), "{html}");
    assert!(html.contains("<a href=\"tel:+18005550100\">"), "{html}");
    for part in [&text, &html] {
        assert!(part.contains("\u{2066}+1 800 555 0100\u{2069}"), "{part}");
        assert!(
            part.contains("\u{2066}help.example.org/verify\u{2069}"),
            "{part}"
        );
    }
    assert!(text.contains("\u{2068}Ana Pérez\u{2069}"), "{text}");
}
