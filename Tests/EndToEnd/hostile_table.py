"""Suite H: what hostile clients do, one row each, with what must come of it.

A row is (title, greeting, steps, outcome): the client greets with its flags, makes each step, and the last
one has the outcome. Steps are bytes; `Ask` waits for the answer to an option, `Do` for that to a command.
"""
import struct

import nbd_wire as wire
from nbd_wire import ACK, ERR_INVALID, ERR_POLICY, ERR_TOO_BIG, ERR_UNKNOWN, ERR_UNSUP

END = 16 << 20
MOST = 2**32 - 1
CLOSED = "closed"
STARTTLS_DATA = b"\x16\x03\x01\0\x05hello"


class Ask(bytes):
    """An option whose answer is awaited."""


class Do(bytes):
    """A command whose answer is awaited."""


class Row:
    def __init__(self, title, steps, outcome, flags=3):
        """`outcome`: the kind of the answer, the error number, or CLOSED; several where the protocol leaves a choice."""
        self.title, self.steps, self.flags = title, steps, flags
        self.outcomes = outcome if isinstance(outcome, tuple) else (outcome,)


def context(name=b"disk", queries=(b"base:allocation",)):
    return struct.pack(">I", len(name)) + name + struct.pack(">I", len(queries)) + b"".join(
        struct.pack(">I", len(query)) + query for query in queries)


GO = wire.name_option(wire.GO, b"disk")
STATES = {
    "fresh": [],
    "structured": [Ask(wire.option(wire.STRUCTURED))],
    "after INFO": [Ask(wire.name_option(wire.INFO, b"disk", (0, 1, 2, 3)))],
    "after a GO that failed": [Ask(wire.name_option(wire.GO, b"none"))],
    "after LIST": [Ask(wire.option(wire.LIST))],
    "with a context": [Ask(wire.option(wire.STRUCTURED)), Ask(wire.option(wire.SET_META, context()))],
    "after STARTTLS": [Ask(wire.option(wire.STARTTLS))],
    "after an option that nobody knows": [Ask(wire.option(0x12345678, b"?"))],
}
STRUCTURED = {"structured", "with a context"}


def every_option_in_every_state():
    options = [
        ("LIST", wire.LIST, b"", ACK), ("LIST with data", wire.LIST, b"x", ERR_INVALID),
        ("STARTTLS", wire.STARTTLS, b"", ERR_UNSUP), ("STARTTLS with data", wire.STARTTLS, b"x", ERR_INVALID),
        ("INFO", wire.INFO, b"\0\0\0\4disk\0\0", ACK), ("INFO of nothing", wire.INFO, b"\0\0\0\4none\0\0", ERR_UNKNOWN),
        ("INFO cut off", wire.INFO, b"\0\0\0\4di", ERR_INVALID), ("INFO without data", wire.INFO, b"", ERR_INVALID),
        ("GO", wire.GO, b"\0\0\0\4disk\0\0", ACK), ("GO of nothing", wire.GO, b"\0\0\0\4none\0\0", ERR_UNKNOWN),
        ("GO in no alphabet", wire.GO, b"\0\0\0\4\xff\xfe\0\x80\0\0", ERR_UNKNOWN),
        ("STRUCTURED", wire.STRUCTURED, b"", ACK), ("STRUCTURED with data", wire.STRUCTURED, b"x", ERR_INVALID),
        ("ABORT", wire.ABORT, b"", ACK), ("ABORT with data", wire.ABORT, b"bye", ACK),
        ("PEEK_EXPORT", 4, b"", ERR_UNSUP), ("EXTENDED_HEADERS", 11, b"", ERR_UNSUP), ("option 0", 0, b"", ERR_UNSUP),
        ("option 77 with data", 77, b"x" * 4096, ERR_UNSUP), ("option 4294967295", MOST, b"", ERR_UNSUP),
        ("EXPORT_NAME of nothing", wire.EXPORT_NAME, b"none", CLOSED),
        ("EXPORT_NAME in no alphabet", wire.EXPORT_NAME, b"\xff\xfe", CLOSED),
    ]
    for state, before in STATES.items():
        for title, number, data, outcome in options:
            yield Row(f"{state}: {title}", [*before, Ask(wire.option(number, data))], outcome)
        yes = ACK if state in STRUCTURED else ERR_INVALID
        for title, number in (("SET_META", wire.SET_META), ("LIST_META", wire.LIST_META)):
            yield Row(f"{state}: {title}", [*before, Ask(wire.option(number, context()))], yes)
            yield Row(f"{state}: {title} of nothing", [*before, Ask(wire.option(number, context(b"none")))],
                      ERR_UNKNOWN if state in STRUCTURED else ERR_INVALID)


