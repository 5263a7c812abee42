"""The script of each cell of the matrix, independent of dialects: conversations by task, and what a target must have
received by then."""

import json
import re
from base64 import b64encode
from dataclasses import dataclass, field

# Text that breaks if it is escaped, cut or counted wrongly.
ODD = "\"no\" \\ back\\\\slash, caf\u00e9 \u65e5\u672c \U0001f600\u200d, a\nline\ttab, }{ {brace ][ \u2028 <&> \x7f '"
SYSTEM = "Be brief.\n" + ODD
SIGNATURE = "EpcCCkYI+Bxg/CKkBz9w"  # the beginning of a real one: base64 with its non-letters
PNG = b64encode(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256))).decode()
PDF = b64encode(b"%PDF-1.4\n" + bytes(range(256)) + b"\n%%EOF\n").decode()
LONG_PROMPT = "".join(f"{number}: {ODD}\n" for number in range(1500))
LONG_ANSWER = "".join(f"{number} \u00e9\U0001f600\\\"\n" for number in range(2000))

INPUT, CACHED, OUTPUT, REASONED = 120, 100, 30, 10  # token counts: CACHED is part of INPUT, REASONED part of OUTPUT

TOOLS = {
    "get_weather": ("Weather of a city. " + ODD, {"type": "object", "properties": {
        "city": {"type": "string", "description": "its \"name\" \\ \u00e9"}, "days": {"type": "array", "items": {"type": "integer"}}},
        "required": ["city"]}),
    "now": ("The time", {"type": "object", "properties": {}}),
    "list-all_2": ("Lists", {"type": "object", "properties": {"filter": {"type": "object", "properties": {
        "deep": {"type": "array", "items": {"type": "array", "items": {"type": "string"}}}}}}}),
}
ODD_ARGUMENTS = {"city": ODD, "days": [1, 2], "\"key\" \\ \u00e9\U0001f600": "", "none": None, "yes": True, "half": 0.5, "": {}}
NESTED = {"filter": {"deep": [[], [[]], ["}", "{", "\"]\"", "\\"], [{"a": [{"b": {}}]}]]}}


@dataclass(frozen=True)
class Text:
    text: str


@dataclass(frozen=True)
class Thinking:
    text: str
    signature: str


@dataclass(frozen=True)
class Call:
    name: str
    arguments: str | None = "{}"  # JSON; None: the call has no arguments

    def value(self):
        return json.loads(self.arguments or "{}")


@dataclass(frozen=True)
class Result:
    text: str


@dataclass(frozen=True)
class Media:
    kind: str  # "image", "document"
    type: str
    data: str


def call(name, arguments, ascii_only=False):
    return Call(name, json.dumps(arguments, ensure_ascii=ascii_only))


# A task lists what is said, in turn: by the user, by the model, as results of its calls, by the model again, ...
STRUCTURED = {"name": ODD, "tags": ["", "\u00e9"], "count": 3}
TASKS = {
    "stream": [[Text("Say it")], [Text(ODD * 3)]],
    "twice": [[Text("Weather?")], [Text(""), call("get_weather", ODD_ARGUMENTS, True)], [Result("18 degrees, " + ODD)],
              [call("now", {})], [Result("")], [Text("Mild")]],
    "parallel": [[Text("All of it")],
                 [Text("All of it at  once."), call("get_weather", ODD_ARGUMENTS), Call("now", None), call("list-all_2", NESTED),
                  call("get_weather", {"city": "}{"}, True)],
                 [Result("first"), Result(ODD), Result("{\"third\": [1, \"}\"]}"), Result("[4]")], [Text("Done")]],
    "image": [[Text("Before"), Media("image", "image/png", PNG), Text("after")], [Text("A picture")]],
    "document": [[Text("Before"), Media("document", "application/pdf", PDF), Text("after")], [Text("A document")]],
    "structured": [[Text("As JSON")], [Text(json.dumps(STRUCTURED, indent=1, ensure_ascii=False))]],
    "thinking": [[Text("Think")],
                 [Thinking("Which \"tool\"? " + ODD, SIGNATURE + "One1"), Text("I look."), call("get_weather", {"city": ODD})],
                 [Result("18")],
                 [Thinking("So it is 18.\n" + ODD, SIGNATURE + "Two2"), Text("18 degrees")],
                 [Text("And now?")],
                 [Thinking("Again.", SIGNATURE + "Xyz3"), call("now", {}), call("get_weather", {"city": "Oslo"})],
                 [Result("12:00"), Result("3")],
                 [Text("12:00, 3 degrees")]],
    "long": [[Text(LONG_PROMPT)], [Text(LONG_ANSWER)]],
    "limited": [[Text("Too much")], []],
    "broken": [[Text("Break")], [Text("It begins, and")]],
    "cut": [[Text("Cut")], [Text("It begins, and")]],
    "cancel": [[Text("For ever")], [Text("It begins, and goes on.")]],
}
LIMIT_WORDS, BREAK_WORDS = "Slow down, please.", "The model fell over."
RETRY_AFTER = 17


