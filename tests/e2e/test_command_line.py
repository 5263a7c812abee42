"""Operators' commands and the replies to mistakes: every failure says what to do, every exit code is as documented."""

import json
import os
import re
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from support.process import Sluice
from support.settings import BINARY, PATIENCE, ROOT

BUILD = Path(BINARY).resolve().parent
PAGES = BUILD / "pages"


def run(*arguments, cwd, text=None, environment=None):
    clean = {"PATH": os.environ["PATH"], "HOME": str(cwd)} | (environment or {})
    clean |= {name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}
    return subprocess.run([BINARY, *map(str, arguments)], cwd=cwd, env=clean, capture_output=True, text=True, input=text,
                          timeout=30 * PATIENCE)


def test_versions_and_help(tmp_path):
    version = run("version", cwd=tmp_path)
    assert version.returncode == 0
    for spelling in ["--version", "-V"]:
        assert run(spelling, cwd=tmp_path).stdout == version.stdout
    assert run("help", cwd=tmp_path).stdout == run("--help", cwd=tmp_path).stdout
    for command in ["run", "check", "explain", "models", "bench"]:
        ran = run("help", command, cwd=tmp_path)
        assert ran.returncode == 0 and f"sluice {command}" in ran.stdout, ran
    ran = run("help", "fly", cwd=tmp_path)
    assert ran.returncode == 1 and "no command fly" in ran.stderr, ran


def test_what_is_no_command(tmp_path):
    ran = run("chek", cwd=tmp_path)
    assert ran.returncode == 1 and "did you mean check?" in ran.stderr, ran
    ran = run("/etc/sluice.json", cwd=tmp_path)
    assert ran.returncode == 1 and "sluice --config /etc/sluice.json" in ran.stderr, ran
    assert run("--nonsense", cwd=tmp_path).returncode == 1


def test_check_takes_a_file_in_every_way(tmp_path):
    good = tmp_path / "good.json"
    good.write_text('{"providers": {"demo": {}}}')
    for arguments in [["check", good], ["check", "--config", good], ["check", "-c", good]]:
        ran = run(*arguments, cwd=tmp_path)
        assert ran.returncode == 0 and f"{good} is fine: 1 providers" in ran.stdout, ran
    ran = run("check", "-", cwd=tmp_path, text=good.read_text())
    assert ran.returncode == 0 and "standard input is fine" in ran.stdout, ran
    ran = run("check", "-", cwd=tmp_path, text='{"lisen": 1}')
    assert ran.returncode == 1 and "standard input:1:2: lisen: unknown field; did you mean listen?" in ran.stderr, ran
    ran = run("--config", "-", cwd=tmp_path, text="{}")
    assert ran.returncode == 1 and "can only be checked" in ran.stderr, ran


def test_one_of_two_configurations_was_ignored(tmp_path):
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text('{"providers": {"demo": {}}}')
    bad.write_text('{"lisen": 1}')
    for arguments in [["check", "--config", good, bad], ["check", bad, "-c", good], ["--config", good, "check", bad],
                      ["--config", good, "check", "--config", bad], ["--config", good, "run", "-c", bad]]:
        ran = run(*arguments, cwd=tmp_path)
        assert ran.returncode == 1 and ran.stderr == "sluice: two configurations are named; one is read\n" and not ran.stdout, (arguments, ran)
    ran = run("--port", "1", "run", "--port", "2", cwd=tmp_path)
    assert ran.returncode == 1 and "--port is given twice" in ran.stderr, ran
    assert run("--config", good, "check", "--port", "2", cwd=tmp_path).returncode == 0


@pytest.mark.parametrize("arguments", [["version"], ["--version"], ["--help"], ["help"], ["help", "check"], ["check", "--help"], ["check"],
                                       ["check", "--print"], ["check", "--json"], ["models"], ["explain", "demo/demo"]], ids=" ".join)
def test_half_an_output_was_told_as_fine(tmp_path, arguments):
    (tmp_path / "sluice.json").write_text('{"providers": {"demo": {}}}')
    with open("/dev/full", "wb") as full:
        ran = subprocess.run([BINARY, *arguments], cwd=tmp_path, env={"PATH": os.environ["PATH"]}, stdout=full, stderr=subprocess.PIPE,
                             text=True, timeout=30 * PATIENCE)
    assert ran.returncode == 2 and "cannot write all of it to standard output" in ran.stderr, ran


