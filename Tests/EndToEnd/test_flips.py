"""The graph flips between generations under verified load on Unix and TCP, and no request is lost.

SLUICE_FLIPS says how many flips; SLUICE_LONG=1 means 100,000. The figures are printed.
"""
import json
import os
import pathlib
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import unittest

from sluice_daemon import LONG, DaemonTest, wait_until

FLIPS = int(os.environ.get("SLUICE_FLIPS", 100_000 if LONG else 2_000))
CALM_SECONDS = float(os.environ.get("SLUICE_CALM_SECONDS", 5))

HEAD = """sluice: 1
iothreads: {io0: {}, io1: {}}
throttle-groups:
  gold: {iops-total: 2000000}
  iron: {iops-total: 1000000}
listeners:
  local: {type: nbd, address: "unix:{dir}/nbd.sock"}
  lan: {type: nbd, address: "tcp:127.0.0.1:PORT"}
"""
A = '  a: {driver: file, filename: "{dir}/a.raw"}\n'
B = '  b: {driver: file, filename: "{dir}/b.raw"}\n'
C = '  c: {driver: file, filename: "{dir}/c.raw"}\n'
S = '  s: {driver: file, filename: "{dir}/s.raw", read-only: true}\n  t: {driver: file, filename: "{dir}/t.raw", read-only: true}\n'


def graph(nodes=A + B + C + S, a="a", b="b", c="c", d="s", thread_a="", thread_c=""):
    """One generation; `d` only is served from different disks."""
    return HEAD + "nodes:\n" + nodes + f"""exports:
  a: {{type: nbd, node: {a}, listener: local, writable: true{thread_a}}}
  b: {{type: nbd, node: {b}, listener: lan, writable: true}}
  c: {{type: nbd, node: {c}, listener: local, writable: true{thread_c}}}
  d: {{type: nbd, node: {d}, listener: local}}
"""


