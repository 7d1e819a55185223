"""Commands that need no daemon, as a new user meets them: pictures, schemas, layout, completion, manual."""
import json
import os
import pathlib
import re
import shutil
import signal
import stat
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree

import yaml

from sluice_daemon import REPOSITORY, SLUICE, DaemonTest, run

EXAMPLES = sorted((REPOSITORY / "examples").glob("*.yaml"))
ONE, MANY = (REPOSITORY / "examples" / name for name in ["one-disk.yaml", "iothreads.yaml"])
CONFORMANCE = pathlib.Path(os.environ.get("SLUICE_CONFORMANCE", REPOSITORY / ".." / "shared" / "conformance"))
# Findings that one value shows by itself, so that a schema has to see them too.
SCHEMA_CODES = {"E0110", "E0201", "E0202", "E0203", "E0204", "E0205", "E0206", "E0207"}
# Codes after which the text is no YAML that an editor could judge.
TEXT_CODES = {f"E01{number:02}" for number in range(0, 10)} | {"E0112"}


class Core12Loader(yaml.SafeLoader):
    """YAML 1.2's core schema, as editors read it: `no` is a text, `0660` is 660, merge keys work."""


Core12Loader.yaml_implicit_resolvers = {}
for tag, pattern, first in [
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("int", r"^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$", "-+0123456789"),
    ("float", r"^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$",
     "-+0123456789."),
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("merge", r"^(?:<<)$", "<"),
]:
    Core12Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(pattern), list(first))


def whole_number(loader, node):
    text = loader.construct_scalar(node)
    return int(text, 0) if text[:2] in ("0o", "0x") else int(text)


Core12Loader.add_constructor("tag:yaml.org,2002:int", whole_number)


def cases():
    for file in sorted(CONFORMANCE.glob("*.yaml")):
        for case in yaml.safe_load(file.read_text())["cases"]:
            yield f"{file.stem}/{case['id']}", case


def write(folder, name, text):
    """Writes one configuration, as the conformance runner does."""
    if isinstance(text, dict):
        for file, body in text.items():
            (folder / name / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / name / file).write_text(body)
        return folder / name
    path = folder / f"{name}.yaml"
    path.write_text(text)
    return path


class ToolTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sluice-tools."))
        self.addCleanup(shutil.rmtree, self.folder)

    def sluice(self, *words, code=0, **options):
        options.setdefault("cwd", self.folder)
        return run(SLUICE, *words, code=code, **options)