def test_check_for_machines(tmp_path):
    ran = run("check", "-", "--json", cwd=tmp_path, text='{\n  "workers": "many",\n  "log": {"levl": "SECRET"}\n}')
    assert ran.returncode == 1 and not ran.stderr, ran
    said = json.loads(ran.stdout)
    assert said["fine"] is False
    assert [(p["severity"], p["path"], p["line"], p["column"]) for p in said["problems"]] == [
        ("error", "workers", 2, 14), ("error", "log.levl", 3, 11)]
    assert "did you mean level?" in said["problems"][1]["message"] and "SECRET" not in ran.stdout
    ran = run("check", "-", "--json", cwd=tmp_path, text='{"providers": {"lab": {"base_url": "http://127.0.0.1:1"}}}')
    said = json.loads(ran.stdout)
    assert ran.returncode == 0 and said["fine"] is True, ran
    assert [p["severity"] for p in said["problems"]] == ["warning"] and "/v1" in said["problems"][0]["message"]
    ran = run("check", "none.json", "--json", cwd=tmp_path)
    said = json.loads(ran.stdout)
    assert ran.returncode == 2 and said["fine"] is False and "none.json" in said["problems"][0]["message"], ran


PRINTED = """{
  "listen": ["127.0.0.1:1", "unix:s"],
  "keys": [
    {"name": "ops", "key": ["${OPS_KEY}", {"key": {"file": "old.key"}, "expires": "2096-03-31"}], "admin": true},
    {"name": "guest", "sha256": "%s", "models": ["lab/*"]}
  ],
  "providers": {
    "openai": {},
    "lab": {"base_url": "http://127.0.0.1:1/v1", "api_key": "sk-SECRET-literal", "headers": {"x-team": "SECRET-team"}, "proxy": "${PROXY}"}
  },
  "models": {"fast": "openai/gpt-4o-mini"},
  "log": {"level": "warn"},
  "alerts": {"webhook": "https://hooks.example.com/SECRET-hook"}
}
""" % ("0b" * 32)


def test_check_prints_what_results_and_where_it_came_from(tmp_path):
    (tmp_path / "sluice.json").write_text(PRINTED)
    (tmp_path / "sluice.json").chmod(0o600)
    (tmp_path / "old.key").write_text("sk-SECRET-old\n")
    environment = {"OPS_KEY": "sk-SECRET-ops", "OPENAI_API_KEY": "sk-SECRET-openai", "PROXY": "http://user:SECRET-word@127.0.0.1:3128",
                   "SLUICE_LOG_LEVEL": "debug", "SLUICE_WORKERS": "3"}
    arguments = ["check", "--workers", "2", "--print"]
    ran = run(*arguments, "--json", cwd=tmp_path, environment=environment)
    assert ran.returncode == 0 and "SECRET" not in ran.stdout + ran.stderr, ran
    said = json.loads(ran.stdout)
    config, origins = said["config"], said["origins"]
    assert said["fine"] is True and said["file"] == "sluice.json"
    assert (config["workers"], config["log"]["level"], config["shutdown_grace_s"]) == (2, "debug", 30)
    assert config["keys"][0]["key"] == ["***", {"key": "***", "expires": "2096-03-31T23:59:59Z"}]
    assert config["keys"][1]["sha256"] == "0b" * 32 and config["keys"][1]["models"] == ["lab/*"]
    lab, openai = config["providers"]["lab"], config["providers"]["openai"]
    assert (lab["api_key"], lab["headers"], lab["proxy"]) == ("***", {"x-team": "***"}, "http://***@127.0.0.1:3128")
    assert openai["base_url"] == "https://api.openai.com/v1" and openai["timeouts"]["stream_idle_s"] == 300
    for path, origin in {"workers": "--workers", "log.level": "variable SLUICE_LOG_LEVEL", "log.format": "default", "listen": "sluice.json:2",
                         "keys[0].name": "sluice.json:4", "keys[0].key[0]": "variable OPS_KEY", "keys[0].key[1].key": "file old.key",
                         "keys[0].key[1].expires": "sluice.json:4", "providers.openai.api_key": "variable OPENAI_API_KEY",
                         "providers.openai.base_url": "preset openai", "providers.lab.api_key": "sluice.json:9",
                         "providers.lab.headers.x-team": "sluice.json:9", "providers.lab.proxy": "variable PROXY",
                         "providers.lab.timeouts.connect_s": "default", "models.fast.targets": "sluice.json:11",
                         "alerts.webhook": "sluice.json:13"}.items():
        assert origins[path] == origin, (path, origins.get(path))

    ran = run(*arguments, cwd=tmp_path, environment=environment)
    assert ran.returncode == 0 and "SECRET" not in ran.stdout + ran.stderr, ran
    assert "is fine" in ran.stderr and '  "workers": 2,  // --workers\n' in ran.stdout, ran
    assert json.loads(re.sub(r"  // .*", "", ran.stdout)) == config
    # With the secrets filled in, the configuration means the same.
    numbers = iter(range(100))
    filled = re.sub(r'"\*\*\*"', lambda _: f'"k{next(numbers)}"', ran.stdout).replace('"webhook": "k', '"webhook": "https://a/k')
    again = run("check", "-", "--print", "--json", cwd=tmp_path, text=filled)
    assert again.returncode == 0 and json.loads(again.stdout)["config"] == config, again


