"""The official Node SDKs behind the interface of sdk_callers: requests are made here and sent by a Node process, and
answers are read here."""

import concurrent.futures
import itertools
import json
import os
import subprocess
import threading
from pathlib import Path

from .sdk_callers import KEY, Chat, Failure, Messages, Responses, Structured
from .settings import NODE, PATIENCE

_SCRIPT = Path(__file__).resolve().parent.parent / "sdk_callers.cjs"


class NodeError(Exception):
    def __init__(self, told):
        super().__init__(told["message"])
        self.told = told


class NodeProcess:
    """One process for all callers, on any threads: it reads and writes one line of JSON per request."""

    def __init__(self, url):
        self._process = subprocess.Popen(
            ["node", str(_SCRIPT), url, KEY, str(20_000 * PATIENCE)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8",
            env={"PATH": os.environ["PATH"], "SLUICE_E2E_NODE": NODE})
        self._lock = threading.Lock()
        self._asked = {}  # id: future result
        self._ids = itertools.count()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self._process.stdout:
            told = json.loads(line)
            self._asked.pop(told["id"]).set_result(told)
        for future in list(self._asked.values()):
            future.set_exception(AssertionError(f"the Node process has ended with {self._process.wait(10)}"))

    def ask(self, **question):
        future = concurrent.futures.Future()
        with self._lock:
            question["id"] = next(self._ids)
            self._asked[question["id"]] = future
            self._process.stdin.write(json.dumps(question) + "\n")
            self._process.stdin.flush()
        told = future.result(60 * PATIENCE)
        if "error" in told:
            raise NodeError(told["error"])
        return told["answer"]

    def close(self):
        self._process.stdin.close()
        assert self._process.wait(20 * PATIENCE) == 0


class _Node:
    errors = (NodeError,)

    def __init__(self, node):
        self._node = node

    def fetch(self, asked, stream, structured):
        schema = Structured.model_json_schema() | {"additionalProperties": False} if structured else None
        return self._node.ask(sdk=self.name.split("-")[0], request=asked, stream=stream, schema=schema)

    def break_off(self, model, conversation):
        return self._node.ask(sdk=self.name.split("-")[0], request=self.request(model, conversation, False, False), breaks_off=True)

    def failure(self, error):
        return Failure(error.told["kind"], error.told["status"], error.told["message"], error.told["retry_after"])


class NodeChat(_Node, Chat):
    name = "chat-node"


class NodeResponses(_Node, Responses):
    name = "responses-node"


class NodeMessages(_Node, Messages):
    name = "anthropic-node"

    def fetch(self, asked, stream, structured):
        whole = super().fetch(asked, stream, structured)
        parsed = whole.pop("parsed_output", None)
        return whole, whole["content"], parsed


NODE_CALLERS = {one.name: one for one in (NodeChat, NodeResponses, NodeMessages)}
