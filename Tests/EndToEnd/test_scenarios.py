"""Scenarios of the language, the planner and the command line that are about the whole program: huge files, secrets,
plans that write nothing, refusals that say what to do."""
import json
import os
import pathlib
import random
import re
import subprocess
import tempfile
import unittest

from sluice_daemon import LONG, SLUICE, DaemonTest, run, wait_until

SECRET = "LS0tLS1CRUdJTiBQUklWQVRF"
CONFLICTING = """sluice: 1
listeners: {l: {type: nbd, address: "unix:s"}}
nodes:
  disk: {driver: file, filename: disk.raw}
exports:
  disk: {type: nbd, node: disk, writable: true, share: [consistent-read]}
  backup:
    type: nbd
    node: disk
    writable: true
"""
MANY = "sluice: 1\nlisteners: {l: {type: nbd, address: \"unix:s\"}}\nnodes: {a: {driver: null-co}}\nexports:\n" + "".join(
    f"  e{number}: {{type: nbd, node: a}}\n" for number in range(8))


class Offline(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="sluice-scenarios.")
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)

    def write(self, name, text):
        (self.folder / name).write_text(text)
        return name

    def sluice(self, *words, code=0, **options):
        return run(SLUICE, *words, code=code, cwd=self.folder, **options)


class Language(Offline):
    def test_l8_a_huge_file(self):
        line = "# a comment that is as long as comments are wont to be in files of this kind\n"
        self.write("huge.yaml", "sluice: 1\n" + line * (50 * (1 << 20) // len(line)))
        with open(self.folder / "sparse.yaml", "wb") as file:
            file.truncate(1 << 40)
        for name in ("huge.yaml", "sparse.yaml"):
            words = self.sluice("validate", name, code=65).stderr
            self.assertIn(f"{name}:1:1: error[E0104]", words)
            self.assertIn("1048576 bytes", words)

    def test_l8_input_without_an_end(self):
        # What is written after the limit is not read: the writer is told by a broken pipe.
        process = subprocess.Popen([SLUICE, "validate", "-"], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        written = 0
        with self.assertRaises(BrokenPipeError):
            while written < 64 << 20:
                written += os.write(process.stdin.fileno(), b"# and so on\n" * 4096)
        self.assertLess(written, 2 << 20)
        self.assertIn(b"<stdin>:1:1: error[E0104]", process.stderr.read())
        process.stderr.close()
        process.stdin.close()
        self.assertEqual(process.wait(timeout=30), 65)


class Secrets(Offline):
    def test_p21_what_a_key_file_holds_is_in_no_output(self):
        """The language has no option that holds a secret: keys are files, which a plan names and does not read."""
        def text(key):
            return ("sluice: 1\nlisteners:\n  lan:\n    type: nbd\n    address: tcp:127.0.0.1:10809\n"
                    f"    tls: {{certificate: cert.pem, key: {key}}}\n")
        self.write("one.pem", SECRET)
        self.write("two.pem", SECRET)
        self.write("cert.pem", SECRET)
        self.write("live.yaml", text("one.pem"))
        self.write("new.yaml", text("two.pem"))
        outputs = []
        for form in ("text", "json", "markdown", "github"):
            result = self.sluice("plan", "new.yaml", "--live", "live.yaml", "-o", form, "--out", f"{form}.plan")
            outputs += [result.stdout, result.stderr, (self.folder / f"{form}.plan").read_text()]
        self.assertIn("two.pem", outputs[0])
        outputs += [self.sluice(*words).stdout for words in (
            ("validate", "new.yaml", "-o", "json"), ("graph", "new.yaml", "--as", "json"), ("fmt", "--diff", "new.yaml"))]
        for output in outputs:
            self.assertNotIn(SECRET, output)
        for driver in json.loads(self.sluice("drivers", "-o", "json").stdout):
            for option in driver["options"] + driver["node-options"]:
                self.assertNotRegex(option["key"], "secret|password|passphrase")


class Refusals(Offline):
    """C13: what is refused for permissions or by a guard says who, where, and what to do."""

    def refusal(self, code, *words, exit):
        answer = self.sluice(*words, code=exit).stderr
        self.assertIn(f"[{code}]", answer)
        self.assertRegex(answer, rf"(?m)^[\w./-]+:\d+:\d+: error\[{code}\]", "a place")
        self.assertTrue(self.sluice("explain", code).stdout, "a page")
        commands = re.findall(r"sluice ([a-z]+)\b|(--[a-z][a-z-]+)", answer)
        self.assertTrue(commands, answer)
        for verb, option in commands:
            self.assertTrue(verb in self.verbs if verb else option.lstrip("-") in self.options, answer)
        return answer

    def setUp(self):
        super().setUp()
        tables = json.loads(self.sluice("--experimental-dump-help").stdout)["command"]["subcommands"]
        self.verbs = {name for c in tables for name in [c["commandName"], *c.get("aliases", [])]}
        self.options = {n["name"] for c in tables for a in c["arguments"] for n in a.get("names", [])}

    def test_c13_a_permission_conflict(self):
        words = self.refusal("E0412", "plan", self.write("a.yaml", CONFLICTING), "--live", "empty", exit=11)
        self.assertIn("export backup may not write to node disk", words)
        self.assertIn("export disk uses the same node", words)
        self.assertRegex(words, r"a\.yaml:6:\d+: note")

    def test_c13_a_writer_of_what_is_read_only(self):
        text = CONFLICTING.replace("filename: disk.raw", "filename: disk.raw, read-only: true")
        words = self.refusal("E0413", "validate", self.write("a.yaml", text), exit=11)
        self.assertIn("export backup writes to node disk, which is read-only", words)

    def test_c13_guards_and_protection(self):
        self.write("live.yaml", MANY)
        self.write("few.yaml", MANY.replace("  e7: {type: nbd, node: a}\n", "").replace("  e6: {type: nbd, node: a}\n", ""))
        for code, option, limit in (("E0602", "--guard-removed-exports", "20"), ("E0604", "--guard-removed-objects", "1")):
            words = self.refusal(code, "plan", "few.yaml", "--live", "live.yaml", option, limit, exit=12)
            self.assertIn("e6, e7", words)
            self.assertIn("sluice apply PATH --allow-remove e6 --allow-remove e7", words)
        self.write("safe.yaml", MANY.replace("e7: {", "e7: {protect: true, "))
        words = self.refusal("E0601", "plan", "few.yaml", "--live", "safe.yaml", exit=12)
        self.assertIn("export/e7", words)
        self.write("node.yaml", "sluice: 1\nnodes: {a: {driver: null-co}, b: {driver: raw, file: a}}\n")
        self.write("none.yaml", "sluice: 1\n")
        words = self.sluice("plan", "none.yaml", "--live", "node.yaml", "--only", "a", code=12).stderr
        self.assertIn("node/b", words)
        self.assertIn("--only", words)


class Previews(DaemonTest):
    """P24, as far as plans by the command line go: whatever is planned, nothing is written."""

    def state(self, sluice):
        files = {}
        for path in sorted(sluice.directory.rglob("*")):
            if path.is_file() and path.name != "serve.log":
                facts = path.stat()
                files[str(path)] = (facts.st_mtime_ns, facts.st_size, facts.st_ino)
        return files

    def test_p24_a_preview_is_harmless(self):
        text = ("sluice: 1\nlisteners: {l: {type: nbd, address: \"unix:{dir}/nbd.sock\"}}\n"
                "nodes: {disk: {driver: file, filename: \"{dir}/disk.raw\", create: {size: 1MiB}}}\n"
                "exports: {disk: {type: nbd, node: disk, writable: true}}\n")
        sluice = self.daemon(text).start()
        wait_until(lambda: not (sluice.directory / "state" / "candidate.json").exists(), 10, "the first generation is kept")
        before, still = self.state(sluice), sluice.still()
        numbers = random.Random(24)
        wished = pathlib.Path(tempfile.mkdtemp(prefix="sluice-wished."))
        self.addCleanup(lambda: [path.unlink() for path in wished.iterdir()] and wished.rmdir())
        seen = set()
        for turn in range(1000 if LONG else 40):
            lines = ["sluice: 1", f"listeners: {{l: {{type: nbd, address: \"unix:{sluice.directory}/nbd.sock\"}}}}", "nodes:"]
            names = numbers.sample(["disk", "a", "b", "c"], numbers.randint(1, 4))
            for name in names:
                lines.append("  " + numbers.choice([
                    f"{name}: {{driver: file, filename: \"{sluice.directory}/{name}.raw\", create: {{size: 2MiB}}}}",
                    f"{name}: {{driver: null-co, size: {numbers.randint(1, 9)}MiB}}"]))
            lines.append("exports: {" + f"{numbers.choice(names)}: {{type: nbd, node: {numbers.choice(names)}, "
                         f"writable: {numbers.choice(['true', 'false'])}}}" + "}")
            (wished / "a.yaml").write_text("\n".join(lines) + "\n")
            seen.add(sluice.cli("plan", wished, code=None).returncode)
        self.assertLessEqual(seen, {0, 11, 12})
        self.assertIn(0, seen)
        self.assertEqual(self.state(sluice), before)
        self.assertEqual(sluice.still(), still)


if __name__ == "__main__":
    unittest.main()