def option_lengths():
    for length in (0, 1, 255, 256, 257, 4095, 4096, 4097, 65535, 65536, 65537, 2**25 - 1, 2**25 + 1, 2**31 - 1, 2**31, MOST):
        for title, number in (("GO", wire.GO), ("LIST", wire.LIST), ("EXPORT_NAME", wire.EXPORT_NAME),
                              ("STARTTLS", wire.STARTTLS), ("option 77", 77)):
            sent = wire.option(number, b"\0" * length) if length <= 65536 else wire.option(number, length=length)
            if length > 65536 or number == wire.EXPORT_NAME:
                outcome = CLOSED
            elif number == 77:
                outcome = ERR_UNSUP
            elif length == 0:
                outcome = {wire.GO: ERR_INVALID, wire.LIST: ACK, wire.STARTTLS: ERR_UNSUP}[number]
            else:
                outcome = ERR_INVALID
            yield Row(f"{title} of {length} bytes", [Ask(sent)], outcome)


def inner_lengths():
    for length in (5, 65535, 2**25, 2**31 - 1, 2**31, MOST - 4, MOST):
        lie = struct.pack(">I", length) + b"disk"
        for title, number in (("GO", wire.GO), ("INFO", wire.INFO)):
            yield Row(f"{title}: a name of {length} bytes in 4", [Ask(wire.option(number, lie + b"\0\0"))],
                      ERR_INVALID)
        for title, number in (("SET_META", wire.SET_META), ("LIST_META", wire.LIST_META)):
            before = STATES["structured"]
            yield Row(f"{title}: a name of {length} bytes in 4", [*before, Ask(wire.option(number, lie + b"\0\0\0\0"))], ERR_INVALID)
            queries = b"\0\0\0\4disk" + struct.pack(">I", length) + b"\0\0\0\1x"
            yield Row(f"{title}: {length} queries in one", [*before, Ask(wire.option(number, queries))], ERR_INVALID)
            query = b"\0\0\0\4disk\0\0\0\1" + struct.pack(">I", length) + b"base"
            yield Row(f"{title}: a query of {length} bytes in 4", [*before, Ask(wire.option(number, query))], ERR_INVALID)
    for count in (1, 2, 255, 32768, 65535):
        yield Row(f"GO: {count} informations in none", [Ask(wire.option(wire.GO, b"\0\0\0\4disk" + struct.pack(">H", count)))], ERR_INVALID)
    for infos in ((0,) * 100, (3,) * 30000, (0xffff,), tuple(range(1000))):
        yield Row(f"GO: {len(infos)} informations, from {infos[0]}", [Ask(wire.name_option(wire.GO, b"disk", infos))], ACK)
    for length in (4096, 4097, 65000):
        yield Row(f"GO: a name of {length} bytes", [Ask(wire.name_option(wire.GO, b"n" * length))],
                  ERR_UNKNOWN if length <= 4096 else ERR_TOO_BIG)
    many = context(queries=(b"base:allocation",) * 3000)
    yield Row("SET_META: the same query 3000 times", [*STATES["structured"], Ask(wire.option(wire.SET_META, many))], ACK)


def strange_beginnings():
    for flags in (4, 5, 7, 0x10000, 1 << 31, MOST):
        yield Row(f"client flags {flags:#x}", [GO], CLOSED, flags=flags)
    for flags in (0, 2):
        yield Row(f"client flags {flags} and LIST", [wire.option(wire.LIST)], CLOSED, flags=flags)
    texts = {"a web client": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "TLS": STARTTLS_DATA + bytes(200), "zeroes": bytes(4096),
             "all ones": b"\xff" * 4096, "the server's own greeting": b"NBDMAGICIHAVEOPT\0\3" + bytes(8),
             "a request": b"\0\0\0\3" + wire.request(wire.READ, 0, 512)}
    for title, data in texts.items():
        yield Row(title, [data], CLOSED, flags=None)
    for magic in (0, wire.REPLY_MAGIC, 0x49484156454F5055, 2**64 - 1):
        yield Row(f"an option that begins with {magic:#x}", [wire.option(wire.LIST, magic=magic)], CLOSED)
    for title, data in (("a handshake", STARTTLS_DATA), ("a LIST", wire.option(wire.LIST)), ("a GO", GO)):
        # TLS is not offered: what is pipelined behind STARTTLS is never taken for something encrypted.
        yield Row(f"STARTTLS with {title} behind it", [wire.option(wire.STARTTLS) + data], ERR_UNSUP)
    yield Row("513 options", [Ask(wire.option(77))] * 513, CLOSED)


COMMANDS = (("READ", wire.READ), ("WRITE", wire.WRITE), ("TRIM", wire.TRIM), ("CACHE", wire.CACHE), ("ZEROES", wire.ZEROES))


