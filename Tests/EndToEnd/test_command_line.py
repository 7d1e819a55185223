"""What the command line promises whatever the command: colours, questions, no daemon; and what it tells of one object."""
import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

from sluice_daemon import SLUICE, DaemonTest, run, wait_until

GOOD = "sluice: 1\nnodes: {a: {driver: null-co}}\n"
BAD = "sluice: 1\nnodes: {a: {driver: nul-co}}\n"
MORE = "sluice: 1\nnodes: {a: {driver: null-co, size: 1MiB}}\n"
ESCAPE = "\x1b["
CONFIGURATION = """sluice: 1
listeners:
  local: {type: nbd, address: "unix:{dir}/nbd.sock"}
nodes:
  disk: {driver: null-co, size: 1MiB}
  view: {driver: raw, file: disk}
exports:
  vm1: {type: nbd, node: view, writable: true}
"""


def ask(*words, env=None, **others):
    environment = {key: value for key, value in os.environ.items()
                   if key not in ("NO_COLOR", "CLICOLOR_FORCE", "TERM", "SLUICE_CONTROL")}
    return subprocess.run([SLUICE, *map(str, words)], capture_output=True, text=True, timeout=30,
                          env=environment | (env or {}), **others)


class CommandLine(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="sluice-line.")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        for name, text in (("good", GOOD), ("bad", BAD), ("more", MORE)):
            (self.folder / f"{name}.yaml").write_text(text)

    def test_C8_colours_come_and_go_and_mean_nothing_alone(self):
        commands = (("validate", self.folder / "bad.yaml"),
                    ("plan", self.folder / "more.yaml", "--live", self.folder / "good.yaml"),
                    ("graph", self.folder / "more.yaml"), ("explain", "E0412"), ("drivers", "raw"))
        for command in commands:
            with self.subTest(command=command[0]):
                plain = ask(*command)
                for env in ({}, {"NO_COLOR": "1"}, {"TERM": "dumb"}):
                    found = ask(*command, env=env)
                    self.assertNotIn(ESCAPE, found.stdout + found.stderr)
                forced = ask(*command, env={"CLICOLOR_FORCE": "1"})
                if command[0] in ("validate", "plan", "explain"):
                    self.assertIn(ESCAPE, forced.stdout + forced.stderr)
                without = re.sub(r"\x1b\[[0-9;]*m", "", forced.stdout + forced.stderr)
                self.assertEqual(without, plain.stdout + plain.stderr)
                if command[0] in ("validate", "plan"):
                    beaten = ask(*command, "--color=never", env={"CLICOLOR_FORCE": "1"})
                    self.assertNotIn(ESCAPE, beaten.stdout + beaten.stderr)
                    always = ask(*command, "--color=always", env={"NO_COLOR": "1"})
                    self.assertIn(ESCAPE, always.stdout + always.stderr)

    def test_C10_without_a_terminal_nothing_is_assumed(self):
        found = ask("apply", self.folder / "good.yaml", "--control", self.folder / "none.sock", input="\n")
        self.assertEqual(found.returncode, 64)
        self.assertIn("--yes", found.stderr)
        # A reader that has enough ends the writer without a word.
        for command in (("explain",), ("drivers",), ("schema",)):
            process = subprocess.Popen([SLUICE, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            process.stdout.readline()
            process.stdout.close()
            self.assertEqual(process.stderr.read(), b"")
            process.stderr.close()
            process.wait(timeout=20)

    def test_C11_what_needs_no_daemon_works_without_one(self):
        nowhere = {"SLUICE_CONTROL": str(self.folder / "none.sock")}
        for command in (("check", self.folder / "good.yaml"), ("fmt", "--check", self.folder / "good.yaml"), ("schema",),
                        ("completion", "bash"), ("plan", self.folder / "good.yaml", "--live", "empty")):
            self.assertEqual(ask(*command, env=nowhere).returncode, 0, command)
        for command in (("plan", self.folder / "good.yaml"), ("status",), ("status", "vm1"), ("history",),
                        ("explain", "vm1"), ("explain", "vm1", "--at", "@1"), ("reload", "--wait=5s"), ("reload", "--wait")):
            found = ask(*command, env=nowhere)
            self.assertEqual(found.returncode, 69, (command, found.stderr))
            self.assertIn("sluice serve", found.stderr)

    def test_words_of_a_file_are_no_commands_to_the_terminal(self):
        found = ask("validate", "-", input='sluice: 1\nnodes: {a: {driver: "\\e[2J"}, "b\\e]0;x\\a": {}}\n')
        self.assertNotIn("\x1b", found.stderr)
        self.assertIn("<U+001B>", found.stderr)

    def test_check_goes_on_with_watch(self):
        path = self.folder / "good.yaml"
        with open(self.folder / "found", "wb") as file:
            watching = subprocess.Popen([SLUICE, "check", "--watch", "-o", "json", path], stdout=file, stderr=subprocess.DEVNULL)
        try:
            found = self.folder / "found"
            for text, isGood in ((None, True), (BAD, False), (MORE, True)):
                count = found.read_text().count("\n")
                if text:
                    path.write_text(text)
                    wait_until(lambda: found.read_text().count("\n") == count + 1, 20, "another look")
                else:
                    wait_until(lambda: found.read_text().count("\n") == 1, 20, "the first look")
                self.assertIs(json.loads(found.read_text().splitlines()[-1])["ok"], isGood)
            self.assertIsNone(watching.poll())
        finally:
            watching.kill()
            watching.wait()
        self.assertEqual(ask("check", "--watch", "-").returncode, 64)


class OneObject(DaemonTest):
    def started(self):
        return self.daemon(CONFIGURATION).start("--no-watch")

    def test_status_tells_of_single_objects(self):
        sluice = self.started()
        words = sluice.cli("status", "vm1", "node/disk").stdout
        for said in ("export vm1", "node disk", "live in @1", "used by", "reads 0", "export vm1 via view"):
            self.assertIn(said, words)
        answer = json.loads(sluice.cli("status", "disk", "-o", "json").stdout)
        self.assertEqual([found["object"] for found in answer["objects"]], ["node/disk"])
        unknown = run(SLUICE, "status", "dsik", "--control", sluice.control, code=64)
        self.assertIn('did you mean "disk"?', unknown.stderr)
        wide = sluice.cli("status", "--wide").stdout
        for said in ("writable", "on local", "thread default", "reads 0"):
            self.assertIn(said, wide)
        self.assertNotIn("reads 0", sluice.cli("status").stdout)

    def test_explain_tells_of_a_generation_that_was(self):
        sluice = self.started()
        wished = sluice.directory / "wished.yaml"
        wished.write_text(sluice.fill(CONFIGURATION.replace("node: view", "node: disk").replace(
            "  view: {driver: raw, file: disk}\n", "")))
        sluice.cli("apply", wished, "--yes")
        run(SLUICE, "explain", "view", "--control", sluice.control, code=64)
        words = sluice.cli("explain", "view", "--at", "@1").stdout
        self.assertIn("node view   driver raw", words)
        self.assertIn("export vm1", words)
        run(SLUICE, "explain", "view", "--at", "@99", "--control", sluice.control, code=None)
        run(SLUICE, "explain", "E0412", "--at", "@1", code=64)

    def test_reload_waits_as_long_as_it_is_told(self):
        sluice = self.started()
        for words in (("--wait",), ("--wait=90s",), ("--wait", "90s"), ()):
            self.assertIn("@1", sluice.cli("reload", *words).stdout)

    def test_a_saved_plan_is_strict_where_that_is_wished(self):
        sluice = self.started()
        wished = sluice.directory / "wished.yaml"
        saved = sluice.directory / "saved"
        wished.write_text(sluice.fill(CONFIGURATION) + "  vm2: {type: nbd, node: view}\n")
        sluice.cli("plan", wished, "--out", saved)
        other = sluice.directory / "other.yaml"
        other.write_text(sluice.fill(CONFIGURATION).replace("exports:", "  new: {driver: null-co}\nexports:"))
        sluice.cli("apply", other, "--yes")
        found = run(SLUICE, "apply", saved, "--strict", "--control", sluice.control, code=10)
        self.assertIn("--strict", found.stderr)
        sluice.cli("apply", saved)

    def test_a_plan_is_made_against_another_machine(self):
        sluice = self.started()
        tools = sluice.directory / "tools"
        tools.mkdir()
        # Stands in for ssh: notes how it was called, and runs the words here as the far shell would.
        (tools / "ssh").write_text('#!/bin/sh\nprintf "%s\\n" "$@" >"$NOTED"\nwhile [ "$1" != -- ]; do shift; done\n'
                                   'shift 2\nshift\nexec sh -c "$SLUICE_HERE $*"\n')
        (tools / "ssh").chmod(0o755)
        noted = sluice.directory / "noted"
        env = {"PATH": f"{tools}:{os.environ['PATH']}", "NOTED": str(noted), "SLUICE_HERE": SLUICE}
        wished = sluice.directory / "wished.yaml"
        wished.write_text(sluice.fill(CONFIGURATION) + "  vm2: {type: nbd, node: view}\n")
        found = ask("plan", wished, "--against", f"ssh://me@far:2222{sluice.control}", env=env)
        self.assertEqual(found.returncode, 0, found.stderr)
        self.assertRegex(found.stdout, r"\+ export +vm2")
        self.assertIn("1 to add", found.stdout)
        self.assertEqual(noted.read_text().splitlines()[:5], ["-p", "2222", "--", "me@far", "sluice"])
        self.assertEqual(ask("plan", wished, "--against", "ssh://-oProxyCommand=x", env=env).returncode, 64)
        (tools / "ssh").write_text("#!/bin/sh\necho no such host >&2\nexit 255\n")
        found = ask("plan", wished, "--against", "ssh://far", env=env)
        self.assertEqual(found.returncode, 69)
        self.assertIn("no such host", found.stderr)
        self.assertEqual(sluice.generation(), 1)


if __name__ == "__main__":
    unittest.main()
