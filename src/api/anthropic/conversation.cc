#include "api/anthropic/conversation.h"

#include <algorithm>
#include <unordered_set>

#include "api/anthropic/translate.h"
#include "api/json_unescape.h"
#include "base/text.h"

namespace sluice::api::anthropic {
namespace {

constexpr std::string_view late_system_prefix = R"([system message]\n)";
constexpr std::string_view opening = "Begin.", going_on = "Continue.";

std::string plain_of(JsonText text) {
  std::string plain;
  append_json_unescaped(plain, text.escaped);
  return plain;
}

}  // namespace

bool is_blank(JsonText text) {
  std::string_view rest = text.escaped;
  std::string character;
  for (;;) {
    rest.remove_prefix(std::min(rest.find_first_not_of(white_space), rest.size()));
    if (rest.empty()) return true;
    if (rest.front() != '\\') return false;
    const std::string_view escape = rest.substr(0, rest.substr(1, 1) == "u" ? 6 : 2);
    character.clear();
    append_json_unescaped(character, escape);
    if (character.find_first_not_of(white_space) != std::string::npos) return false;
    rest.remove_prefix(escape.size());
  }
}

JsonText tool_name(Draft& draft, JsonText name) {
  return draft.names.shorten(name, {draft.facts.max_tool_name_bytes, false, false});
}

void append_cache_mark(Draft& draft, std::string_view mark, const std::string& path, std::string& out) {
  if (mark.empty()) return;
  if (!draft.marks.take()) return draft.dropped.add(path + ".cache_control", DropReason::unsupported);
  out += R"(,"cache_control":)";
  out += mark;
}

// --- ids of calls ---

std::string CallIds::of_call(JsonText id) {
  if (id.empty()) return "toolu_nameless_" + std::to_string(++nameless_calls_);
  const std::string sent(letters_.shorten(id, {}).escaped);
  std::string unique = sent;
  for (unsigned again = 2; !used_.insert(unique).second; ++again) unique = sent + "_" + std::to_string(again);
  latest_[std::string(id.escaped)] = unique;
  return unique;
}

std::string CallIds::of_result(JsonText id) {
  if (id.empty()) return "toolu_nameless_" + std::to_string(++nameless_results_);
  const auto called = latest_.find(id.escaped);
  return called != latest_.end() ? called->second : std::string(letters_.shorten(id, {}).escaped);
}

// --- turns ---

void Conversation::gather() {
  const std::vector<Message>& messages = draft_.request.messages;
  for (size_t i = 0; i < messages.size(); ++i) {
    const Message& message = messages[i];
    if (!message.name.empty()) draft_.dropped.add(path_of("messages", i, "name"), DropReason::unsupported);
    const Side side = message.role == Role::assistant ? Side::assistant
                      : message.role == Role::system  ? Side::system
                                                      : Side::user;
    for (size_t k = 0; k < message.parts.size(); ++k) {
      const Piece piece{&message.parts[k], i, k, side == Side::system};
      if (keeps(piece)) add(side, piece);
    }
  }
  settle_late_system();
}

// Whether the piece leaves anything to write.
bool Conversation::keeps(const Piece& piece) {
  const Part& part = *piece.part;
  const auto path = [&] { return path_of(path_of("messages", piece.message, "content"), piece.index); };
  switch (part.kind) {
    case PartKind::text:
    case PartKind::refusal:
      return !is_blank(part.text);
    case PartKind::compaction:
      if (!is_blank(part.text)) draft_.dropped.add(path(), DropReason::changed);
      return true;
    case PartKind::thinking:
    case PartKind::redacted:
      if (!part.opaque.empty() && may_return(part.opaque, draft_.facts.origin)) return true;
      draft_.dropped.add(path(), part.opaque.empty() ? DropReason::unsupported : DropReason::bound);
      return false;
    default:
      return true;
  }
}

void Conversation::add(Side side, const Piece& piece) {
  if (turns_.empty() || turns_.back().side != side) turns_.push_back({side});
  Turn& turn = turns_.back();
  (piece.part->kind == PartKind::tool_result ? turn.results : turn.rest).push_back(piece);
}

// A system message may stand only after a user's turn and either before the assistant's turn or at the end. Any other,
// and every one if the target takes none, becomes text of the user.
void Conversation::settle_late_system() {
  std::vector<Turn> before = std::move(turns_);
  turns_.clear();
  for (size_t i = 0; i < before.size(); ++i) {
    Turn& turn = before[i];
    Side side = turn.side;
    if (side == Side::system) {
      const bool follows_user = !turns_.empty() && turns_.back().side == Side::user;
      const bool goes_before = i + 1 == before.size() || before[i + 1].side == Side::assistant;
      if (!draft_.facts.takes_late_system || !follows_user || !goes_before) {
        side = Side::user;
        for (const Piece& piece : turn.rest) {
          draft_.dropped.add(path_of("messages", piece.message), DropReason::changed);
        }
      }
    }
    for (const Piece& piece : turn.results) add(side, piece);
    for (const Piece& piece : turn.rest) add(side, piece);
  }
}

bool Conversation::is_loop_without_thinking() const {
  if (turns_.size() < 2 || turns_.back().results.empty()) return false;
  const Turn& asked = turns_[turns_.size() - 2];
  if (asked.side != Side::assistant || asked.rest.empty()) return false;
  const PartKind first = asked.rest.front().part->kind;
  return first != PartKind::thinking && first != PartKind::redacted;
}

std::vector<JsonText> Conversation::called() const {
  std::vector<JsonText> names;
  std::unordered_set<std::string_view> known;
  for (const Turn& turn : turns_) {
    for (const Piece& piece : turn.rest) {
      const JsonText name = piece.part->name;
      if (piece.part->kind != PartKind::tool_call) continue;
      if (known.insert(name.escaped).second) names.push_back(name);
    }
  }
  return names;
}

// --- writing ---

Result<void> Conversation::write(bool may_prefill, std::string& out) {
  const auto append_words = [&out](std::string_view words) {
    out += R"({"role":"user","content":")";
    out += words;
    out += R"("})";
  };
  out += '[';
  if (turns_.empty() || turns_.front().side != Side::user) {
    draft_.dropped.add("messages", DropReason::invented);
    append_words(opening);
    if (!turns_.empty()) out += ',';
  }
  for (const Turn& turn : turns_) {
    const bool is_last = &turn == &turns_.back();
    if (const Result<void> done = write_turn(turn, is_last && may_prefill && turn.side == Side::assistant, out); !done)
      return done;
    if (!is_last) out += ',';
  }
  if (!turns_.empty() && turns_.back().side == Side::assistant && !may_prefill) {
    draft_.dropped.add("messages", DropReason::invented);
    out += ',';
    append_words(going_on);
  }
  out += ']';
  return {};
}

