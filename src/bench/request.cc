#include "bench/request.h"

#include "base/json_writer.h"
#include "http/writer.h"

namespace sluice::bench {
namespace {

std::string begin_head(const Options& options, http::Method method, std::string_view path) {
  std::string head;
  http::write_request_line(head, method, path);
  http::write_field(head, "host", options.target.url.authority());
  http::write_field(head, "user-agent", "sluice/" SLUICE_VERSION);
  http::write_field(head, "accept-encoding", "identity");
  const bool anthropic = options.dialect == Dialect::anthropic;
  if (anthropic) http::write_field(head, "anthropic-version", "2023-06-01");
  if (options.key.empty()) return head;
  if (anthropic) {
    http::write_field(head, "x-api-key", options.key);
  } else {
    http::write_field(head, "authorization", "Bearer " + options.key);
  }
  return head;
}

// OpenAI's reasoning models reject max_tokens; many other programs know only that.
std::string_view limit_field(Dialect dialect, std::string_view model) {
  model.remove_prefix(model.rfind('/') + 1);
  const bool numbered = model.size() > 1 && model[0] == 'o' && model[1] >= '1' && model[1] <= '9';
  const bool reasons = dialect == Dialect::openai && (numbered || model.starts_with("gpt-5"));
  return reasons ? "max_completion_tokens" : "max_tokens";
}

}  // namespace

std::string models_request(const Options& options) {
  std::string head = begin_head(options, http::Method::get, options.target.models_path());
  http::end_head(head);
  return head;
}

std::string answer_request(const Options& options, std::string_view model) {
  std::string body;
  JsonWriter out(body);
  out.object().member("model", model).member(limit_field(options.dialect, model), options.max_tokens);
  if (options.stream) out.member("stream", true);
  if (options.stream && options.dialect == Dialect::openai) {
    out.key("stream_options").object().member("include_usage", true).end_object();
  }
  out.key("messages").array().object().member("role", "user").member("content", options.prompt);
  out.end_object().end_array().end_object();
  std::string request = begin_head(options, http::Method::post, options.target.answer_path(options.dialect));
  http::write_field(request, "content-type", "application/json");
  http::write_field(request, "content-length", uint64_t{body.size()});
  http::end_head(request);
  return request + body;
}

}  // namespace sluice::bench
