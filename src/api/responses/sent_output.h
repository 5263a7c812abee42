// What the caller has of a stream of responses' events, by the frames that were sent: for a writer that continues it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "api/event.h"

namespace sluice::api::responses {

struct SentOutput final : SentState {
  // An item that has not ended. It can only be continued if it is a message.
  struct Open {
    std::string id{};  // escaped
    bool is_message = false;
    std::string contents{};  // that have ended, JSON with commas between them
    uint64_t content_count = 0;
    bool has_content = false;  // one is open; it can only be continued if it is a text
    bool is_text = false;
    bool text_ended = false;
    std::string text{};                     // of the open content, escaped
    std::string annotations{}, logprobs{};  // JSON with commas between them
    uint64_t annotation_count = 0;
  };

  std::string id{}, model{};  // escaped
  std::optional<int64_t> created_s{};
  bool begun = false, ended = false, is_odd = false;
  uint64_t next_sequence = 0;
  std::string items{};  // that have ended, JSON with commas between them
  uint64_t item_count = 0;
  std::optional<Open> open{};

  void take(JsonValue frame) override;
  size_t held_bytes() const override;

 private:
  void take_content(std::string_view type, JsonValue frame);
  void end_item(JsonValue item);
};

}  // namespace sluice::api::responses
