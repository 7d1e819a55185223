"""Disks that grow by configuration: `size` of a qcow2 node, judged by QEMU."""
import hashlib
import json
import subprocess
import unittest

import nbd

from qcow2_images import MIB, Client, Image, Shape, check
from sluice_daemon import run, wait_until
from test_qcow2 import Qcow2Test, document
from test_qcow2_chains import HEAD, faults, verify

# Where the mapping table has room, where it must move, and what makes moving it harder.
SHAPES = [
    Shape("room", size=5 * MIB + 1536),
    Shape("v2", size=5 * MIB, compat="0.10"),
    Shape("moves", 512, 1 * MIB),
    Shape("moves-v2", 512, 1 * MIB, compat="0.10"),
    Shape("moves-wide", 512, 1 * MIB, refcount_bits=64),
    Shape("moves-snapshot", 512, 1 * MIB, snapshot=True),
    Shape("moves-chain", 1024, 1 * MIB, depth=2),
    Shape("subclusters", 16384, 5 * MIB, extended_l2="on"),
    Shape("lazy", size=5 * MIB, lazy_refcounts="on"),
]


def virtual_size(path):
    return json.loads(run("qemu-img", "info", "-U", "--output=json", path).stdout)["virtual-size"]


class Growth(Qcow2Test):
    def apply(self, daemon, name, text, before):
        """Edits a file and waits until it is live."""
        daemon.edit(name, text)
        wait_until(lambda: daemon.generation() > before, 20, "the change is live")

    def grown(self, image, size):
        image.content += bytes(size - len(image.content))
        image.shape.size = size

    def test_disks_grow_while_they_are_used_and_qemu_agrees(self):
        images = [Image(self.images, shape) for shape in SHAPES]
        daemon = self.daemon(document(images)).start()
        clients = [Client(daemon.uri(f"n{number}"), image) for number, image in enumerate(images)]
        for _ in range(30):
            for client in clients:
                client.step()
        for size in (11 * MIB, 11 * MIB + 512, 40 * MIB):
            self.apply(daemon, "disk.yaml", document(images, extra=f"size: {size}"), daemon.generation())
            for image, client in zip(images, clients):
                client.compare()  # who was connected goes on with the old size
                client.close()
                self.grown(image, size)
            clients = [Client(daemon.uri(f"n{number}"), image) for number, image in enumerate(images)]
            for client in clients:
                client.compare()
                for _ in range(20):
                    client.step()
        for client in clients:
            client.compare()
            client.close()
        daemon.stop()
        for image in images:
            image.check()
            image.compare(self.images)
            self.assertEqual(virtual_size(image.paths[-1]), 40 * MIB)

    def test_a_disk_grows_under_verified_load_and_when_it_is_opened(self):
        path = self.images / "disk.qcow2"
        run("qemu-img", "create", "-q", "-f", "qcow2", "-o", "cluster_size=4K", path, "64M")
        node = f'n: {{driver: qcow2, backing: null, size: SIZE, file: {{driver: file, filename: "{path}"}}}}'
        text = HEAD + "nodes: {" + node + "}\nexports: {disk: {type: nbd, node: n, writable: true}}\n"
        daemon = self.daemon(text.replace("SIZE", "96MiB")).start()
        # The image says so from the first flush or new cluster on.
        self.assertEqual(virtual_size(path), 64 * MIB)
        run("qemu-io", "-f", "raw", "-c", "flush", daemon.uri("disk"))
        self.assertEqual(virtual_size(path), 96 * MIB)
        load = subprocess.Popen(verify(daemon.uri("disk"), 5), stdout=subprocess.PIPE, text=True)
        for size in (100, 300, 1000, 9000):
            self.apply(daemon, "disk.yaml", text.replace("SIZE", f"{size}MiB"), daemon.generation())
        output, _ = load.communicate(timeout=120)
        self.assertEqual((load.returncode, faults(output)), (0, 0), output)
        run("qemu-io", "-f", "raw", "-c", "write -P 9 8999M 1M", "-c", "read -P 0 5000M 8M", daemon.uri("disk"))
        # A smaller size is what it has already.
        self.apply(daemon, "disk.yaml", text.replace("SIZE", "10MiB"), daemon.generation())
        daemon.stop()
        check(path)
        self.assertEqual(virtual_size(path), 9000 * MIB)

    def test_a_disk_of_no_bytes_grows(self):
        image = Image(self.images, Shape("empty", size=0))
        daemon = self.daemon(document([image], extra="size: 3MiB")).start()
        run("qemu-io", "-f", "raw", "-c", "write -P 5 2M 1M", "-c", "read -P 0 0 2M", daemon.uri("n0"))
        daemon.stop()
        check(image.paths[-1])
        self.assertEqual(virtual_size(image.paths[-1]), 3 * MIB)

    def test_a_daemon_that_is_killed_after_a_growth_leaves_a_sound_image(self):
        """Before the first flush the image on disk is the old one, behind it the new one; either grows again."""
        for cluster in (512, 65536):
            for commands in (["read 0 512"], ["write -P 7 29M 64k"], ["write -P 7 29M 64k", "flush"]):
                with self.subTest(cluster=cluster, commands=commands):
                    image = Image(self.images, Shape(f"killed-{cluster}-{len(commands[-1])}", cluster, 1 * MIB))
                    daemon = self.daemon(document([image])).start()
                    text = document([image], extra="size: 30MiB")
                    self.apply(daemon, "disk.yaml", text, daemon.generation())
                    words = [word for command in commands for word in ("-c", command)]
                    run("qemu-io", "-f", "raw", "-t", "writeback", *words, daemon.uri("n0"))
                    daemon.kill()
                    image.check()
                    daemon.start()
                    self.grown(image, 30 * MIB)
                    if "flush" in commands:
                        image.content[29 * MIB:29 * MIB + 65536] = b"\7" * 65536
                        client = Client(daemon.uri("n0"), image)
                        client.compare()
                        client.close()
                    daemon.stop()
                    image.check()
                    self.assertEqual(virtual_size(image.paths[-1]), 30 * MIB)
                    daemon.clean()

    def test_a_growth_that_cannot_be_done_whole_is_undone(self):
        """One of the images cannot be written when it is to grow: none has grown then."""
        good = [Image(self.images, Shape(f"good-{kind}", cluster, 1 * MIB))
                for kind, cluster in (("room", 65536), ("moves", 512), ("last", 512))]
        bad = self.images / "bad.qcow2"
        run("qemu-img", "create", "-q", "-f", "qcow2", bad, "1M")

        def text(options, errors):
            nodes = document(good, extra=options)
            rules = "[{iotype: write, errno: ENOSPC}]" if errors else "[]"
            # By its name it comes between the others.
            return nodes.replace(
                "exports:\n", f"  n1b: {{driver: qcow2, backing: null, {options or 'x-none: 0'}, file: {{driver: blkdebug, "
                f'inject-error: {rules}, image: {{driver: file, filename: "{bad}"}}}}}}\nexports:\n')

        daemon = self.daemon(text("", True)).start()
        clients = [Client(daemon.uri(f"n{number}"), image) for number, image in enumerate(good)]
        for client in clients:
            for _ in range(20):
                client.step()
            client.handle.flush()
        before = daemon.still()
        daemon.configuration.joinpath("disk.yaml").write_text(daemon.fill(text("size: 30MiB", True)))
        wait_until(lambda: daemon.diagnostics() or daemon.events("tx.undo"), 20, "the growth is refused")
        self.assertEqual(daemon.still(), before)
        for image, client in zip(good, clients):
            # The daemon goes on trying; between two tries the image is what it was.
            wait_until(lambda image=image: size_in_header(image) == 1 * MIB, 10, "the image is as before")
            for _ in range(30):
                client.step()
            client.compare()
        # Without the fault all of them grow; what is prepared works over children as they are.
        self.apply(daemon, "disk.yaml", text("", False), daemon.generation())
        self.apply(daemon, "disk.yaml", text("size: 30MiB", False), daemon.generation())
        for image, client in zip(good, clients):
            client.compare()
            client.close()
            self.grown(image, 30 * MIB)
        daemon.stop()
        for image in good:
            image.check()
            image.compare(self.images)
        check(bad)

    def test_what_cannot_grow_says_why(self):
        old = self.images / "old.qcow2"
        run("qemu-img", "create", "-q", "-f", "qcow2", "-o", "compat=0.10", old, "1M")
        run("qemu-img", "snapshot", "-c", "s", old)
        base = self.images / "base.raw"
        base.write_bytes(b"x" * 3 * MIB)
        short = self.images / "short.qcow2"
        run("qemu-img", "create", "-q", "-f", "qcow2", short, "1M")
        for path, backing, size, words in (
            (old, "null", "2MiB", "has snapshots"),
            (short, f'{{driver: file, filename: "{base}", read-only: true}}', "2MiB", "must not come to light"),
            (short, "null", "100000TiB", "too small for that"),
        ):
            with self.subTest(words=words):
                digest = hashlib.sha256(path.read_bytes()).digest()
                text = HEAD + (f"nodes:\n  n: {{driver: qcow2, backing: {backing}, SIZE"
                               f'file: {{driver: file, filename: "{path}"}}}}\n')
                daemon = self.daemon(text.replace("SIZE", "")).start()
                daemon.edit("disk.yaml", text.replace("SIZE", f"size: {size}, "))
                wait_until(lambda: words in json.dumps(daemon.status()), 10, words)
                daemon.stop()
                self.assertEqual(hashlib.sha256(path.read_bytes()).digest(), digest)

    def test_the_plan_says_that_a_growth_is_one_way_and_who_waits(self):
        image = Image(self.images, Shape("plan", size=1 * MIB))
        daemon = self.daemon(document([image])).start()
        change = self.images / "change.yaml"
        change.write_text(daemon.fill(document([image], extra="size: 2MiB")))
        plan = json.loads(daemon.cli("plan", change, "-o", "json").stdout)
        action, = plan["actions"]
        self.assertEqual((action["object"], action["undo"]), ("node/n0", "one-way"))
        self.assertEqual([export["impact"] for export in plan["exports"]], ["pause"])
        self.assertIn("see the new size when they connect anew", daemon.cli("plan", change).stdout)


def size_in_header(image):
    """The size in a header, past the lock of who serves the image."""
    return int.from_bytes(image.paths[-1].read_bytes()[24:32], "big")


if __name__ == "__main__":
    unittest.main()
