#!/usr/bin/python3
"""What clients notice of changes: without a drain, with one, and beside qemu-storage-daemon's blockdev-reopen.

    SLUICE=/path/to/sluice /usr/bin/python3 Tests/EndToEnd/measure_pauses.py --rounds 3 --seconds 8

Each round has a window without changes, one with changes that need no drain (a throttle in, out, re-tuned), one
with drained changes (the file below a node is switched to another), and one in which qemu-storage-daemon does that
by blockdev-reopen. The load is the same in all: fio at a fixed rate, and a probe that times each of its requests.
It is no test of CI: it needs a machine that does nothing else.
"""
import argparse
import array
import json
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

from soak import UnixConnection
from sluice_daemon import MIB, Daemon, wait_until

HEAD = """sluice: 1
throttle-groups: {gold: {iops-total: 1000000}, iron: {iops-total: 2000000}}
listeners:
  local: {type: nbd, address: "unix:{dir}/nbd.sock"}
nodes:
  a: {driver: file, filename: "{dir}/a.raw"}
  b: {driver: file, filename: "{dir}/b.raw"}
"""
TAIL = """exports:
  disk: {type: nbd, node: NODE, writable: true}
"""
PLAIN = HEAD + "  top: {driver: raw, file: a}\n" + TAIL.replace("NODE", "top")
OTHER = HEAD + "  top: {driver: raw, file: b}\n" + TAIL.replace("NODE", "top")
LIMITED = (HEAD + "  top: {driver: raw, file: a}\n  limit: {driver: throttle, throttle-group: GROUP, file: top}\n"
           + TAIL.replace("NODE", "limit"))
FREE = [LIMITED.replace("GROUP", "gold"), LIMITED.replace("GROUP", "iron"), PLAIN]
DRAINED = [OTHER, PLAIN]
SIZE_MIB = 64
# What is looked at from the beginning of a change on, longer than any takes.
AROUND_SECONDS = 0.02