class GraphTest(ToolTest):
    def plan(self):
        before = write(self.folder, "before", ONE.read_text())
        after = write(self.folder, "after", MANY.read_text())
        return after, before

    def test_every_example_is_drawn_in_every_language(self):
        for example in EXAMPLES:
            for language in ["text", "svg", "mermaid", "dot", "json"]:
                with self.subTest(example=example.name, language=language):
                    self.assertTrue(self.sluice("graph", example, "--as", language).stdout)

    def test_a_drawing_is_well_formed_and_shows_every_object(self):
        after, before = self.plan()
        drawing = self.sluice("graph", after, "--live", before, "--as", "svg").stdout
        root = xml.etree.ElementTree.fromstring(drawing)
        texts = {"".join(element.itertext()) for element in root.iter("{http://www.w3.org/2000/svg}text")}
        picture = json.loads(self.sluice("graph", after, "--live", before, "-o", "json").stdout)
        for box in picture["boxes"]:
            self.assertIn(box["object"].split("/", 1)[1], texts)
        changes = {box["change"] for box in picture["boxes"]}
        self.assertLessEqual({"add", "remove"}, changes)

    @unittest.skipUnless(shutil.which("rsvg-convert"), "needs rsvg-convert (Debian: librsvg2-bin)")
    def test_a_drawing_can_be_rendered(self):
        after, before = self.plan()
        drawing = self.folder / "graph.svg"
        drawing.write_text(self.sluice("graph", after, "--live", before, "--as", "svg").stdout)
        run("rsvg-convert", drawing, "-o", self.folder / "graph.png")
        self.assertGreater((self.folder / "graph.png").stat().st_size, 5_000)

    @unittest.skipUnless(shutil.which("dot"), "needs dot (Debian: graphviz)")
    def test_graphviz_reads_what_is_written_for_it(self):
        after, before = self.plan()
        text = self.sluice("graph", after, "--live", before, "--as", "dot").stdout
        run("dot", "-Tsvg", "-o", self.folder / "dot.svg", input=text)

    def test_a_conflict_is_drawn_and_reported(self):
        text = ONE.read_text().replace(
            "  disk:\n    driver: file", "  two: {driver: qcow2, file: disk, backing: null}\n  disk:\n    driver: file")
        text += "  two: {type: nbd, node: two, writable: true}\n"
        result = self.sluice("graph", write(self.folder, "a", text), code=11)
        self.assertIn("two", result.stdout)
        self.assertIn("E0412", result.stderr)

    def test_a_part_is_asked_for_by_name(self):
        result = self.sluice("graph", MANY, "--around", "golden", "-r", "1")
        self.assertIn("golden-a", result.stdout)
        self.assertNotIn("scratch", result.stdout)
        result = self.sluice("graph", MANY, "--around", "goldne", code=64)
        self.assertIn('did you mean "golden"', result.stderr)

    def test_without_a_terminal_there_is_no_colour_and_ascii_is_respected(self):
        after, before = self.plan()
        words = ["graph", after, "--live", before]
        plain = {"PATH": os.environ["PATH"], "LANG": "C"}
        self.assertTrue(self.sluice(*words, env=plain).stdout.isascii())
        forced = dict(plain, CLICOLOR_FORCE="1")
        self.assertIn("\x1b[", self.sluice(*words, env=forced).stdout)
        self.assertNotIn("\x1b[", self.sluice(*words, env=dict(plain, NO_COLOR="1")).stdout)


class SchemaTest(ToolTest):
    def setUp(self):
        super().setUp()
        try:
            import jsonschema
        except ImportError:
            self.skipTest("needs jsonschema (Debian: python3-jsonschema)")
        self.jsonschema = jsonschema

    def documents(self, configuration):
        files = [configuration] if configuration.is_file() else sorted(configuration.rglob("*.yaml"))
        for file in files:
            yield from yaml.load_all(file.read_text(), Loader=Core12Loader)

    def test_every_example_and_good_case_passes_and_every_case_that_it_can_see_fails(self):
        schema = json.loads(self.sluice("schema").stdout)
        self.jsonschema.Draft7Validator.check_schema(schema)
        validator = self.jsonschema.Draft7Validator(schema)
        for example in EXAMPLES:
            for document in self.documents(example):
                self.assertEqual([e.message for e in validator.iter_errors(document)], [], example.name)
        seen = {True: 0, False: 0}
        for name, case in cases():
            for key in {"desired", "live"} & set(case):
                with self.subTest(case=name, key=key), tempfile.TemporaryDirectory() as folder:
                    path = write(pathlib.Path(folder), key, case[key])
                    answer = json.loads(self.sluice("validate", path, "-o", "json", code=None).stdout)
                    codes = {d["code"] for d in answer["diagnostics"] if d["severity"] == "error"}
                    if codes & TEXT_CODES:
                        continue
                    errors = [e.message for d in self.documents(path) for e in validator.iter_errors(d)]
                    self.assertEqual(bool(errors), bool(codes & SCHEMA_CODES), f"{codes}: {errors[:3]}")
                    seen[bool(errors)] += 1
        if CONFORMANCE.is_dir():
            self.assertGreater(seen[True], 5)
            self.assertGreater(seen[False], 50)

    def test_what_a_single_value_can_get_wrong_is_seen(self):
        validator = self.jsonschema.Draft7Validator(json.loads(self.sluice("schema").stdout))
        head = "sluice: 1\nnodes:\n  a: "
        for text in ["{driver: null-co, size: large}", "{driver: null-co, latency: 5}", "{driver: nul-co}",
                     "{driver: file}", "{driver: null-co, x: 1}", "{driver: null-co, read-only: yes}",
                     "{driver: raw, file: [a]}", "{driver: nbd, server: {type: inet, path: /x}}",
                     "{driver: quorum, vote-threshold: 0, children: [b]}", "{driver: blkdebug, image: b, "
                     "inject-error: [{errno: EFOO}]}", "{driver: nbd, server: {type: tcp}}"]:
            with self.subTest(text=text):
                path = write(self.folder, "a", head + text + "\n  b: {driver: null-co}\n")
                self.sluice("validate", path, code=65)
                self.assertTrue([e for d in self.documents(path) for e in validator.iter_errors(d)])

    def test_every_plan_fits_the_schema_of_plans(self):
        schema = json.loads(self.sluice("schema", "--plan").stdout)
        self.jsonschema.Draft202012Validator.check_schema(schema)
        validator = self.jsonschema.Draft202012Validator(schema)
        count = 0
        for name, case in cases():
            with self.subTest(case=name), tempfile.TemporaryDirectory() as folder:
                folder = pathlib.Path(folder)
                live = write(folder, "live", case["live"]) if "live" in case else "empty"
                desired = write(folder, "desired", case["desired"])
                answer = json.loads(self.sluice("plan", desired, "--live", live, "-o", "json", code=None).stdout)
                self.assertEqual([f"{list(e.path)}: {e.message}" for e in validator.iter_errors(answer)], [])
                count += 1
        if CONFORMANCE.is_dir():
            self.assertGreater(count, 60)


