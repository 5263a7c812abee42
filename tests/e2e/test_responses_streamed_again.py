"""A stored response's stream is requested again from the point where it was cut: the caller's GET goes unchanged to
the provider that made it."""

from support.process import Sluice
from support.provider import Provider, head

FRAMES = [f'event: response.output_text.delta\ndata: {{"type":"response.output_text.delta","sequence_number":{n},"output_index":0,"content_index":0,'
          f'"item_id":"msg_1","delta":"word{n} "}}\n\n'.encode() for n in range(3, 6)]
DONE = (b'event: response.completed\ndata: {"type":"response.completed","sequence_number":6,"response":{"id":"resp_1234567","object":"response",'
        b'"status":"completed","model":"m","output":[],"usage":{"input_tokens":1,"output_tokens":2,"total_tokens":3}}}\n\n')


def test_a_get_with_starting_after_passes(tmp_path):
    async def handle(request):
        if request.method == "POST":
            await request.answer(b'{"id":"resp_1234567","object":"response","status":"queued","background":true,"model":"m","output":[]}')
            return True
        await request.send(head(200, [("content-type", "text/event-stream"), ("transfer-encoding", "chunked")]))
        for frame in [*FRAMES, DONE]:
            await request.send(b"%x\r\n%s\r\n" % (len(frame), frame))
        await request.send(b"0\r\n\r\n")
        return True

    async def other(request):
        await request.answer(b'{"error":{"message":"no such response"}}', 404)
        return True

    with Provider(handle) as maker, Provider(other) as wrong:
        lab = {"dialect": ["openai", "responses"], "api_key": "pk-streamed-again-01"}
        config = {"workers": 1, "providers": {"wrong": lab | {"base_url": f"http://127.0.0.1:{wrong.port}/v1"},
                                              "maker": lab | {"base_url": f"http://127.0.0.1:{maker.port}/v1"}}}
        with Sluice(tmp_path, config) as sluice:
            made = sluice.post("/v1/responses", {"model": "maker/m", "background": True, "store": True, "stream": False, "input": "hi"})
            assert made.status == 200 and made.json()["id"] == "resp_1234567"
            answer = sluice.get("/v1/responses/resp_1234567?stream=true&starting_after=2")
            assert answer.status == 200 and answer.header("content-type") == "text/event-stream"
            assert answer.body == b"".join([*FRAMES, DONE])
            assert maker.requests[-1].target == "/v1/responses/resp_1234567?stream=true&starting_after=2"
            assert wrong.requests == []
