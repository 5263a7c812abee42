#!/usr/bin/env python3
"""Runs the checks on made-up projects: each bad line must be found, and no good one."""

import unittest

import clocks
import dead
import dialects
import documents
import headers
import includes
import names
import sizes
import words

LONG_BODY = "  step();\n" * 90


def function(lines):
    return "void run() {\n" + "  step();\n" * (lines - 2) + "}\n"


class Includes(unittest.TestCase):
    def found(self, path, line):
        return list(includes.check({path: line}))

    def test_directions(self):
        for path, line, bad in [
            ("src/net/loop.cc", '#include "base/result.h"', False),
            ("src/net/loop.cc", '#include "net/timers.h"', False),
            ("src/net/loop.cc", '#include "http/parser.h"', True),
            ("src/http/parser.cc", '#include "net/stream.h"', False),
            ("src/http/parser.cc", '#include "tls/context.h"', True),
            ("src/api/peek.cc", '#include "http/message.h"', False),
            ("src/api/peek.cc", '#include "net/stream.h"', False),
            ("src/api/peek.cc", '#include "net/loop.h"', True),
            ("src/api/openai/dialect.cc", '#include "api/dialect.h"', False),
            ("src/api/openai/dialect.cc", '#include "api/openai/places.h"', False),
            ("src/api/openai/dialect.cc", '#include "api/gemini/places.h"', True),
            ("src/api/endpoint.cc", '#include "api/openai/places.h"', True),
            ("src/gateway/exchange.cc", '#include "api/openai/places.h"', True),
            ("src/base/error.cc", '#include "config/config.h"', True),
            ("src/routing/router.cc", '#include "http/message.h"', True),
            ("src/bench/run.cc", '#include "tls/dialer.h"', False),
            ("src/bench/target.h", '#include "config/url.h"', False),
            ("src/bench/target.h", '#include "config/parse.h"', True),
            ("src/bench/run.cc", '#include "gateway/attempt.h"', True),
            ("src/gateway/exchange.cc", '#include "bench/histogram.h"', True),
            ("src/tool/bench_command.cc", '#include "bench/run.h"', False),
            ("src/wiring/gateway.cc", '#include "gateway/gateway.h"', False),
            ("src/tool/main.cc", '#include "http/parser.h"', True),
            ("src/tool/main.cc", '#include "tool/signals.h"', False),
            ("src/novel/thing.cc", "", True),
            ("src/net/loop.cc", '#include "loop.h"', True),
            ("src/net/loop.cc", '// #include "http/parser.h"', False),
            ("src/net/loop.cc", '#  include   "http/parser.h"', True),
            ("tests/net/loop.cc", '#include "http/parser.h"', False),
        ]:
            with self.subTest(path=path, line=line):
                self.assertEqual(bool(self.found(path, line)), bad)

    def test_libraries(self):
        for path, line, bad in [
            ("src/net/loop.cc", "#include <uv.h>", False),
            ("src/http/parser.cc", "#include <uv.h>", True),
            ("src/http/parser.cc", "#include <llhttp.h>", False),
            ("src/http/writer.cc", "#include <llhttp.h>", True),
            ("src/tls/context.cc", "#include <openssl/ssl.h>", False),
            ("src/policy/keys.cc", "#include <openssl/evp.h>", False),
            ("src/policy/keys.cc", "#include <openssl/ssl.h>", True),
            ("src/gateway/gateway.cc", "#include <openssl/evp.h>", True),
            ("src/gateway/gateway.cc", "#include <zlib.h>", True),
            ("src/http/inflater.cc", "#include <zlib.h>", False),
            ("src/gateway/gateway.cc", "#include <vector>", False),
        ]:
            with self.subTest(path=path, line=line):
                self.assertEqual(bool(self.found(path, line)), bad)

    def test_line_number(self):
        (finding,) = self.found("src/net/loop.cc", '\n\n#include "http/parser.h"\n')
        self.assertTrue(finding.startswith("src/net/loop.cc:3:"), finding)


