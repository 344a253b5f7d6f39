//! One SMTP connection and the transactions on it, pipelined where the server lets us.
//!
//! lettre carries commands and waits for answers; the order of commands is ours, because lettre neither
//! pipelines (RFC 2920) nor tells a letter lost before its final dot from one lost after, and so is the reading of
//! answers (`wire.rs` says why).

use std::time::Duration;

use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::response::Response;
use tokio::time::{Instant, timeout, timeout_at};

use super::answer::{Answer, lost};
use super::compose::addr_spec;
use super::features::Features;
use super::letter::Letter;
use super::permit::Permit;
use super::reply::Reply;
use super::settings::Patience;
use super::silence::Wait;
use super::stuffing::dot_stuffed;
use super::wire::{CutShort, Heard};

/// The open connection.
pub(super) struct Session {
    pub(super) lettre: AsyncSmtpConnection,
    pub(super) heard: Heard,
    pub(super) cut_short: CutShort,
    pub(super) features: Features,
    pub(super) patience: Patience,
    /// When the current transaction must have ended.
    pub(super) deadline: Instant,
    /// Transactions begun.
    pub(super) letters: u64,
    /// The Message-ID of the letter that had its commands sent with the end of the last one (RFC 2920 §3.1):
    /// their replies are still to be read.
    pub(super) announced: Option<String>,
    /// Room for the next text: the same octets for every letter stay in the processor's caches.
    pub(super) words: String,
    /// Since when it waits for an answer.
    pub(super) wait: Wait,
    /// Not to be used again.
    pub(super) broken: bool,
}

impl Session {
    /// Says a command that belongs to no letter, and reads one answer.
    pub(super) async fn ask(&mut self, command: &str) -> Result<Answer, String> {
        self.deadline = Instant::now() + self.patience.letter;
        self.say(command, self.patience.reply).await
    }

    /// How long each answer before a text may take from now on.
    pub(super) fn wait_for_replies(&mut self, patience: Duration) {
        self.patience.reply = patience;
    }

    /// Whether this letter may be sent now: no other one was announced.
    pub(super) fn expects(&self, letter: &Letter) -> bool {
        let announced = self.announced.as_ref();
        announced.is_none_or(|id| *id == letter.message_id)
    }

    /// Whether a letter was announced that has not been sent.
    pub(super) fn has_announced(&self) -> bool {
        self.announced.is_some()
    }

    /// One letter: MAIL, RCPT, DATA, and the text if `permit` gives it free, once more when the server waits for it.
    /// `None`: it did not. The commands of `next` go out with the text, so that both need one round trip.
    pub(super) async fn transaction(
        &mut self,
        letter: &Letter,
        next: Option<&Letter>,
        permit: &mut Permit<'_, '_>,
    ) -> Option<Reply> {
        if self.announced.is_none() && !self.heard.is_empty() {
            // Taken for the answer to what comes next, it would put us out of step.
            self.broken = true;
            let reply = || Reply::unreachable("the relay said something that it was not asked");
            return permit.given().await.then(reply);
        }
        let commands = match self.announced.take() {
            // They are out.
            Some(_) => None,
            None => match self.commands(letter) {
                Ok(commands) => Some(commands),
                Err(reply) => return permit.given().await.then_some(reply),
            },
        };
        self.letters += 1;
        self.deadline = Instant::now() + self.patience.letter;
        let (opened, permitted) = tokio::join!(self.open_for(commands), permit.given());
        match (opened, permitted) {
            (Ok(()), true) if permit.still().await => Some(self.text(letter, next).await),
            (Ok(()), _) => {
                // Only the end of the connection ends DATA without a text.
                self.broken = true;
                None
            }
            (Err(stopped), true) => Some(self.stopped(stopped, letter).await),
            (Err(stopped), false) => {
                drop(self.stopped(stopped, letter).await);
                None
            }
        }
    }

    /// `commands`: none if they are out.
    async fn open_for(&mut self, commands: Option<[String; 3]>) -> Result<(), Stopped> {
        match commands {
            Some(commands) if !self.features.pipelining => self.open_in_turn(&commands).await,
            commands => self.open_at_once(commands).await,
        }
    }

