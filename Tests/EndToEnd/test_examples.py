"""Every example is valid, can be planned from nothing, and serves."""
import json
import shutil
import unittest

from nbd_servers import nbdkit
from sluice_daemon import MIB, REPOSITORY, SLUICE, DaemonTest, run

EXAMPLES = sorted((REPOSITORY / "examples").glob("*.yaml"))


class ExampleTest(DaemonTest):
    def test_there_are_examples(self):
        self.assertGreaterEqual(len(EXAMPLES), 6)

    def test_every_example_is_valid_and_can_be_planned(self):
        for example in EXAMPLES:
            with self.subTest(example.name):
                run(SLUICE, "validate", example)
                plan = json.loads(run(SLUICE, "plan", example, "--live", "empty", "-o", "json").stdout)
                self.assertTrue(plan["actions"])
                self.assertTrue(all(export["impact"] == "starts" for export in plan["exports"]))

    def test_every_example_serves(self):
        for example in EXAMPLES:
            with self.subTest(example.name):
                sluice = self.serve(example.name)
                graph = json.loads(run(SLUICE, "validate", example, "-o", "json").stdout)["graph"]
                shown = {export["name"] for export in sluice.show()["exports"]}
                self.assertEqual(len(shown), len(graph["exports"]))
                listed = run("nbdinfo", "--json", "--list", f"nbd+unix://?socket={sluice.socket}")
                self.assertTrue(json.loads(listed.stdout)["exports"])
                sluice.stop()


    def serve(self, name):
        """A daemon on an example as it is, beside the server that it names, if any."""
        example = REPOSITORY / "examples" / name
        sluice = self.daemon({})
        shutil.copy(example, sluice.configuration / name)
        sluice.socket = sluice.configuration / socket_name(example)
        if "driver: nbd" in example.read_text():
            base = self.image(sluice.directory / "base.raw", 64, fill=0x5A)
            sluice.base = nbdkit(self, base, sluice.configuration / "base.sock", "-r").start()
        return sluice.start()

    def qemu_io(self, sluice, export, *commands):
        words = [word for command in commands for word in ("-c", command)]
        result = run("qemu-io", "-f", "raw", *words, sluice.uri(export))
        self.assertNotIn("verification failed", result.stdout)

    def test_a_lazy_clone_keeps_what_was_read(self):
        sluice = self.serve("lazy-clone.yaml")
        self.qemu_io(sluice, "clone", "read -P 0x5a 1M 1M", "write -P 7 8M 64k", "read -P 0x5a 9M 64k")
        copy = sluice.directory / "copy.raw"
        run("nbdcopy", sluice.uri("clone"), copy)
        content = copy.read_bytes()
        self.assertEqual(content[:8 * MIB] + content[8 * MIB + 65536:], b"\x5a" * (64 * MIB - 65536))
        # All of it has been read: the far server is needed no more.
        sluice.base.kill()
        run("nbdcopy", sluice.uri("clone"), sluice.directory / "again.raw")
        self.assertEqual((sluice.directory / "again.raw").read_bytes(), content)
        sluice.stop()
        image = sluice.configuration / "clone.qcow2"
        run("qemu-img", "check", image)
        raw = f"json:{{\"driver\":\"qcow2\",\"backing\":null,\"file\":{{\"driver\":\"file\",\"filename\":\"{image}\"}}}}"
        run("qemu-img", "compare", "-F", "raw", raw, copy)

    def test_machines_of_a_golden_image_do_not_see_each_other(self):
        sluice = self.serve("golden-image.yaml")
        self.qemu_io(sluice, "vm1", "write -P 1 1M 1M", "read -P 0 0 1M")
        self.qemu_io(sluice, "vm2", "read -P 0 1M 1M", "write -P 2 1M 64k", "write -P 3 100M 64k")
        self.qemu_io(sluice, "vm1", "read -P 1 1M 1M")
        sluice.stop()
        for name in ("golden", "vm1", "vm2"):
            run("qemu-img", "check", sluice.configuration / f"{name}.qcow2")

    def test_a_backup_is_the_disk_at_one_moment(self):
        sluice = self.serve("point-in-time-backup.yaml")
        before, after = sluice.directory / "before.raw", sluice.directory / "after.raw"
        run("nbdcopy", sluice.uri("backup"), before)
        self.qemu_io(sluice, "disk", "write -P 9 3M 5M", "flush", "read -P 9 3M 5M")
        run("nbdcopy", sluice.uri("backup"), after)
        self.assertEqual(before.read_bytes(), after.read_bytes())
        sluice.stop()


def socket_name(example):
    """The Unix socket that an example names, as a person reads it."""
    return next(line.split('"unix:')[1].split('"')[0] for line in example.read_text().splitlines() if '"unix:' in line)


if __name__ == "__main__":
    unittest.main()
