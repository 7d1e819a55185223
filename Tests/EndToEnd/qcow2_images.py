"""Images in many shapes, made by qemu-img, and clients that know what must be in them."""
import json
import pathlib
import random
import subprocess

import nbd

from sluice_daemon import run

KIB = 1 << 10
MIB = 1 << 20


class Shape:
    """How an image is made."""

    def __init__(self, name, cluster=64 * KIB, size=8 * MIB, depth=1, base="qcow2", data_file=False,
                 packed=False, snapshot=False, **options):
        self.name = name
        self.size = size
        self.depth = depth  # images in the chain
        self.base = base  # format of the lowest
        self.data_file = data_file
        self.packed = packed  # the lowest is written compressed
        self.snapshot = snapshot  # an internal snapshot is taken before the other side writes
        self.options = {"cluster_size": cluster, **options}

    def __repr__(self):
        return self.name


def shapes():
    """At least 60 shapes that differ in version, cluster size, width, features and depth."""
    found = []
    for bits in range(9, 22):
        size = {9: 1, 10: 2}.get(bits, 8 if bits < 19 else 24) * MIB
        found.append(Shape(f"v3-cluster-{1 << bits}", 1 << bits, size + 1536))
        found.append(Shape(f"v2-cluster-{1 << bits}", 1 << bits, size, compat="0.10"))
    for width in (1, 2, 4, 8, 16, 32, 64):
        found.append(Shape(f"refcount-{width}", refcount_bits=width, size=6 * MIB))
        found.append(Shape(f"refcount-{width}-small", 4 * KIB, refcount_bits=width, size=3 * MIB, depth=2))
    for cluster in (16, 32, 64, 128, 2048):
        for depth in (1, 2, 3):
            found.append(Shape(f"subclusters-{cluster}-depth-{depth}", cluster * KIB, 9 * MIB + 512, depth,
                               extended_l2="on"))
    for depth in (2, 3, 6):
        found.append(Shape(f"depth-{depth}", depth=depth))
        found.append(Shape(f"depth-{depth}-v2", depth=depth, compat="0.10"))
        found.append(Shape(f"depth-{depth}-raw", depth=depth, base="raw"))
        found.append(Shape(f"depth-{depth}-small", 2 * KIB, 2 * MIB, depth))
    for kind in ("zlib", "zstd"):
        for cluster in (4, 64, 512):
            found.append(Shape(f"packed-{kind}-{cluster}", cluster * KIB, packed=True, compression_type=kind))
        found.append(Shape(f"packed-{kind}-below", depth=2, packed=True, compression_type=kind))
        found.append(Shape(f"packed-{kind}-subclusters", packed=True, compression_type=kind, extended_l2="on"))
    found.append(Shape("packed-v2", packed=True, compat="0.10"))
    for subclusters in ("off", "on"):
        found.append(Shape(f"data-file-{subclusters}", data_file=True, extended_l2=subclusters))
        found.append(Shape(f"data-file-raw-{subclusters}", data_file=True, data_file_raw="on", extended_l2=subclusters))
        found.append(Shape(f"data-file-depth-{subclusters}", data_file=True, depth=2, extended_l2=subclusters))
        found.append(Shape(f"snapshot-{subclusters}", snapshot=True, extended_l2=subclusters))
        found.append(Shape(f"preallocated-{subclusters}", preallocation="metadata", extended_l2=subclusters))
        found.append(Shape(f"lazy-{subclusters}", lazy_refcounts="on", extended_l2=subclusters))
    found.append(Shape("snapshot-v2", snapshot=True, compat="0.10"))
    found.append(Shape("snapshot-small", 1 * KIB, 2 * MIB, snapshot=True))
    found.append(Shape("snapshot-depth", snapshot=True, depth=2))
    return found


def check(path, leaks=False):
    """qemu-img must find nothing."""
    result = run("qemu-img", "check", "--output=json", path, code=None)
    report = json.loads(result.stdout) if result.stdout.startswith("{") else {}
    faults = {key: report[key] for key in ("corruptions", "check-errors", "leaks") if report.get(key)}
    if leaks:
        faults.pop("leaks", None)
    if faults or result.returncode not in ((0, 3) if leaks else (0,)):
        raise AssertionError(f"{path}: {faults} {result.returncode} {result.stdout[-600:]} {result.stderr[-2000:]}")