class FormatTest(ToolTest):
    UNTIDY = "sluice:   1   # v\nnodes:\n    a:   { driver: null-co ,size:  1MiB }\n"
    TIDY = "sluice: 1  # v\n\nnodes:\n  a: {driver: null-co, size: 1MiB}\n"

    def test_a_file_is_written_whole_and_keeps_its_permissions(self):
        path = write(self.folder, "a", self.UNTIDY)
        path.chmod(0o640)
        link = self.folder / "link.yaml"
        link.symlink_to(path.name)
        self.sluice("fmt", link)
        self.assertEqual(path.read_text(), self.TIDY)
        self.assertTrue(link.is_symlink())
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o640)
        before = path.stat()
        self.sluice("fmt", path)
        self.assertEqual((path.stat().st_ino, path.stat().st_mtime_ns), (before.st_ino, before.st_mtime_ns))
        self.assertEqual(sorted(p.name for p in self.folder.iterdir()), ["a.yaml", "link.yaml"])

    def test_check_and_diff_write_nothing(self):
        path = write(self.folder, "a", self.UNTIDY)
        result = self.sluice("fmt", "--check", self.folder, code=1)
        self.assertEqual(result.stdout, f"{path}\n")
        result = self.sluice("fmt", "--diff", path)
        self.assertIn("-    a:   { driver: null-co ,size:  1MiB }\n+  a: {driver: null-co, size: 1MiB}\n", result.stdout)
        self.assertEqual(path.read_text(), self.UNTIDY)
        if shutil.which("patch"):
            run("patch", "-s", path, input=result.stdout)
            self.assertEqual(path.read_text(), self.TIDY)
            self.sluice("fmt", "--check", path)

    def test_standard_input_is_laid_out_on_standard_output(self):
        self.assertEqual(self.sluice("fmt", "-", input=self.UNTIDY).stdout, self.TIDY)

    def test_what_is_no_yaml_stays(self):
        path = write(self.folder, "a", "sluice: 1\nnodes: {a: \n")
        self.assertIn("E0100", self.sluice("fmt", path, code=65).stderr)
        path = write(self.folder, "b", "sluice: 1\nnodes:\n\ta: {driver: null-co}\n")
        self.assertIn("--tabs", self.sluice("fmt", path, code=65).stderr)
        self.sluice("fmt", "--tabs", "2", path)
        self.sluice("validate", path)

    def test_every_example_and_case_means_the_same_afterwards(self):
        for example in EXAMPLES:
            self.sluice("fmt", "--check", example)
        for name, case in cases():
            with self.subTest(case=name), tempfile.TemporaryDirectory() as folder:
                path = write(pathlib.Path(folder), "desired", case["desired"])
                before = self.sluice("validate", path, "-o", "json", code=None)
                formatted = self.sluice("fmt", path, code=None)
                self.assertIn(formatted.returncode, [0, 65])
                after = self.sluice("validate", path, "-o", "json", code=None)
                self.assertEqual(before.returncode, after.returncode)
                left, right = json.loads(before.stdout), json.loads(after.stdout)
                self.assertEqual(left["graph"], right["graph"])
                self.assertEqual([d["code"] for d in left["diagnostics"]], [d["code"] for d in right["diagnostics"]])
                if formatted.returncode == 0:
                    self.sluice("fmt", "--check", path)


