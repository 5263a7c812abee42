// Secrets in the file: "${NAME}" (a variable), {"file": "/path"}, or the secret itself.
#pragma once

#include <optional>
#include <string>

#include "config/reader.h"

namespace sluice::config {

// The secret that `node` gives; nullopt if it is invalid, which is reported without its text. Never empty. Values of
// variables and files are trimmed of white space.
enum class SecretUse : unsigned char {
  key,
  header
};  // key: visible ASCII; header: any value that a header field may have
std::optional<std::string> read_secret(Reading& reading, const Node& node, const std::string& path, SecretUse use);

// Whether `text` can be a key: visible ASCII throughout, not empty.
bool is_key(std::string_view text);
// Why `text`, which is not empty, cannot be a key: "holds a line break"; "" if it can. A literal that contains nothing
// of the text.
std::string_view key_fault(std::string_view text);
// Whether a value can be sent in a header field: no control characters, no surrounding blanks (RFC 9110, 5.5).
bool is_field_value(std::string_view text);
// Whether `text` is a token (RFC 9110, 5.6.2): the name of a header field.
bool is_token(std::string_view text);

// The part of a header field's value after the scheme ("Bearer KEY", "Basic PAIR"); the whole value if there is none.
std::string_view without_scheme(std::string_view value);

// Warns of a literal secret if others may read the file; only the first ten times.
void warn_of_literal(Reading& reading, const std::string& path);

}  // namespace sluice::config
