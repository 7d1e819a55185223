"""B1, B3: sluice keeps no bitmaps; those of an image are left alone, and not believed once it was written."""
import json
import unittest

import nbd

from sluice_daemon import MIB, DaemonTest, run

TEXT = """sluice: 1
listeners: {local: {type: nbd, address: "unix:{dir}/nbd.sock"}}
nodes:
  base: {driver: qcow2, read-only: true, backing: null, file: {driver: file, read-only: true, filename: "{dir}/base.qcow2"}}
  top: {driver: qcow2, backing: base, file: {driver: file, filename: "{dir}/top.qcow2"}}
exports:
  base: {type: nbd, node: base}
  top: {type: nbd, node: top, writable: true}
"""


class BitmapTest(DaemonTest):
    def bitmaps(self, path):
        facts = json.loads(run("qemu-img", "info", "--output", "json", path).stdout)
        return [bitmap["name"] for bitmap in facts["format-specific"]["data"].get("bitmaps", [])]

    def test_bitmaps_of_an_image_stay_until_it_is_written(self):
        sluice = self.daemon(TEXT)
        base, top = (sluice.directory / f"{name}.qcow2" for name in ("base", "top"))
        run("qemu-img", "create", "-q", "-f", "qcow2", base, "8M")
        run("qemu-img", "create", "-q", "-f", "qcow2", "-b", base, "-F", "qcow2", top)
        # The same name in both, so that one could be taken for the other.
        for path in (base, top):
            run("qemu-img", "bitmap", "--add", path, "b")
        still = [path.read_bytes() for path in (base, top)]
        sluice.start()
        live = sluice.still()
        for name in ("base", "top"):
            client = nbd.NBD()
            client.add_meta_context("qemu:dirty-bitmap:b")
            client.connect_uri(sluice.uri(name))
            self.assertFalse(client.can_meta_context("qemu:dirty-bitmap:b"), name)
            self.assertEqual(client.pread(MIB, 0), bytes(MIB))
        refused = sluice.directory / "refused.yaml"
        refused.write_text(sluice.fill(TEXT).replace("writable: true", "writable: true, bitmaps: [b]"))
        verdict = sluice.cli("apply", refused, "--yes", code=None)
        self.assertNotEqual(verdict.returncode, 0)
        self.assertIn('unknown field "bitmaps"', verdict.stdout + verdict.stderr)
        self.assertEqual(sluice.still(), live)
        sluice.stop()
        self.assertEqual([path.read_bytes() for path in (base, top)], still, "reading changes nothing")
        self.assertEqual((self.bitmaps(base), self.bitmaps(top)), (["b"], ["b"]))

        sluice.start()
        client = nbd.NBD()
        client.connect_uri(sluice.uri("top"))
        client.pwrite(b"\x77" * MIB, MIB)
        client.flush()
        sluice.stop()
        self.assertEqual(base.read_bytes(), still[0])
        # It does not know of what was just written: QEMU must not take it for the truth.
        self.assertEqual((self.bitmaps(base), self.bitmaps(top)), (["b"], []))
        run("qemu-img", "check", "-q", "-r", "leaks", top)
        run("qemu-img", "bitmap", "--add", top, "b")
        run("qemu-img", "check", "-q", top)
        run("qemu-io", "-c", "read -P 0x77 1M 1M", top)


if __name__ == "__main__":
    unittest.main()