class Sizes(unittest.TestCase):
    def test_file_at_the_limit(self):
        self.assertEqual(list(sizes.check({"src/a.cc": "\n" * 500})), [])
        self.assertEqual(len(list(sizes.check({"src/a.cc": "\n" * 501}))), 1)

    def test_function_at_the_limit(self):
        self.assertEqual(list(sizes.check({"src/a/a.cc": function(80)})), [])
        self.assertEqual(len(list(sizes.check({"src/a/a.cc": function(81)}))), 1)

    def test_function_found_wherever_it_stands(self):
        for head in [
            "void run() {",
            "namespace a {\nint run(int x) const {",
            "namespace a::b {\nclass C final : public D {\n public:\n  int run() override {",
            "Foo::Foo(int a) : a_(a), b_{a, 1} {",
            "Foo::Foo(int a)\n    : a_{a},\n      b_(std::move(a)) {",
            "template <typename T, class U>\nauto run(T t) -> decltype(t.x()) {",
            "template <class T>\nclass C {\n  struct stat run(T t) noexcept {",
            "bool operator==(const A& a, const A& b) {",
            'extern "C" {\nvoid run(void) {',
            "struct S { int a = 1; std::array<int, 3> b{1, 2, 3}; void run(int x = 3) {",
            "#define X(a) { a\nvoid run() { // }\n  f('{', \"}\");",
            "const std::vector<int> table = {1, 2};\nint run(std::function<void(int)> f = {}) {",
            "enum class E { a, b };\nE run() {",
        ]:
            with self.subTest(head=head):
                text = head + "\n" + LONG_BODY + "}\n}\n}\n"
                self.assertEqual(len(list(sizes.check({"src/a/a.cc": text}))), 1)

    def test_what_is_no_function(self):
        for text in [
            "const std::array<int, 3> table = {\n" + "  1,\n" * 90 + "};\n",
            "const auto table = make({\n" + "  1,\n" * 90 + "});\n",
            "class C {\n" + "  void f();\n" * 90 + "};\n",
            "class alignas(64) C {\n" + "  void f() { g(); }\n" * 90 + "};\n",
            "enum class E : unsigned char {\n" + "  a,\n" * 90 + "};\n",
            "namespace a {\n" + "void f() { g(); }\n" * 90 + "}\n",
        ]:
            with self.subTest(text=text[:40]):
                self.assertEqual(list(sizes.check({"src/a/a.cc": text})), [])

    def test_ratchet(self):
        tree = {"src/a/a.cc": function(90), "src/b.cc": "\n" * 600}
        for ratchet, findings in [
            ("src/a/a.cc:run 90\nsrc/b.cc 600\n", 0),
            ("# why\n\nsrc/a/a.cc:run 89\nsrc/b.cc 600\n", 1),   # grown
            ("src/a/a.cc:run 91\nsrc/b.cc 601\n", 2),            # shrunk: the list must follow
            ("src/a/a.cc:run 90\nsrc/b.cc 600\nsrc/gone.cc 700\n", 1),
            ("", 2),
        ]:
            with self.subTest(ratchet=ratchet):
                self.assertEqual(len(list(sizes.check({**tree, sizes.RATCHET: ratchet}))), findings)

    def test_warnings(self):
        self.assertEqual(len(list(sizes.warnings({"src/a/a.cc": function(61), "src/b.cc": "\n" * 401}))), 2)
        self.assertEqual(list(sizes.warnings({"src/a/a.cc": function(60), "src/b.cc": "\n" * 400})), [])


