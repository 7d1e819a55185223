"""Plans without a daemon: what is printed, in every form, and with which exit code."""
import fcntl
import json
import os
import pathlib
import pty
import re
import stat
import struct
import subprocess
import tempfile
import termios
import unittest

from sluice_daemon import SLUICE, run

CONFORMANCE = os.environ.get("SLUICE_CONFORMANCE")
BASE = """sluice: 1
listeners: {l: {type: nbd, address: "unix:s"}}
throttle-groups: {g1: {iops-total: 4000}, g2: {iops-total: 4000}}
nodes:
  vm1-file: {driver: file, filename: 1.qcow2}
  vm1-fmt: {driver: qcow2, file: vm1-file, backing: null}
  vm1-iops: {driver: throttle, throttle-group: g1, file: vm1-fmt}
  vm2-file: {driver: file, filename: 2.qcow2}
  vm2-fmt: {driver: qcow2, file: vm2-file, backing: null}
  vm2-iops: {driver: throttle, throttle-group: g2, file: vm2-fmt}
exports:
  vm1: {type: nbd, node: vm1-iops, writable: true}
  vm2: {type: nbd, node: vm2-iops, writable: true}
"""
CHANGED = BASE.replace("g1: {iops-total: 4000}", "g1: {iops-total: 6000}")
CONFLICT = BASE.replace("node: vm1-iops, writable: true", "node: vm1-iops, writable: true, share: [consistent-read]") \
    + "  backup: {type: nbd, node: vm1-iops, writable: true}\n"
OVERLAY = BASE.replace("vm2-fmt: {driver: qcow2, ", "vm2-fmt: {driver: qcow2, read-only: true, ").replace(
    "file: vm2-fmt}", "file: vm2-snap}").replace(
    "exports:", "  vm2-snap: {driver: qcow2, file: {driver: file, filename: 3.qcow2}, backing: vm2-fmt}\nexports:")
WITHOUT_VM2 = "".join(line + "\n" for line in BASE.splitlines() if "vm2" not in line)
RENAMED = BASE.replace("vm1-fmt: {driver", "vm1-disk: {driver").replace("file: vm1-fmt", "file: vm1-disk")
ESCAPE = "\x1b"


