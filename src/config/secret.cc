#include "config/secret.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/plain_file.h"
#include "base/text.h"
#include "config/fields.h"
#include "config/url.h"

namespace sluice::config {
namespace {

constexpr std::string_view secret_forms = "allowed: \"${VARIABLE}\", {\"file\": \"/path\"} or the value itself";

bool is_variable_name(std::string_view name) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

std::optional<std::string> read_variable(Reading& reading, const Node& node, const std::string& path) {
  const std::string_view name = std::string_view(node.text).substr(2, node.text.size() - 3);
  if (!is_variable_name(name)) {
    // Not repeated: it may be a secret that somebody put inside the braces.
    reading.report(node.at, path, "the braces do not hold the name of a variable",
                   "allowed: \"${VARIABLE}\", and nothing around it");
    return std::nullopt;
  }
  const std::optional<std::string> value = reading.environment(name);
  if (reading.origins != nullptr) reading.origins->set(path, "variable " + std::string(name));
  if (const std::string_view text = value ? trim(*value, white_space) : ""; !text.empty()) return std::string(text);
  reading.report(node.at, path, "the variable " + std::string(name) + (value ? " is empty" : " is not set"));
  return std::nullopt;
}

std::optional<std::string> read_file(Reading& reading, const Node& node, const std::string& path) {
  const ObjectReader object(reading, node, path, fields::secret);
  std::string name;
  object.read_text("file", name);
  const Node* file = object.find("file");
  if (file == nullptr || file->kind != Node::Kind::string) {
    if (file == nullptr) reading.report(node.at, path, "found an object without \"file\"", std::string(secret_forms));
    return std::nullopt;
  }
  if (reading.origins != nullptr) reading.origins->set(path, "file " + name);
  reading.secret_files.push_back(name);
  constexpr size_t max_bytes = 64 * 1024;
  Result<std::string> read = read_plain_file(name, max_bytes);
  if (!read) {
    reading.report(file->at, object.path("file"), found(*file) + ", which cannot be read: " + read.error().message);
    return std::nullopt;
  }
  if (const std::string_view text = trim(*read, white_space); !text.empty()) return std::string(text);
  reading.report(file->at, object.path("file"), found(*file) + ", which is empty");
  return std::nullopt;
}

// What to blame for a bad secret, without its text: the variable or the file by name.
std::string origin_of(const Node& node) {
  if (const Node* file = node.find("file"); file != nullptr) return "the file \"" + file->text + "\"";
  if (node.text.starts_with("${")) return "the variable " + node.text.substr(2, node.text.size() - 3);
  return "the value";
}

// A variable in other programs' syntax: taken literally, it would be sent as the key.
bool is_foreign_reference(std::string_view text) {
  constexpr std::string_view marks[] = {"os.environ/", "env:", "env.", "process.env.", "{env.", "{env:", "{{", "$env:"};
  for (const std::string_view mark : marks) {
    if (text.starts_with(mark)) return true;
  }
  if (text.size() < 2 || !text.starts_with('$')) return false;
  return is_variable_name(text.substr(1));
}

}  // namespace

std::string_view key_fault(std::string_view text) {
  const auto holds = [text](auto is) { return std::any_of(text.begin(), text.end(), is); };
  if (holds([](char c) { return c == '\r' || c == '\n'; })) return "holds a line break";
  if (text.starts_with("\xEF\xBB\xBF")) return "begins with a byte order mark";
  if (holds([](char c) { return static_cast<unsigned char>(c) > 0x7e; })) return "holds a character that is not ASCII";
  if (holds([](char c) { return c < ' '; })) return "holds a control character";
  if (holds([](char c) { return c == ' '; })) return "holds a blank";
  return "";
}

bool is_key(std::string_view text) { return !text.empty() && key_fault(text).empty(); }

bool is_field_value(std::string_view text) {
  if (!text.empty() && (text.front() == ' ' || text.front() == '\t' || text.back() == ' ' || text.back() == '\t'))
    return false;
  return std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7f;
  });
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

void warn_of_literal(Reading& reading, const std::string& path) {
  constexpr size_t max_warnings = 10;
  if (!reading.others_may_read || ++reading.literal_secrets > max_warnings) return;
  if (reading.literal_secrets == max_warnings) {
    reading.warnings.push_back(reading.source + ": other places hold secrets too; chmod 600 " + reading.source);
    return;
  }
  reading.warnings.push_back(reading.source + ": " + path +
                             " holds a secret, and other users may read the file: chmod 600 " + reading.source +
                             ", or write \"${VARIABLE}\" instead");
}

std::optional<std::string> read_secret(Reading& reading, const Node& node, const std::string& path, SecretUse use) {
  std::optional<std::string> secret;
  if (node.kind == Node::Kind::object) {
    secret = read_file(reading, node, path);
  } else if (node.kind != Node::Kind::string) {
    reading.report(node.at, path, "found " + std::string(kind_name(node.kind)), std::string(secret_forms));
  } else if (node.text.starts_with("${") && node.text.ends_with('}')) {
    secret = read_variable(reading, node, path);
  } else if (node.text.find("${") != std::string::npos) {
    reading.report(node.at, path, "a variable must be the whole value",
                   "allowed: \"${VARIABLE}\", and nothing around it");
  } else if (is_foreign_reference(node.text)) {
    // Not repeated: a secret may begin like this.
    reading.report(node.at, path, "looks like a variable as other programs write it", std::string(secret_forms),
                   "\"${VARIABLE}\"");
  } else if (node.text.empty()) {
    reading.report(node.at, path, "is empty", std::string(secret_forms));
  } else {
    if (use == SecretUse::key) warn_of_literal(reading, path);
    secret = node.text;
  }
  if (!secret) return std::nullopt;
  const bool fits = use == SecretUse::key ? is_key(*secret) : is_field_value(*secret);
  if (fits) return secret;
  reading.report(node.at, path,
                 use == SecretUse::key ? origin_of(node) + " " + std::string(key_fault(*secret))
                                       : origin_of(node) + " holds a control character, or a blank at an end");
  return std::nullopt;
}

std::string_view without_scheme(std::string_view value) {
  constexpr size_t max_scheme = 6;
  const size_t blank = value.find(' ');
  if (blank > max_scheme) return value;  // also when there is no blank (npos)
  constexpr std::array<std::string_view, 5> schemes = {"bearer", "basic", "token", "key", "apikey"};
  if (std::find(schemes.begin(), schemes.end(), to_lower(value.substr(0, blank))) == schemes.end()) return value;
  return value.substr(std::min(value.find_first_not_of(' ', blank), value.size()));
}

}  // namespace sluice::config
