"""The limit of one file's size is an option of every command that reads files, and of `serve`."""
import json
import pathlib
import tempfile
import unittest

from sluice_daemon import DaemonTest, SLUICE, run, wait_until

HEAD = """sluice: 1
listeners:
  local: {type: nbd, address: "unix:{dir}/nbd.sock"}
nodes:
  disk: {driver: null-co, size: 1MiB}
exports:
  disk: {type: nbd, node: disk}
"""
# More than the usual limit of 1 MiB, less than 2 MiB.
LARGE = HEAD + "# " + "a comment that takes room\n# " * 50_000 + "\n"


class FileSize(DaemonTest):
    def file(self, text):
        folder = tempfile.TemporaryDirectory(prefix="sluice-size.")
        self.addCleanup(folder.cleanup)
        path = pathlib.Path(folder.name) / "large.yaml"
        path.write_text(text.replace("{dir}", folder.name))
        return path

    def test_commands_refuse_a_file_over_the_limit_and_take_it_with_the_option(self):
        path = self.file(LARGE)
        for words in (["validate"], ["plan", "--live", "empty"], ["graph"], ["fmt", "--check"]):
            with self.subTest(command=words[0]):
                refused = run(SLUICE, *words, path, code=65)
                self.assertIn("error[E0104]: the file is larger than 1048576 bytes", refused.stderr)
                taken = run(SLUICE, *words, path, "--file-size-max", "2MiB", code=None)
                self.assertIn(taken.returncode, (0, 1))
                self.assertNotIn("E0104", taken.stdout + taken.stderr)

    def test_the_limit_may_be_smaller_and_is_told(self):
        path = self.file(HEAD)
        refused = run(SLUICE, "validate", path, "--file-size-max", "64", code=65)
        self.assertIn("larger than 64 bytes", refused.stderr)
        with open(path, "rb") as text:
            refused = run(SLUICE, "validate", "-", "--file-size-max", "64", code=65, stdin=text)
        self.assertIn("larger than 64 bytes", refused.stderr)

    def test_a_limit_that_is_no_size_is_refused(self):
        for size in ("0", "-1", "2GiB", "many", "9999999999999999999GiB"):
            with self.subTest(size=size):
                run(SLUICE, "validate", self.file(HEAD), f"--file-size-max={size}", code=64)

    def test_serve_holds_files_to_its_limit(self):
        daemon = self.daemon({"graph.yaml": LARGE})
        daemon.start("--file-size-max", "2MiB")
        wait_until(lambda: daemon.status()["generation"] == 1, 20, "the large file is live")
        # What a person applies is held to it as well.
        daemon.stop()
        daemon = self.daemon({"graph.yaml": HEAD})
        daemon.start("--file-size-max", "64KiB")
        wait_until(lambda: daemon.status()["generation"] == 1, 20, "the small file is live")
        daemon.edit("graph.yaml", LARGE)
        wait_until(lambda: daemon.diagnostics(), 20, "the large file is refused")
        self.assertEqual([finding["code"] for finding in daemon.diagnostics()], ["E0104"])
        self.assertIn("65536 bytes", daemon.diagnostics()[0]["message"])
        path = self.file(LARGE)
        refused = daemon.cli("apply", path, "--yes", "--file-size-max", "2MiB", "-o", "json", code=65)
        self.assertIn("65536 bytes", json.dumps(json.loads(refused.stdout)))


if __name__ == "__main__":
    unittest.main()