class Load:
    """fio and the probe on one export."""

    def __init__(self, uri, directory, rate):
        self.file = directory / "probe"
        self.fio = subprocess.Popen(
            ["fio", "--name=load", "--ioengine=nbd", f"--uri={uri}", "--rw=randrw", "--bs=4k", "--iodepth=16",
             f"--size={SIZE_MIB}m", "--time_based", "--runtime=100000", f"--rate_iops={rate // 2}"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=directory)
        program = pathlib.Path(__file__).with_name("pause_probe.py")
        self.probe = subprocess.Popen([sys.executable, program, uri, "2000", self.file], stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, text=True)
        assert self.probe.stdout.readline() == "ready\n"
        time.sleep(1)  # fio lays out its job

    def end(self):
        """Pairs of begin and duration, in seconds."""
        self.probe.communicate()
        self.fio.terminate()
        self.fio.wait()
        values = array.array("d")
        values.frombytes(self.file.read_bytes())
        return list(zip(values[::2], values[1::2]))


class Storage:
    """qemu-storage-daemon with the same graph, and its QMP."""

    def __init__(self, directory):
        self.directory = directory
        nodes = []
        for name in "ab":
            nodes += ["--blockdev", f"file,node-name={name},filename={directory}/{name}.raw,aio=io_uring,discard=unmap"]
        self.process = subprocess.Popen(
            ["qemu-storage-daemon", *nodes, "--blockdev", "raw,node-name=top,file=a",
             "--nbd-server", f"addr.type=unix,addr.path={directory}/qsd.sock,max-connections=0",
             "--export", "nbd,id=disk,node-name=top,name=disk,writable=on",
             "--chardev", f"socket,id=c,path={directory}/qmp.sock,server=on,wait=off", "--monitor", "c"])
        wait_until(lambda: (directory / "qmp.sock").exists(), 10, "qemu-storage-daemon answers")
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(str(directory / "qmp.sock"))
        self.stream = connection.makefile("rw")
        self.stream.readline()
        self.ask("qmp_capabilities")

    def ask(self, command, **arguments):
        self.stream.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.stream.flush()
        while True:
            answer = json.loads(self.stream.readline())
            if "error" in answer:
                raise SystemExit(f"qemu-storage-daemon: {answer['error']}")
            if "return" in answer:
                return

    def switch(self, number):
        self.ask("blockdev-reopen", options=[{"driver": "raw", "node-name": "top", "file": "ba"[number % 2]}])

    def uri(self):
        return f"nbd+unix:///disk?socket={self.directory}/qsd.sock"


def apply(sluice, text):
    connection = UnixConnection(sluice.control)
    try:
        connection.request("POST", "/v1/apply", json.dumps({
            "format": "sluice.apply/1", "files": [{"path": "wish.yaml", "text": sluice.fill(text)}],
            "baseDirectory": str(sluice.directory), "allowRemove": []}))
        verdict = json.loads(connection.getresponse().read())
    finally:
        connection.close()
    if verdict["exit"] != 0:
        raise SystemExit(f"refused: {verdict}")
    exports = (verdict["receipt"] or {"exports": []})["exports"]  # none when nothing was to be changed
    return max((export["pause_ns"] for export in exports), default=0) / 1e9


def window(seconds, pace, change):
    """Makes changes at a pace; returns begin and end, and of each change its time, duration and pause."""
    begin = time.monotonic()
    changes = []
    while time.monotonic() - begin < seconds:
        time.sleep(1 / pace)
        if change:
            start = time.monotonic()
            pause = change(len(changes))
            changes.append((start, time.monotonic() - start, pause))
    end = time.monotonic()
    return begin, end, changes


def worst_around(seen, changes):
    """Of each change the longest request that was under way in the first moments after its begin."""
    found = []
    place = 0
    for start, _, _ in changes:
        while place < len(seen) and seen[place][0] + seen[place][1] < start:
            place += 1
        within = [latency for begin, latency in seen[place:place + 4000] if begin <= start + AROUND_SECONDS]
        if within:
            found.append(max(within))
    return found


def tell(name, values):
    ordered = sorted(value * 1000 for value in values)
    if ordered:
        at = lambda part: ordered[min(len(ordered) - 1, int(len(ordered) * part))]
        print(f"  {name}: {len(ordered)} values, in ms: median {at(0.5):.3f}, p99 {at(0.99):.3f}, "
              f"p99.9 {at(0.999):.3f}, longest {ordered[-1]:.3f}", flush=True)


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--seconds", type=float, default=8)
    options.add_argument("--pace", type=float, default=10, help="changes a second")
    options.add_argument("--rate", type=int, default=4000, help="requests a second of fio")
    options.add_argument("--disk", action="store_true", help="keep images and journal on the disk of TMPDIR")
    arguments = options.parse_args()
    if not arguments.disk:
        tempfile.tempdir = "/dev/shm"
    sluice = Daemon({"disk.yaml": PLAIN})
    theirs = pathlib.Path(tempfile.mkdtemp(prefix="sluice-pauses."))
    for directory in (sluice.directory, theirs):
        for name in "ab":
            (directory / f"{name}.raw").write_bytes(os.urandom(MIB) * SIZE_MIB)
    storage = load = None
    latencies = {"calm": [], "free": [], "drained": [], "reopen": []}
    around = {"free": [], "drained": [], "reopen": []}
    pauses, durations = [], {"free": [], "drained": [], "reopen": []}
    worst = {"calm": [], "free": []}
    worst_of_round = {"calm": [], "free": []}
    try:
        sluice.start("--no-watch", "--log-level", "error")
        storage = Storage(theirs)
        for _ in range(arguments.rounds):
            load = Load(sluice.uri("disk"), sluice.directory, arguments.rate)
            free = lambda number: apply(sluice, FREE[number % len(FREE)])
            drained = lambda number: apply(sluice, DRAINED[number % len(DRAINED)])
            plan = [("calm", None), ("free", free)] * int(arguments.seconds)
            windows = []
            for name, change in plan:
                apply(sluice, PLAIN)  # what a window begins with, so that all its changes are of its kind
                windows.append((name, window(1, arguments.pace, change)))
            apply(sluice, PLAIN)
            windows.append(("drained", window(arguments.seconds, arguments.pace, drained)))
            seen = load.end()
            collect(windows, seen, latencies, around, durations)
            for name in worst:
                found = [max(latency for start, latency in seen if begin <= start <= end)
                         for kind, (begin, end, _) in windows if kind == name]
                worst[name] += found
                worst_of_round[name].append(max(found))
            pauses += [pause for name, (_, _, changes) in windows if name == "drained" for _, _, pause in changes]
            load = Load(storage.uri(), theirs, arguments.rate)
            windows = [("reopen", window(arguments.seconds, arguments.pace, storage.switch))]
            collect(windows, load.end(), latencies, around, durations)
        print(f"{arguments.rounds} rounds, {'on disk' if arguments.disk else 'in memory'}")
        for name, values in latencies.items():
            tell(f"requests, {name}", values)
        tell("pauses of drained changes, as the receipts say", pauses)
        for name in ("drained", "reopen"):
            tell(f"longest request during each change, {name}", around[name])
            tell(f"duration of each change, {name}", durations[name])
        for name, values in worst.items():
            tell(f"longest request of each second, {name}", values)
        added = [free - calm for free, calm in zip(worst_of_round["free"], worst_of_round["calm"])]
        tell("what changes without a drain add to the longest request of a round", added)
        difference = {word: (of(worst["free"]) - of(worst["calm"])) * 1000
                      for word, of in (("median", statistics.median), ("longest", max))}
        print(f"changes without a drain add {difference['median']:.3f} ms to the worst request of a second in the "
              f"median, and {difference['longest']:.3f} ms to the worst of all")
        ratio = statistics.median(pauses) / statistics.median(durations["reopen"])
        print(f"the median pause is {ratio:.2f} of the median duration of blockdev-reopen")
    finally:
        if load is not None:
            load.fio.kill()  # it does not end by itself when its server is gone
        sluice.clean()
        if storage:
            storage.process.terminate()
            storage.process.wait()
        shutil.rmtree(theirs, ignore_errors=True)


def collect(windows, seen, latencies, around, durations):
    for name, (begin, end, changes) in windows:
        latencies[name] += [latency for start, latency in seen if begin <= start <= end]
        if changes:
            around[name] += worst_around(seen, changes)
            durations[name] += [duration for _, duration, _ in changes]


if __name__ == "__main__":
    main()
