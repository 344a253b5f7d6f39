//! The console: the pages of staff. A folder holds the pages, forms and actions of one noun. A page's HTML template
//! has the name of its file. Parts that several nouns share are at the top.
//!
//! | request | page or answer | form fields (`csrf` in each) |
//! |---|---|---|
//! | `GET, POST /console/sign-in` | [`staff::sign_in::SignIn`] | `email`, `password`, `next` |
//! | `POST /console/sign-out` | signs out | |
//! | `GET /console` | [`dashboard::Dashboard`] | |
//! | `POST /console/stop`, `/console/start` | the emergency stop | |
//! | `GET, POST /console/incidents` | [`incident::list::Incidents`] | `title`, `slug`, `what_happened` |
//! | `GET /console/incidents/{slug}` | [`incident::page::IncidentPage`] | |
//! | `POST …/{slug}/state` | changes its state | `to`, `version`; for monitoring with people not told also `confirm`, `in_progress`, `needs_letter` |
//! | `POST …/{slug}/facts` | saves the fact sheet | `version`; `key`, `value` repeated in pairs; an empty key drops the pair |
//! | `GET …/{slug}/facts` | [`incident::claims::ClaimsPage`] | query `key`: leads to the claim |
//! | `GET, POST …/{slug}/claims/{claim}` | [`incident::claim::ClaimPage`]; saves the claim | `version`, `state`; `locale`, `text` repeated in pairs |
//! | `GET …/{slug}/facts/publish` | [`incident::facts::Preview`] | |
//! | `POST …/{slug}/facts/publish` | publishes the fact sheet | `version` |
//! | `POST …/{slug}/updates` | publishes; with `act=preview` shows it first | `kind`, `text`, `next_on` (`YYYY-MM-DD` or empty) |
//! | `POST …/{slug}/forget` | destroys its key | `repeated`: its slug, typed again |
//! | `GET …/{slug}/audience` | [`audience::page::AudiencePage`] | query: `audience::typed::Typed` |
//! | `POST …/{slug}/audience` | drafts a campaign with the audience, or changes the draft that the query names | `query`, `template` or `version` |
//! | `GET, POST …/{slug}/audience/lists` | [`audience::lists::NewList`]; adds a list of references | query as above; multipart: `query`, `references`, `file`, `side` (`only`, `without`) |
//! | `GET …/{slug}/audience/people` | [`audience::people::TermPeople`] | query as above, `term`, `sample`, `after` |
//! | `GET …/{slug}/import`, `POST …/{slug}/scopes` | [`scope::import::Import`] | multipart: `mode` (`full`, `delta`), then `file`, or `upload` |
//! | `POST …/{slug}/uploads` | begins an upload in chunks, JSON; for the script | `size` |
//! | `GET, PATCH /console/uploads/{id}` | how much is uploaded, JSON; the next chunk | |
//! | `GET …/{slug}/importing` | the progress of the running import, JSON | |
//! | `GET …/{slug}/scopes/{version}` | [`scope::report::ScopeReport`] | |
//! | `GET …/scopes/{version}/rejects` | the rejects as CSV | |
//! | `POST …/scopes/{version}/activate`, `…/discard` | activates or discards a draft | |
//! | `GET, POST …/{slug}/letters` | [`letters::page::LettersPage`]; takes a list, as CSV | `kind` (`letter guardian kin safe`), `again` |
//! | `POST …/{slug}/letters/told` | one person was told | `reference`, `on`, `how`, `who` |
//! | `POST …/{slug}/letters/returned` | letters came back | multipart: `file` |
//! | `POST …/{slug}/minors` | how minors are told | `rule` |
//! | `POST /console/letters/{id}/posted`, `…/told`, `…/discard` | records or discards a list | `on`, `confirm` (`legal_hold:2`); `how`, `who` |
//! | `GET, POST /console/templates` | [`template::list::Templates`] | query `q`; `name`, `locale`, `text` |
//! | `GET /console/templates/{id}` | [`template::page::TemplatePage`] | query `locale`, `incident`, `reference`, `reader`, `look` |
//! | `GET /console/templates/{id}/history` | [`template::history::History`] | query `version`, `from`, `locale` |
//! | `POST /console/templates/{id}/copy`, `…/delete` | copies a version; deletes a template that no campaign uses | `name`, `version`; `version` |
//! | `POST /console/templates/{id}/versions` | saves a new version; with `act=show`, `show:LOCALE` shows what was typed | `locale`, `subject`, `body` repeated in triples; an empty locale drops the triple; `names`, `version`, `incident`, `reference` |
//! | `GET, POST /console/templates/{id}/preview` | the HTML part alone, for a sandboxed frame; of what was typed | `locale`, `incident`, `reference`; as `versions` |
//! | `GET, POST /console/campaigns` | [`campaign::list::Campaigns`] | [`campaign::typed::Typed`] |
//! | `GET /console/campaigns/{id}` | [`campaign::page::CampaignPage`] | |
//! | `GET, POST /console/campaigns/{id}/edit` | [`campaign::edit::EditPage`] | [`campaign::typed::Typed`] |
//! | `POST …/{id}/copy` | a new draft, on to it | |
//! | `GET, POST …/{id}/schedule`, `POST …/{id}/unschedule` | [`campaign::schedule::SchedulePage`] | `day`, `time`, `zone`, `offset`, `agreed`, `version` |
//! | `GET, POST …/{id}/tests` | [`campaign::test_send::Tests`] | `to`, `locale`, `element`, each repeated |
//! | `GET /console/campaigns/{id}/live` | events `progress`, data [`campaign::progress::ProgressEvent`] | |
//! | `GET /console/campaigns/{id}/approval` | [`campaign::approval::ApprovalPage`] | |
//! | `GET /console/campaigns/{id}/letter` | the HTML part alone, for a sandboxed frame | query `locale` |
//! | `POST /console/campaigns/{id}/approve`, `…/reject` | approves or rejects | `version`; `content_hash`, `password`; `comment` |
//! | `POST /console/campaigns/{id}/waivers`, `…/withdraw` | waives a finding, withdraws a waiver | `finding`, `reason`, `version` |
//! | `POST /console/campaigns/{id}/{action}` | `submit take-back launch pause resume cancel retry` | `version` |
//! | `GET /console/campaigns/{id}/notices` | [`notice::list::Notices`] | query `status`, `after` |
//! | `POST …/notices/find` | leads to the notice of a person | `reference` |
//! | `GET …/notices.csv`, `GET …/{slug}/people.csv` | the whole list as CSV | query as the list |
//! | `GET /console/notices/{id}` | [`notice::page::NoticePage`] | |
//! | `GET, POST …/{slug}/recalls` | [`recall::list::Recalls`] | `template` (`tpl_…:3`), `words`; `locale`, `text` repeated in pairs |
//! | `GET /console/recalls/{id}`, `…/people` | [`recall::page::RecallPage`], [`recall::people::Readers`] | query `after` |
//! | `POST /console/recalls/{id}/{action}` | `publish withdraw discard draft` | `version`; to publish also `password`; to draft only `template` |
//! | `GET /console/people/{id}` | [`person::page::PersonPage`] | |
//! | `GET /console/helpline` | [`helpline::page::Helpline`] | query `status`, `after` (leads) |
//! | `POST /console/helpline/next` | takes the next ticket | |
//! | `GET, POST /console/helpline/find` | [`helpline::search::Search`] | `sought` |
//! | `GET, POST /console/helpline/call` | [`helpline::call::CallForm`] | `reference`, `verification`, `text`, `then` |
//! | `GET /console/tickets/{id}` | [`ticket::view::TicketPage`] | query `as=note` |
//! | `POST /console/tickets/{id}/messages` | replies, notes, logs a call; with `act=as-note`, `as-reply` shows the other tab | `kind` (`reply`, `note`, `call`), `text`, `note`, `version`, `messages`; replies and calls also `then` (a state, or empty to keep it), `resolution`, `reason`, `review_on` |
//! | `POST /console/tickets/{id}/transition`, `…/take`, `…/release` | changes its state, takes it, gives it back | `to` (`open`, `closed:spam`), `version` |
//! | `POST /console/tickets/{id}/assign` | gives it to an agent | `agent` (an account), `version` |
//! | `GET /console/staff`, `POST …/staff/{id}/disable`, `…/enable` | [`staff::list::StaffList`] | |
//! | `GET /console/audit` | [`audit::AuditLog`] | query `before` |
//! | `GET /console/outbox`, `/console/outbox/{name}`, `…/{name}/html` | [`outbox::Outbox`] | |
//! | `GET /console/design` | [`design::Design`] | |
//!
//! A form that is refused answers 422 with the same page, its faults, and what was typed. A form whose `version` is not
//! the present one answers 409 with what changed ([`changed`]); a pause is done from any version.

