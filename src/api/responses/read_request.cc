// Reads the caller's body, member by member.
#include <array>

#include "api/responses/read_input.h"
#include "api/responses/read_tools.h"
#include "api/responses/translate.h"

namespace sluice::api::responses {
namespace {

constexpr UsualValue usual_values[] = {{"truncation", R"("disabled")"},
                                       {"stream_options", "{}"},
                                       {"stream_options", R"({"include_obfuscation":false})"},
                                       {"defer_loading", "false"}};

class RequestReader {
 public:
  RequestReader(Request& request, bool previous_known) : request_(request), previous_known_(previous_known) {}
  Result<void> read(JsonValue body);

 private:
  using Handler = Result<void> (RequestReader::*)(JsonValue value);
  struct Entry {
    std::string_view name;
    Handler handler;
  };
  static const std::array<Entry, 24> entries;

  Result<void> on_model(JsonValue value);
  Result<void> on_instructions(JsonValue value);
  Result<void> on_input(JsonValue value);
  Result<void> on_tools(JsonValue value) { return read_tools(value, "tools", request_); }
  Result<void> on_tool_choice(JsonValue value) { return read_tool_choice(value, request_); }
  Result<void> on_parallel(JsonValue value);
  Result<void> on_stream(JsonValue value);
  Result<void> on_store(JsonValue value);
  Result<void> on_background(JsonValue value);
  Result<void> on_elsewhere(JsonValue value);
  Result<void> on_max_output_tokens(JsonValue value);
  Result<void> on_temperature(JsonValue value) { return number(value, request_.sampling.temperature); }
  Result<void> on_top_p(JsonValue value) { return number(value, request_.sampling.top_p); }
  Result<void> on_top_logprobs(JsonValue value);
  Result<void> on_text(JsonValue value);
  Result<void> on_format(JsonValue format);
  Result<void> on_reasoning(JsonValue value);
  Result<void> on_include(JsonValue value);
  Result<void> on_metadata(JsonValue value);
  Result<void> on_user(JsonValue value);
  Result<void> on_safety_identifier(JsonValue value);
  Result<void> on_prompt_cache_key(JsonValue value);
  Result<void> on_service_tier(JsonValue value);

  Result<void> number(JsonValue value, std::string_view& into);
  Result<void> flag(JsonValue value, std::optional<bool>& into);
  Result<void> text(JsonValue value, JsonText& into);
  tl::unexpected<Error> wrong(JsonValue value, std::string_view expected) {
    return wrong_type(std::string(value.key().escaped), expected);
  }

