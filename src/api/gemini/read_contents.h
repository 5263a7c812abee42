// Reads `contents` and `systemInstruction` as messages and system parts.
#pragma once

#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "api/gemini/fields.h"
#include "api/gemini/signature.h"
#include "api/open_calls.h"
#include "api/request.h"
#include "base/result.h"

namespace sluice::api::gemini {

class ContentsReader {
 public:
  explicit ContentsReader(Request& request) : request_(request) {}

  Result<void> read(JsonValue contents);
  Result<void> read_system(JsonValue instruction);

 private:
  // A part, and the signature on it that belongs to a thinking.
  struct Read {
    Part part{};
    JsonValue from{};
    Signature signature{};
  };

  Result<void> read_content(JsonValue content, const std::string& path);
  Result<void> read_parts(JsonValue list, const std::string& path, std::vector<Read>& parts);
  Result<void> read_part(JsonValue value, const std::string& path, Read& read);
  Result<void> read_text(const NamedMembers& fields, const std::string& path, Part& part);
  Result<void> read_media(JsonValue media, std::string_view name, const std::string& path, Part& part);
  Result<void> read_call(JsonValue call, const std::string& path, Part& part);
  Result<void> read_response(JsonValue response, const std::string& path, Part& part);
  Result<void> read_response_text(JsonValue response, const std::string& path, Part& part);

  void add_assistant(std::vector<Read>& parts, std::string_view raw, Bag& bag);
  void continue_part(Part& before, Part piece);
  void add_user(std::vector<Read>& parts, std::string_view raw, Bag& bag);
  void add_results(std::vector<Part> results, std::string_view raw, Bag& bag);
  // The content without data bound to other dialects.
  std::string_view raw_of(JsonValue content, const std::vector<Read>& parts);
  void return_signature(std::vector<Part>& parts, const Signature& signature);
  void link(Part& result);
  JsonText made_up_id();

  Request& request_;
  OpenCalls calls_;  // made by the last assistant message
  size_t calls_seen_ = 0, last_made_up_ = 0;
  std::unordered_set<std::string_view> ids_;
};

}  // namespace sluice::api::gemini
