"""Plans that are made against a daemon, saved, and run later: footprint, staleness, single use; dumps taken as live."""
import json
import unittest

from sluice_daemon import SLUICE, DaemonTest, run

FILES = {
    "base.yaml": 'sluice: 1\nlisteners: {l: {type: nbd, address: "unix:{dir}/nbd.sock"}}\n',
    "vm1.yaml": "sluice: 1\nnodes: {vm1: {driver: null-co, size: 1MiB, latency: 0s}}\nexports: {vm1: {type: nbd, node: vm1}}\n",
    "vm2.yaml": "sluice: 1\nnodes: {vm2: {driver: null-co, size: 1MiB, latency: 0s}}\nexports: {vm2: {type: nbd, node: vm2}}\n",
}


class SavedPlans(DaemonTest):
    def setUp(self):
        self.live = self.daemon(FILES).start()
        self.wished = self.live.directory / "wished"
        self.wished.mkdir()
        self.write({})

    def write(self, changes):
        """The wished configuration: the live one with other latencies, in a folder that nobody watches."""
        for name, text in FILES.items():
            text = self.live.fill(text)
            node = name.removesuffix(".yaml")
            if node in changes:
                text = text.replace("latency: 0s", f"latency: {changes[node]}")
            (self.wished / name).write_text(text)

    def sluice(self, *words, code=0):
        return run(SLUICE, *words, "--control", str(self.live.control), code=code, cwd=self.live.directory)

    def latency(self, node):
        return {entry["name"]: entry["options"].get("latency") for entry in self.live.show()["nodes"]}[node]

    def save(self, changes, name="c.plan"):
        self.write(changes)
        self.sluice("plan", "wished", "--out", name)
        return name

    def test_p17_an_unrelated_change_in_between(self):
        plan = self.save({"vm2": "2ms"})
        self.write({"vm1": "1ms"})
        self.sluice("apply", "wished", "--yes")
        result = self.sluice("apply", plan)
        self.assertIn("nothing this plan depends on has moved", result.stdout)
        self.assertEqual((self.latency("vm1"), self.latency("vm2")), (1_000_000, 2_000_000))

    def test_stale_when_what_it_depends_on_has_moved(self):
        plan = self.save({"vm2": "2ms"})
        self.write({"vm2": "3ms"})
        self.sluice("apply", "wished", "--yes")
        before = self.live.still()
        result = self.sluice("apply", plan, code=10)
        self.assertIn("node/vm2", result.stderr)
        self.assertEqual(self.live.still(), before)

    def test_a_saved_plan_is_drawn_until_it_is_stale(self):
        plan = self.save({"vm2": "2ms"})
        self.assertRegex(self.sluice("graph", "--plan", plan).stdout, r"~ .*vm2")
        before = json.loads(self.sluice("graph", "--plan", plan, "--side", "before", "-o", "json").stdout)
        self.assertEqual({box["change"] for box in before["boxes"]}, {"same"})
        self.assertIn("<svg", self.sluice("graph", "--plan", plan, "--as", "svg").stdout)
        self.sluice("apply", plan)
        self.assertIn("E0704", self.sluice("graph", "--plan", plan, code=10).stderr)
        self.assertIn("E0702", self.sluice("graph", "--plan", "wished/vm1.yaml", code=66).stderr)

    def test_a_plan_between_directories_is_drawn_beside_what_it_was_made_from(self):
        text = "sluice: 1\nnodes: {f: {driver: file, filename: a.raw}, g: {driver: file, filename: b.raw}}\n"
        for name, options in (("old", ""), ("new", ", detect-zeroes: on")):
            directory = self.wished.parent / name
            directory.mkdir()
            (directory / "a.yaml").write_text(text.replace("a.raw", "a.raw" + options))
        self.sluice("plan", "new", "--live", "old", "--out", "moved.plan")
        drawn = self.sluice("graph", "--plan", "moved.plan", "--live", "old").stdout
        self.assertRegex(drawn, r"~ .*\bf\b")
        self.assertIn("1 to change", drawn)
        self.assertIn("E0704", self.sluice("graph", "--plan", "moved.plan", "--live", "new", code=10).stderr)

    def test_a_pause_is_foretold_with_its_bound(self):
        (self.wished / "vm1.yaml").write_text(FILES["vm1.yaml"].replace(
            "vm1: {driver: null-co", "other: {driver: null-co, size: 1MiB}\n  vm1: {driver: null-co").replace(
            "node: vm1}", "node: other}").replace("nodes: {", "nodes:\n  ").replace("0s}}", "0s}"))
        text = self.sluice("plan", "wished").stdout
        self.assertRegex(text, r"vm1 +pause ~[0-9.]+ ms \(at most 5 s\)")
        answer = json.loads(self.sluice("plan", "wished", "-o", "json").stdout)
        self.assertEqual(answer["exports"][0]["pause_us"], {"expected": 2_000, "bound": 5_000_000, "basis": "default"})

    def test_p19_a_plan_runs_once(self):
        plan = self.save({"vm2": "2ms"})
        self.sluice("apply", plan)
        generation = self.live.generation()
        self.write({})
        self.sluice("apply", "wished", "--yes")
        self.assertEqual(self.latency("vm2"), 0)
        result = self.sluice("apply", plan, code=10)
        self.assertIn(f"already applied as @{generation}", result.stderr)

    def test_p20_a_plan_that_was_altered(self):
        plan = self.live.directory / self.save({"vm2": "2ms"})
        plan.write_bytes(plan.read_bytes().replace(b"2000000", b"9000000"))
        before = self.live.still()
        self.sluice("apply", str(plan), code=12)
        self.assertEqual(self.live.still(), before)

    def test_p25_a_dump_taken_as_live_gives_an_empty_plan(self):
        dump = self.live.directory / "dump.json"
        dump.write_text(self.sluice("show", "-o", "json").stdout)
        result = run(SLUICE, "plan", str(self.live.configuration), "--live", str(dump), "--detailed-exitcode")
        self.assertTrue(result.stdout.startswith("No changes."), result.stdout)
        self.write({"vm1": "4ms"})
        answer = json.loads(run(SLUICE, "plan", str(self.wished), "--live", str(dump), "-o", "json").stdout)
        self.assertEqual([action["object"] for action in answer["actions"]], ["node/vm1"])
        self.assertEqual(answer["live"]["generation"], self.live.generation())

    def test_detailed_exit_codes(self):
        self.sluice("plan", str(self.live.configuration), "--detailed-exitcode")
        self.write({"vm1": "1ms"})
        self.sluice("plan", "wished", "--detailed-exitcode", code=2)
        # A person changes what is live behind the files: going back to the files undoes drift only.
        self.sluice("apply", "wished", "--yes")
        self.sluice("plan", str(self.live.configuration), "--detailed-exitcode", code=3)
        self.write({"vm1": "2ms", "vm2": "2ms"})
        self.sluice("plan", "wished", "--detailed-exitcode", code=4)

    def test_generations_are_a_side_of_a_plan(self):
        self.write({"vm1": "1ms"})
        self.sluice("apply", "wished", "--yes")
        answer = json.loads(self.sluice("plan", "--to", "@1", "-o", "json").stdout)
        self.assertEqual([action["object"] for action in answer["actions"]], ["node/vm1"])
        self.sluice("plan", "wished", "--live", "@1", "--detailed-exitcode", code=2)

    def test_a_daemon_guards_what_plan_removes(self):
        for name in ("vm1.yaml", "vm2.yaml"):
            (self.wished / name).write_text("sluice: 1\n")
        held = self.sluice("plan", "wished", code=12)
        self.assertIn("E0602", held.stderr)
        self.sluice("plan", "wished", *[w for n in ("vm1", "vm2") for w in ("--allow-remove", n)])


if __name__ == "__main__":
    unittest.main()
