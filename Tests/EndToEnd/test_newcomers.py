"""Ten files as people write them who have never seen sluice: from the message alone each can be mended."""
import pathlib
import tempfile
import unittest

import newcomer_files
from sluice_daemon import SLUICE, run

# A file, and what its messages have to say.
FILES = {
    "01-qemu-habits": ("""\
sluice: 1
listeners:
  main: {type: nbd, address: "unix:/run/sluice/nbd.sock"}
nodes:
  disk0:
    driver: qcow2
    node-name: disk0
    filename: /srv/vm1.qcow2
    readonly: true
exports:
  vm1: {type: nbd, node-name: disk0, writable: off}
""", [
        'a node is named by its key under nodes',
        'a file is a node of its own: file: {driver: file, filename: PATH}',
        'did you mean "read-only"?',
        'the node that is exported is named by node',
    ]),
    "02-list-of-nodes": ("""\
sluice: 1
nodes:
  - name: disk
    driver: file
    filename: /srv/disk.raw
exports:
  - name: disk
    node: disk
""", [
        'write each below its name, without a dash: NAME: {...}',
    ]),
    "03-limits-in-the-node": ("""\
sluice: 1
listeners:
  main: {type: nbd, address: "unix:/run/sluice/nbd.sock"}
nodes:
  disk: {driver: file, filename: /srv/disk.raw}
  slow: {driver: throttle, iops-total: 1000, file: disk}
exports:
  slow: {type: nbd, node: slow, writable: true}
""", [
        'iops-total is a field of a throttle group, which stands under throttle-groups',
        'needs throttle-group',
    ]),
    "04-no-listener-and-no-port": ("""\
sluice: 1
listener:
  main: {type: nbd, address: tcp:0.0.0.0}
nodes:
  disk: {driver: file, filename: /srv/disk.raw}
exports:
  disk: {type: nbd, node: disk}
""", [
        'did you mean "listeners"?',
    ]),
    "05-colon-without-space": ("""\
sluice: 1
nodes:
  disk:
    driver:file
    filename: /srv/disk.raw
""", [
        'no space after this colon',
        'a key needs a colon and a space after it: key: value',
    ]),
    "06-indentation": ("""\
sluice: 1
nodes:
  disk:
    driver: file
     filename: /srv/disk.raw
""", [
        'this line has a value already',
        'move the line to the left',
    ]),
    "07-two-writers": ("""\
sluice: 1
listeners:
  main: {type: nbd, address: "unix:/run/sluice/nbd.sock"}
nodes:
  file: {driver: file, filename: /srv/vm1.qcow2}
  vm1: {driver: qcow2, file: file, backing: null}
exports:
  vm1: {type: nbd, node: vm1, writable: true}
  backup: {type: nbd, node: file, writable: true}
""", [
        'export backup may not write to node file',
        'go through vm1',
    ]),
    "08-read-only-golden": ("""\
version: 1
listeners:
  main: {type: nbd, address: /run/sluice/nbd.sock}
nodes:
  golden:
    driver: qcow2
    read-only: yes
    file: {driver: file, filename: golden.qcow2}
    backing: null
exports:
  golden: {type: nbd, node: golden, writable: true}
""", [
        'did you mean "sluice"?',
        'did you mean "unix:/run/sluice/nbd.sock"?',
        'did you mean "true"?',
    ]),
    "09-file-name-as-reference": ("""\
sluice: 1
listeners:
  main: {type: nbd, address: "unix:/run/sluice/nbd.sock"}
nodes:
  base:
    driver: qcow2
    file: base.qcow2
    backing: ""
  vm1:
    driver: qcow2
    create: {size: 20GB}
    file: {driver: file, filename: vm1.qcow2, create: yes}
    backing: {driver: qcow2, file: base.qcow2}
exports:
  vm1: {type: nbd, node: vm-1, writable: true}
""", [
        'to open a file of this name: file: {driver: file, filename: base.qcow2}',
        'null is none',
        'did you mean "vm1"?',
        'did you mean "20GiB"?',
    ]),
    "10-circle-and-copy": ("""\
sluice: 1
nodes:
  a: {driver: copy-on-read, file: b}
  b: {driver: throttle, throttle-group: gold, file: a}
  b: {driver: throttle, throttle-group: gold, file: c}
throttle-groups:
  gold: {iops-total: 20k, bps-total: 400MB/s, iops-burst: 40000}
""", [
        'key "b" appears twice',
        'did you mean "20000"?',
        'did you mean "400MiB"?',
    ]),
}


class Newcomers(unittest.TestCase):
    def test_each_message_says_what_to_write(self):
        with tempfile.TemporaryDirectory(prefix="sluice-newcomers.") as folder:
            for name, (text, wanted) in (FILES | newcomer_files.FILES).items():
                with self.subTest(name):
                    (pathlib.Path(folder) / f"{name}.yaml").write_text(text)
                    result = run(SLUICE, "validate", f"{name}.yaml", code=None, cwd=folder)
                    self.assertIn(result.returncode, (11, 65))
                    for words in wanted:
                        self.assertIn(words, result.stderr)

    def test_what_follows_from_another_fault_is_not_said(self):
        for text, code, others in (
                ("sluice: 1\nnodes: {a: {driver: raw, fil: b}, b: {driver: null-co}}\n", "E0201", "E0202"),
                ("sluice: 1\nnodes: {a: {driver: nbd, server: {type: unix, pth: /s}}}\n", "E0201", "E0202"),
                ("version: 1\n", "E0201", "E0110")):
            result = run(SLUICE, "validate", "-", code=65, input=text)
            self.assertIn(code, result.stderr)
            self.assertNotIn(others, result.stderr)

    def test_all_hidden_characters_are_told_at_once(self):
        text = "sluice: 1\n# \u202e\nx-a: \u0085\nx-b: \u2028\n"
        words = run(SLUICE, "validate", "-", code=65, input=text).stderr
        for place in ("2:3", "3:6", "4:6"):
            self.assertIn(f"<stdin>:{place}: error[E0107]", words)

    def test_a_file_that_cannot_be_read_does_not_hide_the_others(self):
        with tempfile.TemporaryDirectory(prefix="sluice-newcomers.") as folder:
            folder = pathlib.Path(folder)
            (folder / "gone.yaml").symlink_to("nowhere")
            (folder / "bad.yaml").write_text("sluice: 1\nnodes: {a: {driver: nul-co}, b: {driver: raw, file: c}}\n")
            for words in (("validate",), ("plan", "--live", "empty")):
                result = run(SLUICE, *words, folder, code=66).stderr
                self.assertIn("gone.yaml cannot be read", result)
                self.assertIn("E0203", result)
                self.assertNotIn("E0302", result)

    def test_numbers_that_readers_take_for_others_are_refused_with_the_fix(self):
        head = "sluice: 1\nthrottle-groups: {g: {iops-total: "
        for written, meant in (("017", "17"), ("1_000", "1000"), ("4k", "4000"), ("1.0", "1")):
            words = run(SLUICE, "validate", "-", code=65, input=head + written + "}}\n").stderr
            self.assertIn("error[E0204]", words)
            self.assertIn(f'did you mean "{meant}"?', words)
        words = run(SLUICE, "validate", "-", code=65, input=head + "99999999999999999999}}\n").stderr
        self.assertIn("error[E0205]", words)


if __name__ == "__main__":
    unittest.main()
