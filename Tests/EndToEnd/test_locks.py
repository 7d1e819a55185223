"""sluice and QEMU's programs keep out of each other's images.

An NBD export lets other users write by default, as QEMU's does; only resizing is nobody else's. With
`share: [consistent-read]` it is the only writer.
"""
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
ALONE = CONFIGURATION.replace("writable: true", "writable: true, share: [consistent-read]")
SECOND = """
sluice: 1
nodes:
  second: {driver: file, filename: "{dir}/second.raw"}
exports:
  second: {type: nbd, node: second, listener: local, writable: true}
"""


class LockTest(DaemonTest):
    def serve(self, configuration):
        self.sluice = self.daemon(configuration)
        self.disk = self.image(self.sluice.directory / "disk.raw", 16)
        self.second = self.image(self.sluice.directory / "second.raw", 16)
        self.sluice.start()

    def refused(self, *command):
        result = run(*command, code=None)
        self.assertNotEqual(result.returncode, 0, command)
        self.assertIn("lock", result.stderr)

    def hold(self, image):
        """A storage daemon of QEMU that writes an image and lets nobody else write."""
        path = self.sluice.directory / "holder.sock"
        holder = subprocess.Popen(
            ["qemu-storage-daemon", "--blockdev", f"driver=file,node-name=f,filename={image},locking=on",
             "--blockdev", "driver=blkdebug,node-name=b,image=f,unshare-child-perms.0=write",
             "--nbd-server", f"addr.type=unix,addr.path={path}",
             "--export", "type=nbd,id=e,node-name=b,writable=on"])
        self.addCleanup(holder.wait)
        self.addCleanup(holder.kill)
        wait_until(path.exists, 10, "QEMU holds the image")
        self.refused("qemu-io", "-f", "raw", "-c", "write 0 512", image)
        return holder

    def test_qemu_may_not_resize_an_image_that_we_serve(self):
        self.serve(CONFIGURATION)
        self.refused("qemu-img", "resize", "-f", "raw", self.disk, "32M")
        self.sluice.stop()
        run("qemu-img", "resize", "-f", "raw", self.disk, "32M")

    def test_qemu_may_not_write_an_image_that_we_write_alone(self):
        self.serve(ALONE)
        self.refused("qemu-io", "-f", "raw", "-c", "write 0 4k", self.disk)
        self.refused("qemu-img", "convert", "-n", "-f", "raw", "-O", "raw", self.second, self.disk)
        run("qemu-img", "info", "-U", "-f", "raw", self.disk)
        # Nobody needs to let go for the lock to go with its export's claim.
        self.sluice.edit("disk.yaml", CONFIGURATION)
        wait_until(lambda: run("qemu-io", "-f", "raw", "-c", "write 0 4k", self.disk, code=None).returncode == 0,
                   10, "the lock is as narrow as the new wish")

    def test_an_image_that_qemu_writes_alone_is_refused(self):
        self.serve(CONFIGURATION)
        before = self.sluice.still()
        holder = self.hold(self.second)
        self.sluice.edit("second.yaml", SECOND)
        wait_until(self.sluice.diagnostics, 5, "status shows why the edit is refused")
        self.assertIn("second.raw", str(self.sluice.status()))
        self.assertEqual(self.sluice.still(), before)
        run("qemu-io", "-f", "raw", "-c", "read 0 4k", self.sluice.uri("disk"))
        holder.terminate()
        holder.wait()
        self.sluice.cli("retry", code=None)
        wait_until(lambda: '"second"' in self.sluice.still(), 10, "the second disk is live once QEMU let go")
        run("qemu-io", "-f", "raw", "-c", "write 0 4k", self.sluice.uri("second"))


if __name__ == "__main__":
    unittest.main()
