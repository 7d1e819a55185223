"""What is done to a chain while it is used: shortened, another backing, a throttle anywhere in it."""
import json
import subprocess
import unittest

from qcow2_images import MIB, check
from sluice_daemon import LONG, run, wait_until
from test_qcow2 import Qcow2Test
from test_qcow2_chains import HEAD, faults, verify

LAYERS = ("base", "mid", "top")


def node(name, body):
    return f"  {name}: {{{body}}}\n"


class Operations(Qcow2Test):
    def setUp(self):
        super().setUp()
        for level, name in enumerate(LAYERS):
            path = self.images / name
            backing = ["-b", self.images / LAYERS[level - 1], "-F", "qcow2"] if level else []
            run("qemu-img", "create", "-q", "-f", "qcow2", *backing, path, "64M")
            # Behind what the load writes, so that each layer shows somewhere.
            run("qemu-io", "-f", "qcow2", "-c", f"write -P {level + 1} {40 + level * 4}M 8M", path)
        run("qemu-img", "convert", "-O", "raw", self.images / "mid", self.images / "mid.raw")

    def file(self, name):
        return f'{{driver: file, filename: "{self.images / name}"}}'

    def image(self, name, backing, writable=False):
        mode = "" if writable else ", read-only: true"
        return node(name, f"driver: qcow2, backing: {backing}, file: {self.file(name)}{mode}")

    def graph(self, *nodes, served="top"):
        group = "throttle-groups: {gold: {iops-total: 1000000}}\n"
        return (HEAD + group + "nodes:\n" + "".join(nodes)
                + f"exports: {{disk: {{type: nbd, node: {served}, writable: true}}}}\n")

    def stages(self):
        """One graph after the other, with what its change costs the export."""
        base, mid, top = self.image("base", "null"), self.image("mid", "base"), self.image("top", "mid", True)
        slow = "driver: throttle, throttle-group: gold, file: "
        raw = node("raw", f'driver: file, filename: "{self.images / "mid.raw"}", read-only: true')
        over_raw = self.image("top", "raw", True)
        reading = node("fill", "driver: copy-on-read, file: top")
        yield "a throttle below the lowest overlay", None, self.graph(
            base, node("slow", slow + "base"), self.image("mid", "slow"), top)
        yield "a throttle below the top", None, self.graph(base, mid, node("slow", slow + "mid"), self.image("top", "slow", True))
        yield "a throttle above all", None, self.graph(base, mid, top, node("slow", slow + "top"), served="slow")
        yield "none", None, self.graph(base, mid, top)
        yield "another backing with the same bytes", "pause", self.graph(raw, over_raw)
        yield "what is read is copied", None, self.graph(raw, over_raw, reading, served="fill")
        yield "no backing any more", "pause", self.graph(self.image("top", "null", True))

    def test_a_chain_is_changed_under_verified_load(self):
        daemon = self.daemon(self.graph(
            self.image("base", "null"), self.image("mid", "base"), self.image("top", "mid", True))).start()
        uri = daemon.uri("disk")
        load = subprocess.Popen(verify(uri, 40 if LONG else 12), stdout=subprocess.PIPE, text=True)
        for name, impact, text in self.stages():
            with self.subTest(name):
                change = self.images / "change.yaml"
                change.write_text(daemon.fill(text))
                plan = json.loads(daemon.cli("plan", change, "-o", "json").stdout)
                if impact:
                    self.assertEqual([export["impact"] for export in plan["exports"]], [impact])
                if name == "no backing any more":
                    run("nbdcopy", uri, "null:")  # all of it is in the top layer after that
                before = daemon.generation()
                daemon.edit("disk.yaml", text)
                wait_until(lambda: daemon.generation() > before, 20, name)
                run("qemu-io", "-f", "raw", "-c", "read -P 1 40M 4M", "-c", "read -P 2 44M 4M", "-c", "read -P 3 48M 8M",
                    "-c", "read -P 0 56M 8M", uri)
        output, _ = load.communicate(timeout=120)
        self.assertEqual((load.returncode, faults(output)), (0, 0), output)
        daemon.stop()
        for name in LAYERS:
            check(self.images / name)
        alone = {"driver": "qcow2", "backing": None, "file": {"driver": "file", "filename": str(self.images / "top")}}
        run("qemu-io", "-r", "-c", f"read -P 1 {40 * MIB} 4M", "json:" + json.dumps(alone))


if __name__ == "__main__":
    unittest.main()
