"""Suite I: NBD servers that lie, one row each, with what a client of theirs must come to.

A handshake row is (title, words, script): the words are in the refusal, None means that it is served.
A transmission row is (operation, title, is served, lie): the lie makes the answer to (cookie, offset,
length); None hangs up, and END behind the bytes hangs up after them.
"""
import socket
import struct
import threading

SIZE = 2 << 20
GREETING = b"NBDMAGICIHAVEOPT\0\3"
ERROR, MOST = 1 << 31, 2**32 - 1
END = object()


def reply(option, kind, data=b"", length=None, magic=0x3E889045565A9):
    return struct.pack(">QIII", magic, option, kind, len(data) if length is None else length) + data


def simple(cookie, error=0, magic=0x67446698):
    return struct.pack(">IIQ", magic, error, cookie)


def chunk(kind, cookie, payload=b"", last=1, length=None):
    size = len(payload) if length is None else length
    return struct.pack(">IHHQI", 0x668E33EF, last, kind, cookie, size) + payload


def error(cookie, number, words=b"", last=1, count=None):
    return chunk(0x8001, cookie, struct.pack(">IH", number, len(words) if count is None else count) + words, last)


def data(cookie, offset, count, last=1):
    return chunk(1, cookie, struct.pack(">Q", offset % 2**64) + b"\x5a" * count, last)


def hole(cookie, offset, count, last=1):
    return chunk(2, cookie, struct.pack(">QI", offset % 2**64, count), last)


def extents(cookie, numbers, context=7, last=1):
    return chunk(5, cookie, struct.pack(">I", context) + b"".join(struct.pack(">I", number) for number in numbers), last)


class Script:
    """What a server says; honest but for what is given."""

    def __init__(self, greeting=GREETING, size=SIZE, flags=0x16D, blocks=(), answer=lambda _, honest: honest, lie=None):
        self.greeting, self.size, self.flags, self.blocks, self.answer, self.lie = greeting, size, flags, blocks, answer, lie

    def honest(self, option):
        if option == 1:
            return struct.pack(">QH", self.size, self.flags)
        if option == 7:
            blocks = struct.pack(f">H{len(self.blocks)}I", 3, *self.blocks)
            return (reply(7, 3, struct.pack(">HQH", 0, self.size, self.flags))
                    + (reply(7, 3, blocks) if self.blocks else b"") + reply(7, 1))
        if option == 8:
            return reply(8, 1)
        return reply(10, 4, b"\0\0\0\7base:allocation") + reply(10, 1)


class Server:
    """Serves one script on a Unix socket, on threads that end with the test."""

    def __init__(self, path, script):
        self.script, self.listener = script, socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen(16)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            client, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def receive(self, client, count):
        received = client.recv(count, socket.MSG_WAITALL) if count else b""
        if len(received) < count:
            raise ConnectionError
        return received

    def serve(self, client):
        with client:
            try:
                if self.shake(client):
                    while self.answer(client):
                        pass
            except OSError:
                pass  # the client has left

    def shake(self, client):
        if self.script.greeting is None:
            return False
        client.sendall(self.script.greeting)
        self.receive(client, 4)
        while True:
            _, option, length = struct.unpack(">QII", self.receive(client, 16))
            self.receive(client, length)
            answer = self.script.answer(option, self.script.honest(option))
            if answer is None:
                return False
            client.sendall(answer)
            if option == 7 and self.script.lie:
                return True

    def answer(self, client):
        _, _, command, cookie, offset, length = struct.unpack(">IHHQQI", self.receive(client, 28))
        if command == 2:
            return False
        self.receive(client, length if command == 1 else 0)
        answer = self.script.lie(cookie, offset, length)
        if isinstance(answer, tuple):
            client.sendall(answer[0])
            return False
        client.sendall(answer or b"")
        return answer is not None


# Handshakes.

