"""Reads letters, says what differs from what was written, and checks their signatures.

Standard input: {"records": {name: TXT record}, "cases": [{file, name, address, subject, text, html,
language, message_id}]}. Prints what is wrong, and last the count of bad letters.
"""

import email, email.header, email.policy, email.utils, json, sys

import dkim

HEADERS = ["DKIM-Signature", "DKIM-Signature", "From", "To", "Subject", "Date", "Message-ID",
           "Auto-Submitted", "Content-Language", "Feedback-ID", "MIME-Version", "Content-Type"]
# Internationalised addresses (RFC 6531), which the parser does not know.
EXPECTED = {"NonASCIILocalPartDefect"}


def name_in(text):
    "By the older parser: the newer puts spaces between the encoded words of one name (RFC 2047 6.2)."
    field = email.message_from_string(text, policy=email.policy.compat32)["To"]
    return str(email.header.make_header(email.header.decode_header(email.utils.parseaddr(field)[0])))


def unix(text):
    "A letter ends with a line end, and its lines may end in any way."
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return lines if not lines or lines.endswith("\n") else lines + "\n"


def differs(raw, case):
    "What differs from what was written."
    def same(what, got, wanted):
        if got != wanted:
            yield "%s: %a, not %a" % (what, got, wanted)

    text = raw.decode("utf-8")
    mail = email.message_from_string(text, policy=email.policy.default)
    yield from same("headers", mail.keys(), HEADERS)
    for value in mail.values():
        defects = {type(defect).__name__ for defect in getattr(value, "defects", [])}
        yield from same("defects", defects - EXPECTED, set())
    yield from same("count of recipients", len(mail["To"].addresses), 1)
    yield from same("address", mail["To"].addresses[0].addr_spec, case["address"])
    name = mail["To"].addresses[0].display_name
    yield from same("name", name_in(text) if "=?utf-8?b?" in text else name, case["name"])
    for header in "Subject", "Content-Language", "Message-ID":
        yield from same(header, mail[header], case[header.lower()])
    yield from same("Auto-Submitted", mail["Auto-Submitted"], "auto-generated")
    parts = list(mail.iter_parts())
    yield from same("parts", [part.get_content_type() for part in parts], ["text/plain", "text/html"])
    for part, kind in zip(parts, ["text", "html"]):
        yield from same("defects", part.defects, [])
        yield from same(kind, unix(part.get_content()), unix(case[kind]))


def lines(raw):
    "What is wrong with the lines."
    bare = raw.replace(b"\r\n", b"")
    if b"\r" in bare or b"\n" in bare:
        yield "a bare CR or LF"
    if max(map(len, raw.split(b"\r\n"))) > 998:
        yield "a line over 998 octets"


def verifies(raw, at, records):
    "Whether the signature number `at` is good by the public records."
    def ask(name, timeout=5):
        return records[name.decode().rstrip(".")].encode()

    try:
        return dkim.DKIM(raw).verify(idx=at, dnsfunc=ask)
    except dkim.DKIMException:
        return False


def signatures(raw, records):
    "What is wrong with the signatures."
    forged = {
        "a second From": b"From: evil@evil.example\r\n" + raw,
        "another Subject": raw.replace(b"\r\nSubject:", b"\r\nSubject: Win", 1),
        "another body": raw[:-2] + b"--\r\n",
    }
    for at in range(len(records)):
        if not verifies(raw, at, records):
            yield "signature %d does not verify" % at
        for what, altered in forged.items():
            if verifies(altered, at, records):
                yield "signature %d verifies with %s" % (at, what)


def main():
    task = json.load(sys.stdin)
    bad = 0
    for case in task["cases"]:
        with open(case["file"], "rb") as file:
            raw = file.read()
        wrong = []
        try:
            for check in lines(raw), differs(raw, case), signatures(raw, task["records"]):
                wrong.extend(check)
        except Exception as error:  # an unreadable message is a finding, and does not end the run
            wrong.append("does not parse: %r" % error)
        if wrong:
            bad += 1
            print(case["file"], *(what[:400] for what in wrong), sep="\n  ")
    print(bad)


main()
