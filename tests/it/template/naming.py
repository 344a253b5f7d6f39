"""Reads notices as a stranger who knows only the words of the elements, and says what each names.

Standard input: {"words": {language: {code: words}}, "letters": [file, ...]}. Prints a list of codes per letter.
Guidance is advice and names nothing: it is the <ol class="guidance"> of the HTML part.
"""

import email, email.policy, html.parser, json, re, sys, unicodedata


class Page(html.parser.HTMLParser):
    "The text of a page without its head and its guidance; a bar between blocks."
    BLOCKS = {"p", "li", "h1", "h2", "h3", "h4", "h5", "h6", "ol", "ul", "div", "blockquote", "pre", "hr"}
    INLINE = {"strong", "em", "code", "a", "bdi", "br"}

    def __init__(self):
        super().__init__()
        self.text, self.hidden = [], []

    def handle_starttag(self, tag, attrs):
        if tag == "head" or (tag == "ol" and dict(attrs).get("class") == "guidance"):
            self.hidden.append(tag)
        if tag == "br":
            self.text.append(" ")
        if tag in self.BLOCKS:
            self.text.append(" | ")

    def handle_endtag(self, tag):
        if self.hidden and self.hidden[-1] == tag:
            self.hidden.pop()
        if tag in self.BLOCKS:
            self.text.append(" | ")

    def handle_data(self, data):
        if not self.hidden:
            self.text.append(data)


def plain(text, language):
    text = unicodedata.normalize("NFKC", text).casefold().replace("\u2019", "'")
    text = "".join(c for c in text if unicodedata.category(c) != "Cf")
    return re.sub(r"\s+", "" if language == "zh" else " ", text)


def finder(words, language):
    "Longest first, whole words; Chinese has no spaces, Korean has particles, Arabic has a prefix for 'and'."
    by_words = {plain(text, language): code for code, text in words.items()}
    before = {"zh": "", "ar": r"(?<!\w)\u0648?"}.get(language, r"(?<!\w)")
    after = "" if language in ("zh", "ko") else r"(?!\w)"
    either = "|".join(map(re.escape, sorted(by_words, key=len, reverse=True)))
    return re.compile(f"{before}({either}){after}"), by_words


def main():
    task = json.load(sys.stdin)
    finders = {language: finder(words, language) for language, words in task["words"].items()}
    found = []
    for file in task["letters"]:
        with open(file, "rb") as raw:
            mail = email.message_from_binary_file(raw, policy=email.policy.default)
        language = mail["Content-Language"].split("-")[0]
        page = Page()
        page.feed(mail.get_body(("html",)).get_content())
        pattern, codes = finders[language]
        text = plain("".join(page.text), language)
        found.append(sorted({codes[match.group(1)] for match in pattern.finditer(text)}))
    json.dump(found, sys.stdout)


main()
