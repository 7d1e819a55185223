"""ext4 and xfs on disks of qcow2 chains: made and filled through a client, and judged by their own tools."""
import filecmp
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from qcow2_images import check
from sluice_daemon import DaemonTest, run, wait_until
from test_qcow2_chains import chain

MISSING = [tool for tool in ("nbdfuse", "mke2fs", "e2fsck", "debugfs", "mkfs.xfs", "xfs_repair")
           if not shutil.which(tool, path="/usr/sbin:/sbin:" + os.environ["PATH"])]
# The kernel loads xfs where it is asked for by a mount; smaller disks xfs does not make.
SIZE = "320MiB"


@unittest.skipIf(MISSING, f"there is no {', '.join(MISSING)}")
@unittest.skipUnless(os.access("/dev/fuse", os.R_OK | os.W_OK), "/dev/fuse cannot be used here")
class FileSystems(DaemonTest):
    def setUp(self):
        os.environ["PATH"] = "/usr/sbin:/sbin:" + os.environ["PATH"]
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sluice-fs."))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.content = self.folder / "content"
        for number in range(40):
            path = self.content / f"d{number % 5}" / f"f{number}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(bytes((place * 7 + number) % 251 for place in range(number * 1999)))

    def text(self, depth):
        return chain(depth, f"n{depth - 1}").replace("64MiB", SIZE)

    def disk(self, daemon):
        """The served disk as a file; the client that makes it one ends with the test."""
        place = self.folder / "fuse"
        place.mkdir()
        client = subprocess.Popen(["nbdfuse", place / "disk", daemon.uri("disk")])

        def end():
            run("fusermount", "-u", place, code=None)
            client.wait(20)

        self.addCleanup(end)
        wait_until((place / "disk").exists, 20, "nbdfuse shows the disk")
        return place / "disk", end

    def same(self, path):
        pending = [filecmp.dircmp(self.content, path, ignore=["lost+found", "new"])]
        while pending:
            one = pending.pop()
            found = (one.left_only, one.right_only, one.funny_files)
            self.assertEqual(found, ([], [], []), path)
            different = filecmp.cmpfiles(one.left, one.right, one.common_files, shallow=False)
            self.assertEqual((different[1], different[2]), ([], []))
            pending += one.subdirs.values()

    def mounted(self, disk):
        """Compares what the kernel shows, and fills in more; or says that this machine mounts nothing."""
        place = self.folder / "mounted"
        place.mkdir(exist_ok=True)
        if os.geteuid() != 0 or run("mount", "-o", "loop", disk, place, code=None).returncode != 0:
            print(f"{self.id()}: this machine mounts nothing; looked at with the tools only")
            return
        try:
            self.same(place)
            shutil.copytree(self.content, place / "new")
            run("sync", "-f", place)
        finally:
            run("umount", place)

    def grow_chain(self, daemon, depth):
        before = daemon.generation()
        daemon.edit("disk.yaml", self.text(depth))
        wait_until(lambda: daemon.generation() > before, 20, "there is another layer")

    def exercise(self, make, look):
        daemon = self.daemon(self.text(1)).start()
        disk, end = self.disk(daemon)
        make(disk)
        self.grow_chain(daemon, 2)
        self.mounted(disk)
        self.grow_chain(daemon, 3)
        look(disk)
        end()
        daemon.stop()
        for level in range(3):
            check(daemon.directory / f"{level}.qcow2")

    def test_ext4(self):
        def look(disk):
            run("e2fsck", "-fn", disk)
            out = self.folder / "out"
            out.mkdir()
            for number in range(5):
                run("debugfs", "-R", f"rdump /d{number} {out}", disk)
            self.same(out)

        self.exercise(lambda disk: run("mke2fs", "-q", "-F", "-t", "ext4", "-d", self.content, disk), look)

    def test_xfs(self):
        lines = ["/dev/null", "0 0", "d--755 0 0"]
        for folder in sorted(self.content.iterdir()):
            lines.append(f"{folder.name} d--755 0 0")
            lines += [f"{file.name} ---644 0 0 {file}" for file in sorted(folder.iterdir())] + ["$"]
        recipe = self.folder / "recipe"
        recipe.write_text("\n".join([*lines, "$", ""]))
        self.exercise(
            lambda disk: run("mkfs.xfs", "-q", "-f", "-p", recipe, disk),
            lambda disk: run("xfs_repair", "-n", "-f", disk))


if __name__ == "__main__":
    unittest.main()
