"""sluice and QEMU's programs keep out of each other's images."""
import subprocess
import unittest

from sluice_daemon import DaemonTest, run, wait_until

CONFIGURATION = """
sluice: 1
listeners:
  local: {type: nbd, address: "unix:{dir}/nbd.sock"}
nodes:
  disk: {driver: file, filename: "{dir}/disk.raw"}
exports:
  disk: {type: nbd, node: disk, writable: true}
"""
SECOND = """
sluice: 1
nodes:
  second: {driver: file, filename: "{dir}/second.raw"}
exports:
  second: {type: nbd, node: second, listener: local, writable: true}
"""


class LockTest(DaemonTest):
    def setUp(self):
        self.sluice = self.daemon(CONFIGURATION)
        self.disk = self.image(self.sluice.directory / "disk.raw", 16)
        self.second = self.image(self.sluice.directory / "second.raw", 16)
        self.sluice.start()

    def test_qemu_may_not_write_an_image_that_we_serve(self):
        for command in (["qemu-io", "-f", "raw", "-c", "write 0 4k", self.disk],
                        ["qemu-img", "resize", "-f", "raw", self.disk, "32M"]):
            result = run(*command, code=None)
            self.assertNotEqual(result.returncode, 0, command)
            self.assertIn("lock", result.stderr)
        self.sluice.stop()
        run("qemu-io", "-f", "raw", "-c", "write 0 4k", self.disk)

    def test_an_image_that_qemu_writes_is_refused(self):
        before = self.sluice.still()
        holder = subprocess.Popen(
            ["qemu-io", "-f", "raw", str(self.second)],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(holder.kill)
        wait_until(lambda: run("qemu-img", "info", "-f", "raw", self.second, code=None).returncode != 0,
                   10, "qemu-io holds the image")
        self.sluice.edit("second.yaml", SECOND)
        wait_until(self.sluice.diagnostics, 5, "status shows why the edit is refused")
        self.assertIn("second.raw", str(self.sluice.status()))
        self.assertEqual(self.sluice.still(), before)
        run("qemu-io", "-f", "raw", "-c", "read 0 4k", self.sluice.uri("disk"))
        holder.communicate(b"quit\n", timeout=10)
        self.sluice.cli("retry", code=None)
        wait_until(lambda: '"second"' in self.sluice.still() or "node/second" in self.sluice.still(),
                   10, "the second disk is live once qemu-io let go")
        run("qemu-io", "-f", "raw", "-c", "write 0 4k", self.sluice.uri("second"))


if __name__ == "__main__":
    unittest.main()
