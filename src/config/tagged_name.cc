#include "config/tagged_name.h"

#include <algorithm>

namespace sluice::config {
namespace {

constexpr std::string_view own_host = "registry.ollama.ai", own_namespace = "library", latest = "latest";

// The parts of [[scheme://]host/][namespace/]model[:tag], parsed like types/model/name.go of Ollama.
struct Parts {
  std::string_view host, space, model, tag;
};

bool is_part(std::string_view text, bool host = false) {
  const auto fits = [host](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.' || (host && c == ':');
  };
  return !text.empty() && text.front() != '.' && text.front() != '-' && std::all_of(text.begin(), text.end(), fits);
}

// Cuts `text` at the last `mark`, and puts the rest into `behind`. False if there is no such mark.
bool cut_last(std::string_view& text, char mark, std::string_view& behind) {
  const size_t at = text.rfind(mark);
  if (at == std::string_view::npos) return false;
  behind = text.substr(at + 1);
  text = text.substr(0, at);
  return true;
}

// Parses `name`. False if it is not a valid name.
bool take_apart(std::string_view name, Parts& parts) {
  const size_t colon = name.rfind(':');
  const size_t slash = name.rfind('/');
  const bool tagged = colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash);
  if (tagged && (!cut_last(name, ':', parts.tag) || !is_part(parts.tag))) return false;
  if (!cut_last(name, '/', parts.model)) {
    parts.model = name;
  } else if (!cut_last(name, '/', parts.space)) {
    parts.space = name;
  } else {
    constexpr std::string_view scheme_end = "://";
    const size_t scheme = name.find(scheme_end);
    parts.host = scheme == std::string_view::npos ? name : name.substr(scheme + scheme_end.size());
    if (!is_part(parts.host, true)) return false;
  }
  return is_part(parts.model) && (parts.space.data() == nullptr || is_part(parts.space));
}

void append_lower(std::string& to, std::string_view text) {
  for (const char c : text) to += c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

}  // namespace

std::string tagged_name(std::string_view name) {
  Parts parts;
  if (!take_apart(name, parts)) return {};
  std::string host, text;
  append_lower(host, parts.host);
  append_lower(text, parts.space);
  if (host == own_host) host.clear();
  if (host.empty() && text == own_namespace) text.clear();
  if (!host.empty()) text.insert(0, host + '/');
  if (!text.empty()) text += '/';
  append_lower(text, parts.model);
  text += ':';
  append_lower(text, parts.tag.empty() ? latest : parts.tag);
  return text;
}

std::string with_or_without_latest(std::string_view name) {
  Parts parts;
  if (!take_apart(name, parts)) return {};
  if (parts.tag.empty()) return std::string(name) + ':' + std::string(latest);
  if (parts.tag != latest) return {};
  return std::string(name.substr(0, name.size() - latest.size() - 1));
}

}  // namespace sluice::config