  Request& request_;
  const bool previous_known_;
};

// `tools` before `input`, so that the request's tools precede those in its items.
constexpr std::array<RequestReader::Entry, 24> RequestReader::entries = {{
    {"model", &RequestReader::on_model},
    {"instructions", &RequestReader::on_instructions},
    {"tools", &RequestReader::on_tools},
    {"input", &RequestReader::on_input},
    {"tool_choice", &RequestReader::on_tool_choice},
    {"parallel_tool_calls", &RequestReader::on_parallel},
    {"stream", &RequestReader::on_stream},
    {"store", &RequestReader::on_store},
    {"background", &RequestReader::on_background},
    {"previous_response_id", &RequestReader::on_elsewhere},
    {"conversation", &RequestReader::on_elsewhere},
    {"prompt", &RequestReader::on_elsewhere},
    {"max_output_tokens", &RequestReader::on_max_output_tokens},
    {"temperature", &RequestReader::on_temperature},
    {"top_p", &RequestReader::on_top_p},
    {"top_logprobs", &RequestReader::on_top_logprobs},
    {"text", &RequestReader::on_text},
    {"reasoning", &RequestReader::on_reasoning},
    {"include", &RequestReader::on_include},
    {"metadata", &RequestReader::on_metadata},
    {"safety_identifier", &RequestReader::on_safety_identifier},
    {"user", &RequestReader::on_user},
    {"prompt_cache_key", &RequestReader::on_prompt_cache_key},
    {"service_tier", &RequestReader::on_service_tier},
}};

// Reads members in the order of the table, not of the body.
Result<void> RequestReader::read(JsonValue body) {
  std::array<JsonValue, entries.size()> known{};
  for (const JsonValue member : body) {
    size_t at = 0;
    while (at < entries.size() && !member.named(entries[at].name)) ++at;
    if (at == entries.size()) {
      if (member.has_value()) carry(request_.bag, member);
    } else if (known[at].exists()) {
      return fail(ErrorCode::bad_request, std::string(entries[at].name) + ": occurs twice");
    } else {
      known[at] = member;
    }
  }
  for (size_t i = 0; i < entries.size(); ++i) {
    if (!known[i].has_value()) continue;
    if (Result<void> done = (this->*entries[i].handler)(known[i]); !done) return done;
  }
  if (request_.model.empty()) return fail(ErrorCode::bad_request, "model: is missing");
  if (!body["input"].has_value() && request_.demands.empty()) return fail(ErrorCode::bad_request, "input: is missing");
  return {};
}

Result<void> RequestReader::on_model(JsonValue value) { return text(value, request_.model); }

Result<void> RequestReader::on_instructions(JsonValue value) {
  if (!value.is_string()) return wrong(value, "a string");
  request_.system_was_string = true;
  if (!value.text().empty()) request_.system.emplace_back().text = value.text();
  return {};
}

Result<void> RequestReader::on_input(JsonValue value) { return InputReader(request_).read(value); }

Result<void> RequestReader::on_parallel(JsonValue value) { return flag(value, request_.tool_choice.parallel); }

Result<void> RequestReader::on_stream(JsonValue value) {
  std::optional<bool> stream;
  if (Result<void> done = flag(value, stream); !done) return done;
  request_.stream = *stream;
  return {};
}

Result<void> RequestReader::on_store(JsonValue value) { return flag(value, request_.store); }

Result<void> RequestReader::on_background(JsonValue value) {
  std::optional<bool> background;
  if (Result<void> done = flag(value, background); !done) return done;
  if (*background) request_.demands.push_back({"background", "is not known to other providers"});
  return {};
}

// Refers to something that the provider stores.
Result<void> RequestReader::on_elsewhere(JsonValue value) {
  if (previous_known_ && value.named("previous_response_id")) {
    request_.holds_earlier = true;
    return {};
  }
  request_.demands.push_back({std::string(value.key().escaped), "is not known to other providers"});
  return {};
}

Result<void> RequestReader::on_max_output_tokens(JsonValue value) {
  request_.max_output_tokens = value.count();
  return request_.max_output_tokens ? Result<void>() : wrong(value, "a whole number");
}

Result<void> RequestReader::on_top_logprobs(JsonValue value) {
  request_.sampling.top_logprobs = value.count();
  return request_.sampling.top_logprobs ? Result<void>() : wrong(value, "a whole number");
}

Result<void> RequestReader::on_text(JsonValue value) {
  if (!value.is_object()) return wrong(value, "an object");
  for (const JsonValue member : value) {
    if (!member.has_value()) continue;
    if (member.named("format")) {
      if (Result<void> done = on_format(member); !done) return done;
    } else if (member.named("verbosity")) {
      request_.verbosity = member.word();
    } else {
      carry_within(request_, "text", member);
    }
  }
  return {};
}

Result<void> RequestReader::on_format(JsonValue format) {
  ResponseFormat& read = request_.response_format;
  const std::string_view type = format["type"].word();
  if (type == "text") {
    read.kind = ResponseFormat::Kind::text;
  } else if (type == "json_object") {
    read.kind = ResponseFormat::Kind::json_object;
  } else if (type == "json_schema") {
    read.kind = ResponseFormat::Kind::json_schema;
    if (!format["schema"].is_object()) return wrong_type("text.format.schema", "an object");
  } else {
    return wrong_type("text.format.type", "'text', 'json_object' or 'json_schema'");
  }
  for (const JsonValue member : format) {
    if (member.named("type") || !member.has_value()) continue;
    if (member.named("name")) {
      read.name = member.text();
    } else if (member.named("description")) {
      read.description = member.text();
    } else if (member.named("schema")) {
      read.schema = member.raw();
    } else if (member.named("strict")) {
      read.strict = member.boolean();
    } else {
      carry_within(request_, "text.format", member);
    }
  }
  return {};
}

Result<void> RequestReader::on_reasoning(JsonValue value) {
  if (!value.is_object()) return wrong(value, "an object");
  Reasoning& read = request_.reasoning;
  for (const JsonValue member : value) {
    if (!member.has_value()) continue;
    if (member.named("effort")) {
      if (!member.is_string()) return wrong_type("reasoning.effort", "a string");
      read.mode = member.word() == no_effort ? Reasoning::Mode::off : Reasoning::Mode::on;
      read.effort = member.word();
    } else if (member.named("summary") || (member.named("generate_summary") && read.summary.empty())) {
      read.summary = member.word();
    } else {
      carry_within(request_, "reasoning", member);
    }
  }
  return {};
}

Result<void> RequestReader::on_include(JsonValue value) {
  if (!value.is_array()) return wrong(value, "a list");
  for (const JsonValue element : value) {
    const std::string_view word = element.word();
    if (word == include_logprobs) {
      request_.sampling.logprobs = true;
    } else if (word != include_encrypted) {
      request_.bag.push_back({JsonText{"include"}, element.raw()});
    }
  }
  return {};
}

Result<void> RequestReader::on_metadata(JsonValue value) {
  if (!value.is_object()) return wrong(value, "an object");
  if (!value.empty()) request_.metadata = value.raw();
  return {};
}

Result<void> RequestReader::on_safety_identifier(JsonValue value) { return text(value, request_.user); }

Result<void> RequestReader::on_user(JsonValue value) {
  if (request_.user.empty()) return text(value, request_.user);
  carry(request_.bag, value);  // the newer name for it is there too
  return {};
}

Result<void> RequestReader::on_prompt_cache_key(JsonValue value) { return text(value, request_.prompt_cache_key); }

Result<void> RequestReader::on_service_tier(JsonValue value) {
  if (!value.is_string()) return wrong(value, "a string");
  request_.service_tier = value.word();
  return {};
}

Result<void> RequestReader::number(JsonValue value, std::string_view& into) {
  if (!value.is(JsonType::number)) return wrong(value, "a number");
  into = value.raw();
  return {};
}

Result<void> RequestReader::flag(JsonValue value, std::optional<bool>& into) {
  into = value.boolean();
  return into ? Result<void>() : wrong(value, "true or false");
}

Result<void> RequestReader::text(JsonValue value, JsonText& into) {
  if (!value.is_string()) return wrong(value, "a string");
  into = value.text();
  return {};
}

}  // namespace

Result<std::unique_ptr<Request>> read_request(std::string_view body, const ReadContext& context) {
  auto request = std::make_unique<Request>();
  request->usual = usual_values;
  request->from = Dialect::responses;
  if (Result<void> done = request->document->parse(body); !done) return tl::unexpected(done.error());
  const JsonValue root = request->document->root();
  if (!root.is_object()) return fail(ErrorCode::bad_request, "the body is not a JSON object");
  if (Result<void> done = RequestReader(*request, context.previous_known).read(root); !done)
    return tl::unexpected(done.error());
  request->compacts |= context.endpoint == compact_endpoint;
  request->stream |= context.stream;
  request->usage_wanted = true;  // it comes with every answer
  return request;
}

}  // namespace sluice::api::responses
