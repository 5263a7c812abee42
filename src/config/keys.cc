// The "keys" of sluice.json: who may call, and what.
#include <array>
#include <utility>

#include "base/name_index.h"
#include "config/fields.h"
#include "config/secret.h"
#include "config/sections.h"

namespace sluice::config {
namespace {

constexpr size_t longest_key_name = 64;

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
             (name.empty() || name.size() > longest_key_name || !is_field_value(name))) {
    reading.report(node->at, object.path("name"),
                   name.empty() ? "is empty" : "is longer than 64 bytes or holds control characters",
                   "allowed: a name for this key, for records and metrics");
  }
}

// Exactly one of "key" and "sha256".
void read_value(Reading& reading, const ObjectReader& object, CallerKey& key) {
  const Node* clear = object.find("key");
  const Node* digest = object.find("sha256");
  if ((clear == nullptr) == (digest == nullptr)) {
    reading.report(object.node().at, object.own_path(),
                   clear == nullptr ? "has neither key nor sha256" : "has both key and sha256",
                   "allowed: exactly one of them");
  }
  if (clear != nullptr) key.key = read_secret(reading, *clear, object.path("key"), SecretUse::key).value_or("");
  if (digest == nullptr) return;
  if (digest->kind != Node::Kind::string || !parse_sha256(digest->text, key.sha256)) {
    reading.report(digest->at, object.path("sha256"), "is not a SHA-256 digest", "allowed: 64 hexadecimal digits");
  }
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

// Finds what two keys may not have in common. What it has seen must stay in its place.
class SeenKeys {
 public:
  SeenKeys(Reading& reading, const std::vector<CallerKey>& keys, size_t most)
      : reading_(reading), keys_(keys), names_(most), clear_(most), digests_(most) {}
  // The last of the keys, read from `object`.
  void add(const ObjectReader& object);

 private:
  Reading& reading_;
  const std::vector<CallerKey>& keys_;
  NameIndex names_, clear_, digests_;
};

void SeenKeys::add(const ObjectReader& object) {
  const CallerKey& key = keys_.back();
  const auto number = static_cast<uint32_t>(keys_.size() - 1);
  if (!key.name.empty() && names_.add(key.name, number) != NameIndex::none) {
    reading_.report(object.find("name")->at, object.path("name"), "the name " + key.name + " stands there twice");
  }
  const std::array<unsigned char, 32> none{};
  const std::string_view digest(reinterpret_cast<const char*>(key.sha256.data()), key.sha256.size());
  const uint32_t same_key = key.key.empty() ? NameIndex::none : clear_.add(key.key, number);
  const uint32_t same_digest = key.sha256 == none ? NameIndex::none : digests_.add(digest, number);
  if (same_key == NameIndex::none && same_digest == NameIndex::none) return;
  const bool clear = same_key != NameIndex::none;
  reading_.report(object.node().at, object.path(clear ? "key" : "sha256"),
                  "is the same as that of " + keys_[clear ? same_key : same_digest].name);
}

}  // namespace

void read_keys(Reading& reading, const Node& node, std::vector<CallerKey>& keys) {
  if (node.kind != Node::Kind::array) {
    reading.report(node.at, "keys", "found " + std::string(kind_name(node.kind)), "allowed: a list of objects");
    return;
  }
  keys.reserve(node.items.size());  // and so they stay in their places
  SeenKeys seen(reading, keys, node.items.size());
  for (size_t i = 0; i < node.items.size(); ++i) {
    const Node& item = node.items[i];
    const ObjectReader object(reading, item, item_path("keys", i), fields::key);
    if (item.kind != Node::Kind::object) continue;
    CallerKey key;
    read_name(reading, object, key.name);
    read_value(reading, object, key);
    read_allowed_models(reading, object, key.models);
    read_rate_limits(reading, object, key.limits);
    object.read_flag("admin", key.admin);
    keys.push_back(std::move(key));
    seen.add(object);
  }
}

}  // namespace sluice::config
