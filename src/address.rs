//! An e-mail address: parsed once, never altered, masked wherever it is printed.
//!
//! Accepted are the addresses that a list of customers really holds: dot-atom local parts
//! (RFC 5321 §4.1.2), internationalised ones (RFC 6531) made of letters, marks and digits as
//! RFC 8264 §4.2 asks of identifiers, and host names (RFC 5890). Quoted strings, comments and
//! IP literals are refused: they are legal, and in a list they are damage.

use std::borrow::Cow;
use std::fmt;

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use thiserror::Error;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{canonical_combining_class, is_combining_mark};

/// Octets a local part may have (RFC 5321 §4.5.3.1.1).
const LOCAL_LIMIT: usize = 64;
/// Octets a domain may have as written (RFC 5321 §4.5.3.1.2).
const DOMAIN_LIMIT: usize = 255;
/// Octets the whole address may have on the wire: a path of 256 less its angle brackets.
const ADDRESS_LIMIT: usize = 254;

/// A mailbox, exactly as it was written. `Debug` and `Display` show the masked form only.
///
/// Two addresses are equal when their text is; whether two texts name the same mailbox for a
/// look-up is what [`EmailAddress::key_form`] answers.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EmailAddress {
    text: Box<str>,
    /// Where the `@` stands.
    at: u8,
}

/// Why a text is not an address we write to. No sentence repeats the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AddressError {
    /// Not a single `@`.
    #[error("An e-mail address needs an @ between its two parts.")]
    NoAt,
    /// More than one `@`.
    #[error("An e-mail address has one @, this has several.")]
    SeveralAts,
    /// Nothing before the `@`.
    #[error("Nothing stands before the @.")]
    NoLocalPart,
    /// Nothing after the `@`.
    #[error("Nothing stands after the @.")]
    NoDomain,
    /// A line break or another control character.
    #[error("The e-mail address contains a line break or another control character.")]
    ControlCharacter,
    /// White space, of any script.
    #[error("The e-mail address contains a space.")]
    Space,
    /// A quoted local part, or a stray quote.
    #[error("The e-mail address contains a quotation mark; quoted addresses are not accepted.")]
    Quoted,
    /// The domain is an IP address.
    #[error("The part after the @ is an IP address, not a domain name.")]
    IpAddress,
    /// More than 64 octets before the `@`.
    #[error("The part before the @ is longer than 64 bytes.")]
    LocalPartTooLong,
    /// More than 255 octets after the `@`, or a label of more than 63.
    #[error("The part after the @ is longer than a domain name can be.")]
    DomainTooLong,
    /// More than 254 octets in all.
    #[error("The e-mail address is longer than 254 bytes.")]
    TooLong,
    /// A dot at an end, or two in a row.
    #[error("A dot stands at the beginning or end of a part, or two stand together.")]
    Dots,
    /// A character that no local part may hold.
    #[error("The part before the @ contains a character that is not allowed there.")]
    LocalPartCharacter,
    /// A domain without a dot that is not a country's own.
    #[error("The part after the @ has no ending such as .com.")]
    NoTopLevelDomain,
    /// Not a host name, or not valid IDNA.
    #[error("The part after the @ is not a valid domain name.")]
    Domain,
}

impl EmailAddress {
    /// Reads an address; the text is kept to the byte, so surrounding white space is refused.
    ///
    /// # Errors
    /// The first [`AddressError`] that applies.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let (local, domain) = split(text)?;
        check_local(local)?;
        let ascii = check_domain(domain)?;
        if local.len() + 1 + ascii.len() > ADDRESS_LIMIT {
            return Err(AddressError::TooLong);
        }
        let at = u8::try_from(local.len()).map_err(|_| AddressError::LocalPartTooLong)?;
        Ok(Self {
            text: text.into(),
            at,
        })
    }

    /// The address as written. This exposes it: only for sealing and for the envelope.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The part before the `@`, as written.
    #[must_use]
    pub fn local(&self) -> &str {
        &self.text[..usize::from(self.at)]
    }

    /// The part after the `@`, as written.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.text[usize::from(self.at) + 1..]
    }

    /// The domain as the wire knows it: lower-case A-labels (RFC 5890 §2.3.2.1).
    #[must_use]
    pub fn domain_ascii(&self) -> String {
        if self.domain().is_ascii() {
            return self.domain().to_ascii_lowercase();
        }
        to_ascii(self.domain())
            .expect("parse accepted the same domain")
            .into_owned()
    }

    /// Whether only a server that offers SMTPUTF8 can take it (RFC 6531 §3.1).
    #[must_use]
    pub fn needs_smtputf8(&self) -> bool {
        !self.local().is_ascii()
    }

    /// The form under which blind indexes are made: local part in NFKC and lower case, domain
    /// as A-labels. Plus-tags stay, since they may belong to different people. Exposes the
    /// address as much as [`EmailAddress::as_str`] does.
    #[must_use]
    pub fn key_form(&self) -> String {
        let mut key = if self.needs_smtputf8() {
            // Lower-casing can undo the composition (U+0130), so compose once more.
            self.local()
                .nfkc()
                .flat_map(char::to_lowercase)
                .nfkc()
                .collect()
        } else {
            self.local().to_ascii_lowercase()
        };
        key.push('@');
        key.push_str(&self.domain_ascii());
        key
    }

    /// What may be shown to a person who should recognise the address: `j•••@e•••.com`.
    #[must_use]
    pub fn masked(&self) -> String {
        let (name, ending) = match self.domain().rsplit_once('.') {
            Some((name, ending)) => (name, format!(".{ending}")),
            None => (self.domain(), String::new()),
        };
        let first = |part: &str| part.chars().next().map(String::from).unwrap_or_default();
        format!("{}•••@{}•••{ending}", first(self.local()), first(name))
    }
}

