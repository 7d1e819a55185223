"""History, rollback, confirmation, hold, wait, events, drift: against the running daemon."""
import json
import os
import signal
import socket
import subprocess
import threading
import time
import unittest

import nbd

from sluice_daemon import SLUICE, DaemonTest, run, wait_until

DISK = """sluice: 1
listeners:
  local: {type: nbd, address: "unix:{dir}/nbd.sock"}
throttle-groups:
  gold: {iops-total: LIMIT}
nodes:
  disk: {driver: file, filename: "{dir}/disk.raw", create: {size: 8MiB}}
  limited: {driver: throttle, throttle-group: gold, file: disk}
exports:
  disk: {type: nbd, node: limited, writable: true}
"""


def limited(limit):
    return DISK.replace("LIMIT", str(limit))


class OperationsTest(DaemonTest):
    def started(self, *arguments):
        return self.daemon(limited(4000)).start(*arguments)

    def wish(self, sluice, text, name="wished.yaml"):
        path = sluice.directory / name
        path.write_text(sluice.fill(text))
        return path

    def live(self, sluice, limit):
        return str(limit) in json.dumps(sluice.show()["throttle-groups"])

    def test_show_just_after_the_first_client_could_connect_names_the_generation(self):
        for _ in range(5):
            sluice = self.started()
            shown = sluice.show()
            self.assertEqual(shown["generation"], 1)
            self.assertTrue(shown["digest"].startswith("sha256:"))
            sluice.kill()

    def test_history_and_show_of_a_generation(self):
        sluice = self.started()
        sluice.edit("disk.yaml", limited(6000))
        wait_until(lambda: sluice.generation() == 2, 5, "the edit is live")
        history = json.loads(sluice.cli("history", "-o", "json").stdout)
        self.assertEqual([record["generation"] for record in history["generations"]], [2, 1])
        self.assertEqual({record["origin"] for record in history["generations"]}, {"files"})
        first = json.loads(sluice.cli("show", "@1", "-o", "json").stdout)
        self.assertIn("4000", json.dumps(first["description"]))
        self.assertEqual(first["digest"], history["generations"][1]["digest"])
        self.assertIn("@1", sluice.cli("show", "@1").stdout)
        sluice.cli("show", "@9", code=1)
        self.assertIn("@2", sluice.cli("history", "-n", "1").stdout)

    def test_R10_rollback_holds_until_the_files_change(self):
        sluice = self.started()
        sluice.edit("disk.yaml", limited(6000))
        wait_until(lambda: sluice.generation() == 2, 5, "the edit is live")
        sluice.cli("rollback", code=64)
        sluice.cli("rollback", "@1", "--yes")
        self.assertTrue(self.live(sluice, 4000))
        self.assertEqual(sluice.generation(), 3)
        held = sluice.status()["conditions"]["Held"]
        self.assertTrue(held["status"])
        self.assertEqual(held["reason"], "RolledBack")
        sluice.cli("reload")
        self.assertTrue(self.live(sluice, 4000), "the watcher does not fight it")
        sluice.stop()
        sluice.start()
        self.assertTrue(self.live(sluice, 4000), "a restart does not fight it either")
        sluice.edit("disk.yaml", limited(7000))
        wait_until(lambda: self.live(sluice, 7000), 5, "the next edit resumes")

    def test_R2_what_is_not_confirmed_goes_back(self):
        sluice = self.started()
        wished = self.wish(sluice, limited(6000))
        begin = time.monotonic()
        apply = subprocess.Popen(
            [SLUICE, "apply", str(wished), "--yes", "--confirm", "2s", "--wait", "--control", str(sluice.control)],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        wait_until(lambda: self.live(sluice, 6000), 5, "the change is live")
        self.assertEqual(sluice.status()["confirm"]["revertsTo"], 1)
        busy = sluice.cli("apply", self.wish(sluice, limited(9000), "other.yaml"), "--yes", code=75)
        self.assertIn("confirm", busy.stderr)
        wait_until(lambda: self.live(sluice, 4000), 10, "it went back")
        self.assertGreaterEqual(time.monotonic() - begin, 2)
        output = apply.communicate(timeout=20)[0].decode()
        self.assertEqual(apply.returncode, 13, output)
        self.assertEqual(sluice.generation(), 3)
        self.assertEqual(len(sluice.status()["quarantined"]), 1)
        types = [event["type"] for event in sluice.events()]
        for wanted in ("confirm.armed", "confirm.expired", "quarantine.set"):
            self.assertIn(wanted, types)

    def test_R3_the_deadline_outlives_the_daemon(self):
        sluice = self.started()
        sluice.cli("apply", self.wish(sluice, limited(6000)), "--yes", "--confirm", "3s")
        sluice.kill()
        time.sleep(3.5)  # the deadline itself is what is tested
        sluice.start()
        self.assertTrue(self.live(sluice, 4000))
        self.assertEqual(sluice.generation(), 3)
        sluice.cli("apply", self.wish(sluice, limited(5000)), "--yes", "--confirm", "1m")
        sluice.kill()
        sluice.start()
        self.assertTrue(self.live(sluice, 5000), "the window goes on")
        sluice.cli("confirm", "@4")
        self.assertIsNone(sluice.status()["confirm"])
        sluice.cli("confirm", code=1)
        self.assertTrue(self.live(sluice, 5000))

    def test_hold_and_resume(self):
        sluice = self.started()
        sluice.cli("hold", "--for", "1h", "--reason", "disk move")
        sluice.edit("disk.yaml", limited(6000))
        wait_until(lambda: any(e["type"] == "source.dirty" for e in sluice.events()), 5, "the edit was seen")
        sluice.cli("reload", code=12)
        self.assertTrue(self.live(sluice, 4000))
        self.assertIn("disk move", sluice.cli("status").stdout)
        sluice.cli("resume")
        wait_until(lambda: self.live(sluice, 6000), 5, "the files are followed again")

    def test_C1_wait_never_stays_silent(self):
        sluice = self.started()
        digest = sluice.show()["digest"]
        sluice.cli("wait", "--digest", digest[7:17])
        sluice.cli("wait", "--generation", "@1")
        sluice.cli("wait", "--for", "Ready")
        sluice.cli("wait", "--generation", "7", "--timeout", "1s", code=15)
        sluice.cli("wait", code=64)
        waiting = subprocess.Popen(
            [SLUICE, "wait", "--generation", "2", "--timeout", "30s", "--control", str(sluice.control)],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        sluice.edit("disk.yaml", limited(6000))
        self.assertEqual(waiting.wait(timeout=20), 0, waiting.stdout.read())
        waiting.stdout.close()

    def test_C1_a_commit_that_was_overtaken_ends_with_16(self):
        sluice = self.daemon(limited(4000))
        git = ["git", "-C", sluice.configuration, "-c", "user.name=a", "-c", "user.email=a@b"]
        run(*git, "init", "-q")
        commits = []

        def commit(limit):
            (sluice.configuration / "disk.yaml").write_text(sluice.fill(limited(limit)))
            run(*git, "add", "disk.yaml")
            run(*git, "commit", "-q", "-m", str(limit))
            commits.append(run(*git, "rev-parse", "HEAD").stdout.strip())

        commit(4000)
        sluice.start("--no-watch")
        self.assertEqual(sluice.status()["commit"], commits[0])
        commit(5000)
        commit(6000)
        sluice.cli("reload")
        sluice.cli("wait", "--commit", commits[2], "--timeout", "5s")
        overtaken = sluice.cli("wait", "--commit", commits[1], "--timeout", "5s", code=16)
        self.assertIn(commits[2], overtaken.stderr + overtaken.stdout)
        sluice.cli("wait", "--commit", commits[0], "--timeout", "5s")
        # W34: a remark only is live at once, and no generation of its own.
        generation = sluice.generation()
        path = sluice.configuration / "disk.yaml"
        path.write_text("# a remark\n" + path.read_text())
        run(*git, "commit", "-q", "-a", "-m", "remark")
        sluice.cli("reload")
        sluice.cli("wait", "--commit", run(*git, "rev-parse", "HEAD").stdout.strip(), "--timeout", "5s")
        self.assertEqual(sluice.generation(), generation)
        history = json.loads(sluice.cli("history", "-o", "json").stdout)
        self.assertEqual(history["generations"][0]["commit"], commits[2])

    def test_events_follow_and_resume(self):
        sluice = self.started()
        follower = subprocess.Popen(
            [SLUICE, "events", "--follow", "--since-seq", "0", "-o", "ndjson", "--control", str(sluice.control)],
            stdout=subprocess.PIPE, text=True)
        self.addCleanup(follower.stdout.close)
        self.addCleanup(lambda: (follower.kill(), follower.wait()))
        first = json.loads(follower.stdout.readline())
        self.assertEqual(first["format"], "sluice.event/1")
        sluice.edit("disk.yaml", limited(6000))
        seen = [first]
        while seen[-1]["type"] != "tx.end" or seen[-1]["generation"] != 2:
            seen.append(json.loads(follower.stdout.readline()))
        numbers = [event["seq"] for event in seen]
        self.assertEqual(numbers, sorted(set(numbers)))
        types = [event["type"] for event in seen if event["generation"] == 2]
        self.assertEqual([t for t in types if t in ("tx.start", "tx.commit", "tx.receipt", "tx.end")],
                         ["tx.start", "tx.commit", "tx.receipt", "tx.end"])
        rest = sluice.events(after=numbers[3])
        self.assertEqual([event["seq"] for event in rest][: len(numbers) - 4], numbers[4:])
        for event in seen:
            self.assertRegex(event["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")

    def test_drift_names_the_field_and_who_did_it(self):
        sluice = self.started()
        sluice.cli("drift", "--detailed-exitcode")
        sluice.cli("apply", self.wish(sluice, limited(9000)), "--yes")
        drift = sluice.cli("drift", "--detailed-exitcode", code=3)
        self.assertIn("9000", drift.stdout)
        self.assertIn(f"uid {os.getuid()} {os.path.basename(SLUICE)[:15]}[", drift.stdout)
        sluice.edit("disk.yaml", "sluice: 1\nnodse: {}\n")
        wait_until(sluice.diagnostics, 5, "the edit was seen")
        sluice.cli("drift", "--detailed-exitcode", code=2)

    def test_systemd_is_told(self):
        import socket
        sluice = self.daemon(limited(4000))
        path = sluice.directory / "notify.sock"
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(listener.close)
        listener.bind(str(path))
        listener.settimeout(10)
        os.environ["NOTIFY_SOCKET"] = str(path)
        self.addCleanup(os.environ.pop, "NOTIFY_SOCKET", None)
        sluice.start()
        ready = listener.recv(4096).decode()
        self.assertIn("READY=1", ready.splitlines())
        self.assertIn("STATUS=@1", ready)
        sluice.process.send_signal(signal.SIGHUP)
        reloading = listener.recv(4096).decode().splitlines()
        self.assertIn("RELOADING=1", reloading)
        self.assertTrue(any(line.startswith("MONOTONIC_USEC=") for line in reloading))
        self.assertIn("READY=1", listener.recv(4096).decode().splitlines())
        sluice.stop()
        self.assertIn("STOPPING=1", listener.recv(4096).decode().splitlines())


class FilesTest(DaemonTest):
    def table(self, sluice):
        lines = sluice.cli("status", "--files", code=None).stdout.splitlines()
        self.assertEqual(lines[0].split(), ["FILE", "DIGEST", "STATE", "LIVE", "IN", "WHY"])
        rows = (line.split(maxsplit=4) for line in lines[1:])
        return {row[0]: (row[2], row[3], row[4] if len(row) > 4 else "") for row in rows}

    def test_status_says_of_each_file_whether_it_is_live_and_since_when(self):
        def memory(name, size):
            return f"sluice: 1\nnodes:\n  {name}: {{driver: null-co, size: {size}}}\n"

        sluice = self.daemon({"disk.yaml": limited(4000), "other.yaml": memory("other", "1MiB")}).start()
        self.assertEqual(self.table(sluice), {"disk.yaml": ("live", "@1", ""), "other.yaml": ("live", "@1", "")})
        sluice.edit("other.yaml", memory("other", "2MiB"))
        wait_until(lambda: sluice.generation() == 2, 10, "the edit is live")
        self.assertEqual(self.table(sluice), {"disk.yaml": ("live", "@1", ""), "other.yaml": ("live", "@2", "")})
        sluice.edit("third.yaml", memory("third", "1MiB"))
        wait_until(lambda: sluice.generation() == 3, 10, "the new file is live")
        sluice.edit("disk.yaml", limited(4000).replace("writable", "writeable"))
        wait_until(lambda: sluice.diagnostics(), 10, "a bad edit is refused")
        sluice.edit("other.yaml", memory("other", "3MiB"))
        sluice.edit("fourth.yaml", memory("fourth", "1MiB"))
        held = "valid; held back by disk.yaml (same transaction)"
        wait_until(
            lambda: self.table(sluice) == {
                "disk.yaml": ("rejected", "@1", "E0201 at 10:36"), "fourth.yaml": ("waiting", "-", held),
                "other.yaml": ("waiting", "@2", held), "third.yaml": ("live", "@3", "")},
            10, "what is held back says so")
        sluice.edit("disk.yaml", limited(4000))
        wait_until(lambda: sluice.generation() == 4, 10, "the mended file is live, and what it held back")
        self.assertEqual(
            {name: row[:2] for name, row in self.table(sluice).items()},
            {"disk.yaml": ("live", "@1"), "fourth.yaml": ("live", "@4"), "other.yaml": ("live", "@4"),
             "third.yaml": ("live", "@3")})
        sluice.cli("rollback", "@1", "--yes")
        self.assertEqual({row[0] for row in self.table(sluice).values()}, {"waiting"})


class StartTest(DaemonTest):
    TWO = """sluice: 1
listeners:
  local: {type: nbd, address: "unix:{dir}/nbd.sock"}
nodes:
  one: {driver: file, filename: "{dir}/one.raw"}
  two: {driver: file, filename: "{dir}/two.raw"}
  wide: {driver: raw, file: two}
exports:
  one: {type: nbd, node: one, writable: true}
  two: {type: nbd, node: wide, writable: true}
"""

    def test_R12_one_image_missing_at_boot_takes_only_its_exports_down(self):
        sluice = self.daemon(self.TWO)
        self.image(sluice.directory / "one.raw", 1, fill=1)
        sluice.start()
        status = sluice.status()
        self.assertEqual([export["name"] for export in status["exports"]], ["one"])
        self.assertEqual([export["name"] for export in status["down"]], ["two"])
        self.assertIn("two.raw", status["down"][0]["reason"])
        self.assertTrue(status["conditions"]["Degraded"]["status"])
        handle = nbd.NBD()
        handle.connect_uri(sluice.uri("one"))
        self.assertEqual(handle.pread(512, 0), b"\1" * 512)
        self.image(sluice.directory / "two.raw", 1, fill=2)
        wait_until(lambda: len(sluice.status()["exports"]) == 2, 20, "it is tried again by itself")
        self.assertEqual(sluice.status()["down"], [])
        self.assertFalse(sluice.is_true("Degraded"))
        self.assertEqual(handle.pread(512, 0), b"\1" * 512, "the other client noticed nothing")
        handle.shutdown()

    def test_R12_after_a_restart_too(self):
        sluice = self.daemon(self.TWO)
        for name in ("one.raw", "two.raw"):
            self.image(sluice.directory / name, 1, fill=1)
        sluice.start()
        sluice.stop()
        (sluice.directory / "two.raw").rename(sluice.directory / "gone.raw")
        sluice.start()
        self.assertEqual([export["name"] for export in sluice.status()["down"]], ["two"])
        (sluice.directory / "gone.raw").rename(sluice.directory / "two.raw")
        wait_until(lambda: len(sluice.status()["exports"]) == 2, 20, "it is tried again by itself")
        self.assertEqual(sluice.generation(), 1, "it is the generation that it was")

    def test_an_image_missing_in_new_files_leaves_the_last_committed_state(self):
        sluice = self.daemon(self.TWO)
        for name in ("one.raw", "two.raw"):
            self.image(sluice.directory / name, 1, fill=1)
        sluice.start()
        before = sluice.still()
        sluice.stop()
        sluice.edit("disk.yaml", self.TWO.replace("one.raw", "three.raw"))
        sluice.start()
        self.assertEqual(sluice.still(), before)
        self.assertEqual(sluice.status()["conditions"]["Degraded"]["reason"], "LastCommitted")

    def test_R13_first_boot_without_configuration(self):
        sluice = self.daemon({})
        with open(sluice.log, "ab") as log:
            sluice.process = subprocess.Popen(
                [SLUICE, "serve", str(sluice.configuration), "--state-dir", str(sluice.directory / "state"),
                 "--control", str(sluice.control)], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_until(lambda: sluice.cli("status", code=None).returncode == 0, 10, "it runs")
        self.assertFalse(sluice.is_true("SourceReady"))
        sluice.edit("disk.yaml", limited(4000))
        wait_until(sluice.listens, 10, "the first file is served")


class ReceiptTest(DaemonTest):
    def test_a_receipt_equals_what_an_independent_client_counts(self):
        sluice = self.daemon(limited(100_000)).start()
        handle = nbd.NBD()
        handle.connect_uri(sluice.uri("disk"))
        handle.pread(4096, 0)
        # Between two looks at the counters the client's own count is what the daemon's must be.
        total = 1
        for limit in (90_000, 80_000):
            before = self.counters(sluice)
            for _ in range(100):
                handle.pwrite(b"\1" * 4096, 0)
            total += 100
            self.assertEqual(self.counters(sluice)["writes"] - before["writes"], 100)
            generation = sluice.generation()
            sluice.edit("disk.yaml", limited(limit))
            count = 0
            while sluice.generation() == generation:
                handle.pwrite(b"\2" * 4096, 4096)
                count += 1
            total += count
            receipt = json.loads(sluice.cli("show", f"@{generation + 1}", "-o", "json").stdout)["receipt"]
            export = receipt["exports"][0]
            self.assertLessEqual(export["completed"], count)
            self.assertEqual((export["failed"], export["held"]), (0, 0))
            self.assertEqual(export["pause_ns"], 0)
        counters = self.counters(sluice)
        self.assertEqual(counters["reads"] + counters["writes"], total)
        self.assertEqual(counters["failed"], 0)

    def counters(self, sluice):
        return sluice.show()["exports"][0]["counters"]

    def test_a_pause_is_told_with_its_forecast(self):
        sluice = self.daemon(DISK.replace("LIMIT", "100000")).start()
        handle = nbd.NBD()
        handle.connect_uri(sluice.uri("disk"))
        text = DISK.replace("LIMIT", "100000").replace("disk.raw", "other.raw")
        path = sluice.directory / "wished.yaml"
        path.write_text(sluice.fill(text))
        verdict = json.loads(sluice.cli("apply", path, "--yes", "-o", "json").stdout)
        export = verdict["receipt"]["exports"][0]
        self.assertGreater(export["pause_ns"], 0)
        self.assertGreater(export["forecast_ns"], 0)
        self.assertEqual((export["completed"], export["failed"], export["held"]), (0, 0, 0))
        handle.pread(512, 0)
        events = sluice.cli("events", "-o", "ndjson").stdout
        self.assertIn('"export.paused"', events)
        self.assertIn('"export.resumed"', events)
        handle.shutdown()


class Callers(threading.Thread):
    """Connects to a control socket and leaves, over and over, as long as there is one."""

    def __init__(self, path):
        super().__init__()
        self.path = str(path)
        self.count = 0
        self.start()

    def run(self):
        while True:
            with socket.socket(socket.AF_UNIX) as caller:
                try:
                    caller.connect(self.path)
                except OSError:
                    return
            self.count += 1


class EndTest(DaemonTest):
    def test_SIGTERM_finishes_the_requests_in_flight(self):
        sluice = self.daemon(limited(5)).start()
        handle = nbd.NBD()
        handle.connect_uri(sluice.uri("disk"))
        buffers = [nbd.Buffer.from_bytearray(bytearray(bytes([number + 1]) * 4096)) for number in range(8)]
        cookies = [handle.aio_pwrite(buffer, number * 4096) for number, buffer in enumerate(buffers)]
        while handle.aio_in_flight() == len(cookies):
            handle.poll(1000)
        sluice.process.send_signal(signal.SIGTERM)
        answered = 0
        try:
            while handle.aio_in_flight() > 0:
                handle.poll(1000)
        except nbd.Error:
            pass
        for cookie in cookies:
            try:
                answered += bool(handle.aio_command_completed(cookie))
            except nbd.Error:
                pass
        self.assertEqual(sluice.process.wait(timeout=20), 0)
        image = (sluice.directory / "disk.raw").read_bytes()
        written = sum(image[number * 4096] == number + 1 for number in range(len(cookies)))
        # What was answered is there; what was taken was answered.
        self.assertGreaterEqual(written, answered)
        self.assertGreaterEqual(answered, 1)

    def test_SIGTERM_while_others_connect_is_a_clean_end(self):
        for _ in range(5):
            sluice = self.daemon(limited(5)).start()
            crowd = [Callers(sluice.control) for _ in range(3)]
            wait_until(lambda: all(callers.count > 50 for callers in crowd), 20, "many have called")
            sluice.stop()
            for callers in crowd:
                callers.join()


if __name__ == "__main__":
    unittest.main()
