#include "demo/schema_sample.h"

#include <algorithm>
#include <cctype>
#include <string>

namespace sluice::demo {

namespace {

constexpr size_t max_depth = 12;
constexpr size_t max_values = 1000;      // in one sample: references can multiply
constexpr size_t max_bytes = 64 * 1024;  // of names and of values taken from the schema
constexpr uint64_t max_items = 16;

class Sampler {
 public:
  Sampler(const Json& root, std::string_view hint) : root_(root), hint_(hint) {}

  Out sample(const Json& schema, size_t depth) {
    if (full()) return nullptr;
    ++values_;
    if (depth > max_depth) return nullptr;
    for (const char* name : {"const", "default"}) {
      if (schema.is_object() && schema.contains(name) && spend(member(schema, name))) return Out(member(schema, name));
    }
    for (const char* name : {"examples", "enum"}) {
      const Json& list = member(schema, name);
      if (list.is_array() && !list.empty() && spend(list.front())) return Out(list.front());
    }
    if (const Json* target = resolve(string_member(schema, "$ref"))) return sample(*target, depth + 1);
    for (const char* name : {"allOf", "anyOf", "oneOf"}) {
      const Json& list = member(schema, name);
      if (list.is_array() && !list.empty() && !schema.contains("properties")) return sample(list.front(), depth + 1);
    }
    return of_type(schema, depth);
  }

 private:
  bool full() const { return values_ >= max_values || bytes_ >= max_bytes; }

  // Accounts for a value about to be copied; false if it does not fit.
  bool spend(const Json& value) {
    if (value.is_string()) bytes_ += value.get_ref<const std::string&>().size();
    bytes_ += 1;
    if (value.is_structured()) {
      for (const auto& [name, part] : value.items()) {
        bytes_ += name.size();
        if (!spend(part)) return false;
      }
    }
    return bytes_ < max_bytes;
  }

  Out of_type(const Json& schema, size_t depth) {
    const std::string type = type_of(schema);
    if (type == "object") return object(schema, depth);
    if (type == "array") return array(schema, depth);
    if (type == "integer" || type == "number") return number(schema);
    if (type == "boolean") return true;
    if (type == "null") return nullptr;
    return text(string_member(schema, "format"));
  }

  // In lower case (gemini uses upper case); the first of a list of types.
  static std::string type_of(const Json& schema) {
    const Json& type = member(schema, "type");
    std::string name;
    if (type.is_array() && !type.empty() && type.front().is_string()) name = type.front().get<std::string>();
    if (type.is_string()) name = type.get<std::string>();
    if (name.empty() && member(schema, "properties").is_object()) name = "object";
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return name;
  }

  Out object(const Json& schema, size_t depth) {
    Out out = Out::object();
    const Json& properties = member(schema, "properties");
    if (!properties.is_object()) return out;
    const Json& required = member(schema, "required");
    if (required.is_array() && !required.empty()) {
      for (const Json& name : required) {
        if (full()) break;
        if (name.is_string()) add(out, properties, name.get_ref<const std::string&>(), depth);
      }
    } else {
      for (const auto& [name, property] : properties.items()) {
        if (full()) break;
        add(out, properties, name, depth);
      }
    }
    return out;
  }

  void add(Out& out, const Json& properties, const std::string& name, size_t depth) {
    if (!properties.contains(name)) return;
    bytes_ += name.size();
    if (!full()) out[name] = sample(member(properties, name), depth + 1);
  }

  Out array(const Json& schema, size_t depth) {
    Out out = Out::array();
    const uint64_t size = std::clamp<uint64_t>(count_member(schema, "minItems", 1), 1, max_items);
    for (uint64_t i = 0; i < size && !full(); ++i) out.push_back(sample(member(schema, "items"), depth + 1));
    return out;
  }

  static Out number(const Json& schema) {
    const Json& least = member(schema, "minimum");
    const Json& most = member(schema, "maximum");
    if (least.is_number() && least.get<double>() > 1) return Out(least);
    if (most.is_number() && most.get<double>() < 1) return Out(most);
    return 1;
  }

  Out text(std::string_view format) const {
    if (format == "date") return "2026-01-31";
    if (format == "date-time") return "2026-01-31T12:00:00Z";
    if (format == "time") return "12:00:00Z";
    if (format == "email") return "demo@example.com";
    if (format == "uri") return "https://example.com/";
    if (format == "uuid") return "00000000-0000-4000-8000-000000000000";
    return std::string(hint_);
  }

  // "#/$defs/place" in the root schema; nullptr if it does not exist.
  const Json* resolve(std::string_view reference) const {
    if (!reference.starts_with("#/")) return nullptr;
    const Json* at = &root_;
    for (reference.remove_prefix(2); at->is_object();) {
      const size_t slash = std::min(reference.find('/'), reference.size());
      const auto next = at->find(reference.substr(0, slash));
      if (next == at->end()) return nullptr;
      at = &*next;
      if (slash == reference.size()) return at;
      reference.remove_prefix(slash + 1);
    }
    return nullptr;
  }

  const Json& root_;
  const std::string_view hint_;
  size_t values_ = 0;
  size_t bytes_ = 0;
};

}  // namespace

Out sample_of(const Json& schema, std::string_view hint) { return Sampler(schema, hint).sample(schema, 0); }

}  // namespace sluice::demo