class Offline(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory(prefix="sluice-plan.")
        self.folder = pathlib.Path(self.scratch.name)
        self.addCleanup(self.scratch.cleanup)
        (self.folder / "live.yaml").write_text(BASE)

    def environment(self, **more):
        kept = {key: value for key, value in os.environ.items()
                if key not in ("NO_COLOR", "CLICOLOR_FORCE", "TERM", "SLUICE_ASCII", "GITHUB_ACTIONS", "SLUICE_CONTROL")}
        return {**kept, "LC_ALL": "C.UTF-8", **more}

    def sluice(self, *words, code=0, **environment):
        return run(SLUICE, *words, code=code, cwd=self.folder, env=self.environment(**environment))

    def plan(self, text, *words, code=0, live="live.yaml", **environment):
        (self.folder / "new.yaml").write_text(text)
        return self.sluice("plan", "new.yaml", "--live", live, *words, code=code, **environment)


class PlanText(Offline):
    def test_p1_nothing_to_do(self):
        result = self.plan(BASE, "--detailed-exitcode")
        self.assertEqual(len(result.stdout.splitlines()), 1)
        self.assertTrue(result.stdout.startswith("No changes."), result.stdout)

    def test_p2_in_place_change(self):
        text = self.plan(CHANGED, "--detailed-exitcode", code=2).stdout
        self.assertRegex(text, r"vm1 +no pause")
        self.assertRegex(text, r"  ~ throttle-group +g1 +iops-total 4000 -> 6000 +new\.yaml:3\n")
        self.assertNotIn("drain", text)
        self.assertIn("1 to change; 1 export untouched, 1 export changed without a pause.", text)
        self.assertIn("Run: sluice apply new.yaml", text)

    def test_overlay_says_who_pauses_and_what_undo_takes(self):
        text = self.plan(OVERLAY).stdout
        self.assertRegex(text, r"vm2 +pause")
        self.assertRegex(text, r"⇄ edge +vm2-iops +file: vm2-fmt -> vm2-snap")
        self.assertRegex(text, r"(?m)^undo +vm2-snap merge-back")
        # What each export notices comes before what is done to shared things and before removals.
        self.assertLess(text.index("vm2  "), text.index("steps"))

    def test_p5_rename_that_was_not_said(self):
        result = self.plan(RENAMED)
        self.assertRegex(result.stdout, r"± node +vm1-disk +same image as vm1-fmt, which goes; add `formerly: vm1-fmt`")
        self.sluice("fix", "1", "new.yaml", "--live", "live.yaml")
        text = self.sluice("plan", "new.yaml", "--live", "live.yaml").stdout
        self.assertRegex(text, r'→ node +vm1-disk +formerly "vm1-fmt"')
        self.assertIn("1 to rename", text)

    def test_same_bytes_for_the_same_input(self):
        outputs = {self.plan(OVERLAY).stdout for _ in range(3)}
        self.assertEqual(len(outputs), 1)

    def test_c8_colours(self):
        for environment in ({}, {"NO_COLOR": "1", "CLICOLOR_FORCE": "0"}, {"TERM": "dumb"}):
            self.assertNotIn(ESCAPE, self.plan(OVERLAY, **environment).stdout)
        coloured = self.plan(OVERLAY, CLICOLOR_FORCE="1").stdout
        self.assertIn(ESCAPE, coloured)
        self.assertEqual(re.sub(r"\x1b\[[0-9;]*m", "", coloured), self.plan(OVERLAY).stdout)
        self.assertNotIn(ESCAPE, self.plan(OVERLAY, "--color=never", CLICOLOR_FORCE="1").stdout)
        self.assertIn(ESCAPE, self.plan(OVERLAY, "--color=always").stdout)

    def test_ascii(self):
        for environment in ({"SLUICE_ASCII": "1"}, {"LC_ALL": "C"}):
            result = self.plan(OVERLAY, **environment)
            result.stdout.encode("ascii")
            self.assertIn("<> edge", result.stdout)
        conflict = self.plan(CONFLICT, code=11, SLUICE_ASCII="1")
        conflict.stderr.encode("ascii")

    def terminal(self, columns, rows, *words):
        """What a command prints on a terminal of that size."""
        leader, follower = pty.openpty()
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        process = subprocess.Popen([SLUICE, *words], cwd=self.folder, env=self.environment(NO_COLOR="1"),
                                   stdin=subprocess.DEVNULL, stdout=follower, stderr=subprocess.DEVNULL)
        os.close(follower)
        output = b""
        while True:
            try:
                piece = os.read(leader, 65_536)
            except OSError:  # The other end is closed.
                break
            if not piece:
                break
            output += piece
        os.close(leader)
        process.wait(timeout=60)
        return output.decode().replace("\r\n", "\n")

    def test_narrow_terminals(self):
        (self.folder / "new.yaml").write_text(OVERLAY)
        words = ("plan", "new.yaml", "--live", "live.yaml")
        self.assertEqual(self.terminal(200, 80, *words), self.plan(OVERLAY).stdout)
        for columns in (60, 72, 90):
            text = self.terminal(columns, 80, *words)
            for line in text.splitlines():
                self.assertLessEqual(len(line), columns, text)
        self.assertRegex(self.terminal(60, 80, *words), r"vm2-snap +qcow2 overlay on vm2-fmt\n +new\.yaml:11\n")

    def test_a_plan_longer_than_the_screen_repeats_what_is_risky(self):
        (self.folder / "new.yaml").write_text(WITHOUT_VM2)
        words = ("plan", "new.yaml", "--live", "live.yaml")
        self.assertEqual(self.terminal(120, 80, *words).count("vm2-fmt  "), 1)
        short = self.terminal(120, 8, *words)
        self.assertGreater(short.rindex("vm2-fmt  "), short.index("to remove"))

    def test_only(self):
        both = CHANGED.replace("g2: {iops-total: 4000}", "g2: {iops-total: 9}")
        answer = json.loads(self.plan(both, "--only", "throttle-group/g2", "-o", "json").stdout)
        self.assertEqual([action["object"] for action in answer["actions"]], ["throttle-group/g2"])
        refused = self.plan(WITHOUT_VM2, "--only", "vm2-fmt", code=12)
        self.assertIn("E0605", refused.stderr)
        self.assertIn("--only node/vm2-iops", self.plan(WITHOUT_VM2, "--only", "vm2-fmt", code=12).stderr
                      .replace("node/vm2-fmt", "node/vm2-iops"))
        shown = self.plan(OVERLAY, "--only", "add").stdout
        self.assertIn("vm2-snap", shown)
        self.assertNotIn("⇄", shown)

    def test_full_names_what_is_untouched(self):
        self.assertNotIn("untouched  vm2", self.plan(CHANGED).stdout)
        self.assertIn("untouched  vm2", self.plan(CHANGED, "--full").stdout)

    def test_p14_guards_offline(self):
        held = self.plan(WITHOUT_VM2, "--guard-removed-objects", "3", code=12)
        self.assertIn("E0604", held.stderr)
        self.assertRegex(held.stdout, r"- node +vm2-fmt")
        names = ["vm2", "vm2-file", "vm2-fmt", "vm2-iops"]
        words = [word for name in names for word in ("--allow-remove", name)]
        self.plan(WITHOUT_VM2.replace(", g2: {iops-total: 4000}", ""), "--guard-removed-objects", "3", *words, code=12)
        self.plan(WITHOUT_VM2 + "", "--guard-removed-objects", "3", *words, "--allow-remove", "g2")
        # Without limits of one's own a file is no daemon, and what it would hold is only said.
        answer = json.loads(self.plan(WITHOUT_VM2, "-o", "json").stdout)
        guards = {entry["name"]: entry["ok"] for entry in answer["guards"]}
        self.assertEqual(guards["removed-exports-percent"], False)
        self.assertEqual(answer["verdict"], "ready")

    def test_c11_no_daemon(self):
        (self.folder / "new.yaml").write_text(BASE)
        result = self.sluice("plan", "new.yaml", "--control", str(self.folder / "none.sock"), code=69)
        self.assertIn("--live empty", result.stderr)
        self.sluice("check", "new.yaml")


class Conflicts(Offline):
    def test_p10_conflict_and_its_fixes(self):
        result = self.plan(CONFLICT, code=11)
        for word in ("error[E0412]", "note: export vm1", "where the two meet", "tried", "writable: false"):
            self.assertIn(word, result.stderr)
        self.assertIn("No plan.", result.stderr)
        count = len(self.sluice("fix", "new.yaml").stdout.splitlines())
        self.assertGreaterEqual(count, 2)
        for number in range(1, count + 1):
            before = (self.folder / "new.yaml").read_text()
            shown = self.sluice("fix", str(number), "new.yaml", "--print").stdout
            self.assertTrue(shown.startswith("---"), shown)
            self.assertEqual((self.folder / "new.yaml").read_text(), before)
            self.sluice("fix", str(number), "new.yaml")
            self.assertNotEqual((self.folder / "new.yaml").read_text(), before)
            self.sluice("plan", "new.yaml", "--live", "live.yaml")
            (self.folder / "new.yaml").write_text(before)
        self.sluice("fix", str(count + 1), "new.yaml", code=64)

    def test_github_annotations(self):
        for command in (("plan", "new.yaml", "--live", "live.yaml"), ("validate", "new.yaml")):
            (self.folder / "new.yaml").write_text(CONFLICT)
            lines = self.sluice(*command, "-o", "github", code=11).stdout.splitlines()
            self.assertTrue(lines)
            for line in lines:
                self.assertRegex(line, r"^::error file=new\.yaml,line=\d+,col=\d+,endColumn=\d+,title=E0412::\S")
        (self.folder / "new.yaml").write_text(CONFLICT)
        result = self.sluice("validate", "new.yaml", "-o", "json", code=11, GITHUB_ACTIONS="true")
        json.loads(result.stdout)
        self.assertIn("::error ", result.stderr)

    def test_markdown_fits_a_comment(self):
        text = self.plan(OVERLAY, "-o", "markdown").stdout
        self.assertTrue(text.startswith("### sluice plan: "))
        self.assertIn("| vm2 | **pause**", text)
        many = "sluice: 1\nnodes:\n" + "".join(f"  n{i}: {{driver: null-co}}\n" for i in range(5000))
        text = self.plan(many, "-o", "markdown").stdout
        self.assertLess(len(text), 65_536)
        self.assertIn("more lines", text)
        self.assertEqual(text.count("```"), 2)
        self.assertIn("E0412", self.plan(CONFLICT, "-o", "markdown", code=11).stdout)

    def test_strict(self):
        (self.folder / "new.yaml").write_text(BASE)
        self.sluice("validate", "--strict", "new.yaml")


class SavedPlans(Offline):
    def test_saved_plan_is_sealed_and_private(self):
        self.plan(CHANGED, "--out", "c.plan")
        path = self.folder / "c.plan"
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
        saved = json.loads(path.read_text())
        self.assertEqual(saved["format"], "sluice.plan/1")
        first = path.read_bytes()
        self.plan(CHANGED, "--out", "c.plan")
        self.assertEqual(path.read_bytes(), first)
        # P20: one byte.
        path.write_bytes(first.replace(b"6000", b"6001"))
        refused = self.sluice("apply", "c.plan", "--control", "none.sock", code=12)
        self.assertIn("altered", refused.stderr)

    def test_nothing_is_saved_of_what_is_refused(self):
        self.plan(CONFLICT, "--out", "c.plan", code=11)
        self.assertFalse((self.folder / "c.plan").exists())

    def test_c10_apply_of_a_path_wants_yes(self):
        (self.folder / "new.yaml").write_text(BASE)
        self.sluice("apply", "new.yaml", "--control", "none.sock", code=64)


class Schema(Offline):
    """Every JSON answer of `plan` keeps the schema that is published."""

    def setUp(self):
        super().setUp()
        try:
            import jsonschema
        except ImportError:
            self.skipTest("python3-jsonschema is not installed")
        schema = json.loads(self.sluice("schema", "--plan").stdout)
        jsonschema.Draft202012Validator.check_schema(schema)
        self.validator = jsonschema.Draft202012Validator(schema)

    def check(self, text):
        answer = json.loads(text)
        self.assertEqual([error.message for error in self.validator.iter_errors(answer)], [])
        return answer

    def test_every_verdict(self):
        for text, code, verdict in (
                (BASE, 0, "empty"), (CHANGED, 0, "ready"), (OVERLAY, 0, "ready"), (RENAMED, 0, "ready"),
                (WITHOUT_VM2, 0, "ready"), (CONFLICT, 11, "conflict"), ("sluice: 1\nnodes: {a: {driver: fle}}\n", 65, "invalid"),
                ("\t", 65, "invalid")):
            self.assertEqual(self.check(self.plan(text, "-o", "json", code=code).stdout)["verdict"], verdict)
        answer = self.check(self.plan(BASE, "-o", "json", live="empty").stdout)
        self.assertEqual(answer["summary"]["add"], 11)
        held = self.plan(WITHOUT_VM2, "--guard-removed-objects", "1", "-o", "json", code=12)
        self.assertEqual(self.check(held.stdout)["verdict"], "held")
        self.plan(OVERLAY, "--out", "c.plan")
        self.check((self.folder / "c.plan").read_text())
        self.check(self.sluice("plan", "none.yaml", "--live", "empty", "-o", "json", code=66).stdout)

    @unittest.skipUnless(CONFORMANCE, "SLUICE_CONFORMANCE names no folder")
    def test_conformance_cases(self):
        import yaml
        checked = 0
        for file in sorted(pathlib.Path(CONFORMANCE).glob("*.yaml")):
            for case in yaml.safe_load(file.read_text())["cases"]:
                if not isinstance(case["desired"], str) or not isinstance(case.get("live", ""), str):
                    continue
                (self.folder / "a.yaml").write_bytes(case.get("live", "sluice: 1\n").encode("utf-8", "surrogateescape"))
                (self.folder / "b.yaml").write_bytes(case["desired"].encode("utf-8", "surrogateescape"))
                result = self.sluice("plan", "b.yaml", "--live", "a.yaml", "-o", "json", code=None)
                self.check(result.stdout)
                checked += 1
        self.assertGreater(checked, 40)


if __name__ == "__main__":
    unittest.main()
