"""A bad edit and a conflicting edit are refused with a finger on the line; what was live stays live."""
import os
import pathlib
import subprocess
import unittest

from sluice_daemon import SLUICE, DaemonTest, run, wait_until

GOOD = """sluice: 1
listeners:
  local: {type: nbd, address: "unix:{dir}/nbd.sock"}
nodes:
  disk: {driver: file, filename: "{dir}/disk.raw", create: {size: 16MiB}}
exports:
  disk: {type: nbd, node: disk, writable: true}
"""
# A second writer whose user does not let others write.
CONFLICT = GOOD + """  backup: {type: nbd, node: disk, writable: true, share: [consistent-read]}
"""
CONFORMANCE = pathlib.Path(os.environ.get("SLUICE_CONFORMANCE", "../shared/conformance"))
# Long enough for the debounce and a scan on a busy machine.
SECONDS = 5


def bad_documents():
    """The cases of documents.yaml that must be refused, or a few of our own without that file."""
    try:
        import yaml
        cases = yaml.safe_load((CONFORMANCE / "documents.yaml").read_text())["cases"]
    except (ImportError, OSError):
        return [("unknown key", {"bad.yaml": GOOD.replace("filename", "filenmae")}),
                ("no version", {"bad.yaml": "nodes: {}\n"})]
    return [(f"{case['id']} {case['title']}",
             case["desired"] if isinstance(case["desired"], dict) else {"bad.yaml": case["desired"]})
            for case in cases if case.get("exit") == 65]


class RefusalTest(DaemonTest):
    def setUp(self):
        self.sluice = self.daemon({"disk.yaml": GOOD}).start()
        self.before = self.sluice.still()

    def read_works(self):
        result = run("qemu-io", "-f", "raw", "-c", "read 0 4k", self.sluice.uri("disk"))
        self.assertNotIn("failed", result.stdout + result.stderr)

    def test_bad_documents_leave_the_live_graph_as_it_was(self):
        documents = bad_documents()
        self.assertGreater(len(documents), 1)
        for title, files in documents:
            with self.subTest(title):
                written = []
                for name, text in files.items():
                    path = self.sluice.configuration / name
                    path.parent.mkdir(parents=True, exist_ok=True)
                    temporary = path.with_name(f".{path.name}.new")
                    temporary.write_bytes(text.encode("utf-8", "surrogateescape"))
                    os.rename(temporary, path)
                    written.append(path)
                wait_until(self.sluice.diagnostics, SECONDS, f"{title}: status shows a diagnostic")
                finger = self.sluice.diagnostics()[0]
                self.assertGreaterEqual(finger["span"]["line"], 1)
                self.assertIn(pathlib.Path(finger["span"]["file"]).name, {pathlib.Path(n).name for n in files} | {"disk.yaml"})
                self.assertEqual(self.sluice.still(), self.before)
                for path in written:
                    path.unlink()
                wait_until(lambda: not self.sluice.diagnostics(), SECONDS, f"{title}: mending clears the diagnostic")
                self.assertEqual(self.sluice.still(), self.before)
        self.read_works()

    def test_a_conflict_names_both_and_changes_nothing(self):
        self.sluice.edit("disk.yaml", CONFLICT)
        wait_until(self.sluice.diagnostics, SECONDS, "status shows the conflict")
        text = str(self.sluice.diagnostics())
        self.assertIn("backup", text)
        finger = self.sluice.diagnostics()[0]["span"]
        # At the reference by which the one who wants the permission reaches the node.
        self.assertIn(finger["line"], (7, 8))
        self.assertEqual(self.sluice.still(), self.before)
        self.read_works()
        wished = self.sluice.configuration / "disk.yaml"
        self.assertEqual(self.sluice.cli("plan", self.sluice.configuration, code=None).returncode, 11)
        self.assertEqual(self.sluice.cli("apply", self.sluice.configuration, "--yes", code=None).returncode, 11)
        self.assertTrue(wished.exists())
        self.assertEqual(self.sluice.still(), self.before)
        self.sluice.edit("disk.yaml", GOOD)
        wait_until(lambda: not self.sluice.diagnostics(), SECONDS, "mending clears the conflict")
        self.assertEqual(self.sluice.still(), self.before)

    def test_an_image_that_cannot_be_opened_is_refused_and_undone(self):
        self.sluice.edit("more.yaml", """sluice: 1
nodes:
  made: {driver: file, filename: "{dir}/made.raw", create: {size: 1MiB}}
  gone: {driver: file, filename: "{dir}/no/such/image.raw"}
exports:
  gone: {type: nbd, node: gone, listener: local}
""")
        wait_until(self.sluice.diagnostics, SECONDS, "status shows what could not be opened")
        self.assertIn("image.raw", str(self.sluice.status()))
        self.assertEqual(self.sluice.still(), self.before)
        self.assertFalse((self.sluice.directory / "made.raw").exists(), "a prepared image is removed again")
        self.read_works()

    def test_a_directory_that_disappears_is_not_an_empty_wish(self):
        hidden = self.sluice.directory / "hidden"
        os.rename(self.sluice.configuration, hidden)
        wait_until(lambda: not self.sluice.is_true("SourceReady"), SECONDS, "status shows that the source is gone")
        self.assertEqual(self.sluice.still(), self.before)
        os.rename(hidden, self.sluice.configuration)
        wait_until(lambda: self.sluice.is_true("SourceReady"), SECONDS, "the source is back")
        self.assertEqual(self.sluice.still(), self.before)
        self.sluice.edit("disk.yaml", GOOD.replace("writable: true", "writable: false"))
        wait_until(lambda: self.sluice.still() != self.before, SECONDS, "edits are seen again")

    def test_exit_codes(self):
        bad = self.sluice.directory / "bad.yaml"
        bad.write_text("sluice: 1\nnodes:\n  a: {driver: fiel}\n")
        self.assertEqual(run(SLUICE, "validate", bad, code=None).returncode, 65)
        self.assertEqual(run(SLUICE, "validate", self.sluice.directory / "none", code=None).returncode, 66)
        nobody = self.sluice.directory / "nobody.sock"
        self.assertEqual(run(SLUICE, "status", "--control", nobody, code=None).returncode, 69)
        self.assertEqual(run(SLUICE, "nonsense", code=None).returncode, 64)
        self.assertEqual(
            self.sluice.cli("apply", self.sluice.configuration, code=None, stdin=subprocess.DEVNULL).returncode, 64,
            "without a terminal apply of a path wants --yes")
        self.assertEqual(self.sluice.cli("plan", self.sluice.configuration, "--detailed-exitcode", code=None).returncode, 0)
        text = (self.sluice.configuration / "disk.yaml").read_text()
        wished = self.sluice.directory / "wished.yaml"
        wished.write_text(text.replace("writable: true", "writable: false"))
        self.assertEqual(self.sluice.cli("plan", wished, "--detailed-exitcode", code=None).returncode, 2)
        self.assertEqual(run(SLUICE, "version").returncode, 0)
        self.assertIn("throttle", run(SLUICE, "drivers").stdout)


if __name__ == "__main__":
    unittest.main()
