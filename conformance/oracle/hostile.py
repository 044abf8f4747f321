"""Random text of the kinds that break signers: keys, parameters, header values, credentials."""

import random
import string

MAX_KEY_BYTES = 1024

# Each is a key, or a piece of one, over which some signer has stumbled.
KEY_PIECES = [
    " ", "  ", "+", "%", "%2F", "%2f", "%20", "%25", "%zz", "~", "'", '"', "`", "//", "/", ".", "..", "/./", "/../",
    "&", "=", "?", "#", ";", ":", "@", "!", "$", "*", "(", ")", "[", "]", "{", "}", "|", "\\", "^", "<", ">", ",",
    "\t", "\n", "\r", "\x01", "\x7f", "\x80", "\u00a0", "\u0130", "e\u0301", "\u00e9", "\u05d0", "\u202e", "\u2028",
    "\u3000", "\u6f22\u5b57", "\ufeff", "\ufffd", "\uffff", "\U0001f600", "\U00020000", "\U000e0001", "\U0010ffff",
    "${filename}", "X-Amz-Signature=", "aws4_request", "index.html", "2026/11/21", "-", "_", "a", "Z", "0",
]

WHOLE_KEYS = [
    "/", "//", "/lead", "//lead//dbl/../x", ".", "..", "./a", "../../etc/passwd", "a b+c/\u00e9~(1).txt", "trail/",
    " lead", "trail ", "%", "%%", "+", "a%2Fb", "?versionId=1", "#frag", "\U0001f600" * 256, "k" * MAX_KEY_BYTES,
]  # fmt: skip

# Ranges of one plane each, surrogates aside: every plane that has or may have characters.
PLANES = [(0x20, 0x7E), (0x80, 0x7FF), (0x800, 0xD7FF), (0xE000, 0xFFFF)] + [
    (plane << 16, (plane << 16) | 0xFFFF) for plane in range(1, 17)
]

TOKEN_CHARACTERS = string.ascii_letters + string.digits
SECRET_CHARACTERS = TOKEN_CHARACTERS + "/+"


class Hostile:
    """A seeded source of hostile text: the same seed gives the same text."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def one_of(self, choices):
        return self.random.choice(choices)

    def chance(self, probability):
        return self.random.random() < probability

    def text(self, alphabet, least, most):
        return "".join(self.random.choices(alphabet, k=self.random.randint(least, most)))

    def character(self):
        low, high = self.one_of(PLANES)
        return chr(self.random.randint(low, high))

    def key(self):
        kind = self.random.random()
        if kind < 0.1:
            return self.one_of(WHOLE_KEYS)
        if kind < 0.3:
            return "".join(self.character() for _ in range(self.random.randint(1, 12)))
        if kind < 0.35:
            return self.full_length_key()
        pieces = [self.one_of(KEY_PIECES) for _ in range(self.random.randint(1, 9))]
        if self.chance(0.5):
            pieces.insert(self.random.randrange(len(pieces) + 1), self.text(TOKEN_CHARACTERS, 1, 12))
        return "".join(pieces)

    def full_length_key(self):
        """A key of exactly 1,024 bytes, the longest there is."""
        key = ""
        while True:
            longer = key + self.one_of([self.character(), self.one_of(KEY_PIECES)])
            if len(longer.encode()) > MAX_KEY_BYTES:
                return key + "k" * (MAX_KEY_BYTES - len(key.encode()))
            key = longer

    def value(self):
        """A query parameter's value, possibly empty."""
        if self.chance(0.1):
            return ""
        return self.key()[: self.random.randint(1, 60)]

    def header_value(self):
        """A header's value: visible text with runs of blanks, which a signature folds."""
        words = [self.text(string.ascii_letters + string.digits + "!#$%&'()*+,-./:;<=>?@[]^_`{|}~\"", 0, 9)]
        for _ in range(self.random.randint(0, 4)):
            words.append(self.one_of([" ", "  ", "   ", "\t", " \t ", ", ", ""]))
            words.append(self.text(TOKEN_CHARACTERS + "=;,/*\u00e9\u00fc\u6f22", 0, 8))
        return "".join(words)

    def access_key_id(self):
        return self.one_of(["AKIA", "ASIA", "AROA"]) + self.text(string.ascii_uppercase + string.digits, 12, 16)

    def secret(self):
        if self.chance(0.05):
            return self.text(SECRET_CHARACTERS + " =%\u00e9\u6f22", 1, 200)
        return self.text(SECRET_CHARACTERS, 40, 40)

    def session_token(self):
        return self.text(SECRET_CHARACTERS + "=", 20, 400)

    def credentials(self, token_probability=0.3):
        token = self.session_token() if self.chance(token_probability) else None
        return {"access_key_id": self.access_key_id(), "secret": self.secret(), "token": token}

    def time(self):
        """Seconds since 1970, from 2001 to 2096, so that every digit of a date changes."""
        return self.random.randint(1_000_000_000, 4_000_000_000)

    def life(self):
        return self.one_of([1, 2, 60, 900, 3600, 86400, 604799, 604800, self.random.randint(1, 604800)])

    def bucket(self, dots):
        middle = self.text(string.ascii_lowercase + string.digits + "-", 1, 40)
        if dots and self.chance(0.3):
            middle += "." + self.text(string.ascii_lowercase + string.digits, 1, 10)
        return "b" + middle + "0"

    def origin(self):
        """Scheme, host and port of a custom endpoint, now and then with the scheme's own port."""
        host = self.one_of(
            [
                "localhost", "127.0.0.1", "192.168.0.17", "[::1]", "[2001:db8::8a2e:370:7334]", "[fe80::1]",
                "s3.example.org", "S3.Example.ORG", "minio", "files.internal.example.com",
            ]
        )  # fmt: skip
        scheme = self.one_of(["http", "https"])
        port = self.one_of([None, None, 80, 443, 8080, 9000, 65535, 1])
        return f"{scheme}://{host}" + (f":{port}" if port else "")


def is_named(origin):
    """Whether an origin's host is a name, before which a bucket can stand; an address is none."""
    return "[" not in origin and not origin.split("://")[1][0].isdigit()
