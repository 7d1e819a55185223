"""A client that writes, reads back and counts, until a file appears; prints what it saw as JSON.

    flip_load.py verify URI STOP    writes blocks of its own and insists on reading them back
    flip_load.py uniform URI STOP   only reads, and insists that each read comes from one disk
"""
import json
import os
import random
import struct
import sys
import time

import nbd

BLOCK = 4096
BLOCKS = 2048
READ = 64 << 10


class Load:
    def __init__(self, uri):
        self.handle = nbd.NBD()
        self.handle.connect_uri(uri)
        self.sent = self.answered = self.failed = self.wrong = 0
        self.buckets = {}
        self.written = {}
        self.size = self.handle.get_size()

    def timed(self, request, *arguments):
        """Makes a request and keeps the longest of each tenth of a second."""
        self.sent += 1
        begin = time.monotonic()
        try:
            answer = request(*arguments)
        except nbd.Error:
            self.failed += 1
            return None
        end = time.monotonic()
        self.answered += 1
        key = int(end * 10)
        self.buckets[key] = max(self.buckets.get(key, 0), end - begin)
        return answer

    def verify(self, number):
        block = random.randrange(min(BLOCKS, self.size // BLOCK))
        if number % 3 == 0 or block not in self.written:
            data = struct.pack("<QQ", block, number) * (BLOCK // 16)
            if self.timed(self.handle.pwrite, data, block * BLOCK) is None and self.failed:
                return
            self.written[block] = data
        else:
            data = self.timed(self.handle.pread, BLOCK, block * BLOCK)
            if data is not None and bytes(data) != self.written[block]:
                self.wrong += 1
        if number % 997 == 0:
            self.timed(self.handle.flush)

    def uniform(self, number):
        data = self.timed(self.handle.pread, READ, random.randrange(self.size // READ) * READ)
        if data is not None and bytes(data) != bytes(data[:1]) * READ:
            self.wrong += 1


def main():
    kind, uri, stop = sys.argv[1:]
    load = Load(uri)
    step = {"verify": load.verify, "uniform": load.uniform}[kind]
    print("ready", flush=True)
    number = 0
    while True:
        number += 1
        step(number)
        if number % 64 == 0 and os.path.exists(stop):
            break
    if kind == "verify":
        for block, data in load.written.items():
            if bytes(load.timed(load.handle.pread, BLOCK, block * BLOCK) or b"") != data:
                load.wrong += 1
    print(json.dumps({"sent": load.sent, "answered": load.answered, "failed": load.failed, "wrong": load.wrong,
                      "buckets": load.buckets}))


if __name__ == "__main__":
    main()