def greetings():
    yield "a web server", "does not speak NBD", Script(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    yield "zeroes", "does not speak NBD", Script(bytes(18))
    yield "all ones", "does not speak NBD", Script(b"\xff" * 18)
    yield "the handshake of old", "old NBD", Script(b"NBDMAGIC" + struct.pack(">QH", 0x420281861253, 0))
    yield "a second number that is none", "old NBD", Script(b"NBDMAGICNBDMAGIC\0\3")
    yield "not fixed newstyle", "fixed newstyle", Script(b"NBDMAGICIHAVEOPT\0\2")
    yield "no words at all", "hung up", Script(None)
    yield "half a greeting", "does not answer", Script(b"NBDMAGICI")
    yield "silence", "does not answer", Script(b"")
    yield "two greetings", "wrong number", Script(GREETING * 2)
    yield "a greeting without end", "wrong number", Script(GREETING + b"A" * (1 << 20))
    yield "flags that nobody knows", None, Script(b"NBDMAGICIHAVEOPT\xff\xff")


def one(option, title, words, lie):
    """A row that lies in the answer to one option."""
    return f"option {option}: {title}", words, Script(answer=lambda asked, honest: lie(honest) if asked == option else honest)


def options():
    for number in (8, 10, 7):
        for title, words, answer in (
                ("hangs up", "hung up", None), ("silence", "does not answer", b""),
                ("half a header", "does not answer", reply(number, 1)[:10]),
                ("a wrong number", "wrong number", reply(number, 1, magic=0x3E889045565A8)),
                ("another option", "it answered option 77", reply(77, 1)),
                ("64 KiB and a byte", "65537 bytes long", reply(number, 3, length=65537)),
                ("2 GiB", "bytes long", reply(number, 3, length=1 << 31)), ("4 GiB", "bytes long", reply(number, 3, length=MOST)),
                ("type 77", "no answer", reply(number, 77)), ("type 0", "no answer", reply(number, 0)),
                ("a list", "no answer", reply(number, 2, b"\0\0\0\1a")), ("data", "carried data", reply(number, 1, b"123"))):
            yield one(number, title, words, lambda _, answer=answer: answer)
        yield one(number, "is not known", None, lambda _, number=number: reply(number, ERROR | 1))
    yield one(8, "is forbidden", None, lambda _: reply(8, ERROR | 2))
    yield one(8, "twice", "it answered option 8", lambda honest: honest * 2)
    yield one(8, "the greeting again", "wrong number", lambda _: GREETING * 2)
    yield one(10, "no context", None, lambda _: reply(10, 1))
    for name in (b"base:allocatiom", b"base:allocation-more", b"", b"base:allocation", b"x" * 60000):
        yield one(10, f"a context more, {name[:20]}", "nobody asked for", lambda honest, name=name: reply(10, 4, b"\0\0\0\1" + name) + honest)
    for short in (b"", b"\0\0"):
        yield one(10, f"{len(short)} bytes of a context", "nobody asked for", lambda honest, short=short: reply(10, 4, short) + honest)
    yield one(10, "a context, then an error", None, lambda honest: honest[:-20] + reply(10, ERROR | 3))
    yield one(10, "an error of 60,000 bytes", None, lambda _: reply(10, ERROR | 3, b"x" * 60000))


def terms():
    for number, words, text in (
            (2, "does not allow", b""), (3, "error 3", b""), (4, "error 4", b""), (5, "wants TLS", b""), (6, "no such export", b""),
            (7, "shutting down", b""), (8, "error 8", b""), (9, "error 9", b""), (0x7FFFFFFF, "error 2147483647", b""),
            (6, "[2Jx", b"\x1b[2Jx\n\r\0"), (6, "no such export", b"x" * 65536), (6, "no such export", b"\xff\xfe\x80\xc3")):
        yield one(7, f"error {number}, {len(text)} bytes", words, lambda _, number=number, text=text: reply(7, ERROR | number, text))
    yield one(7, "no size", "did not tell", lambda _: reply(7, 1))
    yield one(7, "an error behind the size", "shutting down", lambda honest: honest[:-20] + reply(7, ERROR | 7))
    for title, words, text, count in (
            ("0 bytes", "was empty", b"", 1), ("1 byte", "was empty", b"\0", 1), ("2 bytes", "came in 2 bytes", b"\0\0", 1),
            ("6 bytes", "came in 6 bytes", bytes(6), 1), ("102 bytes", "came in 102 bytes", bytes(102), 1),
            ("unknown", None, b"ww" + b"\1" * 60000, 1), ("1000 times", None, b"\0\1", 1000), ("2000 times", "without end", b"\0\1", 2000),
            ("another size", None, struct.pack(">HQH", 0, 2**64 - 1, 1), 1)):
        yield one(7, f"information: {title}", words, lambda honest, text=text, count=count: reply(7, 3, text) * count + honest)
    for size, words in ((1 << 63, "more than 2^63"), (2**64 - 1, "more than 2^63"), (2**63 - 1, None), (1048577, None), (0, None)):
        yield f"{size} bytes", words, Script(size=size)
    yield "no multiple of a block", "no multiple", Script(size=1048577, blocks=(512, 4096, 65536))
    for flags, words in ((0, "no transmission"), (0xFFFE, "no transmission"), (0xFFFD, None)):
        yield f"flags {flags:#x}", words, Script(flags=flags)
    for blocks, words in (
            ((0, 4096, 65536), "smallest block"), ((3, 4096, 65536), "smallest block"), ((1 << 17, 1 << 17, 1 << 20), "smallest block"),
            ((MOST, MOST, MOST), "smallest block"), ((1, 0, 65536), "preferred block"), ((4096, 512, 65536), "preferred block"),
            ((1, 3000, 65536), "preferred block"), ((1, 1 << 31, 1 << 31), None), ((4096, 4096, 512), "largest block"),
            ((1, 4096, 0), None), ((1, 4096, MOST), None), ((512, 4096, 5000), None), ((1, 4096), "not 14"), ((1, 4096, 65536, 1), "not 14")):
        yield f"blocks {blocks}", words, Script(blocks=blocks)
    for title, words, named in (("nothing", "hung up", None), ("half", "does not answer", bytes(5)),
                                ("2^63 bytes", "more than 2^63", struct.pack(">QH", 1 << 63, 1))):
        yield f"EXPORT_NAME: {title}", words, Script(
            answer=lambda option, honest, named=named: reply(7, ERROR | 1) if option == 7 else named if option == 1 else honest)


# Transmission.

def reads():
    honest = data
    for title, served, lie in (
            ("a simple reply", False, lambda c, o, n: simple(c) + bytes(n)), ("a simple error", False, lambda c, o, n: simple(c, 5)),
            ("all ones", False, lambda c, o, n: b"\xff" * 4096), ("zeroes", False, lambda c, o, n: bytes(4 << 20)),
            ("an option's reply", False, lambda c, o, n: reply(7, 1)), ("no command", False, lambda c, o, n: chunk(0, c + 256) + honest(c, o, n)),
            ("a free place", False, lambda c, o, n: chunk(0, c ^ 1) + honest(c, o, n)), ("no place", False, lambda c, o, n: chunk(0, c | 0xFF)),
            ("cookie 0", False, lambda c, o, n: chunk(0, 0)), ("twice", True, lambda c, o, n: honest(c, o, n) * 2),
            ("a hundred times", True, lambda c, o, n: honest(c, o, n) * 100), ("words behind", True, lambda c, o, n: honest(c, o, n) + b"and more"),
            ("a byte more", False, lambda c, o, n: data(c, o, n + 1)), ("16 MiB", False, lambda c, o, n: data(c, o, 16 << 20)),
            ("4 GiB", False, lambda c, o, n: chunk(1, c, struct.pack(">Q", o), length=MOST)),
            ("data before", False, lambda c, o, n: data(c, o - 1, n)), ("data behind", False, lambda c, o, n: data(c, o + n, 1)),
            ("data at 2^63", False, lambda c, o, n: data(c, 1 << 63, n)), ("data at 2^64 - 1", False, lambda c, o, n: data(c, -1, n)),
            ("data that wraps", False, lambda c, o, n: data(c, -4095, n)), ("no data", False, lambda c, o, n: data(c, o, 0)),
            ("no offset", False, lambda c, o, n: chunk(1, c, bytes(3))),
            ("half of it twice", False, lambda c, o, n: data(c, o, n // 2, 0) + data(c, o, n // 2)),
            ("chunks that overlap", False, lambda c, o, n: data(c, o, 3000, 0) + data(c, o + 2000, 2096)),
            ("a hole of nothing", False, lambda c, o, n: hole(c, o, 0)), ("a hole of 4 GiB", False, lambda c, o, n: hole(c, o, MOST)),
            ("a hole at 2^63", False, lambda c, o, n: hole(c, 1 << 63, n)), ("a hole at 2^64 - 1", False, lambda c, o, n: hole(c, -1, 1)),
            ("a hole before", False, lambda c, o, n: hole(c, o - n, n)), ("a hole that goes on", False, lambda c, o, n: hole(c, o + 1, n)),
            ("a hole with a payload", False, lambda c, o, n: chunk(2, c, struct.pack(">QIx", o, n))),
            ("half a hole", False, lambda c, o, n: chunk(2, c, struct.pack(">Q", o))),
            ("a hole over data", False, lambda c, o, n: data(c, o, n, 0) + hole(c, o, n)), ("extents", False, lambda c, o, n: extents(c, (n, 0))),
            ("bytes one by one", True, lambda c, o, n: b"".join(data(c, o + place, 1, 0) for place in range(n)) + chunk(0, c)),
            ("the second half first", True, lambda c, o, n: data(c, o + n // 2, n // 2, 0) + data(c, o, n // 2)),
            ("a hole and data", True, lambda c, o, n: hole(c, o, 1024, 0) + data(c, o + 1024, n - 1024)),
            ("hangs up", False, lambda c, o, n: None), ("a last chunk only", False, lambda c, o, n: chunk(0, c)),
            ("nothing, not the last", False, lambda c, o, n: chunk(0, c, last=0)), ("nothing, of 3 bytes", False, lambda c, o, n: chunk(0, c, b"123")),
            ("half", False, lambda c, o, n: data(c, o, n // 2)), ("all but a byte", False, lambda c, o, n: data(c, o + 1, n - 1)),
            ("no end", False, lambda c, o, n: (data(c, o, n, 0), END)), ("11 bytes", False, lambda c, o, n: (honest(c, o, n)[:11], END)),
            ("a header", False, lambda c, o, n: (honest(c, o, n)[:20], END)), ("2000 bytes", False, lambda c, o, n: (honest(c, o, n)[:2000], END))):
        yield "pread", title, served, lie
    for kind in (3, 4, 6, 0x7FFF):
        yield "pread", f"type {kind}", False, lambda c, o, n, kind=kind: chunk(kind, c, bytes(40))


def errors():
    for title, lie in (
            ("an error", lambda c, o, n: error(c, 5)), ("4000 words", lambda c, o, n: error(c, 5, b"x" * 4000)),
            ("60,000 words", lambda c, o, n: error(c, 5, b"x" * 60000)), ("more words than bytes", lambda c, o, n: error(c, 5, b"x", count=500)),
            ("an error of 4 GiB", lambda c, o, n: chunk(0x8001, c, struct.pack(">IH", 5, 0), length=MOST)),
            ("an error of 3 bytes", lambda c, o, n: chunk(0x8001, c, b"\0\0\5")), ("error 0", lambda c, o, n: error(c, 0)),
            ("error 9999", lambda c, o, n: error(c, 9999)), ("a type that nobody knows", lambda c, o, n: chunk(0x9999, c, struct.pack(">IH", 5, 0))),
            ("an error at 2^64 - 1", lambda c, o, n: chunk(0x8002, c, struct.pack(">IHQ", 5, 0, 2**64 - 1))),
            ("half an offset", lambda c, o, n: chunk(0x8002, c, struct.pack(">IHB", 5, 0, 1))),
            ("an error behind data", lambda c, o, n: data(c, o, n, 0) + error(c, 5)),
            ("data behind an error", lambda c, o, n: error(c, 5, last=0) + data(c, o, n)),
            ("100,000 errors", lambda c, o, n: error(c, 5, last=0) * 100000), ("shutting down", lambda c, o, n: error(c, 108)),
            ("two errors", lambda c, o, n: error(c, 5, last=0) + error(c, 22))):
        yield "pread", title, False, lie


def changes():
    for operation in ("pwrite", "zero", "trim", "flush"):
        for title, served, lie in (
                ("hangs up", False, lambda c, *_: None), ("another cookie", False, lambda c, *_: simple(c + 256)),
                ("no place", False, lambda c, *_: simple(c | 0xFF)), ("a wrong number", False, lambda c, *_: simple(c, magic=0x67446699)),
                ("a request", False, lambda c, *_: struct.pack(">IQQ", 0x25609513, c, c)), ("error 4711", False, lambda c, *_: simple(c, 4711)),
                ("shutting down", False, lambda c, *_: simple(c, 108)), ("data", False, lambda c, *_: data(c, 0, 3)),
                ("a hole", False, lambda c, *_: hole(c, 0, 512)), ("extents", False, lambda c, *_: extents(c, (512, 0))),
                ("an error in chunks", False, lambda c, *_: error(c, 5, b"no")), ("success in chunks", True, lambda c, *_: chunk(0, c)),
                ("words behind", True, lambda c, *_: simple(c) + b"12345"), ("both", False, lambda c, *_: error(c, 5, last=0) + chunk(0, c))):
            yield operation, title, served, lie


def lists():
    many = [number for place in range(100000) for number in (1, place % 2)]
    for title, served, lie in (
            ("hangs up", False, lambda c, *_: None), ("a simple reply", False, lambda c, *_: simple(c)), ("a last chunk", False, lambda c, *_: chunk(0, c)),
            ("none", False, lambda c, *_: extents(c, ())), ("no byte", False, lambda c, *_: extents(c, (0, 0))),
            ("no byte behind another", False, lambda c, *_: extents(c, (1024, 0, 0, 0))), ("half a one", False, lambda c, *_: extents(c, (1024,))),
            ("one and a half", False, lambda c, *_: extents(c, (1024, 0, 1024))), ("another context", False, lambda c, *_: extents(c, (4096, 0), context=8)),
            ("two lists", False, lambda c, *_: extents(c, (4096, 0), last=0) + extents(c, (4096, 0))), ("2 bytes", False, lambda c, *_: chunk(5, c, bytes(2))),
            ("4 GiB", False, lambda c, *_: chunk(5, c, struct.pack(">I", 7), length=MOST - 3)),
            ("128 MiB", False, lambda c, *_: chunk(5, c, struct.pack(">I", 7), length=128 << 20 | 4)), ("data", False, lambda c, *_: data(c, 0, 1)),
            ("a hole", False, lambda c, *_: hole(c, 0, 4096)), ("an error", False, lambda c, *_: error(c, 5)),
            ("an error behind", False, lambda c, *_: extents(c, (4096, 0), last=0) + error(c, 5)), ("it goes far on", True, lambda c, *_: extents(c, (MOST, 3))),
            ("together they overflow", True, lambda c, *_: extents(c, (MOST, 0, MOST, 1) * 32)), ("100,000", True, lambda c, *_: extents(c, many)),
            ("unknown flags", True, lambda c, *_: extents(c, (4096, MOST))), ("less than asked", True, lambda c, *_: extents(c, (1, 0))),
            ("the list twice", True, lambda c, *_: extents(c, (4096, 0)) * 2)):
        yield "block_status", title, served, lie


def handshakes():
    return [*greetings(), *options(), *terms()]


def transmissions():
    return [*reads(), *errors(), *changes(), *lists()]