class Wrong(Exception):
    """A request that the provider would reject with 400."""


def need(condition, what):
    if not condition:
        raise Wrong(str(what)[:600])


def known(value, names, where):
    need(isinstance(value, dict), f"{where} is no object")
    need(not value.keys() - set(names.split()), f"{where} has {sorted(value.keys() - set(names.split()))}, which is not known")
    return value


@dataclass
class Seen:
    """A request, independent of its dialect. `items`: what was said, without roles: users, models and results take
    turns."""
    system: str = ""
    items: list = field(default_factory=list)
    tools: dict = field(default_factory=dict)  # name: (description, schema)
    schema: dict | None = None
    thinks: bool = False
    stream: bool = False
    ids: list = field(default_factory=list)    # of the calls, in order
    strict: bool = False     # a tool is strict
    has_empty: bool = False  # a text block is empty
    caller: str = ""
    task: str = ""

    def turns(self):
        """`items` by speaker."""
        made = []
        for role, item in self.items:
            if not made or made[-1][0] != role:
                made.append((role, []))
            made[-1][1].append(item)
        return made


def tagged(caller, task, target):
    """The user's first words, which tell the target what to do."""
    first = TASKS[task][0][0]
    return f"[[{caller}/{task}/{target}]] {first.text}"


def answer(seen, target, agree):
    """The model's next turn. `agree(caller, said, told)`: whether a target received a model's turn correctly."""
    turns = seen.turns()
    need(turns and turns[0][0] == "user", "it does not begin with the user")
    first = next((item.text for item in turns[0][1] if isinstance(item, Text)), "")
    match = re.match(r"\[\[([\w-]+)/(\w+)/(\w+)\]\] ", first)
    need(match and match.group(2) in TASKS, "no task")
    seen.caller, seen.task = match.group(1), match.group(2)
    need(match.group(3) == target, f"meant for {match.group(3)}, came to {target}")
    first = TASKS[seen.task][0]
    script = [[Text(tagged(seen.caller, seen.task, target)), *first[1:]], *TASKS[seen.task][1:]]
    need(len(turns) < len(script) and len(turns) % 2 == 1, f"{len(turns)} turns: {str(turns)[:300]}")
    for number, ((role, told), said) in enumerate(zip(turns, script)):
        wanted = "assistant" if number % 2 else ("tool" if isinstance(said[0], Result) else "user")
        need(role == wanted, f"turn {number} is of {role}, not of {wanted}")
        if role == "assistant":
            agree(seen.caller, said, told)
        else:
            if "ollama" in (seen.caller, target):  # an Ollama message is one text, with pictures beside it
                texts = "\n\n".join(item.text for item in said if isinstance(item, Text))
                said = [Text(texts), *(item for item in said if isinstance(item, Media))] if texts else said
                told = sorted(joined(told, "\n\n"), key=lambda item: isinstance(item, Media))
            if role == "tool" and is_framework(seen.caller) and seen.caller.startswith("gemini"):
                told = [unwrapped(result) for result in told]
            need(told == said, f"turn {number}: {told} is not {said}")
    need(seen.system == SYSTEM, f"the system's words are {seen.system!r}")
    check_offers(seen, target)
    return script[len(turns)]


