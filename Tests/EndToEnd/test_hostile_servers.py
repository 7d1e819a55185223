"""Lying NBD servers under an `nbd` node: a clean refusal or EIO, soon, and nobody else notices."""
import time
import unittest

import nbd

import hostile_servers
from hostile_servers import Script, Server
from sluice_daemon import MIB, DaemonTest

HEAD = """
sluice: 1
listeners: {local: {type: nbd, address: "unix:{dir}/nbd.sock"}}
nodes:
  near: {driver: file, filename: "{dir}/near.raw", create: {size: 4MiB}}
"""
EXPORTS = "exports:\n  near: {type: nbd, node: near, writable: true}\n"


class HostileServerTest(DaemonTest):
    def connect(self, sluice, export):
        handle = nbd.NBD()
        handle.add_meta_context("base:allocation")
        handle.connect_uri(sluice.uri(export))
        return handle

    def neighbour_is_served(self, sluice):
        handle = self.connect(sluice, "near")
        handle.pwrite(b"x" * 512, 0)
        self.assertEqual(handle.pread(512, 0), b"x" * 512)
        handle.shutdown()

    def test_suite_i_handshakes(self):
        rows = hostile_servers.handshakes()
        self.assertEqual(len({title for title, _, _ in rows}), len(rows))
        sluice = self.daemon(HEAD + EXPORTS).start()
        resident = sluice.resident_bytes()
        wished = sluice.directory / "wished.yaml"
        for number, (title, words, script) in enumerate(rows):
            with self.subTest(title):
                path = sluice.directory / f"{number}.sock"
                Server(path, script)
                patience = ", open-timeout: 200ms" if words == "does not answer" else ""
                node = f"  far: {{driver: nbd, server: {{type: unix, path: {path}}}{patience}}}\n"
                wished.write_text(sluice.fill(HEAD + node + EXPORTS))
                result = sluice.cli("apply", wished, "--yes", code=None)
                if words is None:
                    self.assertEqual(result.returncode, 0, result.stderr)
                    wished.write_text(sluice.fill(HEAD + EXPORTS))
                    sluice.cli("apply", wished, "--yes", "--allow-remove", "far")
                else:
                    self.assertEqual(result.returncode, 13)
                    self.assertIn(str(path), result.stdout + result.stderr)
                    self.assertIn(words, result.stdout + result.stderr)
        self.neighbour_is_served(sluice)
        self.assertLess(sluice.resident_bytes() - resident, 64 * MIB)
        sluice.stop()

    def test_suite_i_answers_to_commands(self):
        rows = hostile_servers.transmissions()
        self.assertEqual(len({row[:2] for row in rows}), len(rows))
        self.assertGreaterEqual(len(rows) + len(hostile_servers.handshakes()), 250)
        sluice, text, exports = self.daemon({}), HEAD, EXPORTS
        for number, (_, _, _, lie) in enumerate(rows):
            path = sluice.directory / f"{number}.sock"
            Server(path, Script(lie=lie))
            text += f"  n{number}: {{driver: nbd, server: {{type: unix, path: {path}}}}}\n"
            exports += f"  e{number}: {{type: nbd, node: n{number}, writable: true}}\n"
        (sluice.configuration / "disk.yaml").write_text(sluice.fill(text + exports))
        sluice.start()
        resident = sluice.resident_bytes()
        for number, (operation, title, is_served, _) in enumerate(rows):
            with self.subTest(operation=operation, title=title):
                handle = self.connect(sluice, f"e{number}")
                begin = time.monotonic()
                self.assertEqual(self.outcome(handle, operation), None if is_served else "EIO")
                self.assertLess(time.monotonic() - begin, 2)
                handle.shutdown()
        self.neighbour_is_served(sluice)
        self.assertLess(sluice.resident_bytes() - resident, 64 * MIB)
        sluice.stop()

    def outcome(self, handle, operation):
        arguments = {"pread": (4096, 0), "pwrite": (b"w" * 4096, 0), "flush": (),
                     "block_status": (4096, 0, lambda *_: 0)}.get(operation, (4096, 0))
        try:
            getattr(handle, operation)(*arguments)
            return None
        except nbd.Error as error:
            return error.errno


if __name__ == "__main__":
    unittest.main()
