#include "api/json_scan.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "api/json_block.h"
#include "api/json_cursor.h"

namespace sluice::api {
namespace {

constexpr uint8_t space = 1, scalar_end = 2, scalar_begin = 4;
constexpr auto classes = [] {
  std::array<uint8_t, 256> chars{};
  for (const char c : std::string_view(" \n\r\t")) chars[static_cast<unsigned char>(c)] = space | scalar_end;
  for (const char c : std::string_view(",}]")) chars[static_cast<unsigned char>(c)] = scalar_end;
  for (const char c : std::string_view("-0123456789tfn")) chars[static_cast<unsigned char>(c)] = scalar_begin;
  return chars;
}();

bool is(char c, uint8_t of) { return (classes[static_cast<unsigned char>(c)] & of) != 0; }
bool is_space(char c) { return is(c, space); }
bool ends_scalar(char c) { return is(c, scalar_end); }
bool begins_scalar(char c) { return is(c, scalar_begin); }

const char* skip_space(const char* at, const char* end) {
  while (at != end && is_space(*at)) ++at;
  return at;
}

}  // namespace

void JsonScan::reset() {
  state_ = State::value;
  node_ = 0;
  depth_ = 0;
  escaped_ = in_string_ = root_is_array_ = false;
}

ArrayPlace JsonScan::array_place() const {
  if (fresh()) return ArrayPlace::nothing_yet;
  if (state_ == State::done) return ArrayPlace::closed;
  if (depth_ != 1) return ArrayPlace::within_element;
  if (state_ == State::value_or_close) return ArrayPlace::empty;
  if (state_ == State::comma) return ArrayPlace::after_element;
  return state_ == State::value ? ArrayPlace::after_comma : ArrayPlace::within_element;
}

void JsonScan::feed(std::string_view bytes, JsonSink& sink) {
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  while (at != end && state_ != State::broken) {
    if (state_ == State::key || state_ == State::key_or_close) at = read_members(at, end, sink);
    if (at != end) at = step(at, end, sink);
  }
}

// Reads members of an object as long as each has arrived whole and is no object or array. Most are like that, and
// reading them here saves a change of state per token. Stops where step() has to continue.
const char* JsonScan::read_members(const char* at, const char* end, JsonSink& sink) {
  const uint8_t parent = levels_[depth_ - 1u].node;
  for (;;) {
    at = skip_space(at, end);
    if (at == end || *at != '"') return at;
    const char* const name = at + 1;
    const char* const name_end = find_quote_or_backslash(name, end);
    if (name_end == end || *name_end != '"') return at;
    const char* value = skip_space(name_end + 1, end);
    if (value == end || *value != ':') return at;
    value = skip_space(value + 1, end);
    if (value == end) return at;
    const uint8_t node = child(parent, {name, static_cast<size_t>(name_end - name)});
    const char* after = value;
    if (*value == '"') {
      after = find_string_end(value + 1, end);
      if (after == end) return at;
      const auto size = static_cast<size_t>(after - value - 1);
      if (node != unwanted) sink.on_value(node, JsonKind::string, {value + 1, size <= max_text ? size : 0});
      ++after;
    } else if (*value == '{' || *value == '[') {
      node_ = node;
      state_ = State::value;
      return value;
    } else {
      while (after != end && !ends_scalar(*after)) ++after;
      const auto size = static_cast<size_t>(after - value);
      if (after == end || !begins_scalar(*value) || size > max_text) return at;
      node_ = node;
      if (node != unwanted) tell_scalar({value, size}, sink);
    }
    state_ = State::comma;
    at = skip_space(after, end);
    if (at == end || *at != ',') return at;
    ++at;
    state_ = State::key;
    node_ = parent;
  }
}

// Reads from `at` on, by at least one byte or one change of state.
const char* JsonScan::step(const char* at, const char* end, JsonSink& sink) {
  switch (state_) {
    case State::key_text:
    case State::string_text:
      return read_text(at, end, sink);
    case State::scalar:
      return read_scalar(at, end, sink);
    case State::skip:
      return skip(at, end);
    default:
      break;
  }
  const char c = *at;
  if (is_space(c)) return at + 1;
  switch (state_) {
    case State::value_or_close:
      if (c == ']') {
        close(true);
        return at + 1;
      }
      return begin_value(at, sink);
    case State::value:
      return begin_value(at, sink);
    case State::key_or_close:
      if (c == '}') {
        close(false);
        return at + 1;
      }
      [[fallthrough]];
    case State::key:
      state_ = c == '"' ? State::key_text : State::broken;
      token_size_ = 0;
      text_kept_ = true;
      break;
    case State::colon:
      state_ = c == ':' ? State::value : State::broken;
      break;
    case State::comma:
      if (c == ',') {
        const Level& level = levels_[depth_ - 1u];
        state_ = level.array ? State::value : State::key;
        node_ = level.node;
      } else if (c == '}' || c == ']') {
        close(c == ']');
      } else {
        state_ = State::broken;
      }
      break;
    default:
      state_ = State::broken;
      break;  // done: nothing may follow
  }
  return at + 1;
}

const char* JsonScan::begin_value(const char* at, JsonSink& sink) {
  const char c = *at;
  if (depth_ != 0 && levels_[depth_ - 1u].array && !levels_[depth_ - 1u].any) {
    levels_[depth_ - 1u].any = true;
    sink.on_value(node_, JsonKind::item, {});
  }
  token_size_ = 0;
  text_kept_ = true;
  if (c == '{' || c == '[') {
    open(c == '[', sink);
    return at + 1;
  }
  if (depth_ == 0) {  // an answer's root is an object or an array
    state_ = State::broken;
  } else if (c == '"') {
    state_ = State::string_text;
    return at + 1;
  } else {
    state_ = begins_scalar(c) ? State::scalar : State::broken;
  }
  return at;
}

void JsonScan::open(bool array, JsonSink& sink) {
  if (depth_ == 0) root_is_array_ = array;
  if (node_ != unwanted) sink.on_value(node_, array ? JsonKind::array : JsonKind::object, {});
  const bool has_children = node_ != unwanted && !tree_->below(node_).empty();
  if (!has_children || depth_ == deepest) {
    state_ = State::skip;
    skip_depth_ = 1;
    return;
  }
  levels_[depth_] = Level{node_, array, false};
  ++depth_;
  state_ = array ? State::value_or_close : State::key_or_close;
}

void JsonScan::close(bool array) {
  if (levels_[depth_ - 1u].array != array) {
    state_ = State::broken;
    return;
  }
  --depth_;
  end_value();
}

// The node of the member `key` of the value at `parent`.
uint8_t JsonScan::child(uint8_t parent, std::string_view key) const {
  const ScanEdge* const edge = key.empty() ? nullptr : tree_->find(parent, key);
  return edge != nullptr ? edge->node : unwanted;
}

void JsonScan::keep(const char* begin, const char* end) {
  const auto size = static_cast<size_t>(end - begin);
  if (token_size_ + size > token_.size()) {
    text_kept_ = false;
    return;
  }
  std::memcpy(token_.data() + token_size_, begin, size);
  token_size_ = static_cast<uint16_t>(token_size_ + size);
}

const char* JsonScan::read_text(const char* at, const char* end, JsonSink& sink) {
  const bool wanted = state_ == State::key_text || node_ != unwanted;
  const char* const begin = at;
  if (escaped_) ++at;
  escaped_ = false;
  const char* const quote = find_string_end(at, end);
  if (wanted) keep(begin, quote);
  if (quote == end) {
    escaped_ = is_escaped(at, end);
    return end;
  }
  end_text(sink);
  return quote + 1;
}

void JsonScan::end_text(JsonSink& sink) {
  const std::string_view text(token_.data(), text_kept_ ? token_size_ : 0);
  if (state_ == State::key_text) {
    node_ = child(levels_[depth_ - 1u].node, text);
    state_ = State::colon;
    return;
  }
  if (node_ != unwanted) sink.on_value(node_, JsonKind::string, text);
  end_value();
}

const char* JsonScan::read_scalar(const char* at, const char* end, JsonSink& sink) {
  const char* const begin = at;
  while (at != end && !ends_scalar(*at)) ++at;
  if (node_ != unwanted) keep(begin, at);
  if (at == end) return end;
  end_value();
  if (node_ != unwanted && text_kept_) tell_scalar({token_.data(), token_size_}, sink);
  return at;
}

void JsonScan::tell_scalar(std::string_view text, JsonSink& sink) {
  JsonKind kind = JsonKind::number;
  if (text == "true") kind = JsonKind::true_value;
  if (text == "false") kind = JsonKind::false_value;
  if (text == "null") kind = JsonKind::null;
  sink.on_value(node_, kind, kind == JsonKind::number ? text : std::string_view());
}

// Skips to the end of an object or array that holds nothing wanted.
const char* JsonScan::skip(const char* at, const char* end) {
  for (; end - at >= static_cast<std::ptrdiff_t>(JsonBlock::size); at += JsonBlock::size) {
    if (in_string_) {  // which may be long
      if (escaped_) ++at;
      escaped_ = false;
      const char* const quote = find_string_end(at, end);
      if (quote == end) {
        escaped_ = is_escaped(at, end);
        return end;
      }
      in_string_ = false;
      at = quote + 1;
      if (end - at < static_cast<std::ptrdiff_t>(JsonBlock::size)) break;
    }
    const JsonBlock block(at, in_string_, escaped_);
    for (uint64_t brackets = block.opens | block.closes; brackets != 0; brackets &= brackets - 1) {
      const uint64_t lowest = brackets & (~brackets + 1);
      if ((block.opens & lowest) != 0) {
        ++skip_depth_;
      } else if (--skip_depth_ == 0) {
        return end_skip(at + std::countr_zero(lowest));
      }
    }
    in_string_ = block.ends_in_string;
    escaped_ = block.ends_escaped;
  }
  for (; at != end; ++at) {
    const char c = *at;
    // A backslash outside a string is not JSON; it is treated as JsonBlock treats it.
    const bool escaped = escaped_;
    escaped_ = c == '\\' && !escaped;
    if (c == '"') {
      if (!escaped) in_string_ = !in_string_;
    } else if (in_string_) {
      continue;
    } else if (c == '{' || c == '[') {
      ++skip_depth_;
    } else if ((c == '}' || c == ']') && --skip_depth_ == 0) {
      return end_skip(at);
    }
  }
  return end;
}

const char* JsonScan::end_skip(const char* bracket) {
  in_string_ = escaped_ = false;
  end_value();
  return bracket + 1;
}

}  // namespace sluice::api
