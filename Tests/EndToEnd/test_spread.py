"""One export whose clients are spread over several I/O threads, and plans that change which."""
import ctypes
import json
import os
import pathlib
import struct
import threading
import unittest

import nbd

import nbd_wire as wire
from sluice_daemon import LONG, MIB, SLUICE, DaemonTest, run, wait_until

HEAD = """sluice: 1
iothreads: {io0: {}, io1: {}}
throttle-groups: {wide: {iops-total: 1000000}}
listeners:
  local: {type: nbd, address: "unix:{dir}/nbd.sock"}
nodes:
  disk: {driver: file, filename: "{dir}/disk.raw", create: {size: 16MiB}, cache: {direct: DIRECT}}
  limit: {driver: throttle, throttle-group: wide, file: disk}
"""
BLOCK = 4096
CLIENTS = 8
FLIPS = 2000 if LONG else 30
# Each differs from the one before.
ORDER = ["io0", "[io0, io1]", "io1", "[io1, io0, default]", "[io0, io1]", "io0", "[default, io1]"]


def slice_nanoseconds(task):
    """How long a thread asks to run at a time: field runtime of struct sched_attr; 0 where the kernel does not say."""
    attributes = ctypes.create_string_buffer(48)
    if ctypes.CDLL(None).syscall({"x86_64": 315, "aarch64": 275}[os.uname().machine], task, attributes, 48, 0) != 0:
        return 0
    return struct.unpack_from("<Q", attributes, 24)[0]


