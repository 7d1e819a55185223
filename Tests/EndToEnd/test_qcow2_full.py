"""Images on a disk that is full: what fails is given back, and writing goes on when there is room again."""
import unittest

import nbd

from qcow2_images import KIB, MIB, check
from sluice_daemon import run, wait_until
from test_qcow2 import Qcow2Test
from test_qcow2_chains import HEAD

# What asks the file for room that it has not: data of new clusters, packed ones, and tables.
FULL = ("[{event: cluster_alloc, errno: ENOSPC}, {event: write_compressed, errno: ENOSPC}, "
        "{iotype: write-zeroes, errno: ENOSPC}]")
TRIES = 3000
PIECE = 64 * KIB


class FullDisk(Qcow2Test):
    def test_a_write_that_finds_no_room_leaves_no_trace(self):
        for cluster, compresses in ((512, False), (4 * KIB, False), (64 * KIB, False), (64 * KIB, True)):
            with self.subTest(cluster=cluster, compresses=compresses):
                self.fill(self.images / f"{cluster}-{compresses}", cluster, compresses)

    def fill(self, path, cluster, compresses):
        run("qemu-img", "create", "-q", "-f", "qcow2", "-o", f"cluster_size={cluster}", path, "1G")
        text = HEAD + (f"nodes:\n  b: {{driver: blkdebug, inject-error: RULES, "
                       f'image: {{driver: file, filename: "{path}"}}}}\n'
                       "  q: {driver: qcow2, backing: null, file: b}\n"
                       f"  top: {{driver: {'compress' if compresses else 'raw'}, file: q}}\n"
                       "exports: {disk: {type: nbd, node: top, writable: true}}\n")
        daemon = self.daemon(text.replace("RULES", "[]")).start()
        client = nbd.NBD()
        client.connect_uri(daemon.uri("disk"))
        kept = bytes([7]) * MIB
        client.pwrite(kept, 0)
        client.flush()
        before = daemon.generation()
        daemon.edit("disk.yaml", text.replace("RULES", FULL))
        wait_until(lambda: daemon.generation() > before, 20, "the disk is full")
        size = path.stat().st_size
        for number in range(TRIES):
            with self.assertRaises(nbd.Error) as failed:
                client.pwrite(bytes([9]) * PIECE, (number * 5 * PIECE + 2 * MIB) % (1000 * MIB))
            self.assertEqual(failed.exception.errno, "ENOSPC")
            if number % 500 == 0:
                client.flush()
        self.assertEqual(client.pread(MIB, 0), kept)
        client.flush()
        # A cluster, a mapping table and a block of counts were tried, again and again.
        self.assertLessEqual(path.stat().st_size, size + PIECE + 3 * cluster)
        before = daemon.generation()
        daemon.edit("disk.yaml", text.replace("RULES", "[]"))
        wait_until(lambda: daemon.generation() > before, 20, "there is room again")
        for number in range(64):
            client.pwrite(bytes([number + 1]) * PIECE, number * PIECE)
        client.flush()
        for number in range(64):
            self.assertEqual(client.pread(PIECE, number * PIECE), bytes([number + 1]) * PIECE)
        client.shutdown()
        daemon.stop()
        check(path)
        self.assertLess(path.stat().st_size, size + 5 * MIB)


if __name__ == "__main__":
    unittest.main()
