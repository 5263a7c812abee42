#include "api/translation.h"

#include <algorithm>
#include <array>
#include <utility>

#include "api/own_places.h"
#include "api/percent.h"
#include "api/usual_values.h"
#include "base/base64.h"
#include "base/json_writer.h"
#include "base/text.h"

namespace sluice::api {
namespace {

void tell_bag(const Request& request, const Bag& bag, const std::string& path, Dropped& dropped) {
  for (const CarriedMember& member : bag) {
    if (is_usual(member, request.usual)) continue;
    std::string where = member.place == OwnPlace::none ? path : path_of("messages", member.place);
    if (!where.empty()) where += '.';
    dropped.add_own(where.append(member.key.escaped), DropReason::unsupported);
  }
}

void tell_parts(const Request& request, const std::vector<Part>& parts, const std::string& path, Dropped& dropped) {
  for (size_t i = 0; i < parts.size(); ++i) {
    const Part& part = parts[i];
    if (part.bag.empty() && part.parts.empty()) continue;
    const std::string here = path_of(path, i);
    if (!part.bag.empty()) tell_bag(request, part.bag, own_path(request, here), dropped);
    if (!part.parts.empty()) tell_parts(request, part.parts, here + ".content", dropped);
  }
}

}  // namespace

void ask_for_summary(Request& request) {
  constexpr std::string_view question =
      "Summarize the conversation above, for someone who continues it and sees nothing else of it: what was asked, "
      "what was decided and done, which files, names and values matter, and what is left to do. Answer with the "
      "summary "
      "only.";
  Message& message = request.messages.emplace_back();
  message.parts.emplace_back().text = {question};
  if (!request.tools.empty()) request.tool_choice = {ToolChoice::Mode::none, {}, {}};
  request.response_format = {};
}

void forget_unsigned(Request& request) {
  for (Message& message : request.messages) {
    for (Part& part : message.parts) {
      if (is_unsigned(part.opaque)) part.opaque = {};
    }
  }
}

Result<void> leave_behind(const Request& request, Dropped& dropped) {
  if (!request.demands.empty()) {
    std::string text;
    for (const Demand& demand : request.demands) {
      if (!text.empty()) text += "; ";
      text += "'" + demand.path + "' " + demand.why;
    }
    return fail(ErrorCode::untranslatable, text);
  }
  tell_bag(request, request.bag, "", dropped);
  tell_parts(request, request.system, "system", dropped);
  for (size_t i = 0; i < request.messages.size(); ++i) {
    const Message& message = request.messages[i];
    if (!message.bag.empty()) tell_bag(request, message.bag, own_path(request, path_of("messages", i)), dropped);
    tell_parts(request, message.parts, path_of("messages", i, "content"), dropped);
  }
  for (size_t i = 0; i < request.tools.size(); ++i) {
    const Tool& tool = request.tools[i];
    if (!tool.bag.empty()) tell_bag(request, tool.bag, own_path(request, path_of("tools", i)), dropped);
  }
  return {};
}

void append_bag(std::string& out, const Bag& bag, bool first) {
  for (const CarriedMember& member : bag) {
    if (!std::exchange(first, false)) out += ',';
    out += '"';
    out += member.key.escaped;
    out += "\":";
    out += member.value;
  }
}

std::string path_of(std::string_view list, size_t index, std::string_view member) {
  std::string path(list);
  path += '[';
  path += std::to_string(index);
  path += ']';
  if (!member.empty()) {
    path += '.';
    path += member;
  }
  return path;
}

namespace {
struct Level {
  std::string_view effort;
  uint64_t budget_tokens;
};
constexpr std::array levels =
    std::to_array<Level>({{"low", 1024}, {"medium", 2048}, {"high", 4096}, {"xhigh", 8192}, {"max", 16384}});
}  // namespace

bool is_known_effort(std::string_view effort) {
  const bool is_level =
      std::any_of(levels.begin(), levels.end(), [&](const Level& one) { return one.effort == effort; });
  return is_level || effort.empty() || effort == "minimal";
}

uint64_t budget_for(std::string_view effort) {
  for (const Level& level : levels) {
    if (level.effort == effort) return level.budget_tokens;
  }
  return effort == "minimal" ? levels[0].budget_tokens : 2048;  // an unknown word counts as medium
}

std::string_view effort_for(uint64_t budget_tokens) {
  for (const Level& level : levels) {
    if (budget_tokens <= level.budget_tokens) return level.effort;
  }
  return levels.back().effort;
}

uint64_t budget_below(uint64_t max_tokens, uint64_t wanted) {
  if (max_tokens <= least_thinking_budget) return 0;
  return wanted < max_tokens ? wanted : std::max(least_thinking_budget, max_tokens / 4 * 3);
}

std::optional<std::string> text_of_document(const Source& source) {
  if (source.kind == Source::Kind::text) return std::string(source.data.escaped);
  std::string_view type = source.media_type;
  type = type.substr(0, type.find(';'));
  const bool is_text = type.starts_with("text/") || type == "application/json" || type == "application/xml" ||
                       type == "application/yaml" || type == "application/javascript";
  if (source.kind != Source::Kind::base64 || !is_text) return std::nullopt;
  const std::optional<std::string> bytes = base64_decoded(source.data.escaped);
  if (!bytes) return std::nullopt;
  std::string escaped;
  append_json_escaped(escaped, *bytes);
  return escaped;
}

std::optional<std::string> text_of_document(const Part& document) {
  if (document.kind != PartKind::document) return std::nullopt;
  std::optional<std::string> text = text_of_document(document.source);
  if (!text) return std::nullopt;
  std::string before;
  for (const JsonText one : {document.title, document.context}) {
    if (!one.empty()) (before += one.escaped) += R"(\n)";
  }
  return before.empty() ? text : before + R"(\n)" + *text;
}

std::optional<Source> source_of_data_url(JsonText url, TextArena& arena) {
  constexpr std::string_view scheme = "data:", coding = ";base64";
  std::string_view rest = url.escaped;
  if (rest.size() < scheme.size() || to_lower(rest.substr(0, scheme.size())) != scheme) return std::nullopt;
  rest.remove_prefix(scheme.size());
  const size_t comma = rest.find(',');
  if (comma == std::string_view::npos) return std::nullopt;
  const std::string_view parameters = rest.substr(0, comma), data = rest.substr(comma + 1);
  const bool is_base64 =
      parameters.size() >= coding.size() && to_lower(parameters.substr(parameters.size() - coding.size())) == coding;
  const std::string_view type = arena.unescape(JsonText{parameters.substr(0, parameters.find(';'))});
  if (is_base64 && data.find('%') == std::string_view::npos) {
    return Source{Source::Kind::base64, type, JsonText{data}};
  }
  std::string bytes;
  append_percent_decoded(bytes, arena.unescape(JsonText{data}));
  if (is_base64) return Source{Source::Kind::base64, type, arena.escape(arena.keep(std::move(bytes)))};
  return Source{Source::Kind::base64, type.empty() ? "text/plain" : type, JsonText{arena.keep(base64_of(bytes))}};
}

void append_data_url(std::string& out, const Source& source) {
  out += "data:";
  out += source.media_type.empty() ? sniff_media_type(source.data.escaped) : source.media_type;
  out += ";base64,";
  out += source.data.escaped;
}

std::string_view sniff_media_type(std::string_view base64) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 8> beginnings = {{
      {"iVBORw0KGgo", "image/png"},
      {"/9j/", "image/jpeg"},
      {"R0lGOD", "image/gif"},
      {"UklGR", "image/webp"},
      {"JVBERi0", "application/pdf"},
      {"SUQz", "audio/mpeg"},
      {"T2dnUw", "audio/ogg"},
      {"ZkxhQw", "audio/flac"},
  }};
  constexpr size_t wave_at = 10;  // RIFF, four bytes of length, then WAVE or WEBP
  if (base64.starts_with("UklGR") && base64.size() > wave_at + 6 &&
      base64.substr(wave_at, 6).find("XQVZ") != std::string_view::npos) {
    return "audio/wav";
  }
  for (const auto& [beginning, type] : beginnings) {
    if (base64.starts_with(beginning)) return type;
  }
  return "";
}

void append_arguments_object(std::string& out, std::string_view arguments, std::string_view path, Dropped& dropped) {
  const std::string_view text = trim(arguments, white_space);
  if (text.empty()) {
    out += "{}";
    return;
  }
  JsonDocument document;
  if (text.front() == '{' && document.parse(text)) {
    out += text;
    return;
  }
  dropped.add(path, DropReason::changed);
  out += R"({"input":)";
  append_json_string(out, text);
  out += '}';
}

}  // namespace sluice::api
