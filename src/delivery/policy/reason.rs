//! Why a message bounced, and why a relay or provider is held: closed lists.

/// Why a notice bounced. Stored, shown and counted under these words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BounceReason {
    /// No such mailbox.
    UserUnknown,
    /// The mailbox is switched off; it may come back.
    MailboxDisabled,
    /// No room; it may come back.
    MailboxFull,
    /// The person moved and left no forwarding.
    Moved,
    /// No such domain, or one that takes no mail.
    HostUnknown,
    /// The server cannot read the address.
    AddressInvalid,
    /// Larger than this mailbox takes.
    MessageTooBig,
    /// No way through this relay for an internationalised address.
    NeedsSmtputf8,
    /// This mailbox takes no mail from us, or everything we tried was held against policy.
    Policy,
    /// The relay does not carry mail to this domain.
    RelayDenied,
    /// The text of the letter was refused.
    ContentRefused,
    /// Refused for good without a reason that we can read.
    Unexplained,
}

impl BounceReason {
    const ALL: [Self; 12] = [
        Self::UserUnknown,
        Self::MailboxDisabled,
        Self::MailboxFull,
        Self::Moved,
        Self::HostUnknown,
        Self::AddressInvalid,
        Self::MessageTooBig,
        Self::NeedsSmtputf8,
        Self::Policy,
        Self::RelayDenied,
        Self::ContentRefused,
        Self::Unexplained,
    ];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UserUnknown => "user_unknown",
            Self::MailboxDisabled => "mailbox_disabled",
            Self::MailboxFull => "mailbox_full",
            Self::Moved => "moved",
            Self::HostUnknown => "host_unknown",
            Self::AddressInvalid => "address_invalid",
            Self::MessageTooBig => "message_too_big",
            Self::NeedsSmtputf8 => "needs_smtputf8",
            Self::Policy => "policy",
            Self::RelayDenied => "relay_denied",
            Self::ContentRefused => "content_refused",
            Self::Unexplained => "unexplained",
        }
    }

    /// The reason of a word, if it is one.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == word)
    }

    /// It for readers who do not know SMTP.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::UserUnknown => "no such mailbox",
            Self::MailboxDisabled => "the mailbox is switched off",
            Self::MailboxFull => "the mailbox is full",
            Self::Moved => "moved, with no new address",
            Self::HostUnknown => "no such mail domain",
            Self::AddressInvalid => "the server cannot read the address",
            Self::MessageTooBig => "too big for this mailbox",
            Self::NeedsSmtputf8 => "no relay here takes an international address",
            Self::Policy => "refused by the receiver's rules",
            Self::RelayDenied => "the relay carries no mail to this domain",
            Self::ContentRefused => "the text was refused",
            Self::Unexplained => "refused without a reason that Candor knows",
        }
    }

    /// True when the address is wrong for good.
    pub fn is_hard(self) -> bool {
        matches!(
            self,
            Self::UserUnknown | Self::Moved | Self::HostUnknown | Self::AddressInvalid
        )
    }

    /// True when the reply is about the address or its domain, so that no later campaign should try it again. All else
    /// (policy, content, size, a full mailbox, unknown words) may pass.
    pub fn condemns_address(self) -> bool {
        self.is_hard() || self == Self::MailboxDisabled
    }
}

/// Why a relay is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HoldReason {
    /// On a blocklist, of bad repute, or failing a check of the sender's machine.
    Blocked,
    /// Too much, too fast.
    RateLimited,
    /// Our sender address or domain is refused.
    SenderRefused,
    /// The relay wants us to sign in, or does not relay for us.
    NotPermitted,
    /// The text is taken for spam, a virus, or a breach of rules.
    ContentRefused,
    /// The relay does not understand us.
    Protocol,
    /// Several people were refused in the same words, which no rule knows.
    Unexplained,
}

impl HoldReason {
    const ALL: [Self; 7] = [
        Self::Blocked,
        Self::RateLimited,
        Self::SenderRefused,
        Self::NotPermitted,
        Self::ContentRefused,
        Self::Protocol,
        Self::Unexplained,
    ];

    /// The reason of a word, if it is one.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == word)
    }

    /// It for readers who do not know SMTP.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Blocked => "our server is on a blocklist or has a bad reputation",
            Self::RateLimited => "too many at once",
            Self::SenderRefused => "our sender address is refused",
            Self::NotPermitted => "the relay requires us to sign in",
            Self::ContentRefused => "the text was refused",
            Self::Protocol => "the relay does not understand us",
            Self::Unexplained => "refused without a reason that Candor knows",
        }
    }

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Blocked => "blocked",
            Self::RateLimited => "rate_limited",
            Self::SenderRefused => "sender_refused",
            Self::NotPermitted => "not_permitted",
            Self::ContentRefused => "content_refused",
            Self::Protocol => "protocol",
            Self::Unexplained => "unexplained",
        }
    }
}

/// Why a relay takes nothing for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RelayHold {
    /// It cannot be reached, or loses its connections.
    Away,
    /// It defers every message while another relay takes them.
    DefersAll,
    /// Several providers refuse us there.
    Against(HoldReason),
}

impl RelayHold {
    /// The words of pages and logs, or the word of the reason.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Away => "it is away",
            Self::DefersAll => "it defers everything",
            Self::Against(reason) => reason.as_str(),
        }
    }
}
