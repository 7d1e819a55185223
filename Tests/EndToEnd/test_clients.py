"""Every kind of client against every kind of export."""
import json
import os
import socket
import unittest

import nbd

from sluice_daemon import MIB, DaemonTest, run, wait_until

CONFIGURATION = """
sluice: 1
iothreads: {io0: {}, io1: {}}
throttle-groups:
  wide: {iops-total: 1000000}
listeners:
  local: {type: nbd, address: "unix:{dir}/nbd.sock"}
  lan: {type: nbd, address: "tcp:127.0.0.1:PORT", max-connections: 2}
nodes:
  plain: {driver: file, filename: "{dir}/plain.raw", create: {size: 32MiB}}
  direct: {driver: file, filename: "{dir}/direct.raw", create: {size: 32MiB}, cache: {direct: true}}
  window: {driver: raw, offset: 1MiB, size: 16MiB, file: {driver: file, filename: "{dir}/window.raw", create: {size: 32MiB}}}
  limited: {driver: throttle, throttle-group: wide, file: {driver: file, filename: "{dir}/limited.raw", create: {size: 32MiB}}}
  watched: {driver: blkdebug, image: {driver: file, filename: "{dir}/watched.raw", create: {size: 32MiB}}}
  nothing: {driver: null-co, size: 32MiB}
  readable: {driver: file, filename: "{dir}/readable.raw", read-only: true}
exports:
  plain: {type: nbd, node: plain, listener: local, writable: true}
  direct: {type: nbd, node: direct, listener: local, writable: true, iothread: io0}
  window: {type: nbd, node: window, listener: local, writable: true, iothread: io1}
  limited: {type: nbd, node: limited, listener: local, writable: true, description: with a limit}
  watched: {type: nbd, node: watched, listener: local, writable: true}
  nothing: {type: nbd, node: nothing, listener: local, writable: true}
  readable: {type: nbd, node: readable, listener: local}
  remote: {type: nbd, node: plain, listener: lan, writable: true}
"""
# Exports that keep what is written, with their size in MiB.
KEEPING = {"plain": 32, "direct": 32, "window": 16, "limited": 32, "watched": 32}