class ManualTest(ToolTest):
    def test_every_command_driver_and_code_has_its_place_in_the_manual(self):
        self.sluice("man", "--write", self.folder)
        pages = {p.name: p.read_text().replace("\\-", "-") for p in self.folder.rglob("*.[157]")}
        tables = json.loads(self.sluice("--experimental-dump-help").stdout)["command"]
        for command in tables["subcommands"]:
            if command["commandName"] == "help" or not command.get("shouldDisplay", True):
                continue
            page = pages[f"sluice-{command['commandName']}.1"]
            self.assertIn(f"sluice-{command['commandName']}(1)", pages["sluice.1"])
            for argument in command["arguments"]:
                for name in argument.get("names", []):
                    if argument["shouldDisplay"]:
                        self.assertIn(("--" if name["kind"] == "long" else "-") + name["name"], page)
        for driver in json.loads(self.sluice("drivers", "-o", "json").stdout):
            self.assertIn(f'.SH "{driver["name"]}"', pages["sluice-drivers.7"])
            for option in driver["options"]:
                self.assertIn(f'.B {option["key"]}\n', pages["sluice-drivers.7"])
            for option in driver["node-options"]:
                self.assertIn(f'.B {option["key"]}\n', pages["sluice.yaml.5"])
        for line in self.sluice("explain").stdout.splitlines():
            self.assertIn(f".B {line.split()[0]}", pages["sluice-errors.7"])

    @unittest.skipUnless(shutil.which("mandoc"), "needs mandoc")
    def test_the_pages_are_well_formed(self):
        self.sluice("man", "--write", self.folder)
        for page in sorted(self.folder.rglob("*.[157]")):
            # No date: the same version gives the same bytes.
            result = run("mandoc", "-T", "lint", "-W", "warning", page, code=None)
            faults = [line for line in result.stdout.splitlines() if "date" not in line]
            self.assertEqual(faults, [])

    def test_every_code_in_the_sources_has_a_page(self):
        codes = set()
        for source in (REPOSITORY / "Sources").rglob("*.swift"):
            if "DiagnosticPage" not in source.name:
                codes |= set(re.findall(r'"([EW]0\d{3})"', source.read_text()))
        pages = {line.split()[0] for line in self.sluice("explain").stdout.splitlines()}
        self.assertEqual(codes - pages, set())

    def test_c13_every_command_that_a_page_names_exists(self):
        tables = json.loads(self.sluice("--experimental-dump-help").stdout)["command"]["subcommands"]
        verbs = {name for c in tables for name in [c["commandName"], *c.get("aliases", [])]}
        options = {n["name"] for c in tables for a in c["arguments"] for n in a.get("names", [])}
        for page in json.loads(self.sluice("explain", "-o", "json").stdout):
            for verb in re.findall(r"\bsluice ([a-z]+)\b", page["text"]):
                self.assertIn(verb, verbs, page["code"])
            for option in re.findall(r"(?<![\w-])--([a-z][a-z-]+)", page["text"]):
                self.assertIn(option, options, page["code"])

    def test_every_driver_is_explained_with_an_example_that_is_right(self):
        nodes = "  other-{0}: {{driver: null-co}}\n"
        for driver in json.loads(self.sluice("drivers", "-o", "json").stdout):
            with self.subTest(driver=driver["name"]):
                self.assertIn(driver["summary"], self.sluice("drivers", driver["name"]).stdout)
                text = "sluice: 1\nthrottle-groups: {a-throttle-group: {}}\niothreads: {a-iothread: {}}\nnodes:\n"
                names = {child["name"] for child in driver["children"]} | {"file", "target"}
                text += "".join(nodes.format(name) for name in sorted(names))
                text += "  first: {driver: null-co}\n  second: {driver: null-co}\n"
                text += "".join(f"  {line}\n" for line in driver["example"].splitlines())
                self.sluice("validate", write(self.folder, driver["name"], text))