def test_check_prints_what_was_found_without_a_file(tmp_path):
    environment = {"ANTHROPIC_API_KEY": "sk-SECRET", "HTTPS_PROXY": "http://127.0.0.1:3128"}
    ran = run("check", "--print", "--json", cwd=tmp_path, environment=environment)
    said = json.loads(ran.stdout)
    assert said["config"]["providers"]["anthropic"]["api_key"] == "***", ran
    assert said["config"]["listen"] == ["127.0.0.1:8000"] and said["origins"]["listen"] == "default"
    assert said["origins"]["providers.anthropic"] == said["origins"]["providers.anthropic.api_key"] == "variable ANTHROPIC_API_KEY"
    assert said["origins"]["providers.anthropic.proxy"] == "variable HTTPS_PROXY"


def test_what_is_wrong_is_not_printed(tmp_path):
    ran = run("check", "-", "--print", cwd=tmp_path, text='{"workers": "many"}')
    assert ran.returncode == 1 and not ran.stdout and "workers" in ran.stderr, ran
    ran = run("check", "-", "--print", "--json", cwd=tmp_path, text='{"workers": "many"}')
    assert ran.returncode == 1 and set(json.loads(ran.stdout)) == {"file", "fine", "problems"}, ran


def test_files_that_are_none(tmp_path):
    (tmp_path / "conf").mkdir()
    ran = run("check", "conf", cwd=tmp_path)
    assert ran.returncode == 2 and "conf is a folder; name the file in it, as conf/sluice.json" in ran.stderr, ran
    (tmp_path / "config.yaml").write_text("model_list:\n  - model_name: gpt-4o\n    litellm_params:\n      model: openai/gpt-4o\n")
    ran = run("--config", "config.yaml", cwd=tmp_path)
    assert ran.returncode == 1 and "this is YAML, possibly LiteLLM's; sluice reads JSON" in ran.stderr, ran


