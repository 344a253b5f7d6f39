//! The names of languages.

/// The name of a language in that language; an unknown one is named by its code.
pub(crate) fn own_name(locale: &str) -> String {
    let of = locale.split('-').next().unwrap_or(locale);
    let name = match of {
        "en" => "English",
        "es" => "Español",
        "fr" => "Français",
        "de" => "Deutsch",
        "vi" => "Tiếng Việt",
        "ru" => "Русский",
        "zh" => "中文",
        "ko" => "한국어",
        "ar" => "العربية",
        "he" => "עברית",
        "ja" => "日本語",
        "pt" => "Português",
        "tl" => "Tagalog",
        "hi" => "हिन्दी",
        _ => return locale.to_owned(),
    };
    if of == locale {
        name.to_owned()
    } else {
        format!("{name} ({locale})")
    }
}
