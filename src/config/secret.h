// Secrets as the file gives them: "${NAME}" (a variable), {"file": "/path"}, or the secret itself.
#pragma once

#include <optional>
#include <string>

#include "config/reader.h"

namespace sluice::config {

// The secret that `node` stands for; nullopt where it is wrong, which has then been reported without its text. Never
// empty. Of what variables and files hold, the white space at both ends is taken away.
enum class SecretUse : unsigned char {
  key,
  header
};  // key: visible ASCII; header: any value that a header field may have
std::optional<std::string> read_secret(Reading& reading, const Node& node, const std::string& path, SecretUse use);

// Whether `text` can be a key: visible ASCII throughout, not empty.
bool is_key(std::string_view text);
// Why `text`, which is not empty, cannot be a key: "holds a line break"; "" where it can. A literal, which never tells
// any of the text.
std::string_view key_fault(std::string_view text);
// Whether a value can be sent in a header field: no control characters, no blanks around it (RFC 9110, 5.5).
bool is_field_value(std::string_view text);
// Whether `text` is a token (RFC 9110, 5.6.2): the name of a header field.
bool is_token(std::string_view text);

// Of a header field's value such as "Bearer KEY" or "Basic PAIR" what stands behind the scheme; all of any other value.
std::string_view without_scheme(std::string_view value);

// Notes that a secret stands in a file that others may read.
void warn_of_literal(Reading& reading, const std::string& path);

}  // namespace sluice::config
