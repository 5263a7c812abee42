// Runs a parser over an input cut into pieces and writes its events as one line of text, so that tests compare strings.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/parser.h"

namespace sluice::http {

struct TranscriptOptions {
  ParserLimits limits;
  bool head_request = false;  // each response answers a HEAD
};

struct Transcript {
  // For each message "POST /x 1.1 len=5 {Host: a; A: b} <hello>." or "200 1.1 chunked {..} <..>.", with "close",
  // "continue" and "websocket" where they apply. An incomplete message lacks the dot; an error ends the text as
  // "!bad_request".
  std::string text;
  std::string message;  // of the error
};

// Each piece is `piece_bytes` long; 0: one piece. The connection ends after the input.
Transcript transcribe(Parser::Kind kind, std::string_view input, size_t piece_bytes,
                      const TranscriptOptions& options = {});
// Two pieces, cut at `at`.
Transcript transcribe_cut(Parser::Kind kind, std::string_view input, size_t at, const TranscriptOptions& options = {});
Transcript transcribe_pieces(Parser::Kind kind, const std::vector<std::string_view>& pieces,
                             const TranscriptOptions& options);

inline constexpr size_t piece_sizes[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 16, 31};

}  // namespace sluice::http
