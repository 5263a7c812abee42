#include "api/openai/call_reader.h"

#include <algorithm>

namespace sluice::api::openai {
namespace {

// The character that an escape sequence stands for, as far as JSON's grammar cares: others become any letter.
char meant_by(std::string_view escape) {
  switch (escape[1]) {
    case '"':
    case '\\':
    case '/':
      return escape[1];
    case 'u': {
      const std::string_view digits = escape.substr(2);
      if (digits == "0022") return '"';
      if (digits == "005c" || digits == "005C") return '\\';
      if (digits == "007b" || digits == "007B") return '{';
      if (digits == "007d" || digits == "007D") return '}';
      if (digits == "005b" || digits == "005B") return '[';
      if (digits == "005d" || digits == "005D") return ']';
      return 'u';
    }
    default:
      return ' ';  // a line break, a tab
  }
}

}  // namespace

void JsonBalance::feed(JsonText piece) {
  const std::string_view text = piece.escaped;
  for (size_t at = 0; at < text.size();) {
    if (text[at] != '\\' || at + 1 == text.size()) {
      take(text[at++]);
      continue;
    }
    const size_t bytes = std::min<size_t>(text[at + 1] == 'u' ? 6 : 2, text.size() - at);
    take(meant_by(text.substr(at, bytes)));
    at += bytes;
  }
}

void JsonBalance::take(char c) {
  if (in_string_) {
    if (escaped_) {
      escaped_ = false;
    } else if (c == '\\') {
      escaped_ = true;
    } else if (c == '"') {
      in_string_ = false;
    }
    return;
  }
  if (c == ' ' || c == '\t' || c == '\n' || c == '\r') return;
  began_ = true;
  if (c == '"') in_string_ = true;
  if (c == '{' || c == '[') ++depth_;
  if ((c == '}' || c == ']') && depth_ > 0) --depth_;
}

ChatCallReader::Call* ChatCallReader::latest(const Piece& piece) {
  if (calls_.empty()) return nullptr;
  if (!piece.index && piece.id.empty()) return &calls_.back();
  const std::optional<size_t> place = piece.index ? by_index_.find(*piece.index) : by_id_.find(piece.id.escaped);
  if (!place) return nullptr;
  Call& call = calls_[*place];
  return piece.index || call.id == piece.id.escaped ? &call : nullptr;  // its id may have changed since
}

// A piece continues the call of its index. It begins a new one if it has another id, or if it has a name, there are no
// ids and that call is whole: some providers give all calls the same index.
ChatCallReader::Call* ChatCallReader::find(const Piece& piece) {
  Call* const found = latest(piece);
  if (found == nullptr || piece.name.empty()) return found;
  const bool other_id = !piece.id.empty() && !found->id.empty() && found->id != piece.id.escaped;
  const bool next_one = piece.id.empty() && found->id.empty() && found->told && found->balance.whole();
  return other_id || next_one ? nullptr : found;
}

void ChatCallReader::take(const Piece& piece, uint32_t& next_part, EventSink& sink) {
  Call* call = find(piece);
  if (call == nullptr) {
    call = &calls_.emplace_back();
    call->index = piece.index;
    call->part = next_part++;
    if (piece.index) by_index_.set(*piece.index, calls_.size() - 1);
  }
  if (call->ended) return;  // ignores pieces after the end
  const size_t place = static_cast<size_t>(call - calls_.data());
  if (gone_on_.empty() || gone_on_.back() != place) gone_on_.push_back(place);
  if (!call->told) {
    if (!piece.id.empty()) {
      call->id = piece.id.escaped;
      by_id_.set(call->id, place);
    }
    if (!piece.name.empty()) call->name = piece.name.escaped;
    call->kind = piece.kind;
    if (!piece.opaque.empty()) {
      call->opaque.origin = piece.opaque.origin;
      call->opaque_data = piece.opaque.data.escaped;
      call->opaque_id = piece.opaque.id.escaped;
    }
    if (!call->name.empty()) tell(*call, sink);
  }
  if (piece.arguments.empty()) return;
  call->balance.feed(piece.arguments);
  if (call->told) {
    sink.on_arguments(call->part, piece.arguments);
  } else {
    call->waiting += piece.arguments.escaped;
    waiting_bytes_ += piece.arguments.size();
  }
}

void ChatCallReader::tell(Call& call, EventSink& sink) {
  call.told = any_told_ = true;
  const Opaque opaque{JsonText{call.opaque_data}, call.opaque.origin, JsonText{call.opaque_id}};
  sink.on_call({call.part, JsonText{call.id}, JsonText{call.name}, call.kind, opaque});
  waiting_bytes_ -= call.waiting.size();
  if (!call.waiting.empty()) sink.on_arguments(call.part, JsonText{call.waiting});
  call.waiting.clear();
}

void ChatCallReader::end(Call& call, EventSink& sink) {
  if (call.ended) return;
  call.ended = true;
  if (call.told) sink.on_part_end(call.part);  // a call without a name is never reported
}

void ChatCallReader::end_whole(EventSink& sink) {
  for (const size_t place : gone_on_) {
    Call& call = calls_[place];
    const bool whole = call.kind == CallKind::custom ? call.balance.began() : call.balance.whole();
    if (call.told && whole) end(call, sink);
  }
  gone_on_.clear();
}

void ChatCallReader::end_all(EventSink& sink) {
  for (Call& call : calls_) end(call, sink);
}

}  // namespace sluice::api::openai