class CompletionTest(ToolTest):
    def complete(self, *words):
        script = f"source /dev/stdin <<'END'\n{self.sluice('completion', 'bash').stdout}\nEND\n"
        line = " ".join(words)
        script += (f"COMP_LINE={json.dumps(line)}; COMP_POINT=${{#COMP_LINE}}; COMP_WORDS=({line}); "
                   f"[[ $COMP_LINE == *' ' ]] && COMP_WORDS+=(''); COMP_CWORD=$((${{#COMP_WORDS[@]}}-1)); COMP_TYPE=9; "
                   "_sluice sluice \"${COMP_WORDS[COMP_CWORD]}\" \"${COMP_WORDS[COMP_CWORD-1]}\" 2>/dev/null; printf '%s\\n' \"${COMPREPLY[@]}\"")
        environment = dict(os.environ, PATH=f"{pathlib.Path(SLUICE).parent}:{os.environ['PATH']}")
        return run("bash", "--norc", "-c", script, env=environment, cwd=self.folder).stdout.split()

    def test_bash_completes_commands_options_and_words(self):
        self.assertIn("validate", self.complete("sluice", "va"))
        self.assertIn("--radius", self.complete("sluice", "graph", "--ra"))
        self.assertIn("copy-on-read", self.complete("sluice", "drivers", "copy-o"))
        self.assertIn("E0412", self.complete("sluice", "explain", "E041"))

    def test_names_of_objects_come_from_the_files_on_the_line(self):
        names = self.complete("sluice", "graph", str(MANY), "--around", "gol")
        self.assertEqual(sorted(names), ["golden", "golden-a", "golden-b"])

    def test_every_shell_can_read_its_script(self):
        for shell, check in [("bash", ["bash", "-n"]), ("zsh", ["zsh", "-n"]), ("fish", ["fish", "--no-execute"])]:
            script = self.folder / shell
            script.write_text(self.sluice("completion", shell).stdout)
            if shutil.which(shell):
                with self.subTest(shell=shell):
                    run(*check, script)
        self.sluice("completion", "tcsh", code=64)

    @unittest.skipUnless(shutil.which("fish"), "needs fish")
    def test_fish_completes_commands(self):
        script = self.sluice("completion", "fish").stdout + "\ncomplete -C 'sluice va'"
        environment = dict(os.environ, PATH=f"{pathlib.Path(SLUICE).parent}:{os.environ['PATH']}", HOME=str(self.folder))
        self.assertIn("validate", run("fish", "--no-config", "-c", script, env=environment).stdout)


