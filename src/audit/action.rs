//! The closed catalogue of audit actions: what the log can say was done.

/// Declares [`Action`]: variant, text form in the log, and the words that pages show after the actor's name.
macro_rules! actions {
    ($($(#[$doc:meta])* $variant:ident = $text:literal, $words:literal;)+) => {
        /// What was done, as `noun.verb` in the log. The text forms are hashed into the chain: one that was written once
        /// is never changed.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[expect(missing_docs, reason = "the text and the words stand beside each")]
        pub enum Action {
            $($(#[$doc])* $variant,)+
        }

        impl Action {
            /// Every action.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The text form.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// The action of a text form; `None` for text that a newer or older program wrote.
            pub fn parse(text: &str) -> Option<Self> {
                match text {
                    $($text => Some(Self::$variant),)+
                    _ => None,
                }
            }

            /// What a page says after the name of the actor: "paused it".
            pub fn in_words(self) -> &'static str {
                match self { $(Self::$variant => $words,)+ }
            }
        }
    };
}

actions! {
    ActRefused = "act.refused", "tried what their role does not allow";
    AudienceList = "audience.list", "added a list of references";
    AuditHeadRestored = "audit.head_restored", "found that the head of the audit log was deleted, and restored it";
    AuditLeftOut = "audit.left_out", "counted more reads and refusals than it could name";
    CampaignApprove = "campaign.approve", "approved it";
    CampaignCanary = "campaign.canary", "let the rest follow the canary";
    CampaignCancel = "campaign.cancel", "cancelled it";
    CampaignCopy = "campaign.copy", "drafted it as a copy of another campaign";
    CampaignCreate = "campaign.create", "drafted the campaign";
    CampaignEdit = "campaign.edit", "changed the draft";
    CampaignLaunch = "campaign.launch", "launched it";
    CampaignPace = "campaign.pace", "changed its speed";
    CampaignPause = "campaign.pause", "paused it";
    CampaignReject = "campaign.reject", "rejected it";
    CampaignResume = "campaign.resume", "let it go on";
    CampaignRetry = "campaign.retry", "made its deferred messages due at once";
    CampaignSchedule = "campaign.schedule", "scheduled its launch";
    CampaignSubmit = "campaign.submit", "submitted it";
    CampaignTakeBack = "campaign.take_back", "took it back";
    CampaignTest = "campaign.test", "sent a test of it to staff";
    CampaignUnschedule = "campaign.unschedule", "cancelled the schedule of its launch";
    CampaignUnwaive = "campaign.unwaive", "withdrew a waiver";
    CampaignVoid = "campaign.void", "found its approval void";
    CampaignWaive = "campaign.waive", "waived a finding";
    CampaignWarn = "campaign.warn", "warned";
    DatabaseDoubt = "database.doubt", "found that the database may be an older copy";
    DatabasePromoted = "database.promoted", "found that a standby became the database";
    DatabaseRestored = "database.restored", "decided what was sent after the database was copied";
    IncidentFacts = "incident.facts", "changed the fact sheet";
    IncidentForget = "incident.forget", "forgot its people";
    IncidentMinors = "incident.minors", "chose how minors are told";
    IncidentMove = "incident.move", "moved the incident on";
    IncidentOpen = "incident.open", "opened the incident";
    IncidentPublishFacts = "incident.publish_facts", "published the fact sheet";
    IncidentRewrap = "incident.rewrap", "wrapped its key with a new master key";
    IncidentUpdate = "incident.update", "published an update";
    KeyAdd = "key.add", "added an API key";
    KeyCreate = "key.create", "created an account with an API key";
    KeyRefused = "key.refused", "refused an API key";
    KeyRevoke = "key.revoke", "revoked an API key";
    LettersDiscard = "letters.discard", "discarded a list of people to be told";
    LettersExport = "letters.export", "took a list of people to be told";
    LettersFile = "letters.file", "downloaded a list of people to be told";
    LettersPosted = "letters.posted", "recorded letters as posted";
    LettersRestore = "letters.restore", "put a list of people to be told back";
    LettersReturned = "letters.returned", "recorded letters that came back";
    LettersTold = "letters.told", "recorded people as told";
    LinksEnd = "links.end", "ended all links made with an older key";
    OutboxRead = "outbox.read", "read messages that wait to be sent";
    PeopleFind = "people.find", "looked for a person";
    PeopleRead = "people.read", "read a list of people";
    PersonRead = "person.read", "read the page of a person";
    PersonRevokeLinks = "person.revoke_links", "ended their links";
    RecallDiscard = "recall.discard", "discarded the recall";
    RecallDraft = "recall.draft", "drafted the correcting campaign";
    RecallPropose = "recall.propose", "proposed the recall";
    RecallPublish = "recall.publish", "published the correction";
    RecallWithdraw = "recall.withdraw", "took the correction off the pages";
    RejectsDownload = "rejects.download", "downloaded the refused rows of a list";
    RejectsRead = "rejects.read", "read refused rows of a list";
    ScopeActivate = "scope.activate", "activated a list of affected people";
    ScopeAdd = "scope.add", "added rows to the draft of a list";
    ScopeDiscard = "scope.discard", "discarded a list of affected people";
    ScopeImport = "scope.import", "imported a list of affected people";
    SendingStart = "sending.start", "allowed sending again";
    SendingStop = "sending.stop", "stopped all sending";
    StaffAdd = "staff.add", "added an account";
    StaffChangePassword = "staff.change_password", "changed their password";
    StaffDisable = "staff.disable", "disabled an account";
    StaffEnable = "staff.enable", "enabled an account";
    StaffEndSession = "staff.end_session", "ended a session";
    StaffPasswordRefused = "staff.password_refused", "typed a wrong current password";
    StaffReset = "staff.reset", "set a new password for an account";
    StaffSignIn = "staff.sign_in", "signed in";
    StaffSignInLimited = "staff.sign_in_limited", "refused a sign-in: too many attempts";
    StaffSignInRefused = "staff.sign_in_refused", "refused a sign-in";
    StaffSignOut = "staff.sign_out", "signed out";
    TemplateCreate = "template.create", "began the template";
    TemplateDelete = "template.delete", "deleted the template";
    TemplateVersion = "template.version", "wrote a version";
    TicketAssign = "ticket.assign", "assigned the ticket";
    TicketCall = "ticket.call", "recorded a call";
    TicketMove = "ticket.move", "changed the status of the ticket";
    TicketNote = "ticket.note", "wrote a note";
    TicketOpen = "ticket.open", "opened the ticket";
    TicketRead = "ticket.read", "read the ticket";
    TicketRelease = "ticket.release", "gave the ticket back to the queue";
    TicketReply = "ticket.reply", "answered the customer";
    TicketTake = "ticket.take", "took the ticket";
    TicketTakeIn = "ticket.take_in", "took in a question for the customer";
    TicketsRead = "tickets.read", "read a list of tickets";
}

/// The words for the text form of an action; text that this program does not know stays readable.
pub(crate) fn in_words(text: &str) -> String {
    Action::parse(text).map_or_else(
        || text.replace(['.', '_'], " "),
        |known| known.in_words().to_owned(),
    )
}

impl std::fmt::Display for Action {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_action_is_parsed_from_its_own_text() {
        let texts: BTreeSet<_> = Action::ALL.iter().map(|action| action.as_str()).collect();
        assert_eq!(texts.len(), Action::ALL.len());
        for action in Action::ALL {
            assert_eq!(Action::parse(action.as_str()), Some(*action));
            assert_eq!(in_words(action.as_str()), action.in_words());
        }
    }

    #[test]
    fn every_action_is_a_noun_and_a_verb() {
        for action in Action::ALL {
            let parts: Vec<_> = action.as_str().split('.').collect();
            let is_word = |part: &&str| {
                !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c == '_')
            };
            assert!(parts.len() == 2 && parts.iter().all(is_word), "{action}");
        }
    }

    #[test]
    fn an_action_of_a_newer_program_stays_readable() {
        assert_eq!(Action::parse("bounce.take_in"), None);
        assert_eq!(in_words("bounce.take_in"), "bounce take in");
    }
}
