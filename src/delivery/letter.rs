//! A person and a template become finished mail.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::address::EmailAddress;
use crate::campaign::content::{Content, ContentError};
use crate::db;
use crate::element::ElementSet;
use crate::id::{CampaignId, NoticeId, PersonId};
use crate::link::{NoticeCode, StatusLink};
use crate::mail::dkim::Signers;
use crate::mail::{self, Draft, Letter, Mailbox};
use crate::notice::Notice;
use crate::person::Person;
use crate::person::flags::Flags;
use crate::seal::{Keyring, sha256, to_hex};
use crate::template::merge::{Compiled, Values};
use crate::template::pick;

/// A campaign's approved content, compiled once for all its notices.
#[derive(Debug)]
pub struct Edition {
    texts: BTreeMap<String, Compiled>,
    /// The elements that the texts name by words.
    declared: ElementSet,
    from: Mailbox,
    return_path: EmailAddress,
    verp: bool,
    public_url: String,
    keys: Keyring,
    signers: Signers,
}

/// Why an edition could not be made: its content was changed in the database, or written by another version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadContent {
    /// It cannot be read.
    #[error(transparent)]
    Content(#[from] ContentError),
    /// A text of it does not compile.
    #[error("a text of its content does not compile")]
    Text,
    /// The sender or the return path is no address.
    #[error("the sender or the return path of its content is no e-mail address")]
    Address,
}

impl BadContent {
    /// The error of the database's row of a campaign.
    pub fn of(self, id: CampaignId) -> db::Error {
        db::Error::inconsistent("campaign", format!("{id}: {self}"))
    }
}

/// Why no letter can be made for this person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// There is no address.
    #[error("no_address")]
    NoAddress,
    /// The text needs something of this person that is not known.
    #[error("missing_value")]
    MissingValue,
    /// No letter can be composed of it.
    #[error("not_composable")]
    NotComposable,
}

impl Edition {
    /// Compiles a campaign's content. Sender, return path and the beginning of links are those that were approved.
    ///
    /// # Errors
    /// [`BadContent`].
    pub fn new(content: &str, keys: &Keyring, signers: &Signers) -> Result<Self, BadContent> {
        let content = Content::from_text(content)?;
        let texts = content.compile().map_err(|_| BadContent::Text)?;
        let parse = |address: &str| EmailAddress::parse(address).map_err(|_| BadContent::Address);
        let address = parse(&content.from.1)?;
        let return_path = parse(&content.return_path)?;
        Ok(Self {
            texts,
            declared: content.names,
            from: Mailbox {
                name: content.from.0,
                address,
            },
            return_path,
            verp: content.verp,
            public_url: content.public_url,
            keys: keys.clone(),
            signers: signers.clone(),
        })
    }

    /// The elements that the text for readers of `locale` names to people with these `exposed` elements. Retracted
    /// people have none.
    pub fn names(&self, locale: &str, exposed: ElementSet) -> ElementSet {
        pick(&self.texts, locale).map_or(ElementSet::EMPTY, |(_, text)| {
            text.names(exposed, self.declared)
        })
    }

    /// The letter of one notice.
    ///
    /// # Errors
    /// [`Unfit`]: this person cannot be written to.
    pub fn letter(
        &self,
        notice: &Notice,
        person: &Person,
        date: DateTime<Utc>,
    ) -> Result<Letter, Unfit> {
        let address = person.contact.email.clone().ok_or(Unfit::NoAddress)?;
        let (language, text) =
            pick(&self.texts, person.locale.as_str()).ok_or(Unfit::NotComposable)?;
        let link = StatusLink {
            person: person.id,
            epoch: person.link_epoch,
        };
        let values = Values {
            name: person.contact.name.as_deref().unwrap_or_default(),
            reference: &person.contact.reference,
            elements: person.exposed_now(),
            told_wrongly: person.told_wrongly(),
            status_link: &format!("{}/s/{}", self.public_url, link.token(&self.keys)),
            notice_code: &NoticeCode::of(notice.id, &self.keys).to_string(),
        };
        let rendered = match person.flags.contains(Flags::MINOR) {
            true => text.render_to_guardian(&values),
            false => text.render(&values),
        };
        let rendered = rendered.map_err(|_| Unfit::MissingValue)?;
        let draft = Draft {
            from: self.from.clone(),
            to: Mailbox {
                name: person.contact.name.clone().unwrap_or_default(),
                address,
            },
            return_path: self.return_path(notice.id),
            subject: rendered.subject,
            text: rendered.text,
            html: Some(rendered.html),
            message_id: message_id(notice.campaign, notice.person, &self.from.address),
            date,
            language: language.to_owned(),
            reply_to: None,
            headers: vec![(
                "Feedback-ID",
                format!("{}:candor", notice.campaign.uuid().simple()),
            )],
        };
        let letter = mail::compose(&draft).map_err(|_| Unfit::NotComposable)?;
        Ok(self.signers.sign(letter))
    }

    /// Where this notice's bounce goes.
    fn return_path(&self, notice: NoticeId) -> EmailAddress {
        if self.verp {
            verp(&self.return_path, notice)
        } else {
            self.return_path.clone()
        }
    }
}

/// The Message-ID of a person's notice in a campaign, without angle brackets: the same on every attempt, so that a
/// double is visible to the reader's mail program. It is known before the notice is frozen, so that a relay's log tells
/// what left, though the database was put back to a time before that (docs/decisions/0013).
pub fn message_id(campaign: CampaignId, person: PersonId, from: &EmailAddress) -> String {
    let key = to_hex(&message_key(campaign, person));
    format!("{key}@{}", from.domain_ascii())
}

/// The 16 octets that stand in hex before the @ of a notice's Message-ID. They reveal nothing without both ids.
pub fn message_key(campaign: CampaignId, person: PersonId) -> [u8; 16] {
    let digest = sha256(&[&campaign.uuid().as_bytes()[..], person.uuid().as_bytes()].concat());
    std::array::from_fn(|at| digest[at])
}

/// The return path with the notice's id in its local part. The id says nothing about the person. A path too long for it
/// stays as it is: a bounce without an id is better than a notice that is not sent.
pub fn verp(return_path: &EmailAddress, notice: NoticeId) -> EmailAddress {
    let (local, domain) = (return_path.local(), return_path.domain());
    let named = format!("{local}+{}@{domain}", notice.uuid().simple());
    EmailAddress::parse(&named).unwrap_or_else(|_| return_path.clone())
}
