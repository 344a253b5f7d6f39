//! Templates.

use candor::template::diff;
use candor::template::menu::{Entry, Group};
use candor::template::starting_text;
use candor::web::console::template::compare::Compared;
use candor::web::console::template::history::{History, Line, Shown, Tab};
use candor::web::console::template::page::Quoted;

use super::*;

fn template() -> TemplatePage {
    let variant = |locale: &str, language: &str, subject: &str, body: &str| Variant {
        locale: locale.into(),
        language: language.into(),
        subject: subject.into(),
        body: body.into(),
    };
    let body = "# Your data was stolen from us\n\nOn {{ facts.when }} somebody took data about you.\n\n## What of yours\n\n{{ elements }}\n\n## What to do now\n\n{{ guidance }}\n";
    TemplatePage {
        desk: desk(Area::Templates),
        id: "tpl_1".into(),
        name: "Notice of data breach".into(),
        version: 3,
        by: "Ada Moreno".into(),
        at: ago(300),
        campaigns: 2,
        variants: vec![
            variant("en", "English", "Your data was stolen from us", body),
            variant("es", "Español", "Robaron sus datos de nuestros sistemas", body),
            variant("ar", "العربية", "سُرقت بياناتك من أنظمتنا", "## ماذا حدث"),
        ],
        names: "ssn;phone".into(),
        locale: "en".into(),
        findings: vec![
            Finding { tone: Tone::Act, place: "body, line 12".into(), text: "{{ fact.when }} is not a known placeholder. Did you mean {{ facts.when }}?".into() },
            Finding { tone: Tone::Look, place: "body, line 3".into(), text: "“may have been” hedges. Say what is known.".into() },
        ],
        remarks: Findings::default(),
        preview: Some(Preview {
            person: "a sample person in California, 4 elements".into(),
            subject: "Your data was stolen from us".into(),
            text: "Northline Mobile\n\nYOUR DATA WAS STOLEN FROM US\n\nOn 16 August 2021 somebody took data about you.\n\nhttps://notice.northline.example/s/c2FtcGxlLXRva2VuLXRoYXQtaXMtbG9uZy1lbm91Z2gtdG8td3JhcA\n".into(),
            html: "letter_sample.html".into(),
        }),
        within: Within {
            readers: vec![choice("", "a sample person"), choice("no_name", "a person without a name")],
            looks: vec![choice("wide", "600 px wide"), choice("phone-dark", "360 px wide, dark")],
            look: "wide".into(),
            may_see_people: true,
            ..Within::default()
        },
        menu: vec![Group {
            title: "About the reader",
            entries: vec![Entry {
                code: "{{ name }}".into(),
                words: "The reader’s name.".into(),
            }],
        }],
        quoted: vec![Quoted {
            key: "what_happened".into(),
            words: None,
        }],
        theirs: Vec::new(),
        unsaved: false,
        based_on: 3,
        faults: Faults::default(),
        may_edit: true,
    }
}

fn compared() -> Compared {
    Compared {
        locale: "en".into(),
        language: "English".into(),
        note: String::new(),
        subject: diff::words("Your data was stolen", "Your data was stolen from us"),
        body: diff::words(
            "A thief <b>took</b> it.\n\nCall us.",
            "A thief has it.\n\nCall us today.",
        ),
    }
}

fn history() -> History {
    let line = |version, changed: &str, campaigns| Line {
        version,
        by: HOSTILE.into(),
        at: ago(300),
        changed: changed.into(),
        campaigns,
    };
    let used = (
        "cmp_1".to_owned(),
        "initial, Theft of data (sending)".to_owned(),
    );
    History {
        desk: desk(Area::Templates),
        id: "tpl_1".into(),
        name: HOSTILE.into(),
        newest: 2,
        version_text: "2".into(),
        delete_path: "/console/templates/tpl_1/delete".into(),
        copy_words: "Copy version 2".into(),
        versions: vec![
            line(2, "en", Vec::new()),
            line(1, "en, es (first)", vec![used]),
        ],
        choices: vec![choice("2", "Version 2"), choice("1", "Version 1")],
        shown: Shown {
            version: 2,
            to: "2".into(),
            from: "1".into(),
            locale: "en".into(),
            languages: vec![Tab {
                locale: "en".into(),
                language: "English".into(),
                differs: true,
            }],
            compared: Some(compared()),
            ..Shown::default()
        },
        copy: "Copy of it".into(),
        kept: "The campaign “initial, Theft of data (sending)” uses version 1.".into(),
        faults: Faults::default(),
        may_edit: true,
    }
}

/// Adds these pages.
pub(super) fn draw(add: Add<'_>) {
    let template_row = TemplateRow {
        id: "tpl_1".into(),
        name: "Notice of data breach".into(),
        version: 3,
        locales: vec!["en".into(), "es".into(), "ar".into()],
        campaigns: 2,
        at: ago(300),
    };
    add(
        "c_templates",
        &Templates {
            desk: desk(Area::Templates),
            templates: vec![template_row],
            sought: "breach".into(),
            texts: vec![choice("first_notice", "First notice, United States")],
            starting: starting_text::all(),
            new: Some(NewTemplate::default()),
        },
    );
    add("c_template", &template());
    let theirs = TemplatePage {
        theirs: vec![compared()],
        unsaved: true,
        ..template()
    };
    add("c_template_saved_meanwhile", &theirs);
    add("c_template_history", &history());
    let deletable = History {
        kept: String::new(),
        ..history()
    };
    add("c_template_history_unused", &deletable);
}
