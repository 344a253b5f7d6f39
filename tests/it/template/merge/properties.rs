//! Properties that hold for any text and any person.

use candor::element::{Element, ElementSet};
use candor::template::merge::Values;
use proptest::prelude::*;

use super::page::tags;
use super::{ana, compiled_in, render};

fn fragment() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "{{ name }}",
        "{{ reference }}",
        "{{ elements }}",
        "{{ guidance }}",
        "{{ status_link }}",
        "{{ notice_code }}",
        "{{#if has.ssn}}",
        "{{/if}}",
        "\n{{#if has.dob}}\n",
        "\n{{/if}}\n",
        "{{",
        "}}",
        "\\{{",
        "{{ facts.what }}",
        "\n",
        "\n\n",
        "  \n",
        "- ",
        "1. ",
        "> ",
        "    ",
        "# ",
        "---",
        "===",
        "```\n",
        "`",
        "*",
        "**",
        "_",
        "[",
        "](",
        ")",
        "![",
        "<b>",
        "<!--",
        "-->",
        "<https://x.example>",
        "&#xE000;",
        "&#57345;",
        "\u{E000}",
        "\u{E001}0\u{E001}",
        "\0",
        "\r\n",
        "\t",
        "[a]: https://x.example\n",
        "漢字",
        "עברית",
        "https://x.example/",
    ]);
    prop_oneof![4 => known.prop_map(str::to_owned), 1 => "\\PC{0,8}", 1 => any::<String>()]
}

proptest! {
    #[test]
    fn no_body_and_no_value_makes_it_panic_or_brings_a_tag(
        parts in prop::collection::vec(fragment(), 0..24),
        subject in any::<String>(), name in any::<String>(), other in any::<String>(), bits in any::<i64>(),
    ) {
        let body = parts.concat();
        if let Ok(compiled) = compiled_in("en", "x {{name}}", &body) {
            let link = format!("https://x.example/{other}");
            let values = Values { name: &name, reference: &other, elements: ElementSet::from_bits_truncate(bits), told_wrongly: ElementSet::EMPTY, status_link: &link, notice_code: &other };
            let plain = Values { name: "Ana", ..values };
            if let (Ok(hostile), Ok(benign)) = (compiled.render(&values), compiled.render(&plain)) {
                prop_assert_eq!(tags(&hostile.html), tags(&benign.html));
                prop_assert!(!hostile.subject.chars().any(char::is_control));
            }
        }
        let _ = compiled_in("ar", &subject, &body);
        let _ = candor::template::lint::lint(&subject, &body);
    }

    #[test]
    fn a_block_is_shown_exactly_to_those_who_have_the_element(
        blocks in prop::collection::vec((0..Element::ALL.len(), 0..5_usize), 1..8), bits in any::<i64>(),
    ) {
        let mut body = String::new();
        for (n, (element, shape)) in blocks.iter().enumerate() {
            let code = Element::ALL[*element].code();
            let (open, close, word) = (format!("{{{{#if has.{code}}}}}"), "{{/if}}", format!("word{n}end"));
            body.push_str(&match shape {
                0 => format!("text {open}{word}{close} text{n}\n\n"),
                1 => format!("{open}\n{word} **bold**\n\n> more\n{close}\n\nmiddle\n\n"),
                2 => format!("{open}\n1. {word}\n{close}\n2. always\n\n"),
                3 => format!("- *a {open}{word}{close}*\n- {open}b {word}{close}\n\n"),
                _ => format!("{open}{word}{close}\n\n## head {open}{word}{close}\n\n"),
            });
        }
        let elements = ElementSet::from_bits_truncate(bits);
        let rendered = render(&body, &Values { elements, ..ana(&[]) });
        for (n, (element, _)) in blocks.iter().enumerate() {
            let word = format!("word{n}end");
            let shown = elements.contains(Element::ALL[*element]);
            prop_assert_eq!(rendered.text.contains(&word), shown, "{}\n{}", body, rendered.text);
            prop_assert_eq!(rendered.html.contains(&word), shown, "{}\n{}", body, rendered.html);
        }
    }

    #[test]
    fn private_use_characters_in_a_text_are_text(
        chars in prop::collection::vec(prop::char::range('\u{E000}', '\u{E004}'), 1..20), entity in any::<bool>(),
    ) {
        let shown: String = chars.iter().collect();
        let written: String = chars.iter().map(|c| if entity { format!("&#x{:X};", u32::from(*c)) } else { c.to_string() }).collect();
        let rendered = render(&format!("{{{{ name }}}} |{written}| [x](https://x.example)"), &ana(&["ssn"]));
        let expected = format!("|{shown}|");
        prop_assert!(rendered.text.contains(&expected));
        prop_assert!(rendered.html.contains(&expected));
        prop_assert!(rendered.text.contains("Ana Pérez"));
    }
}
