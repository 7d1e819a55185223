"""Filters as people use them: a backup of one moment, a clone that fills itself, copies that vote, a
log that replays, packed clusters. Clients are fio, nbdcopy and qemu-io; qemu-img judges."""
import hashlib
import json
import struct
import subprocess
import unittest

from sluice_daemon import MIB, SLUICE, DaemonTest, run, wait_until

HEAD = """
sluice: 1
listeners:
  local: {type: nbd, address: "unix:{dir}/nbd.sock"}
nodes:
"""


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


class FilterTest(DaemonTest):
    def change(self, sluice, text):
        """Edits the document and waits until it is live."""
        generation = sluice.generation()
        sluice.edit("disk.yaml", text)
        wait_until(lambda: sluice.generation() > generation, 20, f"the edit is live\n{sluice.words()}")

    def copy_out(self, sluice, export, name):
        path = sluice.directory / name
        run("nbdcopy", sluice.uri(export), path)
        return path

    def qemu_io(self, sluice, export, *commands, writable=True):
        words = [word for command in commands for word in ("-c", command)]
        mode = [] if writable else ["-r"]
        result = run("qemu-io", *mode, "-f", "raw", *words, sluice.uri(export))
        self.assertNotIn("verification failed", result.stdout)
        return result.stdout


class BackupTest(FilterTest):
    DISK = HEAD + '  disk: {driver: file, filename: "{dir}/disk.raw"}\n'
    TARGET = {
        "raw": '  saved: {driver: file, filename: "{dir}/saved.raw", create: {size: 64MiB}}\n',
        "qcow2": '  saved: {driver: qcow2, file: {driver: file, filename: "{dir}/saved.qcow2", create: true},'
                 ' create: {size: 64MiB}, backing: null}\n',
    }
    PLAIN = DISK + "exports:\n  disk: {type: nbd, node: disk, writable: true}\n"
    KEPT = """  before: {driver: copy-before-write, file: disk, target: saved}
  moment: {driver: snapshot-access, file: before}
exports:
  disk: {type: nbd, node: before, writable: true THREAD}
  backup: {type: nbd, node: moment THREAD2}
"""

    def back_up(self, target, threads=("", ""), iothreads=""):
        sluice = self.daemon(iothreads + self.PLAIN)
        image = self.image(sluice.directory / "disk.raw", 64, fill=0x5A)
        old = digest(image)
        sluice.start()
        # fio writes from now on; the point in time lies before its first request.
        kept = self.KEPT.replace("THREAD2", threads[1]).replace("THREAD", threads[0])
        text = self.DISK + self.TARGET[target] + kept
        self.change(sluice, iothreads + text)
        fio = subprocess.Popen(
            ["fio", "--name=guest", "--ioengine=nbd", f"--uri={sluice.uri('disk')}", "--rw=randwrite",
             "--bs=4k", "--iodepth=16", "--size=64m", "--time_based", "--runtime=6", "--verify=crc32c",
             "--verify_backlog=512", "--verify_fatal=1", f"--aux-path={sluice.directory}"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.addCleanup(fio.kill)
        wait_until(lambda: digest(image) != old, 10, "the guest has written")
        for number in range(3):
            copy = self.copy_out(sluice, "backup", f"backup{number}.raw")
            self.assertEqual(digest(copy), old, "the backup is the moment")
        output, _ = fio.communicate(timeout=60)
        self.assertEqual(fio.returncode, 0, output.decode())
        self.assertEqual(digest(self.copy_out(sluice, "backup", "late.raw")), old)
        self.assertNotEqual(digest(image), old)
        # And away with it, while the disk goes on.
        wished = sluice.directory / "plain.yaml"
        wished.write_text(sluice.fill(iothreads + self.PLAIN))
        gone = [word for name in ("backup", "before", "moment", "saved") for word in ("--allow-remove", name)]
        sluice.cli("apply", wished, "--yes", *gone)
        self.qemu_io(sluice, "disk", "write -P 7 0 64k", "read -P 7 0 64k")
        sluice.stop()
        return sluice

    def test_a_backup_of_one_moment_while_the_disk_is_written(self):
        self.back_up("raw")

    def test_the_guest_and_the_backup_on_two_threads(self):
        self.back_up("raw", (", iothread: a", ", iothread: b"), "iothreads: {a: {}, b: {}}\n")

    def test_old_data_saved_in_qcow2(self):
        sluice = self.back_up("qcow2")
        run("qemu-img", "check", sluice.directory / "saved.qcow2")


class CloneTest(FilterTest):
    CHAIN = HEAD + """  golden: {driver: file, filename: "{dir}/golden.raw", read-only: true}
  middle: {driver: qcow2, file: {driver: file, filename: "{dir}/middle.qcow2", create: true}, create: {size: 8MiB}, backing: golden, read-only: MIDDLE}
  clone: {driver: qcow2, file: {driver: file, filename: "{dir}/clone.qcow2", create: true}, create: {size: 8MiB}, backing: middle}
  filling: {driver: copy-on-read, file: clone BOTTOM}
exports:
  clone: {type: nbd, node: filling, writable: true}
"""

    def chain(self, bottom="", middle="true"):
        return self.CHAIN.replace("BOTTOM", bottom).replace("MIDDLE", middle)

    def allocated(self, sluice):
        """Clusters that the overlay itself has, as qemu-img sees them."""
        path = sluice.directory / "clone.qcow2"
        run("qemu-img", "check", path)
        result = run("qemu-img", "map", "--output=json", f"json:{{\"driver\":\"qcow2\",\"backing\":null,\"file\":{{\"driver\":\"file\",\"filename\":\"{path}\"}}}}")
        return sum(entry["length"] for entry in json.loads(result.stdout) if entry["data"])

    def test_what_was_read_is_in_the_clone(self):
        sluice = self.daemon(self.chain(middle="false"))
        self.image(sluice.directory / "golden.raw", 8, fill=0x31)
        sluice.start()
        self.qemu_io(sluice, "clone", "read -P 0x31 64k 100k", "write -P 2 1M 4k", "read -P 0x31 1028k 4k")
        sluice.stop()
        self.assertEqual(self.allocated(sluice), 3 * 65536)

    def test_a_whole_read_makes_the_clone_stand_alone(self):
        sluice = self.daemon(self.chain(middle="false"))
        golden = self.image(sluice.directory / "golden.raw", 8, fill=0x31)
        sluice.start()
        self.assertEqual(digest(self.copy_out(sluice, "clone", "copy.raw")), digest(golden))
        sluice.stop()
        self.assertEqual(self.allocated(sluice), 8 * MIB)

    def test_nothing_below_the_bottom_is_copied(self):
        sluice = self.daemon(self.chain(", bottom: middle", middle="false"))
        golden = self.image(sluice.directory / "golden.raw", 8, fill=0x31)
        sluice.start()
        self.assertEqual(digest(self.copy_out(sluice, "clone", "copy.raw")), digest(golden))
        sluice.stop()
        self.assertEqual(self.allocated(sluice), 0)


class QuorumTest(FilterTest):
    LEGS = HEAD + "".join(
        f'  leg{number}: {{driver: file, filename: "{{dir}}/leg{number}.raw", create: {{size: 8MiB}}}}\n'
        for number in range(4))

    def quorum(self, legs, options=""):
        children = ", ".join(f"leg{number}" for number in legs)
        return self.LEGS + f"""  disk: {{driver: quorum, vote-threshold: 2, children: [{children}] {options}}}
exports:
  disk: {{type: nbd, node: disk, writable: true}}
"""

    def test_a_copy_that_lies_is_outvoted_and_mended(self):
        sluice = self.daemon(self.quorum([0, 1, 2], ", rewrite-corrupted: true")).start()
        self.qemu_io(sluice, "disk", "write -P 5 0 8M", "flush")
        with open(sluice.directory / "leg1.raw", "r+b") as leg:
            leg.seek(MIB)
            leg.write(b"lies" * 4096)
        self.qemu_io(sluice, "disk", "read -P 5 0 8M")
        names = [sluice.directory / f"leg{number}.raw" for number in range(3)]
        self.assertEqual(len({digest(name) for name in names}), 1)
        sluice.stop()

    def test_copies_come_and_go_while_the_disk_is_written(self):
        sluice = self.daemon(self.quorum([0, 1, 2], ", rewrite-corrupted: true")).start()
        fio = subprocess.Popen(
            ["fio", "--name=guest", "--ioengine=nbd", f"--uri={sluice.uri('disk')}", "--rw=randwrite",
             "--bs=4k", "--iodepth=8", "--size=8m", "--time_based", "--runtime=6", "--verify=crc32c",
             "--verify_backlog=128", "--verify_fatal=1", f"--aux-path={sluice.directory}"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.addCleanup(fio.kill)
        wait_until(lambda: any(export["clients"] for export in sluice.show()["exports"]), 10, "fio is connected")
        self.change(sluice, self.quorum([0, 1, 2, 3], ", rewrite-corrupted: true"))
        self.change(sluice, self.quorum([1, 2], ", rewrite-corrupted: true"))
        output, _ = fio.communicate(timeout=60)
        self.assertEqual(fio.returncode, 0, output.decode())
        few = sluice.directory / "few.yaml"
        few.write_text(sluice.fill(self.quorum([1])))
        refused = run(SLUICE, "validate", few, code=None)
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("vote-threshold", refused.stdout + refused.stderr)
        sluice.stop()
        self.assertEqual(digest(sluice.directory / "leg1.raw"), digest(sluice.directory / "leg2.raw"))


class LogTest(FilterTest):
    TEXT = HEAD + """  disk: {driver: file, filename: "{dir}/disk.raw", create: true}
  log: {driver: file, filename: "{dir}/writes.log", create: true}
  logged: {driver: log-writes, file: disk, log: log}
  image: {driver: qcow2, file: logged, create: {size: 8MiB}, backing: null}
exports:
  disk: {type: nbd, node: image, writable: true}
"""

    def test_a_replay_of_every_flush_is_a_sound_image(self):
        sluice = self.daemon(self.TEXT).start()
        commands = []
        for number in range(1, 9):
            commands += [f"write -P {number} {number * 300}k 200k", f"write -z {number * 300 + 50}k 64k", "flush"]
        self.qemu_io(sluice, "disk", *commands)
        sluice.stop()
        data = (sluice.directory / "writes.log").read_bytes()
        magic, version, count, sector = struct.unpack_from("<QQQI", data)
        self.assertEqual((magic, version, sector), (0x6a736677736872, 1, 512))
        state, place, flushes = bytearray(16 * MIB), 512, 0
        path = sluice.directory / "replay.qcow2"
        for _ in range(count):
            start, sectors, flags, _ = struct.unpack_from("<QQQQ", data, place)
            place += 512
            if flags & 4 == 0:
                state[start * 512:(start + sectors) * 512] = data[place:place + sectors * 512]
                place += sectors * 512
            if flags & 1:
                flushes += 1
                path.write_bytes(state)
                # Leaks (3) are what a crash may leave; errors (2) never.
                result = run("qemu-img", "check", path, code=None)
                self.assertIn(result.returncode, (0, 3), result.stdout + result.stderr)
        self.assertGreaterEqual(flushes, 8)
        disk = (sluice.directory / "disk.raw").read_bytes()
        self.assertEqual(disk, bytes(state[:len(disk)]))


class PackTest(FilterTest):
    TEXT = HEAD + """  image: {driver: qcow2, file: {driver: file, filename: "{dir}/packed.qcow2", create: true}, create: {size: 16MiB}, backing: null}
  packing: {driver: compress, file: image}
  golden: {driver: file, filename: "{dir}/golden.raw"}
  right: {driver: file, filename: "{dir}/right.raw", create: {size: 16MiB}}
  tried: {driver: qcow2, file: {driver: file, filename: "{dir}/tried.qcow2", create: true}, create: {size: 16MiB}, backing: null}
  compared: {driver: blkverify, raw: right, test: tried}
exports:
  packed: {type: nbd, node: packing, writable: true}
  compared: {type: nbd, node: compared, writable: true}
"""

    def start(self):
        sluice = self.daemon(self.TEXT)
        golden = sluice.directory / "golden.raw"
        golden.write_bytes(b"".join(b"line %09d\n" % number for number in range(16 * MIB // 15)).ljust(16 * MIB, b"\0"))
        return sluice.start(), golden

    def test_what_is_copied_in_is_packed(self):
        sluice, golden = self.start()
        run("nbdcopy", "--flush", golden, sluice.uri("packed"))
        self.assertEqual(digest(self.copy_out(sluice, "packed", "copy.raw")), digest(golden))
        sluice.stop()
        packed = sluice.directory / "packed.qcow2"
        run("qemu-img", "check", packed)
        run("qemu-img", "compare", "-f", "qcow2", "-F", "raw", packed, golden)
        self.assertLess(packed.stat().st_blocks * 512, 8 * MIB)

    def test_qcow2_and_raw_are_the_same_disk_under_fio(self):
        sluice, _ = self.start()
        run("fio", "--name=compare", "--ioengine=nbd", f"--uri={sluice.uri('compared')}", "--rw=randrw",
            "--bsrange=512-64k", "--iodepth=16", "--size=16m", "--io_size=64m", "--verify=crc32c",
            f"--aux-path={sluice.directory}")
        sluice.stop()
        self.assertNotIn("differed", sluice.words())
        run("qemu-img", "compare", "-f", "qcow2", "-F", "raw", sluice.directory / "tried.qcow2",
            sluice.directory / "right.raw")

    def test_a_difference_is_an_error_and_the_status_tells_of_it(self):
        sluice, _ = self.start()
        self.qemu_io(sluice, "compared", "write -P 1 0 2M", "read -P 1 0 2M", "flush")
        self.assertEqual(sluice.status()["findings"], [])
        with open(sluice.directory / "right.raw", "r+b") as file:
            file.seek(300_000)
            file.write(b"others")
        failed = subprocess.run(["qemu-io", "-f", "raw", "-c", "read 256k 128k", sluice.uri("compared")],
                                capture_output=True, text=True)
        self.assertIn("read failed: Input/output error", failed.stdout + failed.stderr)
        [finding] = sluice.status()["findings"]
        self.assertEqual(finding["node"], "compared")
        self.assertIn("differed once; first their bytes at offset 300000", finding["message"])
        self.assertIn("node: compared  raw and test of", sluice.cli("status").stdout)


if __name__ == "__main__":
    unittest.main()
