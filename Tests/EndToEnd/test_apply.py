"""Applies when the world does not behave: named by the scenarios of the apply group."""
import json
import random
import signal
import socket
import subprocess
import threading
import time
import unittest

import nbd

from sluice_daemon import LONG, MIB, SLUICE, DaemonTest, run, wait_until

HEAD = """sluice: 1
listeners:
  local: {type: nbd, address: "unix:{dir}/nbd.sock"}
nodes:
  one: {driver: file, filename: "{dir}/one.raw", create: {size: 8MiB}}
  two: {driver: file, filename: "{dir}/two.raw", create: {size: 8MiB}}
exports:
"""
FIRST = HEAD + "  disk: {type: nbd, node: one, writable: true}\n"
SECOND = HEAD + "  disk: {type: nbd, node: two, writable: true}\n"
KILLS = 200 if LONG else 15


class ApplyTest(DaemonTest):
    def connect(self, sluice, export="disk"):
        handle = nbd.NBD()
        handle.connect_uri(sluice.uri(export))
        return handle

    def wish(self, sluice, text):
        path = sluice.directory / "wished.yaml"
        path.write_text(sluice.fill(text))
        return path

    def node_of(self, sluice, export="disk"):
        return {found["name"]: found["node"] for found in sluice.show()["exports"]}.get(export)

    def test_T2_a_port_that_is_taken_is_tried_again_until_it_is_free(self):
        sluice = self.daemon(FIRST).start()
        before = sluice.still()
        with socket.socket() as holder:
            holder.bind(("127.0.0.1", 0))
            holder.listen()
            port = holder.getsockname()[1]
            wished = FIRST.replace("nodes:", f'  far: {{type: nbd, address: "tcp:127.0.0.1:{port}"}}\nnodes:', 1)
            wished = wished.replace("writable: true}", "writable: true, listener: local}")
            wished += "  again: {type: nbd, node: two, listener: far}\n"
            sluice.edit("disk.yaml", wished)
            wait_until(lambda: sluice.status()["conditions"]["Reconciling"]["reason"] == "Retrying", 5, "it is tried again")
            self.assertIn(str(port), json.dumps(sluice.status()["conditions"]))
            self.assertEqual(sluice.still(), before)
            self.assertEqual(self.connect(sluice).pread(512, 0), bytes(512))
        wait_until(lambda: sluice.is_true("Ready"), 20, "the port is free, and no file was touched")
        run("nbdinfo", f"nbd://127.0.0.1:{port}/again")

    def test_T4_a_slow_open_holds_nobody_up(self):
        sluice = self.daemon(FIRST).start()
        handle = self.connect(sluice)
        # A server below that takes the connection and then says nothing: opening waits for it.
        with socket.socket(socket.AF_UNIX) as silent:
            silent.bind(str(sluice.directory / "silent.sock"))
            silent.listen()
            sluice.edit("disk.yaml", FIRST.replace(
                "exports:", '  slow: {driver: nbd, server: {type: unix, path: "{dir}/silent.sock"}, export: x}\nexports:')
                + "  slow: {type: nbd, node: slow}\n")
            for turn in range(50):
                handle.pwrite(bytes([turn]) * 4096, 0)
                self.assertEqual(handle.pread(4096, 0), bytes([turn]) * 4096)
                self.assertEqual(self.node_of(sluice), "one")
        sluice.edit("disk.yaml", FIRST)
        wait_until(lambda: sluice.is_true("Ready"), 30, "the wish is gone")
        handle.shutdown()

    def test_T10_T11_T12_killed_at_any_moment_of_an_apply(self):
        sluice = self.daemon(FIRST).start()
        dice = random.Random(7)
        written = {"one": 0, "two": 0}
        for kill in range(KILLS):
            node = self.node_of(sluice)
            handle = self.connect(sluice)
            self.assertEqual(handle.pread(512, 0), bytes([written[node]]) * 512, f"kill {kill}: {node}")
            mark = kill % 255 + 1
            acknowledged = threading.Event()

            def write():
                try:
                    handle.pwrite(bytes([mark]) * 512, 512, nbd.CMD_FLAG_FUA)
                    acknowledged.set()
                except nbd.Error:
                    pass

            writer = threading.Thread(target=write)
            wished = SECOND if node == "one" else FIRST
            sluice.edit("disk.yaml", wished)
            time.sleep(dice.uniform(0.14, 0.19))
            writer.start()
            time.sleep(dice.uniform(0, 0.003))
            sluice.kill()
            writer.join()
            sluice.start()
            wait_until(lambda: sluice.is_true("Ready"), 10, "it serves")
            wait_until(lambda: self.node_of(sluice) == ("two" if node == "one" else "one"), 10, "the files are followed")
            self.assertFalse(sluice.diagnostics())
            if acknowledged.is_set():
                found = [(sluice.directory / f"{name}.raw").read_bytes()[512] for name in ("one", "two")]
                self.assertIn(mark, found, f"kill {kill}: an acknowledged write is lost")
            now = self.node_of(sluice)
            written[now] = mark
            second = self.connect(sluice)
            second.pwrite(bytes([mark]) * 512, 0, nbd.CMD_FLAG_FUA)
            second.shutdown()
        leftovers = [path.name for path in sluice.directory.rglob("*") if path.name.endswith((".tmp", ".new"))]
        self.assertEqual(leftovers, [])

    def test_T14_a_damaged_journal_is_told_and_kept(self):
        sluice = self.daemon(FIRST).start()
        sluice.edit("disk.yaml", SECOND)
        wait_until(lambda: self.node_of(sluice) == "two", 5, "the second is live")
        sluice.stop()
        journal = next(path for path in (sluice.directory / "state").rglob("*journal*") if path.is_file())
        whole = journal.read_bytes()
        # Torn: the last record is cut.
        journal.write_bytes(whole[:-5])
        sluice.start()
        self.assertEqual(self.node_of(sluice), "two")
        sluice.stop()
        # A bit of an older record has flipped.
        damaged = bytearray(journal.read_bytes())
        damaged[len(damaged) // 3] ^= 4
        journal.write_bytes(damaged)
        sluice.start()
        self.assertEqual(self.node_of(sluice), "two")
        self.assertIn("state damaged", sluice.words())
        self.assertEqual(sluice.status()["conditions"]["Degraded"]["reason"], "StateDamaged")
        self.assertIn("journal.damaged", sluice.cli("status", code=1).stdout)
        self.assertEqual((sluice.directory / "state" / "journal.damaged").read_bytes(), bytes(damaged))

    def test_T16_T17_a_command_that_goes_away_leaves_nothing_half_done(self):
        sluice = self.daemon(FIRST).start("--no-watch")
        wished = self.wish(sluice, SECOND)
        dice = random.Random(3)
        live = "one"
        for turn in range(20):
            before = sluice.generation()
            command = subprocess.Popen([SLUICE, "apply", wished, "--yes", "--control", sluice.control],
                                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            time.sleep(dice.uniform(0, 0.06))
            command.send_signal(signal.SIGINT if turn % 2 else signal.SIGKILL)
            said = command.communicate(timeout=20)[0]
            if turn % 2:
                # Before it has begun to listen for it, the signal simply ends the command.
                self.assertIn(command.returncode, (0, 130, -signal.SIGINT), said)
            wait_until(lambda: not sluice.is_true("Reconciling"), 10, "at rest")
            after = sluice.generation()
            self.assertIn(after, (before, before + 1))
            if command.returncode not in (0, -signal.SIGKILL):
                self.assertEqual(after, before, said)
            if after > before:
                live = "two" if live == "one" else "one"
            self.assertEqual(self.node_of(sluice), live)
            wished = self.wish(sluice, SECOND if live == "one" else FIRST)
        self.assertEqual(self.connect(sluice).pread(512, 0), bytes(512))

    def test_T19_T20_clients_come_and_go_while_their_export_is_switched(self):
        sluice = self.daemon(FIRST).start()
        (sluice.directory / "one.raw").write_bytes(b"\1" * (8 * MIB))
        (sluice.directory / "two.raw").write_bytes(b"\2" * (8 * MIB))
        stop = threading.Event()
        faults = []

        def visit():
            while not stop.is_set():
                try:
                    handle = self.connect(sluice)
                    first = handle.pread(4096, 0)
                    if first not in (b"\1" * 4096, b"\2" * 4096):
                        faults.append("a read that mixes two images")
                    handle.shutdown()
                except nbd.Error as error:
                    faults.append(str(error))

        visitors = [threading.Thread(target=visit) for _ in range(4)]
        for visitor in visitors:
            visitor.start()
        try:
            for turn in range(20):
                sluice.edit("disk.yaml", SECOND if turn % 2 == 0 else FIRST)
                wait_until(lambda: self.node_of(sluice) == ("two" if turn % 2 == 0 else "one"), 10, "switched")
        finally:
            stop.set()
            for visitor in visitors:
                visitor.join()
        self.assertEqual(faults, [])
        wait_until(lambda: not sluice.show()["exports"][0]["clients"], 5, "nobody is left")

    def test_T21_a_new_listener_never_stands_without_its_export(self):
        sluice = self.daemon(FIRST).start()
        path = sluice.directory / "new.sock"
        refused = []
        stop = threading.Event()

        def knock():
            while not stop.is_set():
                handle = nbd.NBD()
                try:
                    handle.connect_uri(f"nbd+unix:///late?socket={path}")
                    handle.shutdown()
                    return
                except nbd.Error as error:
                    if "No such file" not in str(error) and "refused" not in str(error):
                        refused.append(str(error))

        visitor = threading.Thread(target=knock)
        visitor.start()
        try:
            wished = FIRST.replace("nodes:", '  second: {type: nbd, address: "unix:{dir}/new.sock"}\nnodes:', 1)
            wished = wished.replace("writable: true}", "writable: true, listener: local}")
            sluice.edit("disk.yaml", wished + "  late: {type: nbd, node: two, listener: second}\n")
            wait_until(lambda: not visitor.is_alive(), 10, "a client came in")
        finally:
            stop.set()
            visitor.join()
        self.assertEqual(refused, [])

    def test_T24_T25_changes_to_and_fro_and_none_at_all_leave_nothing_behind(self):
        sluice = self.daemon(FIRST).start()
        for turn in range(10):
            sluice.edit("disk.yaml", SECOND if turn % 2 == 0 else FIRST)
            wait_until(lambda: self.node_of(sluice) == ("two" if turn % 2 == 0 else "one"), 10, "switched")
        descriptors = sluice.descriptors()
        generation = sluice.generation()
        for turn in range(200 if LONG else 30):
            sluice.edit("disk.yaml", SECOND if turn % 2 == 0 else FIRST)
            wait_until(lambda: self.node_of(sluice) == ("two" if turn % 2 == 0 else "one"), 10, "switched")
        self.assertEqual(sluice.descriptors(), descriptors)
        self.assertLessEqual(len(json.loads(sluice.cli("history", "-o", "json", "-n", "1000").stdout)["generations"]), 200)
        generation = sluice.generation()
        for _ in range(100):
            sluice.cli("reload")
            sluice.edit("disk.yaml", FIRST)
        wait_until(lambda: sluice.is_true("Ready"), 5, "at rest")
        self.assertEqual(sluice.generation(), generation)

    def test_T26_two_people_apply_at_once(self):
        sluice = self.daemon(FIRST).start("--no-watch")
        first, second = self.wish(sluice, SECOND), sluice.directory / "other.yaml"
        second.write_text(sluice.fill(FIRST.replace("writable: true", "writable: true, share: [consistent-read, write]")))
        for turn in range(10):
            commands = [subprocess.Popen([SLUICE, "apply", path, "--yes", "--control", sluice.control],
                                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
                        for path in (first, second)]
            said = [command.communicate(timeout=30)[0] for command in commands]
            codes = sorted(command.returncode for command in commands)
            self.assertTrue(set(codes) <= {0, 10, 75}, f"{codes}\n{said}")
            self.assertIn(0, codes)
            self.assertIn(self.node_of(sluice), ("one", "two"))


if __name__ == "__main__":
    unittest.main()
