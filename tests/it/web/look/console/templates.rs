//! Templates.

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
        within: Within::default(),
        unsaved: false,
        based_on: 3,
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
            new: Some(NewTemplate::default()),
        },
    );
    add("c_template", &template());
}
