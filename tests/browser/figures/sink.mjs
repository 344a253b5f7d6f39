// A real SMTP server (RFC 5321): keeps what it accepts, refuses addresses with a local part that ends with "-gone".
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Listens on the socket that is the standard input; returns the messages so far, and a function that ends it. */
export async function listen() {
  const sink = { accepted: [], refused: [] };
  const sockets = new Set();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    serve(socket, sink);
  }).listen({ fd: 0 });
  await once(server, 'listening');
  // A sender keeps its connections.
  sink.close = () => { server.close(); for (const socket of sockets) socket.destroy(); };
  return sink;
}

function serve(socket, sink) {
  let waiting = Buffer.alloc(0);
  let to = null;
  let data = false;
  const say = (line) => socket.write(`${line}\r\n`);
  socket.setNoDelay(true);
  socket.on('error', () => {});
  say('220 sink.example ESMTP');
  const command = (line) => {
    const word = line.slice(0, 4).toUpperCase();
    if (word === 'EHLO') return say('250-sink.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SMTPUTF8');
    if (word === 'MAIL') { to = null; return say('250 2.1.0 Ok'); }
    if (word === 'RCPT') {
      const address = /<([^>]*)>/.exec(line)[1];
      if (/-gone@/.test(address)) {
        sink.refused.push(address);
        return say('550 5.1.1 User unknown');
      }
      to = address;
      return say('250 2.1.5 Ok');
    }
    if (word === 'DATA') {
      if (!to) return say('503 5.5.1 No recipient');
      data = true;
      return say('354 Go ahead');
    }
    if (word === 'QUIT') { say('221 2.0.0 Bye'); return socket.end(); }
    return say('250 2.0.0 Ok');
  };
  socket.on('data', (octets) => {
    waiting = Buffer.concat([waiting, octets]);
    for (;;) {
      const end = data ? '\r\n.\r\n' : '\r\n';
      const at = waiting.indexOf(end);
      if (at < 0) return;
      const piece = waiting.subarray(0, at).toString('utf8');
      waiting = waiting.subarray(at + end.length);
      if (data) {
        data = false;
        sink.accepted.push(message(to, piece.replaceAll('\r\n..', '\r\n.')));
        say('250 2.0.0 Ok: queued');
      } else {
        command(piece);
      }
    }
  });
}

/** The recipient of a message, and the words of its text part. */
function message(to, sent) {
  const raw = sent.replaceAll('\r\n', '\n');
  const boundary = /boundary="?([^";\n]+)/.exec(raw)?.[1];
  const part = raw.split(`--${boundary}`).find((one) => /content-type: text\/plain/i.test(one)) ?? raw;
  const at = part.indexOf('\n\n', 1);
  const [head, body] = [part.slice(0, at), part.slice(at + 2)];
  const coded = /content-transfer-encoding: *(\S+)/i.exec(head)?.[1].toLowerCase();
  const text = coded === 'base64' ? Buffer.from(body, 'base64').toString('utf8') : coded === 'quoted-printable' ? printable(body) : body;
  return { to, text: text.replaceAll('\r\n', '\n') };
}

function printable(body) {
  const octets = body.replace(/=\r?\n/g, '').replace(/=([0-9A-F]{2})/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(octets, 'latin1').toString('utf8');
}