class FirstSteps(ToolTest):
    def test_alone_it_says_in_twelve_lines_where_to_go(self):
        lines = self.sluice().stdout.splitlines()
        self.assertLessEqual(len(lines), 12)
        for verb in ["validate", "plan", "apply", "status"]:
            self.assertTrue([line for line in lines if f"sluice {verb}" in line])

    def test_a_wrong_verb_is_answered_with_the_right_one(self):
        for wrong, right in [("vlidate", "validate"), ("pln", "plan"), ("stauts", "status"), ("grpah", "graph")]:
            result = self.sluice(wrong, code=64)
            self.assertIn(f'did you mean "{right}"', result.stderr)
            self.assertEqual(result.stdout, "")
        self.assertIn("sluice --help", self.sluice("frobnicate", code=64).stderr)

    def test_wrong_use_ends_with_64_and_says_how_it_is_meant(self):
        for words in [["plan"], ["graph", "--as", "png", MANY], ["fmt"], ["explain", "E9999"],
                      ["drivers", "qcow3"], ["schema", "--plna"], ["man", "pln"], ["graph", "--side", "after", "a"],
                      ["fmt", "--tabs", "0", "a"], ["validate", "--output", "xml", "a"]]:
            with self.subTest(words=words):
                result = self.sluice(*words, code=64)
                self.assertEqual(result.stdout, "")
                self.assertTrue(result.stderr.startswith("error: "))
                self.assertEqual(result.stderr.count("error: "), 1, result.stderr)

    def test_a_missing_file_ends_with_66_and_no_daemon_with_69(self):
        for verb in ["validate", "fmt", "graph"]:
            self.assertIn("none.yaml", self.sluice(verb, "none.yaml", code=66).stderr)
        environment = dict(os.environ, SLUICE_CONTROL=str(self.folder / "none.sock"))
        self.sluice("graph", code=69, env=environment)
        self.sluice("plan", MANY, code=69, env=environment)

    def test_c11_what_needs_no_daemon_works_without_one(self):
        environment = dict(os.environ, SLUICE_CONTROL=str(self.folder / "none.sock"))
        for words in [["check", MANY], ["fmt", "--check", MANY], ["schema"], ["completion", "bash"],
                      ["drivers"], ["version"], ["man"]]:
            self.sluice(*words, env=environment)

    def test_c10_a_reader_that_leaves_is_no_error(self):
        for words in [["schema"], ["man", "sluice-drivers"], ["drivers", "qcow2"], ["graph", MANY, "--as", "svg"]]:
            process = subprocess.Popen([SLUICE, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            process.stdout.close()
            self.assertEqual(process.stderr.read(), b"", words)
            process.stderr.close()
            self.assertIn(process.wait(), [0, -signal.SIGPIPE])

    def test_standard_input_is_a_file(self):
        text = MANY.read_text()
        self.sluice("validate", "-", input=text)
        self.assertIn("golden", self.sluice("graph", "-", input=text).stdout)
        result = self.sluice("validate", "-", input="sluice: 1\nndoes: {}\n", code=65)
        self.assertTrue(result.stderr.startswith("<stdin>:2:1: error[E0201]"))


class LiveTest(DaemonTest):
    CONFIGURATION = """sluice: 1
listeners:
  local: {type: nbd, address: "unix:{dir}/nbd.sock"}
throttle-groups: {gold: {iops-total: 1000}}
nodes:
  one: {driver: file, filename: "{dir}/one.raw", create: {size: 8MiB}, protect: true}
  slow: {driver: throttle, throttle-group: gold, file: one}
exports:
  disk: {type: nbd, node: slow, writable: true}
"""

    def test_what_is_live_is_drawn_and_compared_with_files(self):
        sluice = self.daemon(self.CONFIGURATION).start("--no-watch")
        self.assertIn("slow", sluice.cli("graph").stdout)
        wished = sluice.directory / "wished.yaml"
        wished.write_text(sluice.fill(self.CONFIGURATION))
        picture = json.loads(sluice.cli("graph", wished, "--changes", "-o", "json").stdout)
        self.assertEqual({box["change"] for box in picture["boxes"]}, {"same"})
        wished.write_text(sluice.fill(self.CONFIGURATION).replace("node: slow", "node: one"))
        picture = json.loads(sluice.cli("graph", wished, "--changes", "-o", "json").stdout)
        changes = {(line["parent"], line["child"]): line["change"] for line in picture["lines"]}
        self.assertEqual(changes["export/disk", "node/one"], "add")
        self.assertEqual(changes["export/disk", "node/slow"], "remove")

    def test_a_live_object_is_explained(self):
        sluice = self.daemon(self.CONFIGURATION).start("--no-watch")
        story = sluice.cli("explain", "one").stdout
        for words in ["node one", "export disk via slow", "node/slow", "E0601", "8MiB"]:
            self.assertIn(words, story)
        self.assertIn("no client", sluice.cli("explain", "export/disk").stdout)
        answer = json.loads(sluice.cli("explain", "slow", "-o", "json").stdout)
        self.assertEqual(answer["exports"], ["disk"])
        self.assertIn('did you mean "slow"', sluice.cli("explain", "slwo", code=64).stderr)


if __name__ == "__main__":
    unittest.main()