    /// What it means that the server did not come as far as the text.
    async fn stopped(&mut self, stopped: Stopped, letter: &Letter) -> Reply {
        match stopped {
            Stopped::Lost(why) => {
                self.broken = true;
                Reply::Unreachable { why }
            }
            Stopped::Refused { answer, .. } if answer.is(2) || answer.is(3) => {
                // We no longer know what answers what. A 250 to DATA accepts nothing.
                self.broken = true;
                Reply::unreachable("the relay gave an answer that has no place there")
            }
            Stopped::Refused {
                answer,
                awaits_text,
            } => {
                self.broken |= answer.code == 421;
                self.withdraw(awaits_text).await;
                Reply::heard(answer.code, &answer.text, Some(&letter.recipient))
            }
        }
    }

    /// The three commands, or why this server cannot carry this letter.
    fn commands(&self, letter: &Letter) -> Result<[String; 3], Reply> {
        let no = |code, enhanced, text| {
            Err(Reply::CannotCarry {
                code,
                enhanced,
                text,
            })
        };
        let (sender, recipient) = (addr_spec(&letter.sender), addr_spec(&letter.recipient));
        let utf8 = !(sender.is_ascii() && recipient.is_ascii());
        let eight_bit = !letter.raw.is_ascii();
        let (size, limit) = (letter.raw.len(), self.features.size.unwrap_or(0));
        if utf8 && !self.features.utf8 {
            return no(
                553,
                "5.6.7",
                "this address needs a relay with SMTPUTF8".to_owned(),
            );
        }
        if eight_bit && !(self.features.eight_bit || self.features.utf8) {
            return no(
                554,
                "5.6.3",
                "this letter needs a relay with 8BITMIME".to_owned(),
            );
        }
        if limit > 0 && size > limit {
            return no(
                552,
                "5.3.4",
                format!("{size} octets, and the relay takes at most {limit}"),
            );
        }
        let mut mail = format!("MAIL FROM:<{sender}>");
        if self.features.size.is_some() {
            mail.push_str(&format!(" SIZE={size}"));
        }
        if eight_bit {
            mail.push_str(" BODY=8BITMIME");
        }
        if utf8 {
            mail.push_str(" SMTPUTF8");
        }
        mail.push_str("\r\n");
        Ok([
            mail,
            format!("RCPT TO:<{recipient}>\r\n"),
            "DATA\r\n".to_owned(),
        ])
    }

    /// All three commands in one write, then their replies: the first refusal counts, but all are
    /// read, so that what follows is not taken for their answer.
    async fn open_at_once(&mut self, mut commands: Option<[String; 3]>) -> Result<(), Stopped> {
        let patience = self.patience.reply;
        let mut refusal = None;
        let mut awaits_text = false;
        for step in 0..3 {
            let heard = match commands.take() {
                Some(commands) => self.say(&commands.concat(), patience).await,
                None => self.listen(patience).await,
            };
            match heard {
                Ok(answer) => {
                    self.broken |= answer.code == 421;
                    awaits_text = step == 2 && answer.is(3);
                    if refusal.is_none() && !fits(step, &answer) {
                        refusal = Some(answer);
                    }
                }
                Err(why) if refusal.is_none() => return Err(Stopped::Lost(why)),
                // Lost, but not before we were told why.
                Err(_) => self.broken = true,
            }
            if self.broken {
                break;
            }
        }
        refusal.map_or(Ok(()), |answer| {
            Err(Stopped::Refused {
                answer,
                awaits_text,
            })
        })
    }

    /// One command after the other, for servers without PIPELINING.
    async fn open_in_turn(&mut self, commands: &[String; 3]) -> Result<(), Stopped> {
        for (step, command) in commands.iter().enumerate() {
            let answer = self
                .say(command, self.patience.reply)
                .await
                .map_err(Stopped::Lost)?;
            if !fits(step, &answer) {
                return Err(Stopped::Refused {
                    answer,
                    awaits_text: false,
                });
            }
        }
        Ok(())
    }

