#!/usr/bin/python3
"""What one disk costs in a large live graph, and what opening many disks at start costs.

    SLUICE=/path/to/sluice /usr/bin/python3 Tests/EndToEnd/measure_scale.py --nodes 100000
    SLUICE=/path/to/sluice /usr/bin/python3 Tests/EndToEnd/measure_scale.py --disks 1000

With --nodes, one disk is added, re-pointed and removed by edits of its file, in turns in a live graph of
100 nodes and in one of NODES; all are null-co, so that no descriptor limits them. Medians of the time from
the edit to the switch and of the transaction's own time are printed with their ratios.
With --disks, sluice and qemu-storage-daemon are started in turns on the same raw images, each behind an
NBD export of its own on one Unix socket, and the times until the last export is served are compared.
It is no test of CI.
"""
import argparse
import json
import re
import statistics
import subprocess
import tempfile
import pathlib
import shutil
import time

from soak import UnixConnection, ask
from sluice_daemon import Daemon, wait_until

HEAD = """sluice: 1
throttle-groups:
  gold: {iops-total: 100000}
listeners:
  local: {type: nbd, address: "unix:{dir}/nbd.sock"}
"""
NODES_PER_EXPORT = 4
FILES_MAX = 1000
EMPTY = "sluice: 1\n"
DISK = """sluice: 1
nodes:
  first: {driver: null-co, size: 1MiB}
  second: {driver: null-co, size: 1MiB}
exports:
  disk: {type: nbd, node: %s, writable: true}
"""


def chains(numbers):
    """Chains of four nodes, each under an export."""
    nodes, exports = [], []
    for number in numbers:
        nodes += [f"  n{number}: {{driver: null-co, size: 1MiB}}", f"  f{number}: {{driver: raw, file: n{number}}}",
                  f"  c{number}: {{driver: copy-on-read, file: f{number}}}",
                  f"  t{number}: {{driver: throttle, throttle-group: gold, file: c{number}}}"]
        exports.append(f"  e{number}: {{type: nbd, node: t{number}, writable: true}}")
    return "\n".join(["sluice: 1", "nodes:"] + nodes + ["exports:"] + exports) + "\n"


def daemon(nodes):
    count = nodes // NODES_PER_EXPORT
    files = min(FILES_MAX, max(1, count // 25))
    texts = {"head.yaml": HEAD, "disk.yaml": EMPTY}
    for file in range(files):
        texts[f"f{file}.yaml"] = chains(range(file * count // files, (file + 1) * count // files))
    made = Daemon(texts)
    begin = time.monotonic()
    made.start("--log-level", "info", seconds=300)
    wait_until(lambda: ask(made.control, "/v1/status")["generation"] == 1, 300, "the graph is live")
    print(f"{nodes} nodes in {files} files: live after {time.monotonic() - begin:.2f} s, "
          f"{made.resident_bytes() / (1 << 20):.0f} MiB", flush=True)
    return made


def edit(made, text):
    """Makes an edit; seconds until the daemon tells that it is live."""
    # Asking for the status again and again would cost more than the change.
    connection = UnixConnection(made.control)
    try:
        connection.request("GET", "/v1/events?follow=1")
        lines = connection.getresponse()
        begin = made.edit("disk.yaml", text)
        for line in lines:
            event = json.loads(line) if line.strip() else {}
            if event.get("type") == "tx.commit":
                return time.monotonic() - begin
        raise SystemExit(f"the events ended\n{made.words()}")
    finally:
        connection.close()


def settle(made, count):
    """Waits until the log tells of so many transactions, so that nothing of the last edit is at work."""
    wait_until(lambda: len(transactions(made)) >= count, 120, "the transaction is told")


def transactions(made):
    return [int(text) for text in re.findall(r"durationMilliseconds=(\d+).*applied", made.log.read_text())]


def measure_change(nodes, rounds):
    made = {"100": daemon(100), str(nodes): daemon(nodes)}
    steps = {"add": DISK % "first", "re-point": DISK % "second", "remove": EMPTY}
    times = {(size, step): [] for size in made for step in steps}
    own = {(size, step): [] for size in made for step in steps}
    try:
        for _ in range(rounds):
            for step, text in steps.items():
                for size, one in made.items():
                    count = len(transactions(one))
                    times[size, step].append(edit(one, text))
                    settle(one, count + 1)
                    own[size, step].append(transactions(one)[-1])
        for step in steps:
            small, large = (statistics.median(times[size, step]) for size in made)
            one, other = (statistics.median(own[size, step]) for size in made)
            print(f"{step}: edit to live {small:.3f} s and {large:.3f} s, ratio {large / small:.2f}; "
                  f"transaction {one:.0f} ms and {other:.0f} ms")
    finally:
        for one in made.values():
            one.clean()


def images(folder, count):
    paths = [folder / f"d{number}.raw" for number in range(count)]
    for path in paths:
        with open(path, "wb") as file:
            file.truncate(1 << 20)
    return paths


def start_sluice(paths):
    lines = ["sluice: 1", "listeners:", "  local: {type: nbd, address: \"unix:{dir}/nbd.sock\"}", "nodes:"]
    lines += [f"  f{number}: {{driver: file, filename: {path}}}\n  d{number}: {{driver: raw, file: f{number}}}"
              for number, path in enumerate(paths)]
    lines += ["exports:"] + [f"  e{number}: {{type: nbd, node: d{number}, writable: true}}" for number in range(len(paths))]
    made = Daemon({"graph.yaml": "\n".join(lines) + "\n"})
    try:
        begin = time.monotonic()
        made.start("--log-level", "error", seconds=60)
        wait_until(lambda: ask(made.control, "/v1/status")["generation"] == 1, 60, "the graph is live")
        return time.monotonic() - begin
    finally:
        made.clean()


def start_qemu(folder, paths):
    """qemu-storage-daemon writes its process id when everything on its command line is made."""
    words = ["qemu-storage-daemon", "--nbd-server", f"addr.type=unix,addr.path={folder}/qemu.sock",
             "--pidfile", str(folder / "qemu.pid")]
    for number, path in enumerate(paths):
        words += ["--blockdev", f"driver=file,node-name=f{number},filename={path}",
                  "--blockdev", f"driver=raw,node-name=d{number},file=f{number}",
                  "--export", f"type=nbd,id=e{number},name=e{number},node-name=d{number},writable=on"]
    begin = time.monotonic()
    process = subprocess.Popen(words)
    try:
        wait_until(lambda: (folder / "qemu.pid").exists(), 120, "qemu-storage-daemon is ready")
        return time.monotonic() - begin
    finally:
        process.kill()
        process.wait()
        (folder / "qemu.pid").unlink(missing_ok=True)


def measure_start(count, rounds):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="sluice-scale."))
    try:
        paths = images(folder, count)
        ours, theirs = [], []
        for _ in range(rounds):
            ours.append(start_sluice(paths))
            theirs.append(start_qemu(folder, paths))
        one, other = statistics.median(ours), statistics.median(theirs)
        print(f"{count} disks at start: sluice {one:.3f} s, qemu-storage-daemon {other:.3f} s, ratio {one / other:.2f}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--nodes", type=int, default=0)
    options.add_argument("--disks", type=int, default=0)
    options.add_argument("--rounds", type=int, default=5)
    arguments = options.parse_args()
    if arguments.disks:
        measure_start(arguments.disks, arguments.rounds)
    if arguments.nodes:
        measure_change(arguments.nodes, arguments.rounds)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