fn split(text: &str) -> Result<(&str, &str), AddressError> {
    if text.chars().any(char::is_control) {
        return Err(AddressError::ControlCharacter);
    }
    if text.chars().any(char::is_whitespace) {
        return Err(AddressError::Space);
    }
    if text.contains('"') {
        return Err(AddressError::Quoted);
    }
    let (local, domain) = text.split_once('@').ok_or(AddressError::NoAt)?;
    match (local, domain) {
        (_, domain) if domain.contains('@') => Err(AddressError::SeveralAts),
        ("", _) => Err(AddressError::NoLocalPart),
        (_, "") => Err(AddressError::NoDomain),
        parts => Ok(parts),
    }
}

fn check_local(local: &str) -> Result<(), AddressError> {
    if local.len() > LOCAL_LIMIT {
        return Err(AddressError::LocalPartTooLong);
    }
    check_dots(local)?;
    let mut before = None;
    for c in local.chars() {
        let fits = match c {
            '.' => true,
            c if c.is_ascii() => is_atext(c),
            // A joiner shapes the letter before it, after a virama only (RFC 5892 A.1, A.2).
            '\u{200c}' | '\u{200d}' => {
                before.is_some_and(|b| canonical_combining_class(b) == VIRAMA)
            }
            c if before.is_none() && is_combining_mark(c) => false,
            c => is_word(c),
        };
        if !fits {
            return Err(AddressError::LocalPartCharacter);
        }
        before = Some(c);
    }
    Ok(())
}

/// Checks a domain and returns its A-labels.
fn check_domain(domain: &str) -> Result<Cow<'_, str>, AddressError> {
    if domain.starts_with('[') {
        return Err(AddressError::IpAddress);
    }
    if domain.len() > DOMAIN_LIMIT {
        return Err(AddressError::DomainTooLong);
    }
    check_dots(domain)?;
    // IDNA would map or drop some of these silently; an address is refused, never altered.
    if !domain
        .chars()
        .all(|c| c.is_ascii() || is_word(c) || is_joiner(c))
    {
        return Err(AddressError::Domain);
    }
    let ascii = to_ascii(domain).ok_or_else(|| domain_fault(domain))?;
    match ascii.rsplit_once('.') {
        Some((_, top)) if top.bytes().all(|b| b.is_ascii_digit()) => Err(AddressError::IpAddress),
        Some(_) => Ok(ascii),
        // Of dotless domains only countries' own take mail (RFC 7085).
        None if ascii.len() == 2 && ascii.bytes().all(|b| b.is_ascii_alphabetic()) => Ok(ascii),
        None => Err(AddressError::NoTopLevelDomain),
    }
}

fn to_ascii(domain: &str) -> Option<Cow<'_, str>> {
    let (bytes, deny) = (domain.as_bytes(), AsciiDenyList::STD3);
    Uts46::new()
        .to_ascii(bytes, deny, Hyphens::CheckFirstLast, DnsLength::Verify)
        .ok()
}

/// Tells a domain that is only too long from one that is wrong.
fn domain_fault(domain: &str) -> AddressError {
    let (bytes, deny) = (domain.as_bytes(), AsciiDenyList::STD3);
    match Uts46::new().to_ascii(bytes, deny, Hyphens::CheckFirstLast, DnsLength::Ignore) {
        Ok(_) => AddressError::DomainTooLong,
        Err(_) => AddressError::Domain,
    }
}

fn check_dots(part: &str) -> Result<(), AddressError> {
    if part.split('.').any(str::is_empty) {
        Err(AddressError::Dots)
    } else {
        Ok(())
    }
}

/// RFC 5322 §3.2.3.
fn is_atext(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c)
}

/// The canonical combining class of a virama.
const VIRAMA: u8 = 9;

/// A letter, mark or digit one can see: no symbol, no punctuation, no ① or ².
fn is_word(c: char) -> bool {
    let plain_number = || std::iter::once(c).nfkd().eq(std::iter::once(c));
    !is_invisible(c)
        && (c.is_alphabetic() || is_combining_mark(c) || (c.is_numeric() && plain_number()))
}

/// Letters and marks that print nothing (Default_Ignorable_Code_Point).
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{34f}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{e0100}'..='\u{e01ef}')
}

/// Characters allowed in a domain by context, which IDNA checks (RFC 5892 appendix A).
fn is_joiner(c: char) -> bool {
    matches!(
        c,
        '\u{200c}' | '\u{200d}' | '·' | '\u{375}' | '\u{5f3}' | '\u{5f4}' | '・'
    )
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EmailAddress({})", self.masked())
    }
}

impl std::str::FromStr for EmailAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        Self::parse(text)
    }
}