class Writer(threading.Thread):
    """Writes blocks of its own at one connection, reads them back at another one, and counts."""

    def __init__(self, uri, number, stop):
        super().__init__()
        self.number, self.stop = number, stop
        self.handles = [nbd.NBD() for _ in range(2)]
        for handle in self.handles:
            handle.connect_uri(uri)
        self.count, self.faults = 0, []

    def run(self):
        own = 16 * MIB // BLOCK // CLIENTS
        try:
            while not self.stop.is_set():
                block = (self.number * own + self.count % own) * BLOCK
                data = os.urandom(16) * (BLOCK // 16)
                self.handles[0].pwrite(data, block)
                self.count += 1
                if self.count % 16 == 0:
                    self.handles[1].flush()
                    self.count += 1
                if bytes(self.handles[1].pread(BLOCK, block)) != data:
                    self.faults.append(f"client {self.number} read other bytes at {block}")
                self.count += 1
        except nbd.Error as error:
            self.faults.append(f"client {self.number}: {error}")


class SpreadTest(DaemonTest):
    def text(self, threads, direct="false"):
        return HEAD.replace("DIRECT", direct) + (
            f"exports:\n  disk: {{type: nbd, node: limit, writable: true, iothread: {threads}}}\n")

    def apply(self, text):
        """Makes a configuration live."""
        path = self.sluice.directory / "wished.yaml"
        path.write_text(self.sluice.fill(text))
        self.sluice.cli("apply", path, "--yes")

    def export(self):
        return next(export for export in self.sluice.show()["exports"] if export["name"] == "disk")

    def test_eight_clients_go_on_while_a_plan_changes_the_threads(self):
        self.sluice = self.daemon(self.text(ORDER[0])).start()
        stop = threading.Event()
        writers = [Writer(self.sluice.uri("disk"), number, stop) for number in range(CLIENTS)]
        for writer in writers:
            writer.start()
        try:
            for flip in range(1, FLIPS):
                threads = ORDER[flip % len(ORDER)]
                self.apply(self.text(threads))
                self.assertEqual(
                    self.export()["threads"], sorted(threads.strip("[]").split(", ")))
        finally:
            stop.set()
            for writer in writers:
                writer.join()
        self.assertEqual([fault for writer in writers for fault in writer.faults], [])
        counters = self.export()["counters"]
        told = sum(counters[key] for key in ("reads", "writes", "flushes"))
        self.assertEqual(told, sum(writer.count for writer in writers))
        self.assertEqual(counters["failed"], 0)
        self.assertGreater(min(writer.count for writer in writers), FLIPS)

    def test_clients_of_each_kind_are_served_on_both_threads(self):
        for direct in ("false", "true"):
            with self.subTest(direct=direct):
                self.sluice = self.daemon(self.text("[io1, io0]", direct)).start()
                facts = json.loads(run("nbdinfo", "--json", self.sluice.uri("disk")).stdout)["exports"][0]
                self.assertTrue(facts["can_multi_conn"])
                run("fio", "--name=spread", "--ioengine=nbd", f"--uri={self.sluice.uri('disk')}", "--rw=randrw",
                    "--bs=4k", "--iodepth=16", "--numjobs=4", "--size=4M", "--offset_increment=4M", "--verify=crc32c",
                    "--thread", "--group_reporting", "--verify_state_save=0")
                counters = self.export()["counters"]
                by_thread = counters["completed-by-thread"]
                self.assertEqual(sorted(by_thread), ["io0", "io1"])
                self.assertGreater(min(by_thread.values()), 1000)
                self.sluice.stop()

    def test_a_flush_at_one_client_covers_writes_of_all(self):
        self.sluice = self.daemon(self.text("[io0, io1]")).start()
        writer = Writer(self.sluice.uri("disk"), 0, threading.Event())
        data = os.urandom(BLOCK)
        writer.handles[0].pwrite(data, 0)
        writer.handles[1].flush()
        self.sluice.kill()
        self.assertEqual((self.sluice.directory / "disk.raw").read_bytes()[:BLOCK], data)

    def test_who_says_goodbye_and_reads_nothing_keeps_no_plan_waiting(self):
        self.sluice = self.daemon(self.text("io0")).start()
        with wire.Wire(self.sluice.socket).go("disk") as rude:
            rude.send(wire.request(wire.READ, 0, 8 * MIB) + wire.request(wire.DISC))
            wait_until(lambda: self.export()["counters"]["reads"] == 1, 10, "it is answered")
            path = self.sluice.directory / "wished.yaml"
            path.write_text(self.sluice.fill(self.text("io1")))
            verdict = json.loads(self.sluice.cli("apply", path, "--yes", "--output", "json").stdout)
            # Not as long as the client is borne with, which is 10 s.
            self.assertLess(verdict["receipt"]["exports"][0]["pause_ns"], 8e9, verdict)
        wait_until(lambda: not self.export()["clients"], 10, "it is gone")

    def test_threads_that_serve_run_before_threads_that_compute(self):
        self.sluice = self.daemon(self.text("[io0, io1]")).start()
        slices = {}
        for task in pathlib.Path(f"/proc/{self.sluice.process.pid}/task").iterdir():
            slices[(task / "comm").read_text().strip()] = slice_nanoseconds(int(task.name))
        if not slices["sluice-control"]:
            self.skipTest("this kernel tells of no slices (Linux 6.12 does)")
        for thread in ("default", "io0", "io1"):
            self.assertLess(slices[thread], slices["sluice-control"], slices)

    def test_lists_that_cannot_be_are_refused_where_they_stand(self):
        self.sluice = self.daemon(self.text("io0")).start()
        for threads, code, words in (
                ("[io0, io0]", "E0208", "names io0 twice"), ("[io0, io7]", "E0302", '"io7"'),
                ("[]", "E0205", "empty list"), ("{a: b}", "E0204", "or a list of such")):
            with self.subTest(threads):
                path = self.sluice.directory / "wished.yaml"
                path.write_text(self.sluice.fill(self.text(threads)))
                answer = run(SLUICE, "validate", path, code=None)
                self.assertNotEqual(answer.returncode, 0)
                said = answer.stdout + answer.stderr
                self.assertIn(code, said)
                self.assertIn(words, said)
                self.assertIn("wished.yaml:10:", said)


if __name__ == "__main__":
    unittest.main()
