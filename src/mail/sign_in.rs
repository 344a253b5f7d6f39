//! Signing in (RFC 4954) with PLAIN or LOGIN. lettre makes the responses; the dialogue is ours, since servers
//! offer, ask and answer in more ways than lettre knows.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};

use super::answer::Answer;
use super::features::Features;
use super::session::Session;

/// No server asks more often.
const MOST_PROMPTS: usize = 4;

/// Signs in with the first way that both sides know.
///
/// # Errors
/// In words for the operator.
pub(super) async fn sign_in(
    session: &mut Session,
    features: &Features,
    credentials: &Credentials,
) -> Result<(), String> {
    let mut last =
        Err("the relay offers no way to sign in that Candor knows: PLAIN or LOGIN".to_owned());
    if features.auth.plain {
        last = judged(&plain(session, credentials).await?);
    }
    // 504: this mechanism is not known here after all (RFC 4954 §4).
    let other = !features.auth.plain || matches!(last, Err(ref why) if why.ends_with("(504)"));
    if features.auth.login && other {
        last = judged(&login(session, credentials).await?);
    }
    last
}

fn judged(answer: &Answer) -> Result<(), String> {
    match answer.is(2) {
        true => Ok(()),
        false => Err(format!(
            "the relay did not accept our sign-in ({})",
            answer.code
        )),
    }
}

/// The response with the command; after it where the server asks for that, or cannot read it there.
async fn plain(session: &mut Session, credentials: &Credentials) -> Result<Answer, String> {
    let response = response(Mechanism::Plain, credentials, None)?;
    let mut answer = session.ask(&format!("AUTH PLAIN {response}\r\n")).await?;
    if matches!(answer.code, 500..=503) {
        answer = session.ask("AUTH PLAIN\r\n").await?;
    }
    match answer.is(3) {
        true => session.ask(&format!("{response}\r\n")).await,
        false => Ok(answer),
    }
}

/// Whatever the prompts say: the name first, then the password, unless the first one asks for a password.
async fn login(session: &mut Session, credentials: &Credentials) -> Result<Answer, String> {
    let mut answer = session.ask("AUTH LOGIN\r\n").await?;
    let mut is_named = false;
    for _ in 0..MOST_PROMPTS {
        if !answer.is(3) {
            break;
        }
        let prompt = match is_named || asks_for_password(&answer.text) {
            true => "Password:",
            false => "Username:",
        };
        is_named |= prompt == "Username:";
        let response = response(Mechanism::Login, credentials, Some(prompt))?;
        answer = session.ask(&format!("{response}\r\n")).await?;
    }
    Ok(answer)
}

fn asks_for_password(prompt: &str) -> bool {
    let decoded = STANDARD.decode(prompt.trim()).unwrap_or_default();
    String::from_utf8_lossy(&decoded)
        .to_lowercase()
        .contains("pass")
}

fn response(
    mechanism: Mechanism,
    credentials: &Credentials,
    prompt: Option<&str>,
) -> Result<String, String> {
    let response = mechanism.response(credentials, prompt);
    let response = response.map_err(|_| "our sign-in cannot be written".to_owned())?;
    Ok(STANDARD.encode(response))
}
