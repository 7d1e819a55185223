"""Commands and signals against the running daemon, as a person uses them."""
import json
import signal
import subprocess
import unittest

import nbd

from sluice_daemon import MIB, SLUICE, DaemonTest, run, wait_until

HEAD = """sluice: 1
listeners:
  local: {type: nbd, address: "unix:{dir}/nbd.sock"}
nodes:
  one: {driver: file, filename: "{dir}/one.raw", create: {size: 8MiB}}
  two: {driver: file, filename: "{dir}/two.raw", create: {size: 8MiB}}
exports:
"""
EXPORTS = [f"  e{number}: {{type: nbd, node: one}}\n" for number in range(5)]
CONFIGURATION = HEAD + "".join(EXPORTS) + "  disk: {type: nbd, node: one, writable: true}\n"
SWITCHED = CONFIGURATION.replace("disk: {type: nbd, node: one", "disk: {type: nbd, node: two")


class CommandTest(DaemonTest):
    def connect(self, sluice, export):
        handle = nbd.NBD()
        handle.connect_uri(sluice.uri(export))
        return handle

    def wish(self, sluice, text):
        path = sluice.directory / "wished.yaml"
        path.write_text(sluice.fill(text))
        return path

    def test_apply_makes_a_file_live_and_prints_a_receipt(self):
        sluice = self.daemon(CONFIGURATION).start("--no-watch")
        generation = sluice.generation()
        wished = self.wish(sluice, SWITCHED)
        receipt = sluice.cli("apply", wished, "--yes")
        self.assertTrue(receipt.stdout.strip())
        self.assertEqual(sluice.generation(), generation + 1)
        again = sluice.cli("apply", wished, "--yes")
        self.assertEqual(sluice.generation(), generation + 1, again.stdout)

    def test_a_switch_of_the_image_is_seen_by_a_connected_client(self):
        sluice = self.daemon(CONFIGURATION).start()
        run("qemu-io", "-f", "raw", "-c", "write -P 1 0 1M", sluice.uri("disk"))
        handle = self.connect(sluice, "disk")
        self.assertEqual(handle.pread(4096, 0), b"\1" * 4096)
        wished = self.wish(sluice, SWITCHED)
        plan = json.loads(sluice.cli("plan", wished, "-o", "json").stdout)
        impacts = {export["name"]: export["impact"] for export in plan["exports"]}
        self.assertEqual(impacts["disk"], "pause")
        self.assertEqual(impacts["e0"], "untouched")
        sluice.edit("disk.yaml", SWITCHED)
        wait_until(lambda: handle.pread(4096, 0) == bytes(4096), 5, "the client reads the other image")
        handle.pwrite(b"\2" * 4096, 0)
        handle.flush()
        handle.shutdown()
        self.assertEqual((sluice.directory / "two.raw").read_bytes()[:4096], b"\2" * 4096)
        self.assertEqual((sluice.directory / "one.raw").read_bytes()[:4096], b"\1" * 4096)

    def test_without_a_watcher_a_signal_makes_it_look(self):
        sluice = self.daemon(CONFIGURATION).start("--no-watch")
        sluice.edit("disk.yaml", SWITCHED)
        generation = sluice.generation()
        sluice.process.send_signal(signal.SIGHUP)
        wait_until(lambda: sluice.generation() == generation + 1, 5, "SIGHUP brings the edit")
        sluice.edit("disk.yaml", CONFIGURATION)
        sluice.cli("reload")
        self.assertEqual(sluice.generation(), generation + 2)

    def test_an_export_with_a_client_is_not_removed(self):
        sluice = self.daemon(CONFIGURATION).start()
        handle = self.connect(sluice, "e0")
        before = sluice.still()
        less = CONFIGURATION.replace(EXPORTS[0], "")
        sluice.edit("disk.yaml", less)
        wait_until(sluice.diagnostics, 5, "status shows the refusal")
        self.assertIn("E0611", {finding["code"] for finding in sluice.diagnostics()})
        self.assertEqual(sluice.still(), before)
        wished = self.wish(sluice, less)
        self.assertEqual(sluice.cli("apply", wished, "--yes", code=None).returncode, 12)
        self.assertEqual(handle.pread(512, 0), bytes(512))
        handle.shutdown()
        wait_until(lambda: sluice.cli("retry", code=None).returncode == 0, 5, "without a client it goes")
        self.assertNotIn("e0", {export["name"] for export in sluice.show()["exports"]})

    def test_many_exports_at_once_are_not_removed(self):
        sluice = self.daemon(CONFIGURATION).start()
        before = sluice.still()
        wished = self.wish(sluice, HEAD + EXPORTS[0])
        refusal = sluice.cli("apply", wished, "--yes", code=12)
        self.assertIn("E0602", refusal.stdout + refusal.stderr)
        self.assertEqual(sluice.still(), before)
        allowed = [word for number in range(1, 5) for word in ("--allow-remove", f"e{number}")]
        sluice.cli("apply", wished, "--yes", *allowed, "--allow-remove", "disk")
        self.assertEqual([export["name"] for export in sluice.show()["exports"]], ["e0"])

    def test_it_ends_while_clients_are_connected(self):
        sluice = self.daemon(CONFIGURATION).start()
        handle = self.connect(sluice, "disk")
        handle.pwrite(b"\7" * MIB, 0)
        sluice.stop()
        self.assertEqual((sluice.directory / "one.raw").read_bytes()[:MIB], b"\7" * MIB)
        self.assertFalse(sluice.control.exists(), "the control socket is gone")
        self.assertFalse(sluice.socket.exists(), "the NBD socket is gone")

    def test_two_daemons_do_not_share_a_state(self):
        sluice = self.daemon(CONFIGURATION).start()
        second = subprocess.run(
            [SLUICE, "serve", str(sluice.configuration), "--state-dir", str(sluice.directory / "state"),
             "--control", str(sluice.directory / "second.sock")], capture_output=True, timeout=20)
        self.assertEqual(second.returncode, 75, second.stderr)
        self.assertTrue(sluice.answers())

    def test_a_restart_goes_on_where_it_was(self):
        sluice = self.daemon(CONFIGURATION).start()
        sluice.edit("disk.yaml", SWITCHED)
        wait_until(lambda: sluice.generation() == 2, 5, "the second generation")
        before = sluice.still()
        sluice.stop()
        sluice.start()
        self.assertEqual(sluice.still(), before)

    def test_drivers_that_cannot_be_opened_yet_are_named(self):
        sluice = self.daemon(CONFIGURATION).start()
        before = sluice.still()
        sluice.edit("more.yaml", """sluice: 1
nodes:
  image: {driver: qcow2, file: {driver: file, filename: "{dir}/image.qcow2"}, backing: null}
exports:
  image: {type: nbd, node: image, listener: local}
""")
        wait_until(sluice.diagnostics, 5, "status shows why")
        self.assertIn("qcow2", str(sluice.diagnostics()))
        self.assertEqual(sluice.still(), before)


if __name__ == "__main__":
    unittest.main()