def ranges():
    for title, number in COMMANDS:
        for offset, length in ((END, 1), (END - 1, 2), (END - 512, 513), (0, END + 1), (2**31, 512), (2**63 - 1, 1), (2**63, 512),
                               (2**64 - 1, 1), (2**64 - 512, 512), (2**64 - 512, 1024)):
            payload = bytes(length) if number == wire.WRITE else b""
            outcome = wire.ENOSPC if number in (wire.WRITE, wire.ZEROES) else (wire.EINVAL, wire.EOVERFLOW)
            yield Row(f"{title} {length} bytes at {offset}", [GO, Do(wire.request(number, offset, length, payload=payload))], outcome)
        if number == wire.WRITE:
            continue
        for offset in (0, 1, END - 1, END, 2**64 - 1):
            for length in (2**31 - 1, 2**31, MOST):
                outcome = wire.ENOSPC if number == wire.ZEROES else (wire.EINVAL, wire.EOVERFLOW)
                yield Row(f"{title} {length} bytes at {offset}", [GO, Do(wire.request(number, offset, length))], outcome)
        yield Row(f"{title} of nothing", [GO, Do(wire.request(number, 0, 0))], (0, wire.EINVAL))
        yield Row(f"{title} of nothing behind the end", [GO, Do(wire.request(number, END + 1, 0))], (0, wire.EINVAL, wire.ENOSPC))
    # The protocol asks for patience up to 2^25 bytes; sluice has it up to 2^26.
    for length in (2**26 + 1, 2**27, 2**31 - 1, 2**31, MOST):
        yield Row(f"WRITE of {length} bytes, announced", [GO, wire.request(wire.WRITE, 0, length)], CLOSED)
    yield Row("WRITE of 33 MiB, sent", [GO, Do(wire.request(wire.WRITE, 0, 33 << 20, payload=bytes(33 << 20)))], wire.ENOSPC)


def flags_and_types():
    for title, number in (*COMMANDS, ("FLUSH", wire.FLUSH)):
        length = 0 if number == wire.FLUSH else 512
        payload = bytes(512) if number == wire.WRITE else b""
        for bit in (5, 6, 7, 8, 12, 15):
            yield Row(f"{title} with flag {bit}", [GO, Do(wire.request(number, 0, length, flags=1 << bit, payload=payload))], wire.EINVAL)
        if number != wire.ZEROES:
            yield Row(f"{title} with FAST_ZERO", [GO, Do(wire.request(number, 0, length, flags=16, payload=payload))], wire.EINVAL)
        yield Row(f"{title} with REQ_ONE", [GO, Do(wire.request(number, 0, length, flags=8, payload=payload))], wire.EINVAL)
    for number in (8, 9, 16, 255, 256, 0x7fff, 0xffff):
        yield Row(f"command {number}", [GO, Do(wire.request(number, 0, 0))], wire.EINVAL)
    yield Row("BLOCK_STATUS that was not agreed", [GO, Do(wire.request(wire.STATUS, 0, 512))], wire.EINVAL)
    yield Row("READ with DF, without structured replies", [GO, Do(wire.request(wire.READ, 0, 512, flags=4))], wire.EINVAL)
    yield Row("FLUSH with a place", [GO, Do(wire.request(wire.FLUSH, 4096, 512))], (0, wire.EINVAL))
    for magic in (0, 0x25609512, wire.SIMPLE_MAGIC, 0x668E33EF, 0x13956025, 0x21E41C71, MOST):
        yield Row(f"a command that begins with {magic:#x}", [GO, wire.request(wire.READ, 0, 512, magic=magic)], CLOSED)
    yield Row("an option where commands are awaited", [GO, wire.option(wire.LIST) + bytes(64)], CLOSED)
    yield Row("the handshake again", [GO, b"\0\0\0\3" + GO + bytes(64)], CLOSED)
    yield Row("DISC, and commands behind it", [GO, wire.request(wire.DISC) + wire.request(wire.READ, 0, 512)], CLOSED)
    reading = wire.name_option(wire.GO, b"reading")
    for title, number in (("WRITE", wire.WRITE), ("TRIM", wire.TRIM), ("ZEROES", wire.ZEROES)):
        payload = bytes(512) if number == wire.WRITE else b""
        yield Row(f"{title} of what may only be read", [reading, Do(wire.request(number, 0, 512, payload=payload))], wire.EPERM)


def rows():
    return [*strange_beginnings(), *every_option_in_every_state(), *option_lengths(), *inner_lengths(), *ranges(),
            *flags_and_types()]


def play(connection, row):
    """Makes a row's steps, and returns what came of the last one."""
    if row.flags is None:
        connection.send(row.steps[0])
        return CLOSED if connection.is_closed() else "open"
    connection.greet(row.flags)
    for step in row.steps[:-1]:
        connection.send(step)
        if isinstance(step, Ask) or step[16:] == GO[16:] or step[8:12] == GO[8:12]:
            connection.answer()
    last = row.steps[-1]
    try:
        connection.send(last)
        if isinstance(last, Do):
            return connection.error()
        if row.outcomes == (CLOSED,):
            return CLOSED if connection.is_closed() else "open"
        return connection.answer()[0]
    except wire.Gone:
        return CLOSED


def goes_on(connection, row, outcome):
    """Whether the connection serves after what was only an error, as the protocol wants it."""
    last = row.steps[-1]
    if outcome == CLOSED or last[8:12] == wire.option(wire.ABORT)[8:12]:
        return True
    if isinstance(last, Do):
        return connection.do(wire.request(wire.FLUSH)) == 0
    if last[8:12] == GO[8:12] and outcome == ACK:
        return True
    if b"NBD" in last or last[16:] and not isinstance(last, Ask):
        return True
    return connection.ask(wire.name_option(wire.GO, b"disk")) == ACK
