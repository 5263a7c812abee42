"""Every method and path that the installed official SDKs call, read from their sources, so that a new version's
calls are included automatically. As a program it prints them."""

import ast
import importlib.util
import re
from pathlib import Path

_VERBS = {"_get": "GET", "_post": "POST", "_put": "PUT", "_patch": "PATCH", "_delete": "DELETE", "_get_api_list": "GET"}
_METHODS = {"get", "post", "put", "patch", "delete", "head"}


def all_calls():
    """(SDK, method, path without the base URL), each once, sorted."""
    found = set()
    for sdk, read in (("openai", _openai), ("anthropic", _anthropic), ("google-genai", _gemini), ("ollama", _ollama)):
        found |= {(sdk, method, path) for method, path in read()}
    return sorted(found)


def _trees(package, folder=""):
    root = Path(importlib.util.find_spec(package).submodule_search_locations[0]) / folder
    for file in sorted(root.rglob("*.py")):
        yield ast.parse(file.read_text(encoding="utf-8"))


def _calls(tree):
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _text(node):
    """A string as a pattern, with its inserted values as {name}; None if it is not a string."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "{value}" for part in node.values)
    if isinstance(node, ast.Call):
        if getattr(node.func, "id", "") == "path_template":
            return _text(node.args[0])
        if getattr(node.func, "attr", "") in ("format", "format_map"):
            return _text(node.func.value)
    return None


def _resources(package):
    """Calls in the style of openai's and anthropic's generator: self._get("/files/{file_id}", ...)."""
    for tree in _trees(package, "resources"):
        for call in _calls(tree):
            method = _VERBS.get(getattr(call.func, "attr", ""))
            path = _text(call.args[0]) if method and call.args else None
            if path is None or not path.startswith("/"):
                continue
            named = {keyword.arg: _text(keyword.value) for keyword in call.keywords}
            yield (named.get("method") or method).upper(), path


def _openai():
    return {(method, "/v1" + path) for method, path in _resources("openai")}


def _anthropic():
    # The results of a batch are fetched from the address in the batch.
    return set(_resources("anthropic")) | {("GET", "/v1/messages/batches/{message_batch_id}/results")}


def _gemini():
    found = set()
    for tree in _trees("google.genai"):
        for call in _calls(tree):  # the part that is generated from an OpenAPI document
            named = {keyword.arg: _text(keyword.value) for keyword in call.keywords}
            if named.get("path") and named.get("method"):
                found.add((named["method"], named["path"].replace("{api_version}", "v1beta")))
        for function in ast.walk(tree):  # path = 'cachedContents'.format_map(...) ... self._api_client.request('post', path, ...)
            if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
                found |= _requests(function)
    # It uses v1 by default and v1beta if asked to.
    found |= {(method, path.replace("/v1beta", "/v1")) for method, path in found}
    found -= {("PATCH", f"/{version}/models/{{m}}") for version in ("v1", "v1beta")}  # only tuned models can be changed
    return {(method, path) for method, path in found if not path.endswith(("/123", "/v1beta/{value}", "/v1/{value}"))} | {("GET", "/v1beta/models/{m}")}


# The placeholders in google-genai's paths, for the API with a key (the others are Vertex AI's).
_NAMES = {
    "model": ["models/{m}", "tunedModels/{m}"],
    "models_url": ["models", "tunedModels"],
    "operationName": ["operations/{o}", "models/{m}/operations/{o}", "fileSearchStores/{s}/operations/{o}"],
    "parent": ["fileSearchStores/{s}"],
    "file_search_store_name": ["fileSearchStores/{s}"],
    "name": ["tunedModels/{m}", "files/{f}", "batches/{b}", "cachedContents/{c}", "fileSearchStores/{s}",
             "fileSearchStores/{s}/documents/{d}"],
    "name:cancel": ["batches/{b}", "tunedModels/{m}"],
}
_VERTEX = re.compile(r"tuningJobs|batchPredictionJobs|computeTokens|fetchPredictOperation|resourceName|validateReinforcement|^test/")


def _requests(function):
    paths = {_text(node.value) for node in ast.walk(function) if isinstance(node, ast.Assign)
             and any(getattr(target, "id", "") == "path" for target in node.targets)}
    methods = {call.args[0].value for call in _calls(function) if len(call.args) > 1 and isinstance(call.args[0], ast.Constant)
               and call.args[0].value in _METHODS and getattr(call.func, "attr", "") in ("request", "async_request", "request_streamed",
                                                                                       "async_request_streamed")}
    found = set()
    for path in paths:
        if not path or path == "{value}" or _VERTEX.search(path):
            continue
        path = path.split("?")[0].replace("{{api_version}}", "v1beta").replace("{api_version}", "v1beta")
        place = re.match(r"\{(\w+)\}|(?:.*/)\{(file_search_store_name)\}", path)
        name = (place.group(1) or place.group(2)) if place else None
        for value in _NAMES.get(name + ":cancel" if path.endswith("}:cancel") and name else name, [None]):
            whole = path if value is None else path.replace("{" + name + "}", value)
            found |= {(method.upper(), "/" + (whole if whole.startswith("upload/") else "v1beta/" + whole)) for method in methods}
    return found


def _ollama():
    found = set()
    for tree in _trees("ollama"):
        for call in _calls(tree):
            texts = [_text(argument) for argument in call.args]
            for method, path in zip(texts, texts[1:]):
                if method and method.lower() in _METHODS and path and "/api/" in path:
                    found.add((method, path[path.index("/api/"):]))
    return found | {("HEAD", "/api/blobs/{digest}")}  # from its other SDK


if __name__ == "__main__":
    for one in all_calls():
        print(*one)
