//! The errors of a form, each at its field.

/// What is wrong with one field, and what to do about it.
#[derive(Debug, Clone)]
pub struct Fault {
    /// The field's id on the page.
    pub field: String,
    /// A sentence.
    pub text: String,
}

/// Everything a form was refused for; empty on first sight.
#[derive(Debug, Clone, Default)]
pub struct Faults(pub Vec<Fault>);

impl Faults {
    /// The sentence for a field, or nothing.
    pub fn of(&self, field: &str) -> &str {
        self.0
            .iter()
            .find(|f| f.field == field)
            .map_or("", |f| f.text.as_str())
    }

    /// Whether there is anything to say.
    pub fn any(&self) -> bool {
        !self.0.is_empty()
    }
}