Result<void> Conversation::write_turn(const Turn& turn, bool goes_on, std::string& out) {
  constexpr std::string_view sides[] = {"user", "assistant", "system"};
  out += R"({"role":")";
  out += sides[static_cast<size_t>(turn.side)];
  out += R"(","content":[)";
  bool first = true;
  for (const std::vector<Piece>* pieces : {&turn.results, &turn.rest}) {
    for (Piece piece : *pieces) {
      if (!first) out += ',';
      first = false;
      if (turn.side == Side::system) piece.is_late_system = false;
      const bool is_prefill = goes_on && piece.part == turn.rest.back().part;
      if (const Result<void> done = write_piece(piece, is_prefill, out); !done) return done;
    }
  }
  out += "]}";
  return {};
}

Result<void> Conversation::write_piece(const Piece& piece, bool is_prefill, std::string& out) {
  const Part& part = *piece.part;
  switch (part.kind) {
    case PartKind::text:
    case PartKind::refusal:
      write_text(piece, is_prefill, out);
      return {};
    case PartKind::tool_call:
      write_call(piece, out);
      return {};
    case PartKind::tool_result:
      return write_result(piece, out);
    case PartKind::thinking:
    case PartKind::redacted:
      write_thinking(piece, out);
      return {};
    default: {
      const std::string path = path_of(path_of("messages", piece.message, "content"), piece.index);
      return write_content(draft_, part, path, out);
    }
  }
}

void Conversation::write_text(const Piece& piece, bool is_prefill, std::string& out) {
  const Part& part = *piece.part;
  const std::string path = path_of(path_of("messages", piece.message, "content"), piece.index);
  out += R"({"type":"text","text":")";
  if (piece.is_late_system) out += late_system_prefix;
  if (is_prefill) {  // the text that the model continues may not end in white space
    std::string plain = plain_of(part.text);
    const size_t end = plain.find_last_not_of(white_space) + 1;
    if (end != plain.size()) draft_.dropped.add(path, DropReason::changed);
    plain.resize(end);
    append_json_escaped(out, plain);
  } else {
    out += part.text.escaped;
  }
  out += '"';
  if (!part.citations.empty()) draft_.dropped.add(path + ".citations", DropReason::unsupported);
  append_cache_mark(draft_, part.cache_mark, path, out);
  out += '}';
}

void Conversation::write_call(const Piece& piece, std::string& out) {
  const Part& part = *piece.part;
  const std::string path = path_of(path_of("messages", piece.message, "content"), piece.index);
  out += R"({"type":"tool_use","id":")";
  out += ids_.of_call(part.id);
  out += R"(","name":")";
  out += tool_name(draft_, part.name).escaped;
  out += R"(","input":)";
  if (part.call_kind == CallKind::custom) {
    out += R"({"input":)";
    out += part.arguments.empty() ? R"("")" : part.arguments;
    out += '}';
  } else {
    append_arguments_object(out, part.arguments, path + ".arguments", draft_.dropped);
  }
  if (!part.opaque.empty()) draft_.dropped.add(path + ".signature", DropReason::bound);
  append_cache_mark(draft_, part.cache_mark, path, out);
  out += '}';
}

Result<void> Conversation::write_result(const Piece& piece, std::string& out) {
  const Part& part = *piece.part;
  const std::string path = path_of(path_of("messages", piece.message, "content"), piece.index);
  out += R"({"type":"tool_result","tool_use_id":")";
  out += ids_.of_result(part.id);
  out += '"';
  bool first = true;
  for (size_t i = 0; i < part.parts.size(); ++i) {
    const Part& inner = part.parts[i];
    const bool is_text = inner.kind == PartKind::text || inner.kind == PartKind::refusal;
    if (is_text && is_blank(inner.text)) continue;
    out += first ? R"(,"content":[)" : ",";
    first = false;
    if (const Result<void> done = write_content(draft_, inner, path_of(path + ".content", i), out); !done) return done;
  }
  if (!first) out += ']';
  if (part.is_error == true) out += R"(,"is_error":true)";
  append_cache_mark(draft_, part.cache_mark, path, out);
  out += '}';
  return {};
}

void Conversation::write_thinking(const Piece& piece, std::string& out) {
  const Part& part = *piece.part;
  out += '{';
  if (part.kind == PartKind::redacted) {
    out += R"("type":"redacted_thinking")";
    escaped_member(out, "data", part.opaque.data);
  } else {
    out += R"("type":"thinking")";
    escaped_member(out, "thinking", part.text);
    escaped_member(out, "signature", part.opaque.data);
  }
  out += '}';
}

}  // namespace sluice::api::anthropic
