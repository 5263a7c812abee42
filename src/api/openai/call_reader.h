// Assembles the calls of an answer from their pieces: tool_calls of a stream or a body, and the older function_call.
// Providers number calls from 0, from 1 or all alike, interleave their pieces, and leave ids out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/event.h"
#include "api/latest_place.h"

namespace sluice::api::openai {

// Whether JSON text that arrives in pieces, inside a JSON string, is whole.
class JsonBalance {
 public:
  void feed(JsonText piece);
  bool whole() const { return began_ && depth_ == 0 && !in_string_; }
  bool began() const { return began_; }

 private:
  void take(char c);
  uint32_t depth_ = 0;
  bool began_ = false, in_string_ = false, escaped_ = false;
};

class ChatCallReader {
 public:
  // What a piece of a call says.
  struct Piece {
    std::optional<uint64_t> index{};
    JsonText id{}, name{};
    CallKind kind = CallKind::function;
    JsonText arguments{};
    Opaque opaque{};
  };

  // Whether the piece begins a new call.
  bool begins(const Piece& piece) { return find(piece) == nullptr; }
  // `next_part` is incremented for a new call.
  void take(const Piece& piece, uint32_t& next_part, EventSink& sink);
  // Another part begins: calls whose arguments are whole have ended.
  void end_whole(EventSink& sink);
  void end_all(EventSink& sink);
  bool any() const { return any_told_; }
  size_t held_bytes() const { return calls_.size() * bytes_each + waiting_bytes_; }

 private:
  struct Call {
    std::optional<uint64_t> index{};
    std::string id{}, name{};
    uint32_t part = 0;
    CallKind kind = CallKind::function;
    bool told = false, ended = false;
    JsonBalance balance{};
    std::string waiting{};  // arguments that arrived before the name
    Opaque opaque{};        // of a call that waits for its name; its data is `opaque_data`
    std::string opaque_data{}, opaque_id{};
  };
  Call* find(const Piece& piece);
  Call* latest(const Piece& piece);
  void tell(Call& call, EventSink& sink);
  void end(Call& call, EventSink& sink);

  static constexpr size_t bytes_each =
      sizeof(Call) + LatestPlace<uint64_t>::bytes_each + LatestPlace<std::string>::bytes_each;

  std::vector<Call> calls_;
  size_t waiting_bytes_ = 0;  // of calls that wait for their name
  LatestPlace<uint64_t> by_index_{};
  LatestPlace<std::string> by_id_{};
  std::vector<size_t> gone_on_{};  // places of the calls that have had pieces since end_whole()
  bool any_told_ = false;
};

}  // namespace sluice::api::openai
