//! A form with a file (multipart/form-data, RFC 7578), read as it arrives: a part is never held as a
//! whole, whatever its size. Small enough to be our own: fields of our own pages, no nesting.

use actix_web::HttpRequest;
use actix_web::http::header;
use actix_web::web::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt, stream};

use crate::web::problem::{Kind, Problem};
use crate::web::text::{Lines, control, refused};

/// Longest headers of a part.
const LONGEST_HEAD: usize = 8 * 1024;

/// The parts of a form, in the order of its page.
pub struct Parts<S> {
    from: S,
    /// What is read and not handed on; a delimiter may have begun in it.
    buffer: BytesMut,
    /// `CRLF--boundary`: what stands before every part and at the end.
    delimiter: Vec<u8>,
}

/// The problem of a form that is no form.
fn bad(why: &str) -> Problem {
    Problem::new(Kind::BadRequest).because(why)
}

/// The boundary that the request names (RFC 2046 §5.1.1).
///
/// # Errors
/// [`Kind::WrongType`] for another type.
pub fn boundary(req: &HttpRequest) -> Result<String, Problem> {
    let kind = req
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    let of = kind.and_then(|kind| {
        kind.strip_prefix("multipart/form-data")?
            .split_once("boundary=")
    });
    let boundary = of.map(|(_, rest)| {
        rest.split(';')
            .next()
            .unwrap_or(rest)
            .trim()
            .trim_matches('"')
    });
    boundary
        .filter(|boundary| (1..=70).contains(&boundary.len()))
        .map(str::to_owned)
        .ok_or_else(|| {
            Problem::new(Kind::WrongType).because("this form is sent as multipart/form-data")
        })
}

impl<S, E> Parts<S>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
{
    /// The parts in a body, between this boundary.
    pub fn new(from: S, boundary: &str) -> Self {
        Self {
            from,
            // The first delimiter stands at the very beginning, without its line break.
            buffer: BytesMut::from("\r\n"),
            delimiter: format!("\r\n--{boundary}").into_bytes(),
        }
    }

    /// Goes on to the next part and returns its name; the rest of the part before is skipped.
    ///
    /// # Errors
    /// [`Kind::BadRequest`] for what is no form, or was cut off.
    pub async fn next(&mut self) -> Result<Option<String>, Problem> {
        while self.piece().await?.is_some() {}
        let _ = self.buffer.split_to(self.delimiter.len());
        while self.buffer.len() < 2 {
            self.more().await?;
        }
        if self.buffer.starts_with(b"--") {
            return Ok(None);
        }
        let end = loop {
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                break end;
            }
            if self.buffer.len() > LONGEST_HEAD {
                return Err(bad("a part of the form has too long headers"));
            }
            self.more().await?;
        };
        let head = self.buffer.split_to(end + 4);
        let head = String::from_utf8_lossy(&head);
        let name = head
            .split("; name=\"")
            .nth(1)
            .and_then(|rest| rest.split('"').next());
        Ok(Some(
            name.ok_or_else(|| bad("a part of the form has no name"))?
                .to_owned(),
        ))
    }

    /// The next piece of the part; `None` at its end.
    ///
    /// # Errors
    /// [`Kind::BadRequest`] if the form was cut off.
    pub async fn piece(&mut self) -> Result<Option<Bytes>, Problem> {
        loop {
            let clear = match find(&self.buffer, &self.delimiter) {
                Some(0) => return Ok(None),
                Some(at) => at,
                None => (self.buffer.len() + 1).saturating_sub(self.delimiter.len()),
            };
            if clear > 0 {
                return Ok(Some(self.buffer.split_to(clear).freeze()));
            }
            self.more().await?;
        }
    }

    /// The whole of a short part.
    ///
    /// # Errors
    /// [`Kind::TooLarge`] beyond `limit` octets.
    pub async fn text(&mut self, limit: usize) -> Result<String, Problem> {
        let mut text = Vec::new();
        while let Some(piece) = self.piece().await? {
            text.extend_from_slice(&piece);
            if text.len() > limit {
                return Err(Problem::new(Kind::TooLarge));
            }
        }
        let text = String::from_utf8(text).map_err(|_| bad("a field of the form is not UTF-8"))?;
        match control(&text, Lines::Many) {
            None => Ok(text),
            Some(character) => Err(refused("a field of the form", character)),
        }
    }

    /// The rest of the part, piece by piece.
    pub fn into_pieces(self) -> impl Stream<Item = Result<Bytes, Problem>> + Unpin {
        Box::pin(stream::try_unfold(self, |mut parts| async move {
            Ok(parts.piece().await?.map(|piece| (piece, parts)))
        }))
    }

    async fn more(&mut self) -> Result<(), Problem> {
        match self.from.next().await {
            Some(Ok(piece)) => {
                self.buffer.extend_from_slice(&piece);
                Ok(())
            }
            _ => Err(bad("the form was cut off")),
        }
    }
}

fn find(within: &[u8], wanted: &[u8]) -> Option<usize> {
    within
        .windows(wanted.len())
        .position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: &str = "--x\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\nT\r\n--x\r\n\
        Content-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\nContent-Type: text/csv\r\n\r\n\
        one\r\n--\r\n--y no\r\ntwo\r\n--x--\r\n";

    async fn read(form: &str, size: usize) -> Result<(String, String), Problem> {
        let pieces = form
            .as_bytes()
            .chunks(size)
            .map(|piece| Ok::<_, ()>(Bytes::copy_from_slice(piece)));
        let pieces: Vec<_> = pieces.collect();
        let mut parts = Parts::new(stream::iter(pieces), "x");
        assert_eq!(parts.next().await?.as_deref(), Some("csrf"));
        let token = parts.text(10).await?;
        assert_eq!(parts.next().await?.as_deref(), Some("file"));
        let file = parts.text(1_000).await?;
        assert_eq!(parts.next().await?, None);
        Ok((token, file))
    }

    #[tokio::test]
    async fn parts_are_the_same_however_the_body_is_cut() {
        for size in 1..FORM.len() {
            let (token, file) = read(FORM, size).await.expect("a form");
            assert_eq!(
                (token.as_str(), file.as_str()),
                ("T", "one\r\n--\r\n--y no\r\ntwo"),
                "{size}"
            );
        }
    }

    #[tokio::test]
    async fn a_form_that_breaks_off_is_refused() {
        for end in ["two", "\r\n--x--\r\n", "--\r\n--y"] {
            let cut = FORM.split(end).next().expect("a part");
            assert!(read(cut, 7).await.is_err(), "{end}");
        }
    }
}
