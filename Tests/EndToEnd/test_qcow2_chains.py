"""Chains of qcow2 images: made, extended, shortened and cut off while clients use them."""
import json
import random
import subprocess
import unittest

import nbd

from qcow2_images import KIB, MIB, Client, Image, Shape, check
from sluice_daemon import LONG, run, wait_until
from test_qcow2 import Qcow2Test

HEAD = 'sluice: 1\nlisteners: {local: {type: nbd, address: "unix:{dir}/nbd.sock"}}\n'


def chain(depth, top, exports="  disk: {type: nbd, node: TOP, writable: true}\n"):
    """A chain of overlays that sluice makes, `top` being the node that is served."""
    text = HEAD + "nodes:\n"
    for level in range(depth):
        backing = f"n{level - 1}" if level else "null"
        mode = "" if f"n{level}" == top else ", read-only: true"
        create = ", create: {size: 64MiB}" if not mode else ""
        text += (f"  n{level}: {{driver: qcow2, backing: {backing}{mode}{create}, "
                 f'file: {{driver: file, filename: "{{dir}}/{level}.qcow2", create: {str(not mode).lower()}}}}}\n')
    return text + "exports:\n" + exports.replace("TOP", top)


def verify(uri, seconds, size="32m", *more):
    return ["fio", "--name=v", "--ioengine=nbd", f"--uri={uri}", "--rw=randrw", "--bs=4k", "--iodepth=16",
            f"--size={size}", "--verify=crc32c", "--verify_backlog=64", "--time_based", f"--runtime={seconds}",
            "--verify_state_save=0", "--output-format=json", *more]


def faults(output):
    """The error number in what fio says, behind words of its engine."""
    return json.loads(output[output.index("{"):])["jobs"][0]["error"]


