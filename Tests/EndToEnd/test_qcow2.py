"""qcow2 images of many shapes, written by sluice and by QEMU in turn, judged by QEMU."""
import pathlib
import shutil
import tempfile
import unittest

from qcow2_images import Client, Image, Shape, check, shapes
from sluice_daemon import LONG, DaemonTest, run

# Images that one daemon serves.
GROUP = 12
STEPS = 400 if LONG else 60


def document(images, writable=True, extra=""):
    text = 'sluice: 1\nlisteners: {local: {type: nbd, address: "unix:{dir}/nbd.sock"}}\nnodes:\n'
    text += "".join(image.nodes(f"n{number}", read_only=not writable, extra=extra) for number, image in enumerate(images))
    text += "exports:\n"
    for number in range(len(images)):
        text += f"  n{number}: {{type: nbd, node: n{number}, writable: {str(writable).lower()}}}\n"
    return text


class Qcow2Test(DaemonTest):
    def setUp(self):
        self.images = pathlib.Path(tempfile.mkdtemp(prefix="sluice-qcow2."))
        self.addCleanup(shutil.rmtree, self.images, ignore_errors=True)

    def serve(self, images, **options):
        return self.daemon(document(images, **options)).start()

    def exercise(self, images, steps=STEPS, **options):
        """Serves images, changes them at random, ends, and has QEMU look at them."""
        daemon = self.serve(images, **options)
        clients = [Client(daemon.uri(f"n{number}"), image) for number, image in enumerate(images)]
        for client in clients:
            client.compare()
        for _ in range(steps):
            for client in clients:
                client.step()
        for client in clients:
            client.compare()
            client.close()
        daemon.stop()
        for image in images:
            image.check()
            image.compare(self.images)


class Shapes(Qcow2Test):
    def test_every_shape_is_written_by_both_sides_in_turn(self):
        every = shapes()
        self.assertGreaterEqual(len(every), 60)
        for first in range(0, len(every), GROUP):
            group = every[first:first + GROUP]
            with self.subTest(shapes=group):
                images = [Image(self.images, shape) for shape in group]
                self.exercise(images)
                for image in images:
                    image.write_by_qemu(image.paths[-1], "qcow2", image.shape.size, 6)
                self.exercise(images, steps=STEPS // 3)
                for image in images:
                    self.look_at_snapshot(image)

    def look_at_snapshot(self, image):
        if not image.shape.snapshot:
            return
        run("qemu-img", "snapshot", "-a", "before", image.paths[-1])
        image.content = bytearray(image.before)
        image.check()
        image.compare(self.images)


if __name__ == "__main__":
    unittest.main()