pub(crate) mod account;
pub(crate) mod answer;
pub mod audience;
pub mod audit;
pub mod campaign;
pub(crate) mod changed;
pub mod dashboard;
pub mod design;
pub mod findings;
pub mod helpline;
pub(crate) mod history;
pub mod incident;
pub mod letters;
pub(crate) mod names;
pub mod notice;
pub mod outbox;
pub mod person;
pub mod problem;
pub mod recall;
pub mod scope;
pub mod staff;
pub(crate) mod tasks;
pub mod template;
pub mod ticket;

pub use self::account::Account;
pub use self::history::HistoryLine;

/// A button for an action that a page offers: enabled, or disabled with the reason.
#[derive(Debug, Clone, Default)]
pub struct Button {
    /// The last part of the path that it posts to, or the state that it leads to.
    pub name: String,
    /// The text on the button.
    pub words: String,
    /// Empty for the primary button, else `quiet` or `danger`.
    pub look: &'static str,
    /// The question before the action; empty for an action without a question.
    pub sure: String,
    /// The box to tick with the question; empty for none.
    pub tick: String,
    /// Why the button is disabled; empty for an enabled one.
    pub blocked: String,
}

/// One option of a select field.
#[derive(Debug, Clone)]
pub struct Choice {
    /// The value that the form sends.
    pub value: String,
    /// The text that the reader sees.
    pub words: String,
}
