//! The ways a letter can go, behind one face.

use std::time::Duration;

use super::folder::FolderRelay;
use super::letter::Letter;
use super::memory::MemoryRelay;
use super::permit::{Asked, Permit};
use super::reply::Reply;
use super::silence::Silence;
use super::smtp::{SmtpLine, SmtpRelay};

/// Something that takes letters. Cheap to clone; the clones are the same relay.
#[derive(Debug, Clone)]
pub enum Relay {
    /// A mail server.
    Smtp(SmtpRelay),
    /// A directory of `.eml` files.
    Folder(FolderRelay),
    /// A list in memory, for tests.
    Memory(MemoryRelay),
}

impl Relay {
    /// What the operator called this relay.
    pub fn name(&self) -> &str {
        match self {
            Relay::Smtp(relay) => relay.name(),
            Relay::Folder(relay) => relay.name(),
            Relay::Memory(relay) => relay.name(),
        }
    }

    /// Its connections that have waited for an answer for at least this long; `None`: none has.
    pub fn silent_for(&self, least: Duration) -> Option<Silence> {
        match self {
            Relay::Smtp(relay) => relay.silent_for(least),
            Relay::Folder(_) | Relay::Memory(_) => None,
        }
    }

    /// Opens a line: for SMTP one connection, greeted, secured and signed in.
    ///
    /// # Errors
    /// Always [`Reply::Unreachable`]: whatever goes wrong before a recipient was named says
    /// nothing about any recipient.
    pub async fn connect(&self) -> Result<Line, Reply> {
        match self {
            Relay::Smtp(relay) => Ok(Line::Smtp(Box::new(relay.connect().await?))),
            Relay::Folder(relay) => {
                relay.look().await?;
                Ok(Line::Folder(relay.clone()))
            }
            Relay::Memory(relay) => {
                relay.connect()?;
                Ok(Line::Memory(relay.clone()))
            }
        }
    }
}

/// What is asked before the text of a letter that may leave whatever is so by then.
pub fn always<'p>() -> Asked<'p> {
    Box::pin(std::future::ready(true))
}

/// An open way to a relay, for one letter at a time.
#[derive(Debug)]
pub enum Line {
    /// One SMTP connection.
    Smtp(Box<SmtpLine>),
    /// Needs no connection.
    Folder(FolderRelay),
    /// Needs no connection.
    Memory(MemoryRelay),
}

impl Line {
    /// Sends one letter: for SMTP exactly one transaction.
    ///
    /// A connection that proves worn out before the text of the letter left (closed while idle,
    /// `421`, or the server's own limit of messages) is replaced once, unseen by the caller.
    /// Dropping the future between its polls leaves the outcome unknown: do not.
    pub async fn send(&mut self, letter: &Letter) -> Reply {
        let yes = std::future::ready(true);
        let sent = self.send_if(letter, None, yes, always).await;
        sent.unwrap_or_else(|| Reply::unreachable("nothing was sent"))
    }

    /// The same, if `permit` and `last` say yes: its text leaves only then. For SMTP, the recipient is named while
    /// `permit` is awaited, and `last` is asked when the server waits for the text: a slow server may have taken
    /// minutes by then. `None`: one of them said no, and nothing was delivered.
    ///
    /// `next` is the letter that is to follow, if that is known: where the server takes commands together
    /// (RFC 2920 §3.1) its recipient is named with the end of this one. Whatever else follows costs a
    /// connection.
    pub async fn send_if<'p>(
        &mut self,
        letter: &Letter,
        next: Option<&Letter>,
        permit: impl Future<Output = bool> + Send,
        mut last: impl FnMut() -> Asked<'p> + Send,
    ) -> Option<Reply> {
        let permit = std::pin::pin!(permit);
        self.send_with(letter, next, Permit::new(permit, &mut last))
            .await
    }

    async fn send_with(
        &mut self,
        letter: &Letter,
        next: Option<&Letter>,
        mut permit: Permit<'_, '_>,
    ) -> Option<Reply> {
        match self {
            Line::Smtp(line) => line.send(letter, next, &mut permit).await,
            Line::Folder(_) | Line::Memory(_)
                if !(permit.given().await && permit.still().await) =>
            {
                None
            }
            Line::Folder(relay) => Some(relay.send(letter).await),
            Line::Memory(relay) => Some(relay.send(letter)),
        }
    }

    /// Waits no longer than this for each answer before the text of a letter, when nothing can have been delivered
    /// yet; `None`: as long as the relay's URL says.
    pub fn wait_for_replies(&mut self, at_most: Option<Duration>) {
        if let Line::Smtp(line) = self {
            line.wait_for_replies(at_most);
        }
    }

    /// False when the connection is gone; the next send would open a new one.
    pub fn healthy(&self) -> bool {
        match self {
            Line::Smtp(line) => line.healthy(),
            Line::Folder(_) | Line::Memory(_) => true,
        }
    }

    /// Says QUIT and hangs up. Never fails: nothing is at stake any more.
    pub async fn close(self) {
        if let Line::Smtp(line) = self {
            line.close().await;
        }
    }
}
