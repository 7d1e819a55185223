#!/usr/bin/python3
"""An hour and more of verified load and edits, and a judgement of what the daemon keeps.

    SLUICE=/path/to/sluice /usr/bin/python3 Tests/EndToEnd/soak.py --minutes 60

Three disks, each with a fio that verifies what it wrote; one edit a second, by rename, each awaited.
Memory, descriptors and threads are sampled; the run fails when memory grows faster than 1 MiB an hour,
when descriptors or threads grow, when an edit does not go live, or when fio finds one wrong byte.
It is no test of CI: the first minutes fill pools and the history of generations.
"""
import argparse
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import time

from sluice_daemon import MIB, Daemon

HEAD = """
sluice: 1
iothreads:
  io0: {}
listeners:
  local: {type: nbd, address: "unix:{dir}/nbd.sock"}
nodes:
  first: {driver: file, filename: "{dir}/first.raw", create: {size: 32MiB}}
  second: {driver: file, filename: "{dir}/second.raw", create: {size: 32MiB}}
  third: {driver: file, filename: "{dir}/third.raw", create: {size: 32MiB}}
"""
EXPORTS = """
exports:
  first: {type: nbd, node: FIRST, writable: true}
  second: {type: nbd, node: SECOND, writable: true, iothread: io0}
  third: {type: nbd, node: third, writable: true}
"""
LIMITED = """
  limited: {driver: throttle, throttle-group: gold, file: first}
throttle-groups:
  gold: {iops-total: LIMIT}
"""
MORE = EXPORTS + "  guest: {type: nbd, node: spare, writable: true}\n"
# What is left out of the slope: pools, 200 generations, fio's first pass over its disk.
WARM_SECONDS = 300
GROWTH_MAX = 1.0  # MiB an hour
# A page more or less says nothing over a short run.
NOISE_BYTES = 256 * 1024


def shape(number):
    """The configuration after one edit: every kind that costs no client its connection."""
    kind = number % 5
    if kind == 0:
        return HEAD + LIMITED.replace("LIMIT", str(20_000 + number % 1000)) + EXPORTS.replace("FIRST", "limited").replace("SECOND", "second")
    if kind == 1:  # limits in place
        return HEAD + LIMITED.replace("LIMIT", str(40_000 + number % 1000)) + EXPORTS.replace("FIRST", "limited").replace("SECOND", "second")
    if kind == 2:  # a filter of the other loop
        return HEAD + "  window: {driver: raw, file: second}\n" + EXPORTS.replace("FIRST", "first").replace("SECOND", "window")
    if kind == 3:  # a disk and an export more
        return HEAD + '  spare: {driver: file, filename: "{dir}/spare.raw", create: {size: 1MiB}}\n' + MORE.replace("FIRST", "first").replace("SECOND", "second")
    return HEAD + EXPORTS.replace("FIRST", "first").replace("SECOND", "second")


class UnixConnection(http.client.HTTPConnection):
    """HTTP over the control socket: asking must cost less than what is measured."""

    def __init__(self, path):
        super().__init__("localhost", timeout=20)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(20)
        self.sock.connect(self.path)


def ask(path, route):
    connection = UnixConnection(path)
    try:
        connection.request("GET", route)
        return json.loads(connection.getresponse().read())
    finally:
        connection.close()


def fio(daemon, export, seconds, iops):
    return subprocess.Popen(
        ["fio", f"--name={export}", "--ioengine=nbd", f"--uri={daemon.uri(export)}", "--rw=randwrite", "--bs=4k",
         "--iodepth=4", "--verify=crc32c", "--verify_backlog=256", "--verify_fatal=1", "--size=32m", "--time_based",
         f"--runtime={seconds}", f"--rate_iops={iops}", "--output-format=json",
         f"--output={daemon.directory / export}.json"],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=daemon.directory)


def sample(daemon, begin, edits):
    pid = daemon.process.pid
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    number = lambda key: int(re.search(key + r":\s+(\d+)", status).group(1))
    row = {"seconds": time.monotonic() - begin, "edits": edits, "rss": number("VmRSS") * 1024,
           "anonymous": number("RssAnon") * 1024, "threads": number("Threads"),
           "descriptors": len(os.listdir(f"/proc/{pid}/fd"))}
    print(f"{row['seconds']:7.0f} s  {edits:6d} edits  RSS {row['rss'] / MIB:7.2f} MiB  anonymous "
          f"{row['anonymous'] / MIB:6.2f} MiB  descriptors {row['descriptors']:4d}  threads {row['threads']:3d}", flush=True)
    return row


