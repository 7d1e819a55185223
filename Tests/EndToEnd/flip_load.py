"""A client that writes, reads back and counts, until a file appears; prints what it saw as JSON.

It has several connections and asks now at one and now at another, as a client may that was told so: what one of them
wrote the others read, on whichever thread each is served.

    flip_load.py verify URI STOP RATE    writes blocks of its own and insists on reading them back
    flip_load.py uniform URI STOP RATE   only reads, and insists that each read comes from one disk
    flip_load.py layered URI STOP RATE   as verify, while an overlay is laid over the disk and taken away again

RATE is the most requests a second; 0 is as many as there can be. `layered` reads words of its standard input, and
answers each with a line: `on` and `off` before a change to or from an overlay, `done` after it.
"""
import json
import os
import random
import select
import struct
import sys
import time

import nbd

BLOCK = 4096
BLOCKS = 2048
CONNECTIONS = 3
READ = 64 << 10
ZEROES = bytes(BLOCK)


class Load:
    def __init__(self, uri):
        self.handles = [nbd.NBD() for _ in range(CONNECTIONS)]
        for handle in self.handles:
            handle.connect_uri(uri)
        if not all(handle.can_multi_conn() for handle in self.handles):
            raise SystemExit("one connection's flush need not cover what another one wrote")
        self.sent = self.answered = self.failed = self.wrong = 0
        self.buckets = {}
        self.size = self.handles[0].get_size()

    @property
    def handle(self):
        return random.choice(self.handles)

    def timed(self, request, *arguments):
        """Makes a request and keeps the longest of each tenth of a second."""
        self.sent += 1
        begin = time.monotonic()
        try:
            answer = request(*arguments)
        except nbd.Error as error:
            print(error, file=sys.stderr)
            self.failed += 1
            return None
        end = time.monotonic()
        self.answered += 1
        key = int(end * 10)
        self.buckets[key] = max(self.buckets.get(key, 0), end - begin)
        return answer

    def listen(self):
        """What is to be done between two requests."""

    def judge(self):
        """The last look at everything."""


class Uniform(Load):
    def step(self, number):
        data = self.timed(self.handle.pread, READ, random.randrange(self.size // READ) * READ)
        if data is not None and bytes(data) != bytes(data[:1]) * READ:
            self.wrong += 1


class Verify(Load):
    """`base` has what a block of the disk may hold; more than one value only where nobody can know."""

    def __init__(self, uri):
        super().__init__(uri)
        self.base = {}

    def step(self, number):
        block = random.randrange(min(BLOCKS, self.size // BLOCK))
        if number % 3 == 0 or not self.legal(block):
            data = struct.pack("<QQ", block, number) * (BLOCK // 16)
            self.timed(self.handle.pwrite, data, block * BLOCK)
            self.wrote(block, data)
        else:
            self.check(block)
        if number % 997 == 0:
            self.timed(self.handle.flush)

    def legal(self, block):
        return self.base.get(block, ())

    def wrote(self, block, data):
        self.base[block] = {data}

    def saw(self, block, data):
        self.base[block] = {data}

    def check(self, block):
        data = self.timed(self.handle.pread, BLOCK, block * BLOCK)
        if data is None:
            return
        if bytes(data) not in self.legal(block):
            self.wrong += 1
        else:
            self.saw(block, bytes(data))

    def judge(self):
        for block in list(self.base):
            if self.legal(block):
                self.check(block)


class Layered(Verify):
    """`layer` has what a block of the overlay may hold; None stands for what shines through from below.

    The disk is all zeroes when the client begins.
    """

    def __init__(self, uri):
        super().__init__(uri)
        self.state = "below"
        self.layer = {}

    def listen(self):
        if not select.select([sys.stdin], [], [], 0)[0]:
            return
        word = sys.stdin.readline().strip()
        if word == "on":
            self.state, self.layer = "rising", {}
        elif word == "off":
            self.state = "falling"
        elif word == "done":
            self.state = {"rising": "above", "falling": "below"}.get(self.state, self.state)
        if word:
            print(word, flush=True)

    def legal(self, block):
        below = self.base.get(block, {ZEROES})
        if self.state == "below" or block not in self.layer:
            return below
        above = self.layer[block]
        shown = (above - {None}) | (below if None in above else set())
        return shown if self.state == "above" else shown | below

    def wrote(self, block, data):
        if self.state == "below":
            self.base[block] = {data}
        elif self.state == "above":
            self.layer[block] = {data}
        else:  # either went below or above, and hides there what was
            self.base.setdefault(block, {ZEROES}).add(data)
            self.layer.setdefault(block, {None}).add(data)

    def saw(self, block, data):
        """While it changes one look settles nothing."""


KINDS = {"verify": Verify, "uniform": Uniform, "layered": Layered}


def main():
    kind, uri, stop, rate = sys.argv[1:]
    load = KINDS[kind](uri)
    print("ready", flush=True)
    begin, number, rate = time.monotonic(), 0, float(rate)
    while True:
        number += 1
        load.listen()
        load.step(number)
        if number % 64 == 0 and os.path.exists(stop):
            break
        early = number / rate - (time.monotonic() - begin) if rate else 0
        if early > 0:
            time.sleep(early)
        elif rate:
            begin -= early  # what was held up is not made up for
    load.judge()
    print(json.dumps({"sent": load.sent, "answered": load.answered, "failed": load.failed, "wrong": load.wrong,
                      "buckets": load.buckets}))


if __name__ == "__main__":
    main()
