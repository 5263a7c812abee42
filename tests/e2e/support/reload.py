"""Replaces configuration files while sluice runs."""

import json
import os
import signal

from .settings import wait_for


def write(sluice, config):
    """Like an editor that replaces the file."""
    path = sluice.folder / "sluice.json"
    fresh = path.with_suffix(".new")
    fresh.write_text(config if isinstance(config, str) else json.dumps(config))
    os.chmod(fresh, 0o600)
    os.replace(fresh, path)


def count(sluice, words):
    return sluice.output().count(words)


def reload(sluice, config, words="configuration reloaded"):
    before = count(sluice, words)
    write(sluice, config)
    os.kill(sluice.pid, signal.SIGHUP)
    wait_for(lambda: count(sluice, words) > before, words)