class Image:
    """A chain of images, and what its disk must show."""

    def __init__(self, directory, shape, seed=1):
        self.shape = shape
        self.random = random.Random(f"{shape.name} {seed}")
        self.content = bytearray(shape.size)
        self.paths = []
        self.data_path = None
        for level in range(shape.depth):
            self.add_layer(pathlib.Path(directory), level)
        if shape.snapshot:
            run("qemu-img", "snapshot", "-c", "before", self.paths[-1])
            self.before = bytes(self.content)

    def add_layer(self, directory, level):
        shape = self.shape
        path = directory / f"{shape.name}.{level}"
        options = dict(shape.options)
        is_top = level == shape.depth - 1
        if level > 0:
            options.pop("preallocation", None)
        size = shape.size
        if level == 0 and shape.depth > 1:
            size = shape.size * 3 // 4 // 512 * 512  # a backing that is shorter
        elif not is_top and level == 1:
            size = shape.size * 5 // 4 // 512 * 512  # and one that is longer
        form = shape.base if level == 0 and shape.depth > 1 else "qcow2"
        if form == "raw":
            options = {}
        if shape.data_file and is_top:
            self.data_path = directory / f"{shape.name}.data"
            options["data_file"] = self.data_path
        elif not is_top:
            for key in ("data_file_raw", "lazy_refcounts"):
                options.pop(key, None)
        words = ["qemu-img", "create", "-q", "-f", form]
        if options:
            words += ["-o", ",".join(f"{key}={value}" for key, value in options.items())]
        if level > 0:
            below = "raw" if level == 1 and shape.base == "raw" else "qcow2"
            words += ["-b", self.paths[-1], "-F", below]
        run(*words, path, size)
        self.paths.append(path)
        if shape.packed and level == 0:
            self.pack(path, size, directory)
        else:
            self.write_by_qemu(path, form, size, 10)
        if shape.depth > 1 and level == 0:
            # What was written behind the visible end shows nowhere.
            self.content[size:] = bytes(len(self.content) - size)

    def pack(self, path, size, directory):
        """Fills an image with compressed clusters, some of which do not get shorter."""
        raw = directory / f"{self.shape.name}.plain"
        piece = 16 * KIB
        for start in range(0, size, piece):
            length = min(piece, size - start)
            kind = self.random.randrange(4)
            if kind == 0:
                continue
            fill = self.random.randbytes(length) if kind == 1 else bytes([self.random.randrange(1, 256)]) * length
            if start + length <= self.shape.size:
                self.content[start:start + length] = fill
        raw.write_bytes(bytes(self.content[:size]).ljust(size, b"\0"))
        options = ",".join(f"{key}={value}" for key, value in self.shape.options.items())
        run("qemu-img", "convert", "-c", "-f", "raw", "-O", "qcow2", "-o", options, raw, path)
        raw.unlink()

    def write_by_qemu(self, path, form, size, count):
        """Writes, zeroes and discards at random with qemu-io."""
        commands = []
        for _ in range(count):
            length = min(self.random.choice((512, 4096, 16384, 70000, 300000)), size // 2) // 512 * 512
            start = self.random.randrange(0, size - length + 1) // 512 * 512
            end = min(start + length, self.shape.size)
            value = self.random.randrange(1, 256)
            if self.random.random() < 0.25 and form != "raw":
                commands += ["-c", f"write -z {start} {length}"]
                value = 0
            else:
                commands += ["-c", f"write -P {value} {start} {length}"]
            if start < end:
                self.content[start:end] = bytes([value]) * (end - start)
        run("qemu-io", "-f", form, *commands, path)

    def nodes(self, name, read_only=False, extra=""):
        """The chain as lines of YAML; its top node has the given name."""
        lines = []
        for level, path in enumerate(self.paths):
            is_top = level == self.shape.depth - 1
            own = name if is_top else f"{name}-{level}"
            if level == 0 and self.shape.depth > 1 and self.shape.base == "raw":
                lines.append(f'  {own}: {{driver: file, filename: "{path}", read-only: true}}')
                continue
            backing = f"{name}-{level - 1}" if level > 0 else "null"
            words = [f'driver: qcow2, backing: {backing}, file: {{driver: file, filename: "{path}"}}']
            if is_top and self.data_path:
                words.append(f'data-file: {{driver: file, filename: "{self.data_path}"}}')
            if not is_top or read_only:
                words.append("read-only: true")
            if is_top and extra:
                words.append(extra)
            lines.append(f"  {own}: {{{', '.join(words)}}}")
        return "\n".join(lines) + "\n"

    def check(self, leaks=False):
        for level, path in enumerate(self.paths):
            if level > 0 or self.shape.depth == 1 or self.shape.base != "raw":
                check(path, leaks)

    def compare(self, directory):
        """qemu-img must see what must be there."""
        raw = pathlib.Path(directory) / f"{self.shape.name}.expected"
        raw.write_bytes(self.content)
        result = run("qemu-img", "compare", "-F", "raw", "-f", "qcow2", self.paths[-1], raw, code=None)
        raw.unlink()
        if result.returncode != 0:
            raise AssertionError(f"{self.shape}: {result.stdout} {result.stderr}")


class Client:
    """An NBD client that does what comes to its mind and looks at every answer."""

    def __init__(self, uri, image):
        self.image = image
        self.handle = nbd.NBD()
        self.handle.add_meta_context("base:allocation")
        self.handle.connect_uri(uri)
        if self.handle.get_size() != image.shape.size:
            raise AssertionError(f"{image.shape}: {self.handle.get_size()} bytes, wanted {image.shape.size}")

    def close(self):
        self.handle.shutdown()

    def range(self):
        rand, size = self.image.random, self.image.shape.size
        cluster = self.image.shape.options["cluster_size"]
        length = rand.choice((1, 511, 512, 4096, 4097, cluster, cluster * 2, cluster * 3 + 5, 200000))
        length = min(length, size, 4 * MIB)
        start = rand.randrange(0, size - length + 1)
        if rand.random() < 0.5:
            start = start // cluster * cluster
        return start, length

    def step(self):
        rand, content = self.image.random, self.image.content
        start, length = self.range()
        end = start + length
        kind = rand.randrange(12)
        fua = nbd.CMD_FLAG_FUA if rand.random() < 0.05 else 0
        if kind < 5:
            data = bytes([rand.randrange(256)]) * length if rand.random() < 0.5 else rand.randbytes(length)
            self.handle.pwrite(data, start, fua)
            content[start:end] = data
        elif kind == 5:
            self.handle.zero(length, start, rand.choice((0, nbd.CMD_FLAG_NO_HOLE)) | fua)
            content[start:end] = bytes(length)
        elif kind == 6:
            self.handle.trim(length, start, fua)
            found = self.handle.pread(length, start)
            for place, (now, old) in enumerate(zip(found, content[start:end])):
                if now != old and now != 0:
                    raise AssertionError(f"{self.image.shape}: byte {start + place} is {now} after a discard of {old}")
            content[start:end] = found
        elif kind == 7:
            self.handle.flush()
        elif kind == 8:
            self.extents(start, length)
        else:
            self.compare(start, length)

    def extents(self, start, length):
        found = []
        self.handle.block_status(length, start, lambda context, offset, pairs, error: found.extend(pairs) or 0)
        place = start
        for size, flags in zip(found[::2], found[1::2]):
            stop = min(place + size, start + length)
            if flags & 2 and any(self.image.content[place:stop]):
                raise AssertionError(f"{self.image.shape}: {place}+{size} is called zero")
            place = stop
        if place <= start:
            raise AssertionError(f"{self.image.shape}: no extent at {start}")

    def compare(self, start=0, length=None):
        length = self.image.shape.size - start if length is None else length
        for offset in range(start, start + length, MIB):
            size = min(MIB, start + length - offset)
            found = self.handle.pread(size, offset)
            if found != self.image.content[offset:offset + size]:
                place = next(i for i in range(size) if found[i] != self.image.content[offset + i])
                raise AssertionError(
                    f"{self.image.shape}: byte {offset + place} is {found[place]}, "
                    f"wanted {self.image.content[offset + place]}")
