#include "translation/pairs.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "api/json_unescape.h"
#include "api/own_places.h"

using namespace sluice::api;

namespace sluice::test {
namespace {

using Lost = std::vector<std::string>;

std::string plain(JsonText text) {
  std::string out;
  append_json_unescaped(out, text.escaped);
  return out;
}

// Without white space, because texts that were separate may be joined by a blank line or by nothing.
std::string squeezed(std::string text) {
  std::erase_if(text, [](char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; });
  return text;
}

// As a normalized JSON value; text that is not JSON is returned unchanged.
std::string canonical(std::string_view json) {
  if (json.empty()) return "{}";
  const auto value = nlohmann::json::parse(json, nullptr, false);
  return value.is_discarded() ? std::string(json)
                              : value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string shortened(const std::string& text) { return text.size() <= 200 ? text : text.substr(0, 200) + "..."; }

// --- requests ---

struct Said {
  std::vector<std::string> in_order{};  // texts, calls and results
  std::vector<std::string> pictures{}, documents{};
  std::vector<std::pair<std::string, std::string>> thinking{};  // and the path of each
  size_t calls = 0, results = 0;
};

// Puts texts before calls where the order within the message was reported as changed.
class RequestTeller {
 public:
  RequestTeller(const Request& request, const ToolNames* names, const Dropped* dropped)
      : request_(request), names_(names), dropped_(dropped) {}

  Said tell() {
    for (const Part& part : request_.system) add(part, "system");
    for (size_t i = 0; i < request_.messages.size(); ++i) {
      const Message& message = request_.messages[i];
      const std::string path = "messages[" + std::to_string(i) + "].content";
      std::vector<const Part*> parts;
      for (const Part& part : message.parts) parts.push_back(&part);
      if (is_dropped(path)) {
        std::stable_partition(parts.begin(), parts.end(),
                              [](const Part* part) { return part->kind != PartKind::tool_call; });
      }
      for (const Part* const part : parts) {
        add(*part, path + "[" + std::to_string(part - message.parts.data()) + "]");
      }
    }
    return std::move(said_);
  }

 private:
  bool is_dropped(std::string_view said) const {
    if (dropped_ == nullptr) return false;
    const std::string path = own_path(request_, said);
    return std::any_of(dropped_->all().begin(), dropped_->all().end(),
                       [&path](const Drop& drop) { return drop.path == path; });
  }
  std::string called(JsonText name) const { return plain(names_ != nullptr ? names_->restore(name) : name); }

  void add(const Part& part, const std::string& path) {
    switch (part.kind) {
      case PartKind::text:
      case PartKind::refusal:
      case PartKind::compaction:
        said_.in_order.push_back(squeezed(plain(part.text)));
        break;
      case PartKind::image:
        said_.pictures.push_back(plain(part.source.data));
        break;
      case PartKind::document:
      case PartKind::audio:
      case PartKind::video:
        if (part.source.media_type.starts_with("text/") && part.source.kind == Source::Kind::base64) break;
        if (part.source.kind == Source::Kind::text) {
          said_.in_order.push_back(squeezed(plain(part.source.data)));
        } else {
          said_.documents.push_back(plain(part.source.data));
        }
        break;
      case PartKind::tool_call:
        add_call(part, path);
        break;
      case PartKind::tool_result:
        ++said_.results;
        said_.in_order.push_back("<result of " + std::to_string(calls_[std::string(part.id.escaped)]) + ">");
        for (const Part& inner : part.parts) add(inner, path);
        break;
      case PartKind::thinking:
        if (!part.text.empty()) said_.thinking.emplace_back(own_path(request_, path), squeezed(plain(part.text)));
        break;
      case PartKind::redacted:
      case PartKind::other:
        break;
    }
  }

  void add_call(const Part& part, const std::string& path) {
    calls_[std::string(part.id.escaped)] = ++said_.calls;
    std::string arguments = canonical(part.arguments);
    const bool is_text = part.call_kind == CallKind::custom;
    if (is_text) arguments = R"({"input":)" + arguments + "}";
    if (is_dropped(path + ".arguments")) arguments = canonical(R"({"input":)" + nlohmann::json(arguments).dump() + "}");
    said_.in_order.push_back("<call of " + called(part.name) + " " + squeezed(arguments) + ">");
  }

  const Request& request_;
  const ToolNames* const names_;
  const Dropped* const dropped_;
  std::map<std::string, size_t> calls_;  // by id, from 1 on
  Said said_;
};

void compare_conversation(const Said& asked, const Said& got, const Dropped& dropped, Lost& lost) {
  std::string all;
  for (const std::string& text : got.in_order) all += text;
  size_t at = 0;
  for (const std::string& text : asked.in_order) {
    const size_t found = all.find(text, at);
    if (found == std::string::npos) {
      lost.push_back("not in its place: " + shortened(text) + " in " + shortened(all.substr(at)));
      break;
    }
    at = found + text.size();
  }
  if (asked.calls != got.calls) lost.push_back("another number of calls");
  if (asked.results != got.results) lost.push_back("another number of results");
  for (const auto& [of_asked, of_got, what] : {std::tuple(asked.pictures, got.pictures, "pictures"),
                                               std::tuple(asked.documents, got.documents, "documents")}) {
    if (of_asked != of_got) lost.push_back(std::string("other ") + what);
  }
  std::string thought;
  for (const auto& [path, text] : got.thinking) thought += text;
  for (const auto& [path, text] : asked.thinking) {
    const std::string_view where = path;
    const bool is_told = std::any_of(dropped.all().begin(), dropped.all().end(), [where](const Drop& drop) {
      return std::string_view(drop.path).starts_with(where);
    });
    if (thought.find(text) == std::string::npos && !is_told) lost.push_back("thinking: " + shortened(text));
  }
}

void compare_tools(const Request& asked, const Request& got, const ToolNames& names, const Dropped& dropped,
                   bool same_schemas, Lost& lost) {
  const auto is_told = [&dropped](std::string_view path) {
    return std::any_of(dropped.all().begin(), dropped.all().end(),
                       [path](const Drop& drop) { return std::string_view(drop.path).starts_with(path); });
  };
  for (size_t i = 0; i < asked.tools.size(); ++i) {
    const Tool& tool = asked.tools[i];
    const std::string path = "tools[" + std::to_string(i) + "]";
    const auto same = std::find_if(got.tools.begin(), got.tools.end(),
                                   [&](const Tool& other) { return names.restore(other.name) == tool.name; });
    const std::vector<JsonText>& allowed = asked.tool_choice.allowed;
    const bool is_allowed = allowed.empty() || std::find(allowed.begin(), allowed.end(), tool.name) != allowed.end();
    if (same == got.tools.end() && !is_allowed) continue;
    if (tool.kind == ToolKind::other || same == got.tools.end()) {
      if (!is_told(path) && !is_told("tool_choice") && !is_told("tools")) lost.push_back("tool " + path);
      continue;
    }
    if (plain(same->description) != plain(tool.description)) lost.push_back("description of " + path);
    if (tool.kind != ToolKind::function || tool.schema.empty() || !same_schemas || is_told(path)) continue;
    if (canonical(same->schema) != canonical(tool.schema)) {
      lost.push_back("schema of " + path + ": " + shortened(canonical(tool.schema)) + " is " +
                     shortened(canonical(same->schema)));
    }
  }
}

void compare_settings(const Request& asked, const Request& got, const Dropped& dropped, bool same_schemas, Lost& lost) {
  const auto check = [&](std::string_view name, bool is_asked, bool is_same) {
    if (!is_asked || is_same) return;
    const bool is_told = std::any_of(dropped.all().begin(), dropped.all().end(),
                                     [name](const Drop& drop) { return drop.path.find(name) != std::string::npos; });
    if (!is_told) lost.push_back(std::string(name));
  };
  const auto check_number = [&](std::string_view name, std::string_view of_asked, std::string_view of_got) {
    check(name, !of_asked.empty(), canonical(of_asked) == canonical(of_got));
  };
  const auto check_chance = [&](std::string_view name, std::string_view of_asked, std::string_view of_got) {
    const std::string chance = canonical(of_asked);
    if (chance != "1" && chance != "1.0") check_number(name, of_asked, of_got);  // 1 is the default
  };
  check_chance("temperature", asked.sampling.temperature, got.sampling.temperature);
  check_chance("top_p", asked.sampling.top_p, got.sampling.top_p);
  check_number("top_k", asked.sampling.top_k, got.sampling.top_k);
  check_number("seed", asked.sampling.seed, got.sampling.seed);
  check_number("frequency_penalty", asked.sampling.frequency_penalty, got.sampling.frequency_penalty);
  check_number("presence_penalty", asked.sampling.presence_penalty, got.sampling.presence_penalty);
  check_number("logit_bias", asked.sampling.logit_bias, got.sampling.logit_bias);
  check("logprobs", asked.sampling.logprobs == true, got.sampling.logprobs == true);
  check("stop", !asked.stop.empty(), asked.stop == got.stop);
  check("max_", asked.max_output_tokens.has_value(), asked.max_output_tokens == got.max_output_tokens);
  using Kind = ResponseFormat::Kind;
  const Kind kind = asked.response_format.kind;
  check("response_format", kind == Kind::json_object || kind == Kind::json_schema, kind == got.response_format.kind);
  if (kind == Kind::json_schema && same_schemas) {
    check("response_format", true, canonical(asked.response_format.schema) == canonical(got.response_format.schema));
  }
  // Adaptive thinking may be the target's default.
  using Mode = Reasoning::Mode;
  const Reasoning &wanted = asked.reasoning, &told = got.reasoning;
  const bool is_measured = !wanted.effort.empty() || wanted.budget_tokens;
  check("reasoning", wanted.mode == Mode::on || wanted.mode == Mode::adaptive,
        is_measured ? told.mode == Mode::on || told.mode == Mode::adaptive : told.mode != Mode::off);
  using Choice = ToolChoice::Mode;
  if (!asked.tools.empty()) {
    check("tool_choice", asked.tool_choice.mode == Choice::required, got.tool_choice.mode == Choice::required);
    check("tool_choice", asked.tool_choice.mode == Choice::none,
          got.tool_choice.mode == Choice::none || got.tools.empty());
    check("parallel", asked.tool_choice.parallel == false, got.tool_choice.parallel == false);
  }
  check("user", !asked.user.empty(), asked.user == got.user);
  check("verbosity", !asked.verbosity.empty(), asked.verbosity == got.verbosity);
  check("prompt_cache_key", !asked.prompt_cache_key.empty(), asked.prompt_cache_key == got.prompt_cache_key);
  if (asked.stream != got.stream) lost.push_back("stream");
}

}  // namespace

Lost lost_of_request(const Request& asked, const Request& got, const ToolNames& names, const Dropped& dropped,
                     bool same_schemas) {
  Lost lost;
  compare_conversation(RequestTeller(asked, nullptr, &dropped).tell(), RequestTeller(got, &names, nullptr).tell(),
                       dropped, lost);
  compare_tools(asked, got, names, dropped, same_schemas, lost);
  compare_settings(asked, got, dropped, same_schemas, lost);
  return lost;
}

// --- answers ---

namespace {

struct AnswerSaid {
  std::string text{}, thinking{};
  std::vector<std::string> calls{};
  std::string order{};  // t: texts without a call between them, c: a call
};

AnswerSaid said_of(const Answer& answer) {
  AnswerSaid said;
  for (const Answer::Piece& piece : answer.pieces) {
    if (piece.kind == PartKind::text || piece.kind == PartKind::refusal) {
      const std::string text = squeezed(plain(JsonText{piece.text}));
      said.text += text;
      if (!text.empty() && !said.order.ends_with('t')) said.order += 't';
    } else if (piece.kind == PartKind::thinking) {
      said.thinking += squeezed(plain(JsonText{piece.text}));
    } else if (piece.kind == PartKind::tool_call) {
      said.order += 'c';
      const std::string arguments = plain(JsonText{piece.arguments});
      const bool is_text = piece.call_kind == CallKind::custom;
      said.calls.push_back(piece.name + " " +
                           canonical(is_text ? R"({"input":)" + nlohmann::json(arguments).dump() + "}" : arguments));
    }
  }
  return said;
}

const char* name_of(FinishReason reason) {
  constexpr const char* names[] = {"stop", "length", "tool_calls", "refusal", "pause"};
  return names[static_cast<size_t>(reason)];
}

}  // namespace

Lost lost_of_answer(const Answer& told, const Answer& got, const Tellable& tellable) {
  Lost lost;
  const AnswerSaid before = said_of(told), after = said_of(got);
  const auto check = [&lost](const char* what, const std::string& was, const std::string& is) {
    if (was != is) lost.push_back(std::string(what) + ": '" + shortened(was) + "' is '" + shortened(is) + "'");
  };
  check("text", before.text, after.text);
  check("thinking", before.thinking, after.thinking);
  for (size_t i = 0; i < std::max(before.calls.size(), after.calls.size()); ++i) {
    check("call", i < before.calls.size() ? before.calls[i] : "none", i < after.calls.size() ? after.calls[i] : "none");
  }
  if (tellable.order) check("order", before.order, after.order);
  FinishReason expected = told.reason;
  if (expected == FinishReason::pause && got.reason == FinishReason::stop) expected = FinishReason::stop;
  if (expected == FinishReason::refusal && !tellable.refusal) expected = FinishReason::stop;
  if (!told.finished || !got.finished) {
    lost.push_back("finish");
  } else {
    check("finish", name_of(expected), name_of(got.reason));
  }
  const auto check_count = [&check](const char* what, std::optional<uint64_t> was, uint64_t is) {
    if (was.value_or(0) != 0) check(what, std::to_string(*was), std::to_string(is));
  };
  check_count("input tokens", told.usage.input(), got.usage.input());
  check_count("output tokens", told.usage.counts.output, got.usage.counts.output.value_or(0));
  if (tellable.cached) {
    check_count("cached tokens", told.usage.counts.cache_read, got.usage.counts.cache_read.value_or(0));
  }
  if (told.error || got.error) lost.push_back("an error");
  return lost;
}

}  // namespace sluice::test