class Chains(Qcow2Test):
    def test_fio_verifies_chains_of_depth_1_3_and_10(self):
        for depth in (1, 3, 10):
            with self.subTest(depth=depth):
                daemon = self.daemon(chain(1, "n0")).start()
                for level in range(depth):
                    if level:
                        daemon.edit("disk.yaml", chain(level + 1, f"n{level}"))
                        self.await_top(daemon, f"n{level}")
                    uri = daemon.uri("disk")
                    offset = level % 4 * 8
                    run("qemu-io", "-f", "raw", "-c", f"write -P {level + 1} {offset}M 9M", "-c", "flush", uri)
                self.assertEqual(faults(run(*verify(daemon.uri("disk"), 20 if LONG else 3)).stdout), 0)
                daemon.stop()
                for level in range(depth):
                    check(daemon.directory / f"{level}.qcow2")
                info = json.loads(run("qemu-img", "info", "--output=json", "--backing-chain",
                                      daemon.directory / f"{depth - 1}.qcow2").stdout)
                self.assertEqual(len(info), depth)

    def await_top(self, daemon, name):
        wait_until(lambda: f'"{name}"' in json.dumps(daemon.show()), 20, f"{name} is served")

    def test_overlays_are_put_on_a_disk_that_is_used_and_verified(self):
        daemon = self.daemon(chain(1, "n0")).start()
        seconds = 30 if LONG else 8
        load = subprocess.Popen(verify(daemon.uri("disk"), seconds), stdout=subprocess.PIPE, text=True)
        for level in range(1, 5):
            daemon.edit("disk.yaml", chain(level + 1, f"n{level}"))
            self.await_top(daemon, f"n{level}")
        output, _ = load.communicate(timeout=120)
        self.assertEqual(load.returncode, 0, output)
        self.assertEqual(faults(output), 0)
        daemon.stop()
        for level in range(5):
            check(daemon.directory / f"{level}.qcow2")

    def test_what_was_flushed_is_there_after_a_kill_and_nothing_is_corrupt(self):
        for round in range(10 if LONG else 4):
            daemon = self.daemon(chain(1, "n0")).start()
            path = daemon.directory / "0.qcow2"
            handle = nbd.NBD()
            handle.connect_uri(daemon.uri("disk"))
            rand = random.Random(round)
            flushed, later = {}, {}
            for step in range(300):
                place = rand.randrange(0, 64 * MIB // 4096)
                value = rand.randrange(1, 256)
                handle.pwrite(bytes([value]) * 4096, place * 4096)
                later.setdefault(place, set()).add(value)
                if step % 60 == 59 and step < 290:
                    handle.flush()
                    for known, values in later.items():
                        flushed[known] = handle.pread(1, known * 4096)[0]
                    later = {}
            daemon.kill()
            check(path, leaks=True)
            raw = self.images / "after"
            run("qemu-img", "convert", "-f", "qcow2", "-O", "raw", path, raw)
            content = raw.read_bytes()
            for place, value in flushed.items():
                found = content[place * 4096:place * 4096 + 4096]
                self.assertEqual(len(set(found)), 1)
                self.assertIn(found[0], {value} | later.get(place, set()))

    def test_an_image_with_late_counts_is_mended_after_a_kill(self):
        shape = Shape("late", lazy_refcounts="on", depth=2, snapshot=True, size=16 * MIB)
        image = Image(self.images, shape)
        daemon = self.serve([image])
        client = Client(daemon.uri("n0"), image)
        for _ in range(200):
            client.step()
        client.handle.flush()
        daemon.kill()
        info = json.loads(run("qemu-img", "info", "-U", "--output=json", image.paths[-1]).stdout)
        self.assertTrue(info["dirty-flag"])
        self.exercise([image])
        run("qemu-img", "snapshot", "-a", "before", image.paths[-1])
        image.content = bytearray(image.before)
        image.compare(self.images)

    def test_allocation_depth_is_what_qemu_tells(self):
        sluice = self.daemon("""sluice: 1
listeners: {main: {type: nbd, address: "unix:{dir}/nbd.sock"}}
nodes:
  bottom: {driver: qcow2, read-only: true, file: {driver: file, filename: "{dir}/bottom.qcow2"}, backing: null}
  middle: {driver: qcow2, read-only: true, file: {driver: file, filename: "{dir}/middle.qcow2"}, backing: bottom}
  top: {driver: qcow2, file: {driver: file, filename: "{dir}/top.qcow2"}, backing: middle}
  limited: {driver: throttle, throttle-group: wide, file: top}
throttle-groups: {wide: {iops-total: 1000000}}
exports:
  disk: {type: nbd, node: limited, listener: main, writable: true}
""")
        below = []
        for name, place in (("bottom", "2M 1M"), ("middle", "2560k 1M"), ("top", "0 64k")):
            image = sluice.directory / f"{name}.qcow2"
            run("qemu-img", "create", "-q", "-f", "qcow2", *below, image, "8M")
            below = ["-F", "qcow2", "-b", image]
            run("qemu-io", "-f", "qcow2", "-c", f"write -P 7 {place}", image)
        sluice.start()
        run("qemu-io", "-f", "raw", "-c", "write -z 5M 64k", "-c", "write -P 9 6M 64k", "-c", "flush", sluice.uri("disk"))

        def maps(uri):
            return [json.loads(run("nbdinfo", "--json", f"--map={context}", uri).stdout)
                    for context in ("qemu:allocation-depth", "base:allocation")]

        ours = maps(sluice.uri("disk"))
        self.assertEqual({extent["type"] for extent in ours[0]}, {0, 1, 2, 3})
        client = nbd.NBD()
        for context in ("base:allocation", "qemu:allocation-depth"):
            client.add_meta_context(context)
        client.set_export_name("disk")
        client.connect_unix(str(sluice.socket))
        told = []
        client.block_status(8 * MIB, 0, lambda context, offset, entries, error: told.append((context, sum(entries[::2]))))
        client.shutdown()
        self.assertEqual(told, [("base:allocation", 8 * MIB), ("qemu:allocation-depth", 8 * MIB)])
        sluice.stop()
        socket = sluice.directory / "qemu.sock"
        with subprocess.Popen(["qemu-nbd", "-A", "-r", "-t", "-x", "disk", "-f", "qcow2", "-k", str(socket),
                               str(sluice.directory / "top.qcow2")]) as qemu:
            try:
                wait_until(socket.exists, 10, "qemu-nbd listens")
                theirs = maps(f"nbd+unix:///disk?socket={socket}")
            finally:
                qemu.terminate()
        self.assertEqual(ours[0], theirs[0])

    def test_hundreds_of_overlays_share_a_golden_image(self):
        count = 200 if LONG else 40
        golden = Image(self.images, Shape("golden", size=8 * MIB))
        text = HEAD + "iothreads: {one: {}, two: {}}\nnodes:\n" + golden.nodes("golden", read_only=True)
        for number in range(count):
            text += (f"  v{number}: {{driver: qcow2, backing: golden, create: {{size: 8MiB}}, "
                     f'file: {{driver: file, filename: "{{dir}}/v{number}", create: true}}}}\n')
        text += "exports:\n"
        for number in range(count):
            thread = ("one", "two")[number % 2]
            text += f"  v{number}: {{type: nbd, node: v{number}, writable: true, iothread: {thread}}}\n"
        daemon = self.daemon(text).start()
        for number in range(0, count, 7):
            run("qemu-io", "-f", "raw", "-c", f"write -P {number + 1} {number * 4}k 4k", daemon.uri(f"v{number}"))
        for number in range(0, count, 7):
            expected = bytearray(golden.content)
            expected[number * 4 * KIB:number * 4 * KIB + 4 * KIB] = bytes([number + 1]) * 4 * KIB
            handle = nbd.NBD()
            handle.connect_uri(daemon.uri(f"v{number}"))
            self.assertEqual(handle.pread(8 * MIB, 0), bytes(expected))
        daemon.stop()
        for number in range(0, count, 7):
            check(daemon.directory / f"v{number}")


class Words(Qcow2Test):
    def refused(self, text):
        path = self.images / "graph.yaml"
        path.write_text(text)
        daemon = self.daemon(HEAD.replace("{dir}", str(self.images)) + "nodes: {}\n", listener="x")
        daemon.answers = lambda: daemon.is_alive() and daemon.control.exists()
        daemon.start()
        result = daemon.cli("apply", "--yes", path, code=None)
        self.assertNotEqual(result.returncode, 0)
        return result.stdout + result.stderr

    def test_a_header_chooses_no_file(self):
        run("qemu-img", "create", "-q", "-f", "qcow2", self.images / "base", "1M")
        run("qemu-img", "create", "-q", "-f", "qcow2", "-b", self.images / "base", "-F", "qcow2", self.images / "top")
        words = self.refused(
            f'sluice: 1\nnodes:\n  top: {{driver: qcow2, file: {{driver: file, filename: "{self.images}/top"}}}}\n')
        self.assertIn("a header chooses no file", words)
        self.assertIn("backing: {driver: qcow2", words)

    def test_features_that_are_not_known_are_named(self):
        path = self.images / "future"
        run("qemu-img", "create", "-q", "-f", "qcow2", path, "1M")
        with open(path, "r+b") as file:
            file.seek(72)
            file.write((1 << 40).to_bytes(8, "big"))
        words = self.refused(
            f'sluice: 1\nnodes:\n  q: {{driver: qcow2, backing: null, file: {{driver: file, filename: "{path}"}}}}\n')
        self.assertIn("bit 40", words)


class Made(Qcow2Test):
    def test_images_are_made_as_qemu_would(self):
        kinds = {
            "plain": "", "small": "cluster-size: 512", "large": "cluster-size: 2MiB", "old": "compat: v2",
            "parts": "extended-l2: true", "late": "lazy-refcounts: true", "zstd": "compression-type: zstd",
            "metadata": "preallocation: metadata", "falloc": "preallocation: falloc", "full": "preallocation: full",
            "oldsmall": "compat: v2, cluster-size: 1KiB, preallocation: metadata",
            "partsfull": "extended-l2: true, preallocation: full",
        }
        text = HEAD + "nodes:\n"
        for name, more in kinds.items():
            comma = ", " if more else ""
            text += (f"  {name}: {{driver: qcow2, backing: null, create: {{size: 20MiB{comma}{more}}}, "
                     f'file: {{driver: file, filename: "{{dir}}/{name}", create: true}}}}\n')
        text += "exports:\n" + "".join(f"  {name}: {{type: nbd, node: {name}, writable: true}}\n" for name in kinds)
        daemon = self.daemon(text).start()
        images = {}
        for name in kinds:
            shape = Shape(name, size=20 * MIB)
            image = images[name] = Image.__new__(Image)
            image.shape, image.random = shape, random.Random(name)
            image.content, image.paths = bytearray(20 * MIB), [daemon.directory / name]
            client = Client(daemon.uri(name), image)
            client.compare()
            for _ in range(40):
                client.step()
            client.compare()
        daemon.stop()
        for name, image in images.items():
            check(image.paths[0])
            image.compare(self.images)
            info = json.loads(run("qemu-img", "info", "--output=json", image.paths[0]).stdout)
            data = info["format-specific"]["data"]
            self.assertEqual(data["compat"], "0.10" if name.startswith("old") else "1.1")
            if not name.startswith("old"):
                self.assertEqual(data["extended-l2"], name.startswith("parts"))
                self.assertEqual(data["lazy-refcounts"], name == "late")
                self.assertEqual(data["compression-type"], "zstd" if name == "zstd" else "zlib")


if __name__ == "__main__":
    unittest.main()
