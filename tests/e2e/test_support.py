"""Tests of the tests' checkers: one that cannot fail would prove nothing."""

import json
import random

import pytest

from support import corpus
from support.corpus import Exchange


def chat(request, body=b"", status=200):
    return Exchange(0, "made up", "openai", "m", request, False, bool(request.get("stream")), status, [], body)


SENT = b'{"stream": true, "model" : "openai/m", "x": {"model": "openai/m"}, "s": "\\"model\\": 1"}'
RIGHT = b'{"stream_options":{"include_usage":true},"stream": true, "model" : "m", "x": {"model": "openai/m"}, "s": "\\"model\\": 1"}'


def test_splices_are_allowed_and_nothing_else():
    exchange = chat({"stream": True})
    corpus.check_target_body(exchange, SENT, RIGHT)
    for wrong in [
        SENT,
        RIGHT.replace(b'"m",', b'"openai/m",'),              # not renamed
        RIGHT.replace(b'{"model": "openai/m"}', b'{"model": "m"}'),  # renamed elsewhere too
        RIGHT.replace(b'"model" : ', b'"model": '),          # rewritten
        RIGHT.replace(b"include_usage", b"include_use"),
        RIGHT.replace(b'"stream_options":{"include_usage":true},', b""),
        RIGHT[:-1],
        RIGHT + b" ",
    ]:
        with pytest.raises(AssertionError):
            corpus.check_target_body(exchange, SENT, wrong)


def test_no_usage_is_asked_for_where_it_is_asked_already():
    sent = b'{"model":"openai/m","stream":true,"stream_options":{"include_usage":true}}'
    exchange = chat({"stream": True, "stream_options": {"include_usage": True}})
    corpus.check_target_body(exchange, sent, sent.replace(b"openai/m", b"m"))
    with pytest.raises(AssertionError):
        corpus.check_target_body(exchange, sent, b'{"stream_options":{"include_usage":true},' + sent[1:].replace(b"openai/m", b"m"))


def test_only_the_unasked_usage_chunk_is_kept_back():
    first, last, done = b'data: {"choices":[{"x":1}],"usage":{"a":1}}\n\n', b'data: {"choices":[],"usage":{"a":1}}\n\n', b"data: [DONE]\n\n"
    whole = first + last + done
    assert chat({"stream": True}, whole).expected_body() == first + done
    assert chat({"stream": True, "stream_options": {"include_usage": True}}, whole).expected_body() == whole
    assert chat({"stream": False}, whole).expected_body() == whole
    assert chat({"stream": True}, whole, 400).expected_body() == whole


@pytest.mark.parametrize("seed", range(20))
def test_caller_bodies_say_what_was_recorded(seed):
    request = {"model": "m", "text": "grüß 😀", "list": [1, 2.5, None, {"model": "m"}]}
    sent = json.loads(corpus.caller_body(chat(request), random.Random(seed)))
    assert sent == {**request, "model": "openai/m"}
