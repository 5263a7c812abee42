#!/usr/bin/env python3
"""Compares made-up results: what is larger than the noise must be marked, what is not must not, and other machines be named."""

import importlib.util
import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PROGRAM = Path(__file__).resolve().parents[2] / "benchmarks" / "compare_results.py"
spec = importlib.util.spec_from_file_location("program", PROGRAM)
program = importlib.util.module_from_spec(spec)
spec.loader.exec_module(program)

CPU, RATE = "small POST, 50 connections: CPU per request (us)", "small POST, 50 connections: requests per second"


def result(name=CPU, sluice=(10, 10.1, 9.9), nginx=(10, 10, 10), build=None, **more):
    about = {"processor": "P", "cores": 2, "kernel": "6", "compiler": "g++", "programs": ["nginx 1"], "when": "now"}
    return {"about": about, "commit": {"describe": "abc", "dirty": False}, "rounds": 3, "seconds": 1, "load_before": 0.1,
            "build": build or {}, "samples": {name: {"sluice": list(sluice), "nginx": list(nginx)}}, **more}


class Comparison(unittest.TestCase):
    def verdict(self, earlier, later):
        ((*_, verdict, _),) = program.rows(earlier, later)
        return verdict

    def test_marks(self):
        for what, name, later, expected in [
            ("the same", CPU, (10, 10.1, 9.9), ""),
            ("within the noise", CPU, (10.15, 10.25, 10.05), ""),
            ("more CPU", CPU, (11, 11.1, 10.9), "WORSE"),
            ("less CPU", CPU, (9, 9.1, 8.9), "better"),
            ("more requests", RATE, (11, 11.1, 10.9), "better"),
            ("fewer requests", RATE, (9, 9.1, 8.9), "WORSE"),
            ("as far away, but all over the place", CPU, (11, 13, 8), ""),
            ("twice as much, but once only", CPU, (10, 20, 10), ""),
        ]:
            with self.subTest(what):
                self.assertEqual(self.verdict(result(name), result(name, sluice=later)), expected)

    def test_a_slower_machine_is_no_change(self):
        self.assertEqual(self.verdict(result(), result(sluice=(20, 20.2, 19.8), nginx=(20, 20, 20))), "")

    def test_a_faster_nginx_is_no_change_of_ours_but_of_the_ratio(self):
        self.assertEqual(self.verdict(result(), result(nginx=(5, 5, 5))), "WORSE")

    def test_steady_but_tiny(self):
        steady = result(sluice=(10, 10, 10))
        self.assertEqual(self.verdict(steady, result(sluice=(10.15, 10.15, 10.15))), "")
        self.assertEqual(self.verdict(steady, result(sluice=(10.3, 10.3, 10.3))), "WORSE")

    def test_one_sample_tells_nothing(self):
        self.assertEqual(self.verdict(result(sluice=[10], nginx=[10]), result(sluice=[20], nginx=[10])), "one sample")
        self.assertIn("1 have but one sample", program.compare(result(sluice=[10], nginx=[10]), result(sluice=[20], nginx=[10]))[-1])

    def test_build(self):
        for name, later, expected in [("x (bytes)", 1_004, ""), ("x (bytes)", 1_050, "WORSE"), ("x (bytes)", 900, "better"),
                                      ("x (s)", 1_100, ""), ("x (s)", 1_300, "WORSE"), ("x (s of CPU)", 700, "better")]:
            with self.subTest(name=name, later=later):
                earlier, later = (result("other", [], [], build={name: value}) for value in (1_000, later))
                self.assertEqual(self.verdict(earlier, later), expected)

    def test_nothing_in_both(self):
        self.assertEqual(list(program.rows(result("a"), result("b"))), [])
        self.assertIn("nothing stands in both", program.compare(result("a"), result("b")))

    def test_without_sluice_or_at_zero(self):
        self.assertEqual(list(program.rows(result(), result(sluice=[]))), [])
        self.assertEqual(list(program.rows(result(nginx=[0, 0, 0]), result())), [])
        self.assertEqual(self.verdict(result(sluice=(0, 0, 0)), result(sluice=(0, 0, 0))), "")
        self.assertEqual(self.verdict(result(sluice=(0, 0, 0)), result()), "changed")
        program.compare(result(sluice=(0, 0, 0)), result())

    def test_more_rounds_tell_more(self):
        one, other = (10, 10.3, 9.7), (10.6, 10.9, 10.3)
        for times, expected in ((1, ""), (5, "WORSE")):
            with self.subTest(times):
                nginx = [10] * 3 * times
                self.assertEqual(self.verdict(result(sluice=one * times, nginx=nginx), result(sluice=other * times, nginx=nginx)), expected)

    def test_warnings(self):
        self.assertEqual(list(program.warnings(result(), result())), [])
        other = result(rounds=5, load_before=3.0, commit={"describe": "x", "dirty": True}, build_notes={"libraries": "libz.so"})
        other["about"]["processor"] = "Q"
        text = "\n".join(program.warnings(result(build_notes={"libraries": "none"}), other))
        for part in ("processor differs: P and Q", "rounds differ: 3 and 5", "busy when the later", "the later has changes", "libraries differ: none; libz.so"):
            self.assertIn(part, text)


class CommandLine(unittest.TestCase):
    def run_on(self, earlier, later):
        with tempfile.TemporaryDirectory() as folder:
            paths = [Path(folder) / name for name in ("earlier.json", "later.json")]
            for path, text in zip(paths, (earlier, later)):
                path.write_text(text)
            return subprocess.run([sys.executable, "-B", PROGRAM, *paths], capture_output=True, text=True)

    def test_prints_both(self):
        done = self.run_on(json.dumps(result()), json.dumps(result(sluice=(12, 12.1, 11.9))))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"1\.000 +1\.200 +\+20\.0% .*WORSE")
        self.assertIn("1 worse, 0 better, 0 within the noise, of 1", done.stdout)

    def test_refuses_what_is_no_result(self):
        for text in ("", "[]", "{}", '{"samples": 3, "about": {}}'):
            with self.subTest(text):
                done = self.run_on(text, json.dumps(result()))
                self.assertEqual(done.returncode, 1)
                self.assertIn("earlier.json: ", done.stderr)
                self.assertNotIn("Traceback", done.stderr)


if __name__ == "__main__":
    unittest.main()