PLAIN = A + B + C + S
THROTTLE_A = "  ta: {driver: throttle, throttle-group: gold, file: a}\n"
RAW_B = "  rb: {driver: raw, file: b}\n"
# What clients must not notice at all.
FREE = [
    graph(),
    graph(PLAIN + THROTTLE_A, a="ta"),
    graph(PLAIN + THROTTLE_A.replace("gold", "iron"), a="ta"),
    graph(PLAIN + THROTTLE_A.replace("gold", "iron").replace("file: a", "file: ra") + "  ra: {driver: raw, file: a}\n", a="ta"),
    graph(PLAIN + RAW_B, b="rb"),
    graph(PLAIN + RAW_B.replace("file: b", "file: tb") + "  tb: {driver: throttle, throttle-group: gold, file: b}\n", b="rb"),
    graph(A + B + C.replace("  c:", "  d:").replace("raw\"", "raw\", formerly: c") + S, c="d"),
    graph(A + B + C.replace("raw\"", "raw\", formerly: d") + S),
    graph(PLAIN + "  dc: {driver: blkdebug, image: c}\n", c="dc"),
    graph(PLAIN.replace('c.raw"', 'c.raw", detect-zeroes: on')),
]
# What holds requests up for a moment.
DRAINED = [
    graph(d="t"),
    graph(S.join(["", A + B + C]).replace("s.raw", "x.raw").replace("t.raw", "s.raw").replace("x.raw", "t.raw"), d="s"),
    graph(thread_a=", iothread: io0"),
    graph(thread_a=", iothread: io1", thread_c=", iothread: io0"),
    graph(PLAIN + '  o: {driver: qcow2, file: {driver: file, filename: "{dir}/o.qcow2", create: true}, create: {size: 16MiB}, backing: s}\n', d="o"),
    graph(PLAIN + "  wt: {driver: raw, file: t}\n", d="wt"),
]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class FlipTest(DaemonTest):
    def setUp(self):
        # Each generation is made durable; on a real disk the test would measure the disk.
        memory = "/dev/shm" if os.path.isdir("/dev/shm") else None
        before, tempfile.tempdir = tempfile.tempdir, memory
        self.addCleanup(lambda: setattr(tempfile, "tempdir", before))

    def test_flips_under_verified_load(self):
        port = free_port()
        start = graph().replace("PORT", str(port))
        sluice = self.daemon({"disk.yaml": "sluice: 1\n"})
        for name in "abc":
            self.image(sluice.directory / f"{name}.raw", 16)
        self.image(sluice.directory / "s.raw", 16, fill=0x53)
        self.image(sluice.directory / "t.raw", 16, fill=0x54)
        sluice.edit("disk.yaml", start)
        sluice.start("--no-watch")
        wait_until(lambda: len(sluice.show()["exports"]) == 4, 10, "four exports")
        tcp = f"nbd://127.0.0.1:{port}/b"
        stop = sluice.directory / "stop"
        fio = self.fio(sluice, tcp)
        clients = {
            "a": self.load("verify", sluice.uri("a"), stop), "c": self.load("verify", sluice.uri("c"), stop),
            "d": self.load("uniform", sluice.uri("d"), stop)}
        phases = {"calm": [time.monotonic()]}
        time.sleep(CALM_SECONDS)
        phases["calm"].append(time.monotonic())
        usable = [text for text in FREE + DRAINED if self.is_usable(sluice, text.replace("PORT", str(port)))]
        free = [text for text in usable if text in FREE]
        pauses = []
        for name, texts, count in (("free", free, FLIPS // 2), ("all", usable, FLIPS - FLIPS // 2)):
            phases[name] = [time.monotonic()]
            for number in range(count):
                self.flip(sluice, texts[number % len(texts)].replace("PORT", str(port)), number, pauses)
                if number % 50 == 0:
                    self.assertIsNone(fio.poll(), "fio runs")
            phases[name].append(time.monotonic())
        stop.touch()
        fio.send_signal(signal.SIGINT)
        words = {name: self.end(client) for name, client in clients.items()}
        errors = fio.communicate(timeout=60)[1].decode()
        text = (sluice.directory / "fio.json").read_text()
        report = json.loads(text[text.index("{"):])["jobs"][0]  # before it stands that it was interrupted
        self.assertEqual(report["error"], 0, errors)
        self.tell_figures(words, report, phases, pauses, len(usable))
        for name, word in words.items():
            self.assertEqual((word["failed"], word["wrong"]), (0, 0), f"export {name}")
            self.assertEqual(word["sent"], word["answered"], f"export {name}")
        counted = {export["name"]: export["counters"] for export in sluice.show()["exports"]}
        for name, word in words.items():
            self.assertEqual(counted[name]["failed"], 0)
            completed = sum(counted[name].get(key, 0) for key in ("reads", "writes", "flushes"))
            self.assertGreaterEqual(completed, word["answered"], f"the daemon's count of {name}")
        sluice.stop()

    def flip(self, sluice, text, number, pauses):
        path = sluice.directory / "wish.yaml"
        path.write_text(sluice.fill(text))
        result = sluice.cli("apply", path, "--yes", "-o", "json", code=None)
        verdict = json.loads(result.stdout) if result.stdout.startswith("{") else {}
        self.assertEqual(result.returncode, 0, f"flip {number}: {result.stdout}{result.stderr}")
        for export in (verdict.get("receipt") or {}).get("exports") or []:
            self.assertEqual(export["failed"], 0, f"flip {number}: {export}")
            pause = next((export[key] for key in export if key.startswith("pause")), 0)
            if pause:
                pauses.append(pause)

    def is_usable(self, sluice, text):
        """Whether this build has the drivers of a generation."""
        path = sluice.directory / "wish.yaml"
        path.write_text(sluice.fill(text))
        result = sluice.cli("apply", path, "--yes", "-o", "json", code=None)
        if result.returncode != 0:
            self.assertIn("E0502", result.stdout + result.stderr, f"{text}\n{result.stdout}{result.stderr}")
        return result.returncode == 0

    def load(self, kind, uri, stop):
        program = pathlib.Path(__file__).with_name("flip_load.py")
        process = subprocess.Popen([sys.executable, program, kind, uri, stop], stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.kill)
        self.assertEqual(process.stdout.readline(), "ready\n")
        return process

    def end(self, process):
        output = process.communicate(timeout=120)[0]
        self.assertEqual(process.returncode, 0)
        return json.loads(output)

    def fio(self, sluice, uri):
        process = subprocess.Popen(
            ["fio", "--name=tcp", "--ioengine=nbd", f"--uri={uri}", "--rw=randwrite", "--bs=4k", "--iodepth=16",
             "--verify=crc32c", "--verify_backlog=512", "--verify_fatal=1", "--size=16m", "--time_based",
             "--runtime=100000", "--output-format=json", f"--output={sluice.directory / 'fio.json'}"],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=sluice.directory)
        self.addCleanup(process.kill)
        return process

    def tell_figures(self, words, report, phases, pauses, forms):
        requests = sum(word["answered"] for word in words.values())
        requests += report["read"]["total_ios"] + report["write"]["total_ios"]
        seconds = phases["all"][1] - phases["free"][0]
        print(f"\n{FLIPS} flips between {forms} generations in {seconds:.0f} s, {requests} requests, all verified")
        for name, (begin, end) in phases.items():
            worst = {export: max((latency for key, latency in word["buckets"].items()
                                  if begin * 10 <= int(key) < end * 10 - 1), default=0) * 1000
                     for export, word in words.items()}
            print(f"  {name}: worst request in ms " + ", ".join(f"{k} {v:.2f}" for k, v in worst.items()))
        if pauses:
            ordered = sorted(pauses)
            print(f"  {len(pauses)} pauses, median {statistics.median(ordered) / 1e6:.3f} ms, p99 "
                  f"{ordered[int(len(ordered) * 0.99)] / 1e6:.3f} ms, longest {ordered[-1] / 1e6:.3f} ms (as the receipts say)")


if __name__ == "__main__":
    unittest.main()