    /// Leaves a refused transaction so that the connection can carry the next one.
    async fn withdraw(&mut self, awaits_text: bool) {
        if self.broken {
            return;
        }
        // RFC 2920 §3.1: DATA accepted without a recipient is ended by a lone dot.
        let words = if awaits_text { ".\r\n" } else { "RSET\r\n" };
        let ended = self.say(words, self.patience.reply).await;
        self.broken = !matches!(ended, Ok(answer) if answer.code != 421);
    }

    /// The text and the final dot in one write, with the commands of the next letter, then the reply.
    async fn text(&mut self, letter: &Letter, next: Option<&Letter>) -> Reply {
        let Ok(text) = std::str::from_utf8(&letter.raw) else {
            self.broken = true;
            return Reply::unreachable("the letter is not UTF-8");
        };
        let mut words = std::mem::take(&mut self.words);
        words.clear();
        dot_stuffed(text, &mut words);
        let end = words.len();
        self.announce(next, &mut words);
        self.cut_short.watch();
        let said = self.say(&words, self.patience.verdict).await;
        let whole = words.len();
        self.words = words;
        match said {
            // Out of step, or of no known class: it may have accepted.
            Ok(answer) if !matches!(answer.code / 100, 2 | 4 | 5) => {
                self.broken = true;
                Reply::Unknown {
                    why: "the relay's answer to the letter has no place there".to_owned(),
                }
            }
            Ok(answer) => {
                self.broken = answer.code == 421;
                Reply::heard(answer.code, &answer.text, Some(&letter.recipient))
            }
            Err(why) => {
                self.broken = true;
                if self.cut_short.before(end, whole) {
                    Reply::Unreachable { why }
                } else {
                    Reply::Unknown { why }
                }
            }
        }
    }

    /// Adds the commands of the next letter, where the server takes them before it has answered to this one.
    fn announce(&mut self, next: Option<&Letter>, words: &mut String) {
        let Some(next) = next.filter(|_| self.features.pipelining) else {
            return;
        };
        // What this server cannot carry is told at its turn.
        if let Ok(commands) = self.commands(next) {
            words.extend(commands);
            self.announced = Some(next.message_id.clone());
        }
    }

    /// A courtesy, so it gets a courtesy's time.
    pub(super) async fn quit(mut self) {
        let _ = timeout(Duration::from_secs(2), self.lettre.quit()).await;
    }

    /// Writes in one piece, and reads one reply. The error says how the connection was lost.
    async fn say(&mut self, words: &str, patience: Duration) -> Result<Answer, String> {
        let until = self.deadline.min(Instant::now() + patience);
        self.wait.begin();
        let said = timeout_at(until, self.lettre.command(words)).await;
        self.wait.end();
        self.answer(said.ok())
    }

    /// Reads one reply.
    async fn listen(&mut self, patience: Duration) -> Result<Answer, String> {
        let until = self.deadline.min(Instant::now() + patience);
        self.wait.begin();
        let read = timeout_at(until, self.lettre.read_response()).await;
        self.wait.end();
        self.answer(read.ok())
    }

    /// The reply as it was received; lettre is told only that one came. `None`: it did not come in time.
    fn answer(&self, told: Option<Result<Response, SmtpError>>) -> Result<Answer, String> {
        match told {
            None => Err(lost(None)),
            Some(Ok(_)) => self.heard.take().ok_or_else(|| lost(None)),
            Some(Err(error)) => Err(lost(Some(&error))),
        }
    }
}

/// Why a transaction did not get as far as its text.
enum Stopped {
    /// The connection went, and nothing had been refused before.
    Lost(String),
    /// The first answer that stands in the way.
    Refused {
        answer: Answer,
        /// The server waits for a text all the same.
        awaits_text: bool,
    },
}

/// Whether an answer lets MAIL (0), RCPT (1) or DATA (2) pass.
fn fits(step: usize, answer: &Answer) -> bool {
    answer.is(if step == 2 { 3 } else { 2 })
}