def check_offers(seen, target):
    if seen.task in ("twice", "parallel", "thinking"):
        need(list(seen.tools) == list(TOOLS), f"tools are {list(seen.tools)}")
        for name, (description, schema) in TOOLS.items():
            need(seen.tools[name][0] == description, f"{name} is described as {seen.tools[name][0]!r}")
            told = seen.tools[name][1]
            if is_framework(seen.caller):
                told, schema = bare_schema(told or {}), bare_schema(schema)
            elif seen.caller == "ollama":  # its SDK sends only the top level of a schema
                told, schema = ({key: value["type"] for key, value in one["properties"].items()} for one in (told, schema))
            need(told == schema, f"{name} takes {told}")
    need((seen.schema is not None) == (seen.task == "structured"), f"the schema is {seen.schema}")
    if seen.schema:
        need(list(seen.schema["properties"]) == list(STRUCTURED), f"the schema is {seen.schema}")
    # An anthropic target cannot continue thinking after calls whose thoughts were lost on the way.
    lost = seen.caller == "ollama" and target == "anthropic" and seen.items[-1][0] == "tool"
    need(seen.thinks == (seen.task == "thinking" and not lost), f"thinking is {seen.thinks}")


def joined(items, between=""):
    """Joins adjacent texts."""
    made = []
    for item in items:
        if made and isinstance(item, Text) and isinstance(made[-1], Text):
            made[-1] = Text(made[-1].text + between + item.text)
        else:
            made.append(item)
    return made


def same_turn(said, told, without_thinking=False):
    """Calls with their arguments, and texts, unchanged and in order; blank texts may be left out."""
    wanted = [(item.name, item.value()) if isinstance(item, Call) else item for item in said
              if item != Text("") and not (without_thinking and isinstance(item, Thinking))]
    got = [(item.name, item.value()) if isinstance(item, Call) else item for item in joined(told) if item != Text("")]
    need(got == wanted, f"the model said {wanted}, and was told {got}")


def pieces(text, size=7):
    """Cuts text anywhere, into pieces of different sizes."""
    at, sizes = 0, [size, 1, 2 * size, 2]
    while at < len(text):
        step = sizes[at % len(sizes)]
        yield text[at:at + step]
        at += step


def is_framework(caller):
    """Frameworks change requests: they complete schemas, and wrap tool results for Gemini."""
    return caller.endswith(("-pydantic-ai", "-langchain", "-ai-sdk"))


def bare_schema(schema):
    """The schema without differences that frameworks cause."""
    if not isinstance(schema, dict):
        return schema
    named = {"type": "object", **schema} if "properties" in schema or not schema else schema
    return {key: {name: bare_schema(one) for name, one in value.items()} if key == "properties" else bare_schema(value)
            for key, value in named.items() if key not in ("additionalProperties", "$schema") and value != {}}


def unwrapped(result):
    members = json.loads(result.text)
    return Result(members.get("return_value", members.get("content")))


def of_call(seen, prefix, number):
    """An id for call `number` in the model's next turn."""
    return f"{prefix}{seen.task}_{len(seen.ids) + number:02d}Ab"


def check_ids(seen, prefix):
    """Checks that callers which match results by id have returned the ids they were given."""
    given = [of_call(seen, prefix, number - len(seen.ids)) for number in range(len(seen.ids))]
    need(seen.caller.split("-")[0] in ("gemini", "ollama") or seen.ids == given, f"the ids are {seen.ids}, not {given}")
