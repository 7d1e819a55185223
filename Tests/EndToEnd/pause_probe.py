"""One request after the other over NBD, each with its begin and its end, until the standard input ends.

    pause_probe.py URI REQUESTS_A_SECOND FILE

What it saw goes to FILE as pairs of doubles: when a request was sent, and how long its answer took, in seconds.
"""
import array
import gc
import os
import random
import select
import sys
import time

import nbd

BLOCK = 4096


def main():
    uri, rate, path = sys.argv[1], float(sys.argv[2]), sys.argv[3]
    handle = nbd.NBD()
    handle.connect_uri(uri)
    blocks = handle.get_size() // BLOCK
    data = os.urandom(BLOCK)
    seen = array.array("d")
    gc.disable()
    try:  # What it measures is the server, and not how long it waits for a processor itself.
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except PermissionError:
        pass
    print("ready", flush=True)
    due = time.monotonic()
    number = 0
    while number % 100 or not select.select([sys.stdin], [], [], 0)[0]:
        number += 1
        offset = random.randrange(blocks) * BLOCK
        begin = time.monotonic()
        if number % 2:
            handle.pread(BLOCK, offset)
        else:
            handle.pwrite(data, offset)
        end = time.monotonic()
        seen.append(begin)
        seen.append(end - begin)
        due = max(due + 1 / rate, end)
        time.sleep(max(0, due - time.monotonic()))
    with open(path, "wb") as file:
        seen.tofile(file)


if __name__ == "__main__":
    main()
