"""Raw NBD messages, so that a test can send what no honest client would."""
import socket
import struct

OPTION_MAGIC = 0x49484156454F5054
REPLY_MAGIC = 0x3E889045565A9
REQUEST_MAGIC = 0x25609513
SIMPLE_MAGIC = 0x67446698
EXPORT_NAME, ABORT, LIST, STARTTLS, INFO, GO, STRUCTURED, LIST_META, SET_META = 1, 2, 3, 5, 6, 7, 8, 9, 10
ACK, SERVER, REPLY_INFO, META = 1, 2, 3, 4
ERR_UNSUP, ERR_POLICY, ERR_INVALID, ERR_UNKNOWN = 0x80000001, 0x80000002, 0x80000003, 0x80000006
ERR_TOO_BIG = 0x80000009
READ, WRITE, DISC, FLUSH, TRIM, CACHE, ZEROES, STATUS = range(8)
EPERM, EIO, ENOMEM, EINVAL, ENOSPC, EOVERFLOW = 1, 5, 12, 22, 28, 75


class Gone(Exception):
    """The server closed the connection."""


def option(number, data=b"", length=None, magic=OPTION_MAGIC):
    return struct.pack(">QII", magic, number, len(data) if length is None else length) + data


def name_option(number, name, infos=()):
    data = struct.pack(">I", len(name)) + name + struct.pack(">H", len(infos)) + b"".join(struct.pack(">H", i) for i in infos)
    return option(number, data)


def request(command, offset=0, length=0, cookie=1, flags=0, magic=REQUEST_MAGIC, payload=b""):
    return struct.pack(">IHHQQI", magic, flags, command, cookie, offset, length) + payload


class Wire:
    """One connection to the server."""

    def __init__(self, path, seconds=5):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(path))  # waits for a place in the backlog
        self.socket.settimeout(seconds)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            raise Gone from None

    def receive(self, count):
        data = b""
        while len(data) < count:
            try:
                more = self.socket.recv(count - len(data))
            except ConnectionResetError:
                raise Gone from None
            if not more:
                raise Gone
            data += more
        return data

    def is_closed(self):
        """Waits for the end of the connection, reading over what comes before it."""
        try:
            while True:
                self.receive(1)
        except Gone:
            return True
        except TimeoutError:
            return False

    def greet(self, flags=3):
        self.receive(18)
        self.send(struct.pack(">I", flags))
        return self

    def reply(self):
        """One answer to an option: its kind and its data."""
        magic, _, kind, length = struct.unpack(">QIII", self.receive(20))
        assert magic == REPLY_MAGIC, hex(magic)
        return kind, self.receive(length)

    def answer(self):
        """All answers to an option up to the one that ends it."""
        while True:
            kind, data = self.reply()
            if kind == ACK or kind & 0x80000000:
                return kind, data

    def ask(self, data):
        self.send(data)
        return self.answer()[0]

    def go(self, export):
        kind = self.greet().ask(name_option(GO, export.encode()))
        assert kind == ACK, hex(kind)
        return self

    def error(self):
        """The error of the next simple reply."""
        magic, error, _ = struct.unpack(">IIQ", self.receive(16))
        assert magic == SIMPLE_MAGIC, hex(magic)
        return error

    def do(self, data):
        self.send(data)
        return self.error()