def test_another_port(tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with Sluice(tmp_path, {"listen": "127.0.0.1:1", "providers": {"demo": {}}}, ["--port", str(port)], listen=None) as sluice:
        assert f"http://127.0.0.1:{port}" in sluice.output(), sluice.output()
    for listen, arguments, said in [(["127.0.0.1:1", "127.0.0.1:2"], ["--port", "3"], "--listen ADDRESS"),
                                    ("127.0.0.1:1", ["--port", "http"], "65535"), ("127.0.0.1:1", ["--port", "65536"], "65535"),
                                    ("unix:s", ["--port", "3"], "--listen ADDRESS")]:
        ran = run("check", "-", *arguments, cwd=tmp_path, text=json.dumps({"listen": listen, "providers": {"demo": {}}}))
        assert ran.returncode == 1 and "--port" in ran.stderr and said in ran.stderr, ran
    # Kubernetes sets this for a service called sluice.
    ran = run("check", "-", cwd=tmp_path, text='{"providers": {"demo": {}}}', environment={"SLUICE_PORT": "tcp://10.0.0.1:80"})
    assert ran.returncode == 0, ran


def test_an_address_in_use_names_who_has_it(tmp_path):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        ran = run("--demo", "--listen", f"127.0.0.1:{port}", cwd=tmp_path)
        assert ran.returncode == 2, ran
        assert f"cannot listen on 127.0.0.1:{port}: address already in use by process {os.getpid()} (" in ran.stderr, ran
        assert "--port" in ran.stderr and "--listen" in ran.stderr, ran
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as holder:
        holder.bind(str(path))
        holder.listen()
        ran = run("--demo", "--listen", f"unix:{path}", cwd=tmp_path)
        assert ran.returncode == 2 and f"in use by process {os.getpid()} (" in ran.stderr, ran


def long_options(command, tmp_path):
    ran = run(*command, "--help", cwd=tmp_path)
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", ran.stdout.split("xit codes")[0]))


def needs_pages():
    if not PAGES.is_dir():
        pytest.skip("the pages are not built: cmake --build with the target pages")


def test_pages_know_every_option_and_field(tmp_path):
    needs_pages()
    manual = (PAGES / "sluice.1").read_text().replace("\\-", "-")
    for command in [[], ["run"], ["check"], ["models"], ["bench"], ["help"]]:
        options = long_options(command, tmp_path)
        assert options, command
        for name in options:
            assert name in manual, (command, name)
            for file in ["sluice.bash", "_sluice"]:
                assert name in (PAGES / file).read_text(), (file, name)
            assert f"-l {name[2:]}" in (PAGES / "sluice.fish").read_text(), name
    fields = (PAGES / "sluice.json.5").read_text()
    assert "requests_per_minute" in fields and "shutdown_grace_s" in fields


@pytest.mark.parametrize("command", [["bash", "-n", "sluice.bash"], ["zsh", "-n", "_sluice"], ["fish", "-n", "sluice.fish"],
                                     ["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", "sluice.1"],
                                     ["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", "sluice.json.5"]],
                         ids=lambda command: f"{command[0]}-{command[-1]}")
def test_pages_parse(command):
    needs_pages()
    if shutil.which(command[0]) is None or (command[0] == "man" and shutil.which("groff") is None and shutil.which("nroff") is None):
        pytest.skip(f"{command[0]} is not installed")
    ran = subprocess.run([*command[:-1], str(PAGES / command[-1])], capture_output=True, text=True,
                         env=os.environ | {"MANROFFSEQ": "", "LC_ALL": "C.UTF-8"}, timeout=30 * PATIENCE)
    assert ran.returncode == 0 and not ran.stderr.strip(), ran.stderr[:3000]


def completed(words):
    script = f"""source {PAGES / 'sluice.bash'}
COMP_WORDS=({' '.join(words[:-1])} {json.dumps(words[-1])}); COMP_CWORD={len(words) - 1}; _sluice; printf '%s\\n' "${{COMPREPLY[@]}}" """
    ran = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=30 * PATIENCE)
    assert ran.returncode == 0 and not ran.stderr, ran
    return set(ran.stdout.split())


def test_bash_completes():
    needs_pages()
    assert {"run", "check", "explain", "models", "bench", "help", "version", "--config"} <= completed(["sluice", ""])
    assert completed(["sluice", "ch"]) == {"check"}
    assert completed(["sluice", "check", "--js"]) == {"--json"}
    assert completed(["sluice", "run", "--log-level", ""]) == {"trace", "debug", "info", "warn", "error"}
    assert completed(["sluice", "bench", "--dialect", "a"]) == {"anthropic"}
    assert completed(["sluice", "help", "b"]) == {"bench"}


def test_install(tmp_path):
    needs_pages()
    root = tmp_path / "root"
    ran = subprocess.run(["cmake", "--install", str(BUILD), "--prefix", "/usr"], capture_output=True, text=True,
                         env=os.environ | {"DESTDIR": str(root)}, timeout=60 * PATIENCE)
    assert ran.returncode == 0, ran
    files = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
    expected = {"usr/bin/sluice", "usr/share/man/man1/sluice.1", "usr/share/man/man5/sluice.json.5",
                "usr/share/bash-completion/completions/sluice", "usr/share/zsh/site-functions/_sluice",
                "usr/share/fish/vendor_completions.d/sluice.fish", "usr/lib/systemd/system/sluice.service",
                "usr/lib/systemd/system/sluice.socket", "usr/share/doc/sluice/examples/nginx.conf"}
    assert expected <= files, expected - files
    assert not any(name.startswith("usr/include") or name.endswith(".a") for name in files), files
    installed = subprocess.run([root / "usr/bin/sluice", "--version"], capture_output=True, text=True, timeout=30 * PATIENCE)
    assert installed.stdout == run("version", cwd=tmp_path).stdout
    unit = (root / "usr/lib/systemd/system/sluice.service").read_text()
    assert "ExecStart=/usr/bin/sluice --config" in unit and unit.count("/usr/local") == 0, unit
