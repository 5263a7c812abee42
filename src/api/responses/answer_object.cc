#include "api/responses/answer_object.h"

#include "api/json_unescape.h"

namespace sluice::api::responses {
namespace {

// Members of the request that the answer repeats unchanged, and their values if the caller gave none.
struct Echo {
  std::string_view name, otherwise;
};
constexpr Echo echoes[] = {{"background", "false"},
                           {"instructions", "null"},
                           {"max_output_tokens", "null"},
                           {"max_tool_calls", "null"},
                           {"metadata", "{}"},
                           {"parallel_tool_calls", "true"},
                           {"previous_response_id", "null"},
                           {"prompt_cache_key", "null"},
                           {"reasoning", R"({"effort":null,"summary":null})"},
                           {"safety_identifier", "null"},
                           {"service_tier", R"("default")"},
                           {"temperature", "1"},
                           {"tool_choice", R"("auto")"},
                           {"top_logprobs", "0"},
                           {"top_p", "1"},
                           {"truncation", R"("disabled")"}};

void write_tools(JsonValue tools, TextWriter& json) {
  json.key("tools").array();
  for (const JsonValue tool : tools) {
    json.object();
    for (const JsonValue member : tool) json.text_key(member.key()).raw(member.raw());
    if (tool["type"].word() == "function") {
      for (const std::string_view name : {"parameters", "strict"}) {
        if (!tool[name].exists()) json.member(name, nullptr);
      }
    }
    json.end_object();
  }
  json.end_array();
}

void write_text(JsonValue text, TextWriter& json) {
  json.key("text").object();
  for (const JsonValue member : text) {
    if (member.has_value()) json.text_key(member.key()).raw(member.raw());
  }
  if (!text["format"].has_value()) json.key("format").raw(R"({"type":"text"})");
  json.end_object();
}

void write_usage(const AnswerUsage& usage, TextWriter& json) {
  const uint64_t output = usage.counts.output.value_or(0);
  json.object().member("input_tokens", usage.input());
  json.key("input_tokens_details").object().member("cached_tokens", usage.counts.cache_read.value_or(0));
  json.member("cache_write_tokens", usage.counts.cache_write.value_or(0)).end_object();
  json.member("output_tokens", output);
  json.key("output_tokens_details").object().member("reasoning_tokens", usage.counts.reasoning.value_or(0));
  json.end_object().member("total_tokens", usage.input() + output).end_object();
}

}  // namespace

AnswerObject::AnswerObject(const AnswerShape& shape)
    : id_("resp_" + shape.id), is_compaction_(shape.endpoint == compact_endpoint), created_s_(shape.created_s) {
  append_json_escaped(model_, shape.model);
  const JsonValue asked = shape.request.document->root();
  TextWriter json(echo_);
  for (const auto& [name, otherwise] : echoes) {
    const JsonValue value = asked[name];
    json.key(name).raw(value.has_value() ? value.raw() : otherwise);
  }
  json.member("store", shape.stored);
  write_text(asked["text"], json);
  write_tools(asked["tools"], json);
  if (asked["user"].is_string()) json.key("user").raw(asked["user"].raw());
}

void AnswerObject::set_begun(JsonText id, std::optional<int64_t> created_s) {
  if (!id.empty()) {
    id_.clear();
    append_json_unescaped(id_, id.escaped);
  }
  created_s_ = created_s.value_or(created_s_);
}

void AnswerObject::write(TextWriter& json, const AnswerState& state) const {
  if (is_compaction_) {
    json.object().member("id", id_).member("object", "response.compaction").member("created_at", created_s_);
    json.key("output").array().raw(state.output).end_array().key("usage");
    write_usage(state.usage != nullptr ? *state.usage : AnswerUsage(), json);
    json.end_object();
    return;
  }
  json.object().member("id", id_).member("object", "response").member("created_at", created_s_);
  json.member("status", state.status);
  json.text_member("model", JsonText{model_});
  json.key("output").array().raw(state.output).end_array();
  json.key("error").raw(state.error.empty() ? "null" : state.error);
  json.key("incomplete_details");
  if (state.incomplete.empty()) {
    json.value(nullptr);
  } else {
    json.object();
    json.text_member("reason", JsonText{state.incomplete});
    json.end_object();
  }
  if (state.usage != nullptr && state.usage->counts.any()) {
    json.key("usage");
    write_usage(*state.usage, json);
  }
  json.raw(echo_).end_object();
}

}  // namespace sluice::api::responses
