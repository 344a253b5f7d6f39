//! A list that arrives in pieces, as the body of a request does, read as if it were a file.

use std::io::{self, Read};

use bytes::{Buf, Bytes};
use tokio::sync::mpsc;

/// How many pieces wait between the two ends; the sender then waits for the reader.
const WAITING: usize = 8;

/// A list in pieces: what is put into the [`Feed`] comes out of the [`Body`].
pub fn pieces() -> (Feed, Body) {
    let (to, from) = mpsc::channel(WAITING);
    let body = Body {
        from,
        piece: Bytes::new(),
        ended: false,
    };
    (Feed(to), body)
}

/// Where the pieces go in. Dropped without [`Feed::finish`], the list was cut off: its reader fails
/// rather than take a part for the whole.
#[derive(Debug)]
pub struct Feed(mpsc::Sender<Option<Bytes>>);

impl Feed {
    /// Sends the next piece once there is room. `false`: the reader has ended.
    pub async fn send(&self, piece: Bytes) -> bool {
        self.0.send(Some(piece)).await.is_ok()
    }

    /// Says that the list is complete.
    pub async fn finish(self) {
        // If the reader has ended, the import has reported why.
        let _ = self.0.send(None).await;
    }
}

/// Where the pieces come out. Reading blocks, as `scope::import` does it on a thread for that.
#[derive(Debug)]
pub struct Body {
    from: mpsc::Receiver<Option<Bytes>>,
    piece: Bytes,
    ended: bool,
}

impl Read for Body {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() && !self.ended {
            match self.from.blocking_recv() {
                Some(Some(piece)) => self.piece = piece,
                Some(None) => self.ended = true,
                None => return Err(io::ErrorKind::UnexpectedEof.into()),
            }
        }
        let length = self.piece.len().min(to.len());
        self.piece.copy_to_slice(&mut to[..length]);
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(mut body: Body) -> io::Result<String> {
        let reading = tokio::task::spawn_blocking(move || {
            let mut text = String::new();
            body.read_to_string(&mut text).map(|_| text)
        });
        reading.await.unwrap()
    }

    #[tokio::test]
    async fn pieces_come_out_as_one_text_and_a_cut_off_list_fails() {
        let (feed, body) = pieces();
        let reading = tokio::spawn(read(body));
        for piece in ["reference,", "", "elements\n"] {
            assert!(feed.send(Bytes::from(piece)).await);
        }
        feed.finish().await;
        assert_eq!(reading.await.unwrap().unwrap(), "reference,elements\n");

        let (feed, body) = pieces();
        assert!(feed.send(Bytes::from("reference")).await);
        drop(feed);
        assert!(read(body).await.is_err());
    }
}
