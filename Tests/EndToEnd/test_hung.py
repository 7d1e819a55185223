"""D: a server below stops answering: plans give up in time, everything else goes on, and receipts count exactly."""
import json
import signal
import subprocess
import threading
import time
import unittest

import nbd

from nbd_servers import stop
from sluice_daemon import LONG, MIB, SLUICE, DaemonTest, run, wait_until

# Answers come within milliseconds; the bound is for slow machines, and tells them from a hang all the same.
ANSWER_SECONDS_MAX = 1
DRAIN_SECONDS = 2

HEAD = """sluice: 1
listeners: {local: {type: nbd, address: "unix:{dir}/nbd.sock"}}
nodes:
  far: {driver: nbd, server: {type: unix, path: "{dir}/far.sock"}}
  near: {driver: file, filename: "{dir}/near.raw"}
  other: {driver: file, filename: "{dir}/other.raw"}
"""
EXPORTS = """exports:
  far: {type: nbd, node: FAR, writable: true}
  near: {type: nbd, node: near, writable: true}
"""


class Client:
    """Requests that are sent without waiting, and what became of them."""

    def __init__(self, uri):
        self.handle = nbd.NBD()
        self.handle.connect_uri(uri)
        self.sent = {}
        self.seconds = []
        self.errors = 0

    def send(self, count, offset=0):
        for number in range(count):
            buffer = nbd.Buffer(4096)
            cookie = self.handle.aio_pread(buffer, offset + number * 4096)
            self.sent[cookie] = (time.monotonic(), buffer)

    def take(self, seconds=0.0):
        """Takes answers until all are there, or for so long; returns whether all are there."""
        end = time.monotonic() + seconds
        while self.sent:
            left = end - time.monotonic()
            if self.handle.poll(max(0, int(left * 1000))) == 0 and left <= 0:
                return False
            for cookie, (begin, buffer) in list(self.sent.items()):
                try:
                    if not self.handle.aio_command_completed(cookie):
                        continue
                except nbd.Error:
                    self.errors += 1
                del self.sent[cookie]
                self.seconds.append(time.monotonic() - begin)
        return True


