//! 900 notices that companies really sent.

use super::page::{corpus, html_text, in_order, words};
use super::{ana, compiled_in};

#[test]
fn no_word_of_a_real_notice_is_lost_in_either_part() {
    let Some(lines) = corpus("ca-breach-notice-texts/notices.jsonl") else {
        return;
    };
    let (mut count, mut refused) = (0, 0);
    for line in lines.lines() {
        let notice: serde_json::Value = serde_json::from_str(line).unwrap();
        let body = notice["text"].as_str().unwrap();
        let title = notice["org"].as_str().unwrap();
        let compiled = match compiled_in("en", title, body) {
            Ok(compiled) => compiled,
            Err(errors) => {
                let proper = body.contains("{{") || body.trim().is_empty();
                assert!(proper, "{errors:?}\n{body}");
                refused += 1;
                continue;
            }
        };
        let rendered = compiled.render(&ana(&["ssn"])).unwrap();
        let source = words(body);
        in_order(&source, &words(&rendered.text));
        in_order(&source, &words(&html_text(&rendered.html)));
        assert_eq!(words(&rendered.subject), words(title));
        count += 1;
    }
    assert_eq!(count + refused, 900);
    assert!(refused < 10);
}