class Words(unittest.TestCase):
    def test_names(self):
        for line, bad in [
            ("int client_count;", True),
            ("class HttpClient;", True),
            ("int HTTPServer;", True),
            ("auto upstreams_ = 1;", True),
            ("void onDownstream();", True),
            ("// the client's socket", False),
            ('auto s = "server";', False),
            ('auto s = R"(a "server" b)"; int ok;', False),
            ("SSL_CTX_new(TLS_client_method());", False),
            ("int observer, servers_side;", True),
            ("int observer;", False),
            ("int n = 1'000'000; int server;", True),
            ("#include <netinet/server.h>", False),
        ]:
            with self.subTest(line=line):
                self.assertEqual(bool(list(words.check({"src/net/a.cc": line}))), bad)
        self.assertTrue(list(words.check({"src/net/tcp_server.h": ""})))
        self.assertFalse(list(words.check({"tests/net/a.cc": "int client;"})))

    def test_anywhere(self):
        for text, bad in [
            ("cd /wor" + "k/main", True),
            ("see /roo" + "t/x", True),
            ("see /home/" + "me/x", True),
            ("https://registry.npmj" + "s.org/", True),
            ("https://pypi." + "org/simple", True),
            ("// TOD" + "O: later", True),
            ("// FIXM" + "E", True),
            ("/health /network/x a/worker/b", False),
            ("mastodon", False),
        ]:
            for path in ("README.md", "src/a/a.cc", "scripts/x.sh", ".ci/run"):
                with self.subTest(text=text, path=path):
                    self.assertEqual(bool(list(words.check({path: text}))), bad)


class Clocks(unittest.TestCase):
    def test_who_may_read_them(self):
        for path, line, bad in [
            ("src/http/date.cc", "const auto now = std::chrono::system_clock::now();", True),
            ("src/bench/run.cc", "auto now = steady_clock::now();", True),
            ("src/gateway/worker.cc", "std::random_device device;", True),
            ("src/tool/startup.cc", "check(std::time(nullptr));", True),
            ("src/policy/keys.cc", "clock_gettime(CLOCK_REALTIME_COARSE, &now);", True),
            ("src/policy/keys.cc", "clock_gettime(clock, &now);", True),
            ("src/observe/process_stats.cc", "clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);", False),
            ("src/net/clock.cc", "clock_gettime(CLOCK_REALTIME_COARSE, &now);", False),
            ("src/net/clock.cc", "std::random_device device;", False),
            ("src/gateway/worker.cc", "// not system_clock", False),
            ("src/gateway/worker.cc", "loop_.now_ns();", False),
            ("src/gateway/worker.cc", "net::Clock::system().unix_ms();", True),
            ("src/gateway/worker.cc", "net::Random::system().next();", True),
            ("src/tool/main.cc", "const net::Clock& clock = net::Clock::system();", False),
            ("src/wiring/gateway.cc", "net::Random& random = net::Random::system();", False),
            ("src/wiring/gateway.cc", "std::random_device device;", True),
            ("tests/net/clock_test.cc", "steady_clock::now();", False),
        ]:
            with self.subTest(path=path, line=line):
                self.assertEqual(bool(list(clocks.check({path: line}))), bad)


class Dialects(unittest.TestCase):
    def test_names(self):
        for path, line, bad in [
            ("src/gateway/relay.cc", "if (dialect == Dialect::gemini) {", True),
            ("src/gateway/relay.cc", "bool is_ollama_name;", True),
            ("src/gateway/relay.cc", "class OpenAiAnswer;", True),
            ("src/gateway/relay.cc", 'add("anthropic-version");', True),
            ("src/gateway/relay.cc", "// as Gemini has it", False),
            ("src/gateway/relay.cc", "Dialect::responses", True),
            ("src/gateway/relay.cc", '#include "api/responses/dialect.h"', True),
            ("src/gateway/relay.cc", 'path == "/v1/responses"', True),
            ("src/gateway/relay.cc", 'name == "responses/compact"', True),
            ("src/gateway/relay.cc", 'name == "responses"', True),
            ("src/http/parser.cc", "Kind::responses", False),
            ("src/admin/openapi.cc", 'out += R"(,"responses":{"200":{)"; out += "#/components/responses/";', False),
            ("src/api/gemini/dialect.cc", "Dialect::gemini", False),
            ("src/api/gemini/dialect.cc", "Dialect::openai", True),
            ("src/api/dialects.cc", "&openai::room, &responses::room", False),
            ("src/base/dialect.h", "enum class Dialect { openai };", False),
            ("src/base/error.h", "enum class Dialect { openai };", True),
            ("src/config/presets.cc", '"ollama"', False),
            ("tests/api/tap.cc", "Dialect::openai", False),
        ]:
            with self.subTest(path=path, line=line):
                self.assertEqual(bool(list(dialects.check({path: line}))), bad)


