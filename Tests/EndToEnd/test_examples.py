"""Every example is valid, can be planned from nothing, and serves."""
import json
import shutil
import unittest

from sluice_daemon import REPOSITORY, SLUICE, DaemonTest, run

EXAMPLES = sorted((REPOSITORY / "examples").glob("*.yaml"))


class ExampleTest(DaemonTest):
    def test_there_are_examples(self):
        self.assertGreaterEqual(len(EXAMPLES), 3)

    def test_every_example_is_valid_and_can_be_planned(self):
        for example in EXAMPLES:
            with self.subTest(example.name):
                run(SLUICE, "validate", example)
                plan = json.loads(run(SLUICE, "plan", example, "--live", "empty", "-o", "json").stdout)
                self.assertTrue(plan["actions"])
                self.assertTrue(all(export["impact"] == "starts" for export in plan["exports"]))

    def test_every_example_serves(self):
        for example in EXAMPLES:
            with self.subTest(example.name):
                sluice = self.daemon({})
                shutil.copy(example, sluice.configuration / example.name)
                graph = json.loads(run(SLUICE, "validate", example, "-o", "json").stdout)["graph"]
                sluice.socket = sluice.configuration / socket_name(example)
                sluice.start()
                shown = {export["name"] for export in sluice.show()["exports"]}
                self.assertEqual(len(shown), len(graph["exports"]))
                listed = run("nbdinfo", "--json", "--list", f"nbd+unix://?socket={sluice.socket}")
                self.assertTrue(json.loads(listed.stdout)["exports"])
                sluice.stop()


def socket_name(example):
    """The Unix socket that an example names, as a person reads it."""
    return next(line.split('"unix:')[1].split('"')[0] for line in example.read_text().splitlines() if '"unix:' in line)


if __name__ == "__main__":
    unittest.main()
