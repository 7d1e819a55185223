"""The graph flips between generations under verified load on Unix and TCP, and no request is lost.

SLUICE_FLIPS says how many flips; SLUICE_LONG=1 means 100,000. The figures are printed.
"""
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

from flip_graphs import Generation
from sluice_daemon import LONG, DaemonTest, wait_until
from soak import UnixConnection, ask

FLIPS = int(os.environ.get("SLUICE_FLIPS", 100_000 if LONG else 2_000))
# So many requests are answered before it ends, whatever the machine makes of them in that time.
REQUESTS = 500 * FLIPS if FLIPS <= 2_000 else 1_000_000
CALM_SECONDS = 2
# The most requests a second of one client, so that the clients leave something of the machine to the flips.
RATE = int(os.environ.get("SLUICE_FLIP_RATE", 300 if LONG else 1_500))
FIO_RATE = RATE * 2


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
        self.pauses = {"free": [], "all": []}
        self.added = {"free": [], "all": []}
        self.phases = {}

    def test_flips_under_verified_load(self):
        port = free_port()
        sluice = self.daemon({"disk.yaml": "sluice: 1\n"})
        generation = Generation(sluice.directory, port)
        for name in "abcew":
            self.image(sluice.directory / f"{name}.raw", 16)
        for name in "gst":
            self.image(sluice.directory / f"{name}.raw", 16, fill=ord(name))
        os.link(sluice.directory / "a.raw", sluice.directory / "a-link.raw")
        sluice.edit("disk.yaml", generation.text())
        sluice.start("--no-watch")
        wait_until(lambda: len(sluice.show()["exports"]) == 7, 10, "seven exports")
        stop = sluice.directory / "stop"
        tcp = f"nbd://127.0.0.1:{port}/"
        fios = {"b": self.fio(sluice, "b", tcp + "b"), "e": self.fio(sluice, "e", sluice.uri("e"))}
        self.clients = {
            "a": self.load("verify", sluice.uri("a"), stop), "c": self.load("verify", tcp + "c", stop),
            "d": self.load("uniform", sluice.uri("d"), stop), "q": self.load("verify", tcp + "q", stop),
            "w": self.load("layered", sluice.uri("w"), stop)}
        self.phases["calm"] = [time.monotonic()]
        time.sleep(CALM_SECONDS)
        self.phases["calm"].append(time.monotonic())
        self.flip(sluice, generation, {"free"}, lambda done: done >= FLIPS // 2, fios)
        flips = FLIPS // 2
        flips += self.flip(
            sluice, generation, {"free", "drained"},
            lambda done: flips + done >= FLIPS and self.answered(sluice) >= REQUESTS, fios)
        stop.touch()
        words = {name: self.end(client) for name, client in self.clients.items()}
        reports = {name: self.end_fio(sluice, name, fio) for name, fio in fios.items()}
        self.tell_figures(words, reports, flips)
        counted = {export["name"]: export["counters"] for export in sluice.show()["exports"]}
        for name, word in words.items():
            self.assertEqual((word["failed"], word["wrong"]), (0, 0), f"export {name}")
            self.assertEqual(word["sent"], word["answered"], f"export {name}")
            completed = sum(counted[name].get(key, 0) for key in ("reads", "writes", "flushes"))
            self.assertEqual(completed, word["answered"], f"none of export {name} was done twice")
        for name, counters in counted.items():
            self.assertEqual(counters["failed"], 0, f"export {name}")
        sluice.stop()

    def flip(self, sluice, generation, kinds, is_enough, fios):
        """Flips until it is enough; returns how often."""
        name = "all" if "drained" in kinds else "free"
        self.phases[name] = [time.monotonic()]
        done = 0
        while done % 50 or not is_enough(done):
            self.flip_once(sluice, generation, kinds, name)
            done += 1
            if done % 50 == 0:
                for export, fio in fios.items():
                    self.assertIsNone(fio.poll(), f"fio of {export} runs")
        self.phases[name].append(time.monotonic())
        return done

    def flip_once(self, sluice, generation, kinds, name):
        had = generation.has_layer()
        changed = generation.step(kinds)
        word = {(False, True): "on", (True, False): "off"}.get((had, generation.has_layer()))
        if word:
            self.tell_client("w", word)
        verdict = self.apply(sluice, generation.text())
        if word:
            self.tell_client("w", "done")
        self.assertEqual(verdict["exit"], 0, f"{changed}: {verdict}\n{generation.text()}")
        pause = added = 0
        for export in verdict["receipt"]["exports"]:
            self.assertEqual(export["failed"], 0, f"{changed}: {export}")
            pause = max(pause, export["pause_ns"])
            added = max(added, export["longest_added_ns"])
        if pause:
            self.pauses[name].append(pause)
        if added:
            self.added[name].append(added)
        if name == "free":
            self.assertEqual(pause, 0, f"{changed} needs no drain: {verdict['receipt']}")
        used = generation.images()
        for image in sluice.directory.glob("*-*.qcow2"):
            if image.name not in used:
                image.unlink()

    def apply(self, sluice, text):
        """As `sluice apply --yes` asks, without a process for each flip."""
        connection = UnixConnection(sluice.control)
        try:
            body = {"format": "sluice.apply/1", "files": [{"path": "flip.yaml", "text": text}],
                    "baseDirectory": str(sluice.directory), "allowRemove": []}
            connection.request("POST", "/v1/apply", json.dumps(body))
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()

    def answered(self, sluice):
        exports = ask(sluice.control, "/v1/graph")["exports"]
        return sum(export["counters"][key] for export in exports for key in ("reads", "writes", "flushes"))

    def load(self, kind, uri, stop):
        program = pathlib.Path(__file__).with_name("flip_load.py")
        process = subprocess.Popen([sys.executable, program, kind, uri, stop, str(RATE)], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.kill)
        self.assertEqual(process.stdout.readline(), "ready\n")
        return process

    def tell_client(self, name, word):
        client = self.clients[name]
        client.stdin.write(word + "\n")
        client.stdin.flush()
        self.assertEqual(client.stdout.readline(), word + "\n")

    def end(self, process):
        output = process.communicate(timeout=120)[0]
        self.assertEqual(process.returncode, 0)
        return json.loads(output)

    def fio(self, sluice, name, uri):
        process = subprocess.Popen(
            ["fio", f"--name={name}", "--ioengine=nbd", f"--uri={uri}", "--rw=randwrite", "--bs=4k", "--iodepth=16",
             "--verify=crc32c", "--verify_backlog=512", "--verify_fatal=1", "--size=16m", "--time_based",
             "--runtime=1000000", f"--rate_iops={FIO_RATE}", "--output-format=json",
             f"--output={sluice.directory / name}.json"],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=sluice.directory)
        self.addCleanup(process.kill)
        return process

    def end_fio(self, sluice, name, process):
        process.send_signal(signal.SIGINT)
        errors = process.communicate(timeout=60)[1].decode()
        text = (sluice.directory / f"{name}.json").read_text()
        report = json.loads(text[text.index("{"):])["jobs"][0]  # before it stands that it was interrupted
        self.assertEqual(report["error"], 0, errors)
        return report

    def tell_figures(self, words, reports, flips):
        requests = sum(word["answered"] for word in words.values())
        requests += sum(report[kind]["total_ios"] for report in reports.values() for kind in ("read", "write"))
        seconds = self.phases["all"][1] - self.phases["free"][0]
        print(f"\n{flips} flips in {seconds:.0f} s, {requests} requests, all verified")
        for name, (begin, end) in self.phases.items():
            worst = {export: max((latency for key, latency in word["buckets"].items()
                                  if begin * 10 <= int(key) < end * 10 - 1), default=0) * 1000
                     for export, word in words.items()}
            print(f"  {name}: worst request in ms " + ", ".join(f"{k} {v:.2f}" for k, v in worst.items()))
        for what, values in (("pauses", self.pauses["all"]), ("longest added delays", self.added["all"])):
            if values:
                print(f"  {what} in ms, of {len(values)} drained flips, as the receipts say: " + percentiles(values))


def percentiles(values):
    ordered = sorted(value / 1e6 for value in values)
    places = {"median": 0.5, "p90": 0.9, "p99": 0.99, "p99.9": 0.999}
    found = [f"{name} {ordered[int(len(ordered) * place)]:.3f}" for name, place in places.items()]
    return ", ".join(found + [f"longest {ordered[-1]:.3f}"])


if __name__ == "__main__":
    unittest.main()