class Names(unittest.TestCase):
    def test_one_class_one_name(self):
        for first, second, bad in [
            ("class Log {\n};\n", "struct Log {\n};\n", True),
            ("class Log final : Base {\n};\n", "class Log\n    : Base {\n};\n", True),
            ("class Log {\n};\n", "class Log;\n", False),
            ("class Log {\n  struct State {};\n};\n", "class Line {\n  struct State {};\n};\n", False),
            ("class Log {\n};\n", "// class Log {\n", False),
            ("struct Log::State {\n};\n", "struct Line::State {\n};\n", False),
        ]:
            with self.subTest(first=first, second=second):
                self.assertEqual(bool(list(names.check({"src/a/a.h": first, "src/b/b.h": second}))), bad)
                self.assertEqual(list(names.check({"src/a/a.h": first, "tests/b.h": second})), [])


class Headers(unittest.TestCase):
    def test_headers(self):
        for text, findings in [
            ("// What for.\n#pragma once\n", 0),
            ("#pragma once\n// What for.\n", 1),
            ("// What for.\n", 1),
            ("// #pragma once\n", 1),
            ("int a;\n", 2),
        ]:
            with self.subTest(text=text):
                self.assertEqual(len(list(headers.check({"src/a/a.h": text}))), findings)
        self.assertEqual(list(headers.check({"src/a/a.cc": ""})), [])


class Documents(unittest.TestCase):
    def test_paths(self):
        for text, findings in [
            ("see `src/net/loop.h` and src/net/.", 0),
            ("src/net/loop is a header and its source", 0),
            ("see `src/net/pool.h`", 1),
            ("run scripts/test.sh, then scripts/none.sh.", 1),
            ("`src/*/x.h`, `src/<folder>/x.h`", 0),
            ("https://example.com/docs/none.md", 0),
            ("[loop](../src/net/loop.h) [x](none.md) [y](https://a.b/c) [z](#here)", 1),
        ]:
            with self.subTest(text=text):
                tree = {"docs/a.md": text, "src/net/loop.h": "", "scripts/test.sh": ""}
                self.assertEqual(len(list(documents.check(tree))), findings)
        self.assertEqual(list(documents.check({"src/a.cc": "src/none.h"})), [])


class Dead(unittest.TestCase):
    TREE = {
        "src/tool/main.cc": '#include "net/loop.h"\n#include "sluice/gateway.h"\n',
        "include/sluice/gateway.h": '#include "config/config.h"\n',
        "src/wiring/gateway.cc": '#include "sluice/gateway.h"\n#include "net/timers.h"\n',
        "src/config/config.h": "",
        "src/config/config.cc": '#include "config/parse.h"\n',
        "src/config/parse.h": "",
        "src/net/loop.h": "",
        "src/net/loop.cc": "",
        "src/net/loop_of_linux.cc": '#include "net/loop.h"\n',
        "src/net/timers.h": "",
        "tests/net/old_test.cc": '#include "net/old.h"\n',
    }

    def test_all_is_reached(self):
        self.assertEqual(list(dead.check(self.TREE)), [])

    def test_what_only_a_test_or_a_comment_or_itself_uses_is_dead(self):
        for path, text in [("src/net/old.h", ""), ("src/net/old.cc", '#include "net/loop.h"\n'), ("src/net/ring.h", '#include "net/ring.h"\n')]:
            with self.subTest(path=path):
                tree = self.TREE | {path: text, "src/net/timers.h": f'// #include "{path.removeprefix("src/")}"\n'}
                found = list(dead.check(tree))
                self.assertEqual(found, [] if text.startswith('#include "net/loop.h"') else [f"{path}: nothing uses it"])

    def test_a_pair_that_nobody_includes(self):
        tree = self.TREE | {"src/net/old.h": "", "src/net/old.cc": '#include "net/old.h"\n'}
        self.assertEqual(list(dead.check(tree)), ["src/net/old.cc: nothing uses it", "src/net/old.h: nothing uses it"])


if __name__ == "__main__":
    unittest.main()
