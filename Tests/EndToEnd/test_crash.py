"""The daemon is killed under load; what a flush acknowledged reads back."""
import random
import struct
import threading
import unittest

import nbd

from sluice_daemon import LONG, DaemonTest, run, wait_until

CONFIGURATION = """
sluice: 1
throttle-groups: {wide: {iops-total: 1000000}}
listeners:
  local: {type: nbd, address: "unix:{dir}/nbd.sock"}
nodes:
  disk: {driver: file, filename: "{dir}/disk.raw", create: {size: 64MiB}}
  limited: {driver: throttle, throttle-group: wide, file: disk}
exports:
  disk: {type: nbd, node: limited, writable: true}
"""
BLOCK = 4096
BLOCKS = 4096
KILLS = 40 if LONG else 5


class Writer(threading.Thread):
    """Writes blocks that name their version, flushes now and then, and remembers what it may expect."""

    def __init__(self, uri, first, count, seed, versions):
        super().__init__()
        self.uri, self.first, self.count = uri, first, count
        self.random = random.Random(seed)
        # By block: versions that may be read. After a flush only the newest is left.
        self.versions = versions
        self.flushes = 0
        self.started = threading.Event()

    def run(self):
        handle = nbd.NBD()
        try:
            handle.connect_uri(self.uri)
            while True:
                for _ in range(self.random.randrange(1, 64)):
                    block = self.first + self.random.randrange(self.count)
                    version = self.versions[block][-1] + 1
                    self.versions[block].append(version)
                    fua = self.random.random() < 0.05
                    handle.pwrite(content(block, version), block * BLOCK, nbd.CMD_FLAG_FUA if fua else 0)
                    if fua:
                        del self.versions[block][:-1]
                handle.flush()
                for block in range(self.first, self.first + self.count):
                    del self.versions[block][:-1]
                self.flushes += 1
                if self.flushes == 3:
                    self.started.set()
        except nbd.Error:
            self.started.set()  # the daemon is gone, as planned


def content(block, version):
    """Every 512 bytes say which block and version they belong to; version 0 is what was never written."""
    if version == 0:
        return bytes(BLOCK)
    return b"".join(struct.pack("<QQQ", block, version, piece) + bytes(488) for piece in range(BLOCK // 512))


class CrashTest(DaemonTest):
    def test_flushed_data_survives_kills_under_load(self):
        sluice = self.daemon(CONFIGURATION).start()
        graph = sluice.show()
        versions = [[0] for _ in range(BLOCKS)]
        chance = random.Random(20261122)
        for kill in range(KILLS):
            writers = [Writer(sluice.uri("disk"), part * BLOCKS // 4, BLOCKS // 4, kill * 10 + part, versions)
                       for part in range(4)]
            for writer in writers:
                writer.start()
            for writer in writers:
                self.assertTrue(writer.started.wait(60), "a writer gets through three flushes")
            threading.Event().wait(chance.random() * 0.2)
            sluice.kill()
            for writer in writers:
                writer.join(30)
                self.assertFalse(writer.is_alive())
            sluice.start()
            self.assertEqual(names(sluice.show()), names(graph))
            self.verify(sluice, versions)

    def verify(self, sluice, versions):
        handle = nbd.NBD()
        handle.connect_uri(sluice.uri("disk"))
        for start in range(0, BLOCKS, 256):
            data = handle.pread(256 * BLOCK, start * BLOCK)
            for index in range(256):
                block = start + index
                found = data[index * BLOCK:(index + 1) * BLOCK]
                for version in versions[block]:
                    if found == content(block, version):
                        break
                else:
                    self.assertTrue(self.is_torn(found, block, versions[block]), f"block {block}")
        handle.shutdown()
        # What is read now is what later kills must still find.
        for block in range(BLOCKS):
            del versions[block][:-1]
        self.settle(sluice, versions)

    def is_torn(self, found, block, versions):
        """Each 512 bytes for themselves may be of any version that was not flushed away."""
        allowed = [content(block, version) for version in versions]
        return all(any(found[at:at + 512] == whole[at:at + 512] for whole in allowed)
                   for at in range(0, BLOCK, 512))

    def settle(self, sluice, versions):
        """Writes every block anew, so that the next round begins from one known version."""
        handle = nbd.NBD()
        handle.connect_uri(sluice.uri("disk"))
        for block in range(BLOCKS):
            versions[block][0] += 1
            handle.pwrite(content(block, versions[block][0]), block * BLOCK)
        handle.flush()
        handle.shutdown()

    def test_the_last_committed_state_serves_when_the_files_are_bad(self):
        sluice = self.daemon(CONFIGURATION).start()
        run("qemu-io", "-f", "raw", "-c", "write -P 9 0 64k", "-c", "flush", sluice.uri("disk"))
        graph = sluice.show()
        sluice.kill()
        sluice.edit("disk.yaml", "sluice: 1\nnodes: {disk: {driver: fiel}}\n")
        sluice.start()
        self.assertEqual(names(sluice.show()), names(graph))
        self.assertTrue(sluice.diagnostics(), "status says that the files are bad")
        result = run("qemu-io", "-f", "raw", "-c", "read -P 9 0 64k", sluice.uri("disk"))
        self.assertNotIn("failed", result.stdout)
        sluice.edit("disk.yaml", CONFIGURATION)
        wait_until(lambda: not sluice.diagnostics(), 5, "mending the file clears the diagnostic")


def names(show):
    """Names of all nodes and exports."""
    return {(kind, item["name"]) for kind in ("nodes", "exports") for item in show[kind]}


if __name__ == "__main__":
    unittest.main()
