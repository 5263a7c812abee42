// The "keys" of sluice.json: who may call, and what they may use.
#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <utility>

#include "base/name_index.h"
#include "config/expiry.h"
#include "config/fields.h"
#include "config/secret.h"
#include "config/sections.h"

namespace sluice::config {
namespace {

constexpr size_t max_key_name = 64;
constexpr size_t max_secrets = 16;  // per key

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool parse_sha256(std::string_view text, std::array<unsigned char, 32>& digest) {
  if (text.size() != digest.size() * 2) return false;
  for (size_t i = 0; i < digest.size(); ++i) {
    const int high = hex_value(text[2 * i]);
    const int low = hex_value(text[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    digest[i] = static_cast<unsigned char>(high * 16 + low);
  }
  return true;
}

void read_name(Reading& reading, const ObjectReader& object, std::string& name) {
  object.read_text("name", name);
  const Node* node = object.find("name");
  if (node == nullptr) {
    reading.report(object.node().at, object.path("name"), "is missing",
                   "allowed: a name for this key, for records and metrics");
  } else if (node->kind == Node::Kind::string &&
             (name.empty() || name.size() > max_key_name || !is_field_value(name))) {
    reading.report(node->at, object.path("name"),
                   name.empty() ? "is empty" : "is longer than 64 bytes or holds control characters",
                   "allowed: a name for this key, for records and metrics");
  }
}

void read_expiry(Reading& reading, const ObjectReader& object, int64_t& expires_unix_s) {
  const Node* node = object.find("expires");
  if (node == nullptr) return;
  const std::optional<int64_t> expires =
      node->kind == Node::Kind::string ? parse_expiry(node->text) : std::optional<int64_t>();
  if (expires) {
    expires_unix_s = *expires;
  } else {
    reading.report(node->at, object.path("expires"), found(*node), std::string(expiry_forms));
  }
}

// Which of "key" and "sha256" the object has: exactly one; else a problem is reported and "" returned.
std::string_view form_of(Reading& reading, const ObjectReader& object) {
  const bool clear = object.find("key") != nullptr, digest = object.find("sha256") != nullptr;
  if (clear != digest) return clear ? "key" : "sha256";
  reading.report(object.node().at, object.own_path(), clear ? "has both key and sha256" : "has neither key nor sha256",
                 "allowed: exactly one of them");
  return "";
}

// One secret, in clear or as a digest.
void read_form(Reading& reading, const Node& node, const std::string& path, bool clear, OlderSecret& secret) {
  if (clear) {
    secret.key = read_secret(reading, node, path, SecretUse::key).value_or("");
  } else if (node.kind != Node::Kind::string || !parse_sha256(node.text, secret.sha256)) {
    reading.report(node.at, path, "is not a SHA-256 digest", "allowed: 64 hexadecimal digits");
  }
}

// One of a list of secrets: in the form of a single one, or an object with an expiry.
void read_item(Reading& reading, const Node& node, const std::string& path, bool clear, OlderSecret& secret) {
  if (node.kind != Node::Kind::object || node.find("file") != nullptr) {
    return read_form(reading, node, path, clear, secret);
  }
  const ObjectReader object(reading, node, path, fields::key_secret);
  if (const std::string_view form = form_of(reading, object); !form.empty()) {
    read_form(reading, *object.find(form), object.path(form), form == "key", secret);
  }
  read_expiry(reading, object, secret.expires_unix_s);
}

// The key's secrets: one, or a list with the newest first. Older secrets expire no later than the key.
void read_secrets(Reading& reading, const ObjectReader& object, CallerKey& key) {
  read_expiry(reading, object, key.expires_unix_s);
  const std::string_view form = form_of(reading, object);
  if (form.empty()) return;
  const Node& node = *object.find(form);
  const std::string path = object.path(form);
  std::vector<OlderSecret> secrets(node.kind == Node::Kind::array ? node.items.size() : 1);
  if (secrets.empty() || secrets.size() > max_secrets) {
    const std::string found = secrets.empty() ? "found an empty list" : "found a list of more than 16";
    return reading.report(node.at, path, found, "allowed: a secret, or a list of up to 16 of them, the newest first");
  }
  if (node.kind != Node::Kind::array) read_form(reading, node, path, form == "key", secrets.front());
  for (size_t i = 0; i < node.items.size(); ++i) {
    read_item(reading, node.items[i], item_path(path, i), form == "key", secrets[i]);
  }
  for (OlderSecret& secret : secrets) {
    if (key.expires_unix_s == 0) continue;
    if (secret.expires_unix_s == 0) secret.expires_unix_s = key.expires_unix_s;
    secret.expires_unix_s = std::min(secret.expires_unix_s, key.expires_unix_s);
  }
  key.key = std::move(secrets.front().key);
  key.sha256 = secrets.front().sha256;
  key.expires_unix_s = secrets.front().expires_unix_s;
  key.older.assign(std::make_move_iterator(secrets.begin() + 1), std::make_move_iterator(secrets.end()));
}

void read_allowed_models(Reading& reading, const ObjectReader& object, AllowedModels& models) {
  std::vector<std::string> names;
  object.for_each_text("models", false, [&](const Node& item, const std::string& path) {
    const size_t star = item.text.find('*');
    if (item.text.empty() || (star != std::string::npos && star + 1 != item.text.size())) {
      reading.report(item.at, path, found(item), "allowed: a model's name, or a prefix that ends in *, as openai/*");
    }
    names.push_back(item.text);
  });
  models = std::move(names);
  const Node* node = object.find("models");
  if (node != nullptr && node->kind == Node::Kind::array && node->items.empty()) {
    reading.report(node->at, object.path("models"), "found an empty list",
                   "allowed: one name or more; leave it out to allow all");
  }
}

// Finds names and secrets that two keys share. The keys it has seen must not move.
class SeenKeys {
 public:
  SeenKeys(Reading& reading, const std::vector<CallerKey>& keys, size_t most)
      : reading_(reading), keys_(keys), names_(most), clear_(most), digests_(most) {}
  // Adds the last of the keys, read from `object`.
  void add(const ObjectReader& object);

 private:
  void add_secret(const ObjectReader& object, const std::string& key, const std::array<unsigned char, 32>& sha256);

  Reading& reading_;
  const std::vector<CallerKey>& keys_;
  NameIndex names_, clear_, digests_;
};

void SeenKeys::add(const ObjectReader& object) {
  const CallerKey& key = keys_.back();
  const auto number = static_cast<uint32_t>(keys_.size() - 1);
  if (!key.name.empty() && names_.add(key.name, number) != NameIndex::none) {
    reading_.report(object.find("name")->at, object.path("name"), "the name " + key.name + " is listed twice");
  }
  add_secret(object, key.key, key.sha256);
  for (const OlderSecret& older : key.older) add_secret(object, older.key, older.sha256);
}

void SeenKeys::add_secret(const ObjectReader& object, const std::string& key,
                          const std::array<unsigned char, 32>& sha256) {
  const auto number = static_cast<uint32_t>(keys_.size() - 1);
  const std::string_view digest(reinterpret_cast<const char*>(sha256.data()), sha256.size());
  uint32_t same = NameIndex::none;
  if (!key.empty()) same = clear_.add(key, number);
  if (sha256 != std::array<unsigned char, 32>{}) same = digests_.add(digest, number);
  if (same == NameIndex::none) return;
  const std::string path = object.path(object.find("key") != nullptr ? "key" : "sha256");
  reading_.report(object.node().at, path,
                  same == number ? "holds the same secret twice" : "is the same as that of " + keys_[same].name);
}

}  // namespace

void read_keys(Reading& reading, const Node& node, std::vector<CallerKey>& keys) {
  if (node.kind != Node::Kind::array) {
    reading.report(node.at, "keys", "found " + std::string(kind_name(node.kind)), "allowed: a list of objects");
    return;
  }
  keys.reserve(node.items.size());  // so that they do not move
  SeenKeys seen(reading, keys, node.items.size());
  for (size_t i = 0; i < node.items.size(); ++i) {
    const Node& item = node.items[i];
    const ObjectReader object(reading, item, item_path("keys", i), fields::key);
    if (item.kind != Node::Kind::object) continue;
    CallerKey key;
    read_name(reading, object, key.name);
    read_secrets(reading, object, key);
    read_allowed_models(reading, object, key.models);
    read_rate_limits(reading, object, key.limits);
    object.read_flag("admin", key.admin);
    object.read_flag("manage", key.manage);
    keys.push_back(std::move(key));
    seen.add(object);
  }
}

}  // namespace sluice::config
