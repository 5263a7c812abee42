"""One provider that speaks every dialect, each at a separate path, and records what was wrong with requests."""

from ..provider import Provider, head
from . import anthropic, chat, gemini, ollama, responses
from .script import BREAK_WORDS, LIMIT_WORDS, RETRY_AFTER, TASKS, Wrong, answer

SHAPES = {"openai": chat, "responses": responses, "anthropic": anthropic, "gemini": gemini, "ollama": ollama}


def providers(port):
    """`providers` for sluice's configuration."""
    host = f"http://127.0.0.1:{port}"
    made = {f"only-{name}": {"dialect": name, "base_url": host + ("/v1" if name in ("openai", "responses") else ""),
                             "api_key": f"tk-{name}-0123456789"} for name in SHAPES}
    made["only-anthropic"]["auth"] = "x-api-key"
    made["only-gemini"]["auth"] = "x-goog-api-key"
    made["only-openai"]["facts"] = {chat.MODEL: {"reasoning_field": "reasoning_details"}}
    return made


def models():
    """`models` for sluice's configuration, named by the target's dialect."""
    return {f"at-{name}": {"targets": [{"model": f"only-{name}/{shape.MODEL}"}], "retry": {"attempts": 1}} for name, shape in SHAPES.items()}


class Target(Provider):
    """`complaints`: what was wrong with requests. `hung_up`: callers whose streams were broken off, with the
    target's dialect."""

    def __init__(self):
        super().__init__(self._answer)
        self.complaints = []
        self.hung_up = set()

    async def _answer(self, request):
        name, shape = next((name, shape) for name, shape in SHAPES.items() if shape.PATH.match(request.target))
        try:
            seen = shape.read(request)
            items = answer(seen, name, shape.agree)
            shape.check(seen, TASKS[seen.task])
        except (Wrong, KeyError, ValueError, TypeError, IndexError, AttributeError) as wrong:
            words = f"{type(wrong).__name__}: {wrong}"
            self.complaints.append((name, words))
            return await request.answer(shape.error(400, words), 400)
        if seen.task == "limited":
            return await request.answer(shape.error(429, LIMIT_WORDS), 429, headers=[("retry-after", str(RETRY_AFTER))])
        if not seen.stream:
            return await request.answer(shape.plain(seen, items))
        return await self._stream(request, name, seen, list(shape.frames(seen, items)))

    async def _stream(self, request, name, seen, frames):
        shape = SHAPES[name]
        chunks = [b"%x\r\n%s\r\n" % (len(frame), frame) for frame in frames]
        await request.send(head(200, [("content-type", shape.STREAM_TYPE), ("transfer-encoding", "chunked")]))
        if seen.task not in ("broken", "cut", "cancel"):
            return await request.send(b"".join(chunks) + b"0\r\n\r\n")
        sent = len(chunks) // 2
        await request.send(b"".join(chunks[:sent]))
        if seen.task == "cancel":
            await request.gone()
            self.hung_up.add((seen.caller, name))
        elif seen.task == "broken":
            frame = shape.error_frame(BREAK_WORDS, sent)
            await request.send(b"%x\r\n%s\r\n0\r\n\r\n" % (len(frame), frame))
            return True
        return False