def slope(rows, key):
    """Least squares, in MiB an hour."""
    times, values = [row["seconds"] for row in rows], [row[key] for row in rows]
    middle, mean = sum(times) / len(times), sum(values) / len(values)
    spread = sum((t - middle) ** 2 for t in times)
    return sum((t - middle) * (v - mean) for t, v in zip(times, values)) / spread * 3600 / MIB if spread else 0.0


def load_and_edit(daemon, seconds, iops):
    """Runs the load and the edits; returns the samples, the slowest edit and the faults."""
    clients = {name: fio(daemon, name, seconds, iops) for name in ("first", "second", "third")}
    begin, rows, slowest, faults, number = time.monotonic(), [], 0.0, [], 0
    due = begin
    try:
        while time.monotonic() - begin < seconds - 5 and not faults:
            if not rows or time.monotonic() - begin >= len(rows) * 10:
                rows.append(sample(daemon, begin, number))
            generation = ask(daemon.control, "/v1/status")["generation"]
            renamed = daemon.edit("disk.yaml", shape(number))
            while ask(daemon.control, "/v1/status")["generation"] == generation:
                if time.monotonic() - renamed > 20:
                    faults.append(f"edit {number} is not live after 20 s")
                    break
                time.sleep(0.05)
            slowest = max(slowest, time.monotonic() - renamed)
            number += 1
            faults += [f"fio {name} ended with {job.poll()}" for name, job in clients.items() if job.poll() is not None]
            due += 1
            time.sleep(max(0.0, due - time.monotonic()))
        rows.append(sample(daemon, begin, number))
    finally:
        for name, job in clients.items():
            try:
                errors = job.communicate(timeout=120)[1].decode()
            except subprocess.TimeoutExpired:
                job.kill()
                errors = "did not end"
            if job.returncode != 0:
                faults.append(f"fio {name}: exit {job.returncode} {errors[-500:]}")
    return rows, slowest, faults


def totals(daemon):
    read = written = 0
    for name in ("first", "second", "third"):
        job = json.loads((daemon.directory / f"{name}.json").read_text())["jobs"][0]
        read, written = read + job["read"]["total_ios"], written + job["write"]["total_ios"]
    return f"{written} writes, {read} verifying reads"


def judge(rows, slowest, faults):
    warm = [row for row in rows if row["seconds"] >= WARM_SECONDS] or rows[len(rows) // 2:]
    first, last = warm[0], warm[-1]
    growth = slope(warm, "rss")
    hours = max(last["seconds"] - first["seconds"], 1) / 3600
    print(f"slope over the last {hours * 60:.1f} min: RSS {growth:+.3f} MiB/h, anonymous {slope(warm, 'anonymous'):+.3f} MiB/h; "
          f"descriptors {first['descriptors']} -> {last['descriptors']}, threads {first['threads']} -> {last['threads']}; "
          f"slowest edit {slowest:.3f} s")
    if growth > GROWTH_MAX and growth * hours * MIB > NOISE_BYTES:
        faults.append(f"memory grows by {growth:.2f} MiB an hour")
    for key in ("descriptors", "threads"):
        # Shapes differ by an image and a client: least against least shows what stays.
        half = len(warm) // 2
        if half and min(row[key] for row in warm[half:]) > min(row[key] for row in warm[:half]):
            faults.append(f"{key} grow")
    return faults


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--minutes", type=float, default=60)
    options.add_argument("--iops", type=int, default=100, help="of each of the three clients (default 100)")
    arguments = options.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    daemon = Daemon({"disk.yaml": shape(4)})
    try:
        daemon.start()
        rows, slowest, faults = load_and_edit(daemon, int(arguments.minutes * 60), arguments.iops)
        faults = judge(rows, slowest, faults)
        if not faults:
            print(totals(daemon))
            daemon.stop()
        for fault in faults:
            print(f"FAILED: {fault}")
        if faults:
            print(daemon.words())
        print("soak: failed" if faults else "soak: passed")
        return 1 if faults else 0
    finally:
        daemon.clean()


if __name__ == "__main__":
    sys.exit(main())
