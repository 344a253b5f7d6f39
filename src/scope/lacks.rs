//! Which columns a list does not have: what they would say stays as it is.

use crate::csv_file::{Column, Header};
use crate::person::contact::Contact;

/// A set of absent columns, as its bits in `scope_row.lacks`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Lacks(i16);

/// The columns that may be absent, each with its bit.
const BITS: [(Column, i16); 7] = [
    (Column::Email, 1),
    (Column::Name, 1 << 1),
    (Column::Postcode, 1 << 2),
    (Column::Address, 1 << 3),
    (Column::Locale, 1 << 4),
    (Column::Jurisdiction, 1 << 5),
    (Column::Flags, 1 << 6),
];

impl Lacks {
    /// The bit of a row that names another person than the draft's row with its reference: nothing of that row is
    /// this person's.
    pub const APART: i16 = 1 << 7;
    /// The bits of contact data.
    pub const CONTACT: i16 = 0b1111;

    /// Those with these bits, as stored.
    pub const fn from_bits(bits: i16) -> Self {
        Self(bits)
    }

    /// Those of a list with this first line.
    pub fn of(header: &Header) -> Self {
        let absent = BITS
            .iter()
            .filter(|(column, _)| header.position(*column).is_none());
        Self(absent.map(|(_, bit)| bit).sum())
    }

    /// The bits, as stored.
    pub const fn bits(self) -> i16 {
        self.0
    }

    /// Whether there is a column for everything.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether a part of the contact data is absent: they are sealed as one, so they are completed before
    /// rows are compared.
    pub const fn is_of_contact(self) -> bool {
        self.0 & Self::CONTACT != 0
    }

    /// The names of the columns.
    pub fn names(self) -> Vec<String> {
        let absent = BITS.iter().filter(|(_, bit)| self.0 & bit != 0);
        absent
            .map(|(column, _)| column.as_str().to_owned())
            .collect()
    }

    fn has(self, column: Column) -> bool {
        BITS.iter()
            .all(|(known, bit)| *known != column || self.0 & bit == 0)
    }

    /// What a row says, and for what it cannot say, what was known before.
    pub fn complete(self, row: Contact, before: Contact) -> Contact {
        fn either<T>(has: bool, row: Option<T>, before: Option<T>) -> Option<T> {
            if has { row } else { before }
        }
        Contact {
            reference: row.reference,
            email: either(self.has(Column::Email), row.email, before.email),
            name: either(self.has(Column::Name), row.name, before.name),
            postcode: either(self.has(Column::Postcode), row.postcode, before.postcode),
            address: either(self.has(Column::Address), row.address, before.address),
        }
    }

    /// What a completed row says of its own: nothing that was known before.
    pub fn own(self, completed: Contact) -> Contact {
        let nothing = Contact {
            reference: String::new(),
            email: None,
            name: None,
            postcode: None,
            address: None,
        };
        self.complete(completed, nothing)
    }
}

#[cfg(test)]
mod tests {
    use ::csv::StringRecord;

    use super::*;
    use crate::address::EmailAddress;

    fn lacks(first_line: &[&str]) -> Lacks {
        Lacks::of(&Header::parse(&StringRecord::from(first_line.to_vec())).expect("a header"))
    }

    #[test]
    fn an_absent_column_keeps_and_an_empty_cell_clears() {
        let before = Contact {
            reference: "r1".to_owned(),
            email: EmailAddress::parse("a@example.org").ok(),
            name: Some("Ada".to_owned()),
            postcode: Some("1".to_owned()),
            address: Some("1 High St".to_owned()),
        };
        let row = Contact {
            reference: "R1".to_owned(),
            email: None,
            name: None,
            postcode: None,
            address: None,
        };
        let some = lacks(&["reference", "elements", "email", "name"]);
        let completed = some.complete(row, before);
        assert_eq!((&completed.email, &completed.name), (&None, &None));
        assert_eq!(completed.postcode.as_deref(), Some("1"));
        assert_eq!(completed.address.as_deref(), Some("1 High St"));
        assert_eq!(completed.reference, "R1");
        let own = some.own(Contact {
            name: Some("Bo".to_owned()),
            ..completed
        });
        assert_eq!(
            (own.reference.as_str(), own.name.as_deref()),
            ("R1", Some("Bo"))
        );
        assert_eq!((own.postcode, own.address), (None, None));
    }

    #[test]
    fn the_bits_are_those_of_the_statements() {
        let others = lacks(&[
            "reference",
            "elements",
            "email",
            "name",
            "postcode",
            "address",
        ]);
        assert_eq!((others.bits(), others.is_of_contact()), (112, false));
        let all = lacks(&["reference", "elements"]);
        assert_eq!(all.bits(), 127);
        assert_eq!(all.names().len(), 7);
        let none = Column::ALL.map(Column::as_str);
        assert!(lacks(&none).is_empty());
        assert_eq!(Lacks::APART & all.bits(), 0);
    }
}