class HungTest(DaemonTest):
    def begin(self, text, far="far"):
        sluice = self.daemon({"disk.yaml": "sluice: 1\n"})
        if far != "far":
            run("qemu-img", "create", "-q", "-f", "qcow2", sluice.directory / "far.raw", "32M")
        for name in ("near", "other", "far"):
            with open(sluice.directory / f"{name}.raw", "ab") as file:
                file.truncate(64 * MIB)
        self.server = subprocess.Popen(
            ["nbdkit", "--foreground", "--unix", sluice.directory / "far.sock", "file", sluice.directory / "far.raw"])
        self.addCleanup(self.server.wait)
        self.addCleanup(self.server.kill)
        wait_until(lambda: (sluice.directory / "far.sock").exists(), 10, "the server below answers")
        sluice.edit("disk.yaml", text.replace("FAR", far))
        return sluice.start("--no-watch")

    def stall(self):
        stop(self.server)

    def revive(self):
        self.server.send_signal(signal.SIGCONT)

    def apply(self, sluice, text):
        """Applies in another thread; the list gets the exit code and the answer."""
        path = sluice.directory / "wish.yaml"
        path.write_text(sluice.fill(text))
        outcome = []

        def work():
            result = sluice.cli("apply", path, "--yes", "-o", "json", "--drain-timeout", f"{DRAIN_SECONDS}s", code=None)
            outcome.append((result.returncode, json.loads(result.stdout)))

        thread = threading.Thread(target=work)
        thread.start()
        self.addCleanup(thread.join)
        return outcome

    def insist(self, sluice, seconds):
        """The whole time everything that has nothing to do with the server answers."""
        path = sluice.directory / "question.yaml"
        path.write_text(sluice.fill(HEAD + EXPORTS.replace("FAR", "other")))
        near = Client(sluice.uri("near"))
        questions = {
            "status": lambda: sluice.cli("status", "-o", "json", code=None, timeout=30),
            "show": lambda: sluice.cli("show", "-o", "json", timeout=30),
            "plan": lambda: sluice.cli("plan", path, "-o", "json", timeout=30),
            "a new connection": lambda: Client(sluice.uri("near")),
            "a new connection of the stalled export": lambda: Client(sluice.uri("far")),
            "another export": lambda: near.handle.pread(4096, 0),
        }
        longest = dict.fromkeys(questions, 0.0)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for name, ask in questions.items():
                begin = time.monotonic()
                ask()
                longest[name] = max(longest[name], time.monotonic() - begin)
        print("\n  longest answers in ms: " + ", ".join(f"{name} {value * 1000:.0f}" for name, value in longest.items()))
        for name, value in longest.items():
            self.assertLess(value, ANSWER_SECONDS_MAX, name)

    def assertGivenUp(self, sluice, outcome, live):
        wait_until(lambda: outcome, DRAIN_SECONDS + 20, "the plan gives up")
        code, verdict = outcome[0]
        self.assertEqual(code, 13, verdict)
        self.assertEqual(sluice.still(), live, "the plan left no trace")

    def test_a_plan_gives_up_and_what_waited_goes_on(self):
        sluice = self.begin(HEAD + EXPORTS)
        client = Client(sluice.uri("far"))
        client.handle.pwrite(b"\x11" * MIB, 0)
        live = sluice.still()
        self.stall()
        client.send(3)
        outcome = self.apply(sluice, HEAD + EXPORTS.replace("FAR", "other"))
        self.insist(sluice, DRAIN_SECONDS / 2)
        client.send(2, MIB // 2)
        self.assertGivenUp(sluice, outcome, live)
        self.insist(sluice, 0.5)
        self.revive()
        self.assertTrue(client.take(20), "every request is answered")
        self.assertEqual((len(client.seconds), client.errors), (5, 0))
        self.assertEqual(bytes(client.handle.pread(MIB, 0)), b"\x11" * MIB)
        again = self.apply(sluice, HEAD + EXPORTS.replace("FAR", "other"))
        wait_until(lambda: again, 20, "the same plan works later")
        self.assertEqual(again[0][0], 0, again)
        self.assertEqual(bytes(client.handle.pread(4096, 0)), bytes(4096))
        sluice.stop()

    def test_a_format_that_cannot_settle_holds_its_clients_no_longer_than_the_drain_may(self):
        nodes = HEAD + "  disk: {driver: qcow2, file: far, backing: null}\n"
        wished = nodes + ('  top: {driver: qcow2, backing: disk, create: {size: 32MiB}, '
                          'file: {driver: file, filename: "{dir}/top.qcow2", create: true}}\n')
        sluice = self.begin(nodes + EXPORTS, far="disk")
        client = Client(sluice.uri("far"))
        client.handle.pwrite(b"\x22" * MIB, 0)  # tables that only memory knows, and nothing in flight
        live = sluice.still()
        self.stall()
        outcome = self.apply(sluice, wished + EXPORTS.replace("FAR", "top"))
        self.insist(sluice, DRAIN_SECONDS / 2)
        client.send(1)
        self.assertGivenUp(sluice, outcome, live)
        self.assertIn("node/disk", json.dumps(outcome[0][1]), "it says who did not get there")
        self.assertFalse((sluice.directory / "top.qcow2").exists())
        self.insist(sluice, 0.5)
        self.revive()
        self.assertTrue(client.take(20), "every request is answered")
        self.assertEqual(client.errors, 0)
        self.assertEqual(bytes(client.handle.pread(MIB, 0)), b"\x22" * MIB)
        again = self.apply(sluice, wished + EXPORTS.replace("FAR", "top"))
        wait_until(lambda: again, 20, "the same plan works later")
        self.assertEqual(again[0][0], 0, again)
        client.handle.pwrite(b"\x33" * MIB, MIB)
        self.assertEqual(bytes(client.handle.pread(2 * MIB, 0)), b"\x22" * MIB + b"\x33" * MIB)
        sluice.stop()
        run("qemu-img", "check", "-q", sluice.directory / "far.raw")

    @unittest.skipUnless(LONG, "waits for half a minute (SLUICE_LONG=1)")
    def test_a_node_that_cannot_be_read_is_not_waited_for_for_ever(self):
        nodes = HEAD + "  disk: {driver: qcow2, file: far, backing: null}\n"
        wished = nodes + EXPORTS.replace("FAR", "disk")
        sluice = self.begin(HEAD + EXPORTS.replace("FAR", "other"), far="other")
        live = sluice.still()
        self.stall()
        outcome = self.apply(sluice, wished)
        self.insist(sluice, 5)
        self.assertEqual(outcome, [], "it is still being tried")
        wait_until(lambda: outcome, 60, "the plan gives up")
        self.assertEqual(outcome[0][0], 13, outcome)
        self.assertIn("node/disk", json.dumps(outcome[0][1]))
        self.assertEqual(sluice.still(), live, "the plan left no trace")
        self.revive()
        again = self.apply(sluice, wished)
        wait_until(lambda: again, 20, "the same plan works later")
        self.assertEqual(again[0][0], 0, again)
        sluice.stop()

    def test_receipts_say_what_a_client_counted(self):
        nodes = HEAD + """  one: {driver: null-co, size: 16MiB}
  two: {driver: null-co, size: 16MiB}
  bad: {driver: blkdebug, image: two, inject-error: [{iotype: read}]}
"""
        exports = """exports:
  far: {type: nbd, node: FAR, writable: true}
  one: {type: nbd, node: ONE}
  bad: {type: nbd, node: ONE}
  still: {type: nbd, node: near}
"""
        sluice = self.begin(nodes + exports.replace("ONE", "one"))
        clients = {name: Client(sluice.uri(name)) for name in ("far", "one", "bad", "still")}
        before = {export["name"]: export["counters"] for export in sluice.show()["exports"]}
        self.stall()
        clients["far"].send(3)
        wished = exports.replace("FAR", "other").replace("one: {type: nbd, node: ONE}", "one: {type: nbd, node: two}")
        wished = wished.replace("bad: {type: nbd, node: ONE}", "bad: {type: nbd, node: bad}").replace("ONE", "two")
        path = sluice.directory / "wish.yaml"
        path.write_text(sluice.fill(nodes + wished))
        apply = subprocess.Popen(
            [SLUICE, "apply", path, "--yes", "-o", "json", "--drain-timeout", "60s",
             "--control", sluice.control], stdout=subprocess.PIPE, text=True)
        self.addCleanup(apply.kill)
        wait_until(lambda: len(sluice.events("export.paused")) == 3, 20, "three exports are held")
        for _ in range(7):
            clients["one"].send(1)  # one message each: some are in the daemon, others wait in the socket
        clients["bad"].send(2)
        time.sleep(0.3)
        self.assertEqual((clients["one"].take(), clients["bad"].take()), (False, False), "they are held")
        self.revive()
        verdict = json.loads(apply.communicate(timeout=60)[0])
        self.assertEqual(apply.returncode, 0, verdict)
        for client in clients.values():
            self.assertTrue(client.take(20))
        receipt = {export["name"]: export for export in verdict["receipt"]["exports"]}
        counts = {name: tuple(receipt[name][key] for key in ("completed", "failed", "held")) for name in receipt}
        self.assertEqual(counts["far"], (3, 0, 0))
        self.assertEqual(counts["one"], (7, 0, 7))
        self.assertEqual(counts["bad"], (2, 2, 2))
        self.assertEqual(counts["still"], (0, 0, 0))
        self.assertEqual(clients["bad"].errors, 2)
        for name in ("one", "bad"):
            added, seen = receipt[name]["longest_added_ns"] / 1e9, max(clients[name].seconds)
            print(f"\n  {name}: longest added delay {added * 1000:.1f} ms by the receipt, {seen * 1000:.1f} ms by the client")
            self.assertLessEqual(added, seen)
            self.assertGreater(added, seen - 0.5, "the delay was the pause, and hardly anything else")
            self.assertGreaterEqual(receipt[name]["pause_ns"], receipt[name]["longest_added_ns"])
            self.assertGreater(receipt[name]["forecast_ns"], 0)
        self.assertEqual(receipt["still"]["pause_ns"], 0)
        after = {export["name"]: export["counters"] for export in sluice.show()["exports"]}
        for name in ("far", "one", "bad"):
            self.assertEqual(after[name]["reads"] - before[name]["reads"], len(clients[name].seconds), name)
        sluice.stop()


if __name__ == "__main__":
    unittest.main()
