"""The units of docs/systemd, checked by systemd's tools: they are valid, and leave little to an intruder."""

import re
import shutil
import subprocess

import pytest

from support.settings import BINARY, ROOT

UNITS = ROOT / "docs" / "systemd"
MOST_EXPOSURE = 2.0

pytestmark = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here (package systemd)")


@pytest.fixture
def service(tmp_path):
    """The unit unchanged except for the program's path: systemd checks that it exists."""
    text = (UNITS / "sluice.service").read_text()
    assert text.count("/usr/bin/sluice ") == 2  # to run, and to check before a reload
    (tmp_path / "sluice.service").write_text(text.replace("/usr/bin/sluice ", f"{BINARY} "))
    shutil.copy(UNITS / "sluice.socket", tmp_path)
    return tmp_path / "sluice.service"


def analyze(*arguments):
    return subprocess.run(["systemd-analyze", "--no-pager", *arguments], capture_output=True, text=True, timeout=120)


def test_verify(service):
    ran = analyze("verify", "--man=no", str(service), str(service.with_name("sluice.socket")))
    assert ran.returncode == 0 and not (ran.stdout + ran.stderr).strip(), ran.stdout + ran.stderr


def test_verify_finds_mistakes(service):
    """Otherwise the test above would mean nothing."""
    service.write_text(service.read_text().replace("ProtectClock=", "ProtectClok="))
    assert "ProtectClok" in analyze("verify", "--man=no", str(service)).stderr


def test_exposure(service, report):
    ran = analyze("security", "--offline=true", str(service))
    found = re.search(r"Overall exposure level for sluice\.service: ([\d.]+)", ran.stdout)
    assert found, ran.stdout + ran.stderr
    report(f"systemd-analyze security: exposure {found.group(1)}, at most {MOST_EXPOSURE}")
    assert float(found.group(1)) <= MOST_EXPOSURE, ran.stdout
