"""The generations between which test_flips.py flips: each disk has variants, and a generation picks one of each.

`free` variants follow each other without a drain; `drained` ones hold requests up for a moment. In the text of
a variant `{n}` is a number that is new each time the variant is entered, for overlays that begin empty.
"""
import random

HEAD = """sluice: 1
iothreads: {io0: {}, io1: {}}
throttle-groups:
  gold: {iops-total: 2000000}
  iron: {iops-total: 1000000}
listeners:
  local: {type: nbd, address: "unix:{dir}/nbd.sock"}
  lan: {type: nbd, address: "tcp:127.0.0.1:PORT"}
nodes:
  g: {driver: file, filename: "{dir}/g.raw", read-only: true}
"""
LISTENERS = {"a": "local", "b": "lan", "c": "lan", "d": "local", "e": "local", "q": "lan", "w": "local"}
# Exports whose clients must never see a byte of another disk; the others' clients write.
READ_ONLY = {"d"}
THREADS = ["", "io0", "io1"]
# Exports whose clients several threads can share: no format that may be written stands below.
SHARED = {disk: ["[io0, io1]", "[default, io1]"] for disk in "abce"}


def file(name, filename=None, more=""):
    return f'  {name}: {{driver: file, filename: "{{dir}}/{filename or name + ".raw"}"{more}}}\n'


def throttle(name, child, group="gold"):
    return f"  {name}: {{driver: throttle, throttle-group: {group}, file: {child}}}\n"


def raw(name, child):
    return f"  {name}: {{driver: raw, file: {child}}}\n"


def overlay(name, image, backing, child=None):
    """A new, empty qcow2 over `backing`; its own file may stand below a filter of that name."""
    below = child or f"{name}f"
    text = f'  {name}f: {{driver: file, filename: "{{dir}}/{image}", create: true}}\n'
    return text + f"  {name}: {{driver: qcow2, file: {below}, create: {{size: 16MiB}}, backing: {backing}}}\n"


A = file("a")
Q = overlay("q", "q.qcow2", "g")
PAIR = file("s", more=", read-only: true") + file("t", more=", read-only: true")
SWAPPED = file("s", "t.raw", ", read-only: true") + file("t", "s.raw", ", read-only: true")
EMPTY = overlay("o", "overlay-{n}.qcow2", "s")


def reader(below, name="n"):
    return f"  {name}: {{driver: copy-on-read, file: {below}}}\n"


# Of each disk: (nodes, the node that is served).
FREE = {
    "a": [  # a throttle at every depth of a chain
        (A, "a"), (A + throttle("ta", "a"), "ta"), (A + throttle("ta", "a", "iron"), "ta"),
        (A + raw("ra", "a") + throttle("ta", "ra"), "ta"), (A + throttle("ta", "a") + raw("ra", "ta"), "ra"),
        (A + raw("ra", "a") + throttle("ta", "ra") + raw("ua", "ta"), "ua"),
        (A + throttle("ta", "a") + throttle("ua", "ta", "iron"), "ua")],
    "b": [(file("b"), "b"), (file("b") + throttle("tb", "b"), "tb"), (file("b") + raw("rb", "b"), "rb")],
    "c": [  # a rename, and options in place
        (file("c", more=", formerly: cc"), "c"), (file("cc", "c.raw", ", formerly: c"), "cc"),
        (file("c", more=", formerly: cc, detect-zeroes: on"), "c"),
        (file("c", more=", formerly: cc") + "  dc: {driver: blkdebug, image: c}\n", "dc")],
    "d": [(PAIR, "s"), (PAIR + throttle("td", "s"), "td"), (PAIR + raw("rd", "s") + throttle("td", "rd"), "td")],
    "e": [(file("e"), "e"), (file("e") + throttle("te", "e", "iron"), "te")],
    "q": [  # a throttle above, within and below a chain of formats
        (Q, "q"), (Q + throttle("tq", "q"), "tq"),
        (overlay("q", "q.qcow2", "g", "fq") + throttle("fq", "qf"), "q"),
        (overlay("q", "q.qcow2", "bq") + throttle("bq", "g"), "q"),
        (overlay("q", "q.qcow2", "bq", "fq") + throttle("fq", "qf") + throttle("bq", "g", "iron")
         + throttle("tq", "q"), "tq")],
    "w": [(file("w"), "w")],
}
DRAINED = {
    "a": [(file("a", "a-link.raw"), "a")],  # the file under another name
    "d": [
        (PAIR, "t"),  # the export re-pointed
        (PAIR, "g"),
        (SWAPPED, "s"),  # two files swapped
        (SWAPPED, "t"),
        (PAIR + EMPTY, "o"), (SWAPPED + EMPTY, "o"),
        (PAIR + EMPTY + reader("o"), "n"),
        (PAIR + overlay("o", "overlay-{n}.qcow2", "ts", "tf") + throttle("tf", "of") + throttle("ts", "s"), "o")],
    "q": [(Q + reader("q", "nq"), "nq"), (Q + reader("q", "nq") + throttle("tq", "nq"), "tq")],
    "w": [(file("w") + overlay("v", "layer-{n}.qcow2", "w"), "v")],
}


class Generation:
    """A choice of one variant for each disk, and of a thread for some."""

    def __init__(self, directory, port):
        self.fill = lambda text: text.replace("{dir}", str(directory)).replace("PORT", str(port))
        self.random = random.Random(20261123)
        self.choice = {disk: variants[0] for disk, variants in FREE.items()}
        self.threads = {disk: SHARED.get(disk, [""])[0] for disk in FREE}
        self.numbers = {disk: 0 for disk in FREE}
        self.count = 0

    def text(self):
        nodes, exports = "", "exports:\n"
        for disk, (text, root) in self.choice.items():
            nodes += text.replace("{n}", str(self.numbers[disk]))
            writable = "" if disk in READ_ONLY else ", writable: true"
            thread = f", iothread: {self.threads[disk]}" if self.threads[disk] else ""
            exports += f"  {disk}: {{type: nbd, node: {root}, listener: {LISTENERS[disk]}{writable}{thread}}}\n"
        return self.fill(HEAD + nodes + exports)

    def step(self, kinds):
        """Goes on to another generation: changes one, two or three disks; returns which."""
        changed = set()
        for disk in self.random.sample(sorted(self.choice), self.random.randint(1, 3)):
            if "drained" in kinds and self.random.random() < 0.2:
                others = [name for name in THREADS + SHARED.get(disk, []) if name != self.threads[disk]]
                self.threads[disk] = self.random.choice(others)
                changed.add(disk)
                continue
            variants = list(FREE[disk]) + (DRAINED.get(disk, []) if "drained" in kinds else [])
            others = [variant for variant in variants if variant != self.choice[disk]]
            if others:
                self.set(disk, self.random.choice(others))
                changed.add(disk)
        return changed or self.step(kinds)

    def set(self, disk, variant):
        self.count += 1
        self.numbers[disk] = self.count
        self.choice[disk] = variant

    def images(self):
        """Overlays that this generation uses."""
        return {f"{word}-{self.numbers[disk]}.qcow2" for disk, word in (("d", "overlay"), ("w", "layer"))}

    def has_layer(self):
        return self.choice["w"] in DRAINED["w"]
