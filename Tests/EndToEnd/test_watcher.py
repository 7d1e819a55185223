"""What happens to the files, and what the daemon makes of it: named by the scenarios of the watcher."""
import ctypes
import json
import os
import pathlib
import shutil
import socket
import subprocess
import tarfile
import time
import unittest

from sluice_daemon import LONG, DaemonTest, run, wait_until

BASE = """sluice: 1
listeners:
  local: {type: nbd, address: "unix:{dir}/nbd.sock"}
throttle-groups: {gold: {iops-total: 4000}}
nodes:
  golden: {driver: null-co, size: 1MiB, read-only: true}
"""


def machine(number, size="1MiB"):
    """One machine's file: a node and its export."""
    return (f"sluice: 1\nnodes:\n  vm{number}: {{driver: null-co, size: {size}}}\n"
            f"exports:\n  vm{number}: {{type: nbd, node: vm{number}, writable: true}}\n")


def exchange(first, second):
    """Swaps two names in one step, as renameat2 does."""
    libc = ctypes.CDLL(None, use_errno=True)
    code = libc.renameat2(-100, os.fsencode(first), -100, os.fsencode(second), 2)
    if code != 0:
        raise OSError(ctypes.get_errno(), "renameat2")


class WatcherTest(DaemonTest):
    def started(self, *arguments, machines=2, **files):
        sluice = self.daemon({"base.yaml": BASE, **{f"vm{n}.yaml": machine(n) for n in range(1, machines + 1)}})
        return sluice.start(*arguments)

    def size(self, sluice, node="vm1"):
        for found in sluice.show()["nodes"]:
            if found["name"] == node:
                return found["limits"]["size"]
        return None

    def nodes(self, sluice):
        return {node["name"] for node in sluice.show()["nodes"]}

    def goes_live(self, sluice, generation, seconds=5):
        wait_until(lambda: sluice.generation() == generation, seconds, f"generation {generation} is live")

    def is_still(self, sluice, before, looks=1):
        """After looks that were asked for, nothing has moved."""
        for _ in range(looks):
            sluice.cli("reload", code=None)
        self.assertEqual(sluice.still(), before)

    def test_W1_in_place_and_W2_by_rename(self):
        sluice = self.started()
        path = sluice.configuration / "vm1.yaml"
        path.write_text(machine(1, "2MiB"))
        self.goes_live(sluice, 2)
        self.assertEqual(self.size(sluice), 2 << 20)
        run("sed", "-i", "s/2MiB/3MiB/", path)
        self.goes_live(sluice, 3)
        self.assertEqual(self.size(sluice), 3 << 20)
        seen = json.dumps(sluice.events("config.accepted"))
        self.assertNotIn("sed", seen)
        self.assertEqual(len(sluice.events("tx.commit")), 3)

    def test_W5_W6_half_a_file_is_not_taken_while_its_writer_has_it_open(self):
        sluice = self.started(machines=3)
        before = sluice.still()
        whole = (machine(1) + "  vm1b: {type: nbd, node: vm1}\n").encode()
        # Cut inside a line, and cut where what is there is a valid configuration without the export.
        for cut in (len(whole) - 9, whole.index(b"exports:")):
            held = len(sluice.events("source.held"))
            with open(sluice.configuration / "vm1.yaml", "wb") as file:
                file.write(whole[:cut])
                file.flush()
                # Another file gives a reason to look, and a person asks for one as well.
                (sluice.configuration / "note.yaml").write_text("sluice: 1\n")
                wait_until(lambda: [e["why"] for e in sluice.events("source.held")[held:]] == ["writer-open"],
                           5, "the daemon says that it waits for the writer")
                self.is_still(sluice, before)
                self.assertFalse(sluice.diagnostics())
                self.assertIn("vm1.yaml", sluice.status()["conditions"]["Reconciling"]["message"])
                file.write(whole[cut:])
            wait_until(lambda: "vm1b" in {e["name"] for e in sluice.show()["exports"]}, 5, "live after the close")
            sluice.edit("vm1.yaml", machine(1))
            wait_until(lambda: "vm1b" not in {e["name"] for e in sluice.show()["exports"]}, 5, "as before")
            before = sluice.still()
        self.assertFalse(sluice.events("config.rejected"))

    def test_W7_a_writer_that_died_does_not_take_an_export_from_its_client(self):
        sluice = self.started()
        holder = subprocess.Popen(
            ["/usr/bin/python3", "-c",
             "import nbd,sys; h=nbd.NBD(); h.connect_uri(sys.argv[1]); print('in', flush=True); sys.stdin.read()",
             sluice.uri("vm2")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(holder.wait)
        self.addCleanup(holder.stdin.close)
        self.addCleanup(holder.stdout.close)
        self.assertEqual(holder.stdout.readline(), "in\n")
        before = sluice.still()
        (sluice.configuration / "vm2.yaml").write_text("sluice: 1\n")
        wait_until(lambda: not sluice.is_true("Ready"), 5, "the change is refused")
        self.assertIn("vm2", sluice.status()["conditions"]["Ready"]["message"])
        self.is_still(sluice, before)
        (sluice.configuration / "vm2.yaml").write_text(machine(2))
        wait_until(lambda: sluice.is_true("Ready"), 5, "the whole file needs no further step")
        self.assertEqual(sluice.still(), before)

    def test_W9_an_empty_file_is_a_fault_and_no_wish(self):
        sluice = self.started()
        before = sluice.still()
        for text in ("", "# nothing but a remark\n"):
            (sluice.configuration / "vm1.yaml").write_text(text)
            wait_until(lambda: [f for f in sluice.diagnostics() if f["code"] == "E0108"], 5, "E0108 is told")
            self.is_still(sluice, before, looks=3)
        sluice.edit("vm1.yaml", machine(1))
        wait_until(lambda: not sluice.diagnostics(), 5, "mended")
        self.assertEqual(sluice.still(), before)

    def test_W10_a_checkout_of_many_files_is_one_change(self):
        count = 1000 if LONG else 200
        sluice = self.daemon({"base.yaml": BASE})
        git = ["git", "-C", sluice.configuration, "-c", "user.name=a", "-c", "user.email=a@b"]
        run(*git, "init", "-q")
        for size in ("1MiB", "2MiB"):
            for number in range(count):
                (sluice.configuration / f"vm{number:04}.yaml").write_text(machine(number, size))
            run(*git, "add", ".")
            run(*git, "commit", "-q", "-m", size)
        run(*git, "checkout", "-q", "HEAD~1")
        sluice.start()
        wait_until(lambda: sluice.generation() == 1, 60, "the first state is live")
        run(*git, "checkout", "-q", "-")
        commit = run(*git, "rev-parse", "HEAD").stdout.strip()
        sluice.cli("wait", "--commit", commit, "--timeout", "120s", timeout=150)
        self.assertEqual({self.size(sluice, f"vm{n}") for n in (0, count // 2, count - 1)}, {2 << 20})
        self.assertEqual(sluice.generation(), 2)
        self.assertEqual(len(sluice.events("config.accepted")), 2)
        self.assertFalse(sluice.events("config.rejected"))

    def test_W11_an_unpacked_archive_is_one_change(self):
        sluice = self.started(machines=40)
        archive = sluice.directory / "new.tar"
        with tarfile.open(archive, "w") as tar:
            for number in range(1, 41):
                source = sluice.directory / f"vm{number}.yaml"
                source.write_text(machine(number, "2MiB"))
                tar.add(source, source.name)
        run("tar", "-x", "-f", archive, "-C", sluice.configuration)
        self.goes_live(sluice, 2, 20)
        self.assertEqual(self.size(sluice, "vm40"), 2 << 20)
        self.assertEqual(len(sluice.events("tx.commit")), 2)

    def linked(self, releases):
        """A daemon whose directory is a link to the first of some releases."""
        sluice = self.daemon({})
        shutil.rmtree(sluice.configuration)
        for name, size in releases.items():
            folder = sluice.directory / name
            folder.mkdir()
            (folder / "all.yaml").write_text(sluice.fill(BASE).replace("4000", "4000") + machine(1, size).split("\n", 1)[1]
                                             .replace("nodes:\n", "", 1))
        os.symlink(next(iter(releases)), sluice.configuration)
        return sluice.start()

    def relink(self, sluice, release):
        temporary = sluice.directory / "new-link"
        os.symlink(release, temporary)
        os.rename(temporary, sluice.configuration)

    def test_W14_a_link_to_the_next_release_is_one_change(self):
        sluice = self.linked({"A": "1MiB", "B": "2MiB"})
        self.relink(sluice, "B")
        self.goes_live(sluice, 2)
        self.assertEqual(self.size(sluice), 2 << 20)
        digests = {sluice.show()["digest"]}
        self.relink(sluice, "A")
        self.goes_live(sluice, 3)
        digests.add(sluice.show()["digest"])
        for turn in range(500 if LONG else 50):
            self.relink(sluice, "AB"[turn % 2])
        self.relink(sluice, "B")
        wait_until(lambda: self.size(sluice) == 2 << 20 and sluice.is_true("Ready"), 10, "the last one is live")
        accepted = {event["digest"] for event in sluice.events("config.accepted")}
        self.assertLessEqual(accepted, digests)
        self.assertFalse(sluice.events("config.rejected"))
        # Behind the new link edits are seen.
        path = sluice.directory / "B" / "all.yaml"
        path.write_text(path.read_text().replace("2MiB", "5MiB"))
        wait_until(lambda: self.size(sluice) == 5 << 20, 5, "an edit behind the link is live")

    def test_W15_W20_another_directory_in_its_place(self):
        sluice = self.started()
        other = sluice.directory / "other"
        shutil.copytree(sluice.configuration, other)
        (other / "vm1.yaml").write_text(machine(1, "2MiB"))
        exchange(sluice.configuration, other)
        self.goes_live(sluice, 2)
        self.assertEqual(self.size(sluice), 2 << 20)
        before = sluice.still()
        (other / "vm1.yaml").write_text(machine(1, "7MiB"))
        self.is_still(sluice, before)
        (sluice.configuration / "vm1.yaml").write_text(machine(1, "3MiB"))
        self.goes_live(sluice, 3)
        # W20: renamed away, and another put there by a second step.
        gone = sluice.directory / "gone"
        os.rename(sluice.configuration, gone)
        os.rename(other, sluice.configuration)
        wait_until(lambda: self.size(sluice) == 7 << 20, 5, "the other directory is live")
        (gone / "vm1.yaml").write_text(machine(1, "9MiB"))
        (sluice.configuration / "vm1.yaml").write_text(machine(1, "8MiB"))
        wait_until(lambda: self.size(sluice) == 8 << 20, 5, "edits are seen by path")

    def test_W16_a_config_map_swaps_its_data(self):
        sluice = self.daemon({})
        configuration = sluice.configuration

        def timestamp(name, size):
            folder = configuration / f"..{name}"
            folder.mkdir()
            (folder / "all.yaml").write_text(sluice.fill(BASE) + f"  vm1: {{driver: null-co, size: {size}}}\n")

        timestamp("ts1", "1MiB")
        os.symlink("..ts1", configuration / "..data")
        os.symlink("..data/all.yaml", configuration / "all.yaml")
        sluice.start()
        for turn in range(2, 6):
            timestamp(f"ts{turn}", f"{turn}MiB")
            os.symlink(f"..ts{turn}", configuration / "..data_tmp")
            os.rename(configuration / "..data_tmp", configuration / "..data")
            shutil.rmtree(configuration / f"..ts{turn - 1}")
            self.goes_live(sluice, turn)
            self.assertEqual(self.size(sluice), turn << 20)
        self.assertNotIn('"..ts', json.dumps(sluice.events("config.accepted")))

    def test_W19_a_directory_that_is_gone_and_back(self):
        sluice = self.started()
        before = sluice.still()
        kept = sluice.directory / "kept"
        shutil.copytree(sluice.configuration, kept)
        shutil.rmtree(sluice.configuration)
        wait_until(lambda: not sluice.is_true("SourceReady"), 5, "the loss is told")
        self.is_still(sluice, before)
        shutil.copytree(kept, sluice.configuration)
        wait_until(lambda: sluice.is_true("SourceReady") and sluice.is_true("Ready"), 5, "back")
        self.assertEqual(sluice.still(), before)
        shutil.rmtree(sluice.configuration)
        (kept / "vm1.yaml").write_text(machine(1, "2MiB"))
        shutil.copytree(kept, sluice.configuration)
        self.goes_live(sluice, 2)

    def test_W25_files_that_arrive_by_a_link(self):
        sluice = self.started()
        source = sluice.directory / "vm3.yaml"
        source.write_text(machine(3))
        os.link(source, sluice.configuration / "vm3.yaml")
        wait_until(lambda: "vm3" in self.nodes(sluice), 5, "a hard link")
        source = sluice.directory / "vm4.yaml"
        source.write_text(machine(4))
        os.symlink(source, sluice.configuration / "vm4.yaml")
        wait_until(lambda: "vm4" in self.nodes(sluice), 5, "a symbolic link")
        descriptor = os.open(sluice.configuration, os.O_TMPFILE | os.O_RDWR)
        os.write(descriptor, machine(5).encode())
        root = os.open("/", os.O_PATH)
        # With a descriptor of a directory Python follows the link as linkat can.
        os.link(f"/proc/self/fd/{descriptor}", sluice.configuration / "vm5.yaml", src_dir_fd=root)
        os.close(root)
        os.close(descriptor)
        wait_until(lambda: "vm5" in self.nodes(sluice), 5, "a file without a name that got one")

    def test_W26_W27_edits_that_hide_are_found_by_the_next_thorough_look(self):
        sluice = self.started()
        path = sluice.configuration / "vm1.yaml"
        facts = path.stat()
        path.write_text(machine(1, "2MiB"))
        os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))
        self.goes_live(sluice, 2)
        outside = sluice.directory / "outside.yaml"
        os.link(path, outside)
        wait_until(lambda: sluice.is_true("Ready"), 5, "at rest")
        outside.write_text(machine(1, "3MiB"))
        sluice.cli("reload")
        self.assertEqual(self.size(sluice), 3 << 20)

    def test_W29_odd_things_are_told_and_keep_nobody_waiting(self):
        sluice = self.started()
        odd = sluice.configuration / "odd.yaml"
        before = sluice.still()

        def make_socket():
            with socket.socket(socket.AF_UNIX) as made:
                made.bind(str(odd))

        for make in (lambda: os.mkfifo(odd), make_socket, lambda: os.mkdir(odd),
                     lambda: os.symlink("/nowhere/at/all", odd), lambda: os.symlink("odd.yaml", odd)):
            make()
            wait_until(lambda: "odd.yaml" in json.dumps(sluice.status()), 5, "the odd thing is told")
            self.is_still(sluice, before)
            if not odd.is_symlink():
                # The others load; a link that leads nowhere is a file that cannot be read now.
                generation = sluice.generation() + 1
                sluice.edit("vm1.yaml", machine(1, f"{generation}MiB"))
                self.goes_live(sluice, generation)
                before = sluice.still()
            os.rmdir(odd) if odd.is_dir() and not odd.is_symlink() else odd.unlink()
            wait_until(lambda: sluice.is_true("SourceReady") and "odd.yaml" not in json.dumps(sluice.status()), 5, "and its end")
        self.assertEqual(sluice.still(), before)
        self.assertEqual(sluice.generation(), 4)

    def test_W30_W31_droppings_and_noise_are_not_read(self):
        sluice = self.started()
        before = sluice.still()
        for name in (".vm1.yaml.swp", "vm1.yaml~", "#vm1.yaml#", "vm1.yaml.rpmnew", "vm1.yaml.dpkg-dist", "vm9.YAML"):
            (sluice.configuration / name).write_text("no YAML: [at all\n")
        self.is_still(sluice, before)
        self.assertTrue(sluice.is_true("Ready"))
        noise = subprocess.Popen(
            ["/bin/sh", "-c", f"while :; do echo noise >> {sluice.configuration}/log.txt; done"])
        self.addCleanup(noise.wait)
        self.addCleanup(noise.kill)
        sluice.edit("vm1.yaml", machine(1, "2MiB"))
        self.goes_live(sluice, 2)

    def test_W32_a_file_that_is_deleted_is_missed_after_two_looks(self):
        # One of five is no more than the guard lets go.
        sluice = self.started(machines=5)
        (sluice.configuration / "vm2.yaml").unlink()
        wait_until(lambda: "vm2" not in self.nodes(sluice), 10, "its node has left")
        self.assertEqual(sluice.generation(), 2)

    def test_W34_W35_remarks_and_touches_change_nothing(self):
        sluice = self.started()
        before = sluice.still()
        path = sluice.configuration / "vm1.yaml"
        path.write_text("# a remark\n\n" + path.read_text() + "\n# another\n")
        self.is_still(sluice, before)
        for _ in range(2000):
            path.touch()
        self.is_still(sluice, before)
        self.assertEqual(len(sluice.events("tx.start")), 1)


if __name__ == "__main__":
    unittest.main()