class ClientTest(DaemonTest):
    def setUp(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.sluice = self.daemon(CONFIGURATION.replace("PORT", str(self.port)))
        self.image(self.sluice.directory / "readable.raw", 8, fill=0x5a)
        self.sluice.start()

    def test_nbdinfo_lists_every_export(self):
        answer = json.loads(run("nbdinfo", "--json", "--list", f"nbd+unix://?socket={self.sluice.socket}").stdout)
        names = {export["export-name"] for export in answer["exports"]}
        self.assertEqual(names, set(KEEPING) | {"nothing", "readable"})

    def test_nbdinfo_tells_size_and_abilities(self):
        for export, size in {**KEEPING, "nothing": 32, "readable": 8}.items():
            with self.subTest(export):
                facts = json.loads(run("nbdinfo", "--json", self.sluice.uri(export)).stdout)["exports"][0]
                self.assertEqual(facts["export-size"], size * MIB)
                self.assertEqual(facts["is_read_only"], export == "readable")
                self.assertTrue(facts["can_multi_conn"])
                self.assertIn("base:allocation", facts["contexts"])
                if export != "readable":
                    for ability in ("can_flush", "can_fua", "can_trim", "can_zero"):
                        self.assertTrue(facts[ability], ability)

    def test_nbdinfo_maps_all_of_an_export(self):
        for export, size in KEEPING.items():
            with self.subTest(export):
                run("qemu-io", "-f", "raw", "-c", "write -P 1 4M 64k", self.sluice.uri(export))
                extents = json.loads(run("nbdinfo", "--json", "--map", self.sluice.uri(export)).stdout)
                end = 0
                for extent in extents:
                    self.assertEqual(extent["offset"], end)
                    end += extent["length"]
                self.assertEqual(end, size * MIB)
                written = [e for e in extents if e["offset"] <= 4 * MIB < e["offset"] + e["length"]]
                self.assertEqual(written[0]["type"], 0, "what was written is data")

    def test_nbdcopy_brings_everything_there_and_back(self):
        for export, size in KEEPING.items():
            with self.subTest(export):
                there, back = self.sluice.directory / "there", self.sluice.directory / "back"
                content = os.urandom(size * MIB // 2) + bytes(size * MIB // 2)
                there.write_bytes(content)
                run("nbdcopy", there, self.sluice.uri(export))
                run("nbdcopy", self.sluice.uri(export), back)
                self.assertTrue(back.read_bytes() == content)

    def test_qemu_img_converts_compares_and_maps(self):
        for export, size in KEEPING.items():
            with self.subTest(export):
                source = self.sluice.directory / "source.raw"
                source.write_bytes(os.urandom(3 * MIB) + bytes((size - 3) * MIB))
                uri = self.sluice.uri(export)
                run("qemu-img", "convert", "-n", "-f", "raw", "-O", "raw", source, uri)
                run("qemu-img", "compare", "-f", "raw", "-F", "raw", source, uri)
                copy = self.sluice.directory / "copy.qcow2"
                run("qemu-img", "convert", "-f", "raw", "-O", "qcow2", uri, copy)
                run("qemu-img", "compare", "-f", "qcow2", "-F", "raw", copy, uri)
                ranges = json.loads(run("qemu-img", "map", "--output=json", "-f", "raw", uri).stdout)
                self.assertEqual(sum(r["length"] for r in ranges), size * MIB)

    def test_qemu_io_does_every_kind_of_request(self):
        for export in KEEPING:
            with self.subTest(export):
                result = run(
                    "qemu-io", "-f", "raw", "-d", "unmap",
                    "-c", "write -P 0x11 0 1M", "-c", "read -P 0x11 0 1M",
                    "-c", "write -f -P 0x22 64k 64k", "-c", "flush", "-c", "read -P 0x22 64k 64k",
                    "-c", "write -z 128k 64k", "-c", "read -P 0 128k 64k",
                    "-c", "write -z -u 256k 64k", "-c", "read -P 0 256k 64k",
                    "-c", "discard 512k 128k", "-c", "read -P 0x11 0 64k",
                    "-c", "write -P 0x33 1000 1000", "-c", "read -P 0x33 1000 1000",
                    "-c", "aio_write -P 0x44 2M 256k", "-c", "aio_flush", "-c", "read -P 0x44 2M 256k",
                    self.sluice.uri(export))
                self.assertNotIn("failed", result.stdout + result.stderr)

    def test_a_read_only_export_cannot_be_written(self):
        uri = self.sluice.uri("readable")
        result = run("qemu-io", "-r", "-f", "raw", "-c", "read -P 0x5a 0 8M", uri)
        self.assertNotIn("failed", result.stdout + result.stderr)
        self.assertNotEqual(run("qemu-io", "-f", "raw", "-c", "write 0 4k", uri, code=None).returncode, 0)

    def test_one_disk_by_two_ways(self):
        remote = f"nbd://127.0.0.1:{self.port}/remote"
        run("qemu-io", "-f", "raw", "-c", "write -P 0x66 8M 64k", self.sluice.uri("plain"))
        result = run("qemu-io", "-f", "raw", "-c", "read -P 0x66 8M 64k", remote)
        self.assertNotIn("failed", result.stdout + result.stderr)
        names = {e["export-name"] for e in json.loads(
            run("nbdinfo", "--json", "--list", f"nbd://127.0.0.1:{self.port}").stdout)["exports"]}
        self.assertEqual(names, {"remote"}, "a listener shows its own exports")

    def test_a_listener_takes_only_so_many(self):
        held = []
        for _ in range(2):
            handle = nbd.NBD()
            handle.connect_uri(f"nbd://127.0.0.1:{self.port}/remote")
            held.append(handle)
        third = nbd.NBD()
        with self.assertRaises(nbd.Error):
            third.connect_uri(f"nbd://127.0.0.1:{self.port}/remote")
        held.pop().shutdown()

        def takes_another():
            try:
                nbd.NBD().connect_uri(f"nbd://127.0.0.1:{self.port}/remote")
                return True
            except nbd.Error:
                return False

        wait_until(takes_another, 5, "a place is free again")

    def test_what_was_written_is_in_the_file(self):
        run("qemu-io", "-f", "raw", "-c", "write -P 0x77 2M 1M", "-c", "flush", self.sluice.uri("window"))
        self.sluice.stop()
        content = (self.sluice.directory / "window.raw").read_bytes()
        self.assertEqual(content[3 * MIB:4 * MIB], b"\x77" * MIB, "the window begins at 1 MiB")
        self.assertEqual(content[:3 * MIB].strip(b"\0"), b"")


if __name__ == "__main__":
    unittest.main()
