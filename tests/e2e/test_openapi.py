"""/openapi.json is accurate: schemathesis generates valid and invalid requests for each operation and sends them to
a sluice with the demo provider."""

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

from support.process import Sluice
from support.settings import SCALE

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = max(6, int(10 * SCALE))
# Fields that targets require but sluice does not know; with them requests get past the first validation.
WANTED = {"messages": [{"role": "user", "content": "hello"}], "input": "hello", "prompt": "hello", "max_tokens": 9, "query": "a", "documents": ["a b"],
          "contents": [{"parts": [{"text": "hello"}]}], "content": {"parts": [{"text": "hello"}]}, "requests": [], "file": "sound"}


def failures_of(operation, mode, examples):
    """What is wrong with the answers to requests that match the description (positive) or do not (negative)."""
    tried = []

    @seed(1)
    @settings(max_examples=examples, deadline=None, derandomize=True, database=None, phases=(Phase.generate,),
              suppress_health_check=list(HealthCheck), report_multiple_bugs=False)
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case):
        if mode is GenerationMode.POSITIVE and isinstance(case.body, dict) and len(tried) % 2 == 0:
            case.body = WANTED | {"model": "demo"} | case.body
        answer = case.call(timeout=20)
        tried.append(answer.status_code)
        case.validate_response(answer, checks=CHECKS)

    try:
        ask()
    except FailureGroup as group:
        return [f"{operation.label}: {failure}" for failure in group.exceptions], tried
    return [], tried


def test_every_operation(tmp_path, report):
    with Sluice(tmp_path, arguments=["--demo"]) as sluice:
        schema = schemathesis.openapi.from_url(f"{sluice.base_url}/openapi.json")
        schema.validate()  # by the rules of OpenAPI 3.1
        failures, statuses, operations = [], {}, set()
        for result in schema.get_all_operations():
            operation = result.ok()
            operations.add(operation.label)
            bad = EXAMPLES // 3 if operation.body or operation.query else 0
            for mode, examples in ((GenerationMode.POSITIVE, EXAMPLES - bad), (GenerationMode.NEGATIVE, bad)):
                if examples == 0:
                    continue
                found, tried = failures_of(operation, mode, examples)
                failures += found
                for status in tried:
                    statuses[status] = statuses.get(status, 0) + 1
        assert not failures, "\n\n".join(failures)
        # Everything described was tried, with valid and invalid input; schemathesis leaves out the document's page.
        paths = sluice.get("/openapi.json").json()["paths"]
        described = {f"{method.upper()} {path}" for path, item in paths.items() for method in item}
        assert described - operations == {"GET /openapi.json"}
        assert statuses.get(200, 0) > len(operations) and statuses.get(400, 0) > len(operations) / 2, statuses
        report(f"openapi: {len(operations)} operations, answers by status {dict(sorted(statuses.items()))}")
