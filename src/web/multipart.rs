//! Forms with a file (multipart/form-data, RFC 7578), read in chunks as they arrive: a part of any size is never held as a
//! whole. docs/decisions/0018 says why no library does this.

use actix_web::HttpRequest;
use actix_web::http::header;
use actix_web::web::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt, stream};

use crate::web::control_characters::{Lines, control, refused};
use crate::web::problem::{Kind, Problem};

/// The largest headers of a part, in octets.
const LONGEST_HEAD: usize = 8 * 1024;

/// The parts of a form, in order.
pub(crate) struct Parts<S> {
    from: S,
    /// Octets that were read and not returned yet; a delimiter may begin in them.
    buffer: BytesMut,
    /// `CRLF--boundary`: before every part and at the end.
    delimiter: Vec<u8>,
}

/// The problem of a malformed form.
fn bad(why: &str) -> Problem {
    Problem::new(Kind::BadRequest).because(why)
}

/// The boundary parameter of the Content-Type (RFC 2046 §5.1.1).
///
/// # Errors
/// [`Kind::WrongType`] for another type.
pub(crate) fn boundary(req: &HttpRequest) -> Result<String, Problem> {
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
    /// The parts of the body `from`.
    pub(crate) fn new(from: S, boundary: &str) -> Self {
        Self {
            from,
            // The first delimiter is at the very beginning, without its line break.
            buffer: BytesMut::from("\r\n"),
            delimiter: format!("\r\n--{boundary}").into_bytes(),
        }
    }

    /// Skips the rest of the present part, and returns the name of the next one.
    ///
    /// # Errors
    /// [`Kind::BadRequest`] for a malformed form, or one that was cut off.
    pub(crate) async fn next(&mut self) -> Result<Option<String>, Problem> {
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
        let name = name(&head).ok_or_else(|| bad("a part of the form has no name"))?;
        Ok(Some(name.to_owned()))
    }

    /// The next chunk of the part; `None` at its end.
    ///
    /// # Errors
    /// [`Kind::BadRequest`] if the form was cut off.
    pub(crate) async fn piece(&mut self) -> Result<Option<Bytes>, Problem> {
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
    pub(crate) async fn text(&mut self, limit: usize) -> Result<String, Problem> {
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

    /// The rest of the part as a stream of chunks.
    pub(crate) fn into_pieces(self) -> impl Stream<Item = Result<Bytes, Problem>> + Unpin {
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

/// The parameter `name` of a part's Content-Disposition, quoted or not (RFC 7578 §4.2).
fn name(head: &str) -> Option<&str> {
    let mut lines = head.split("\r\n").filter_map(|line| line.split_once(':'));
    let (_, disposition) =
        lines.find(|(name, _)| name.trim().eq_ignore_ascii_case("content-disposition"))?;
    let value = disposition.split(';').find_map(|parameter| {
        let (key, value) = parameter.split_once('=')?;
        key.trim().eq_ignore_ascii_case("name").then_some(value)
    })?;
    Some(value.trim().trim_matches('"'))
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
    async fn parts_do_not_depend_on_the_chunks_of_the_body() {
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

    #[test]
    fn a_name_may_be_quoted_or_not() {
        for head in [
            "Content-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\nContent-Type: text/csv\r\n",
            "content-type: text/csv\r\ncontent-disposition:form-data;name=file\r\n",
            "Content-Disposition: form-data; filename=\"a.csv\"; NAME=file\r\n",
        ] {
            assert_eq!(name(head), Some("file"), "{head}");
        }
        assert_eq!(
            name("Content-Disposition: form-data; filename=\"name=x\"\r\n"),
            None
        );
    }
}
