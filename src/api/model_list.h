// Lists of models: what a provider reports of its own models, and what callers are told of all, in their dialect.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/dialect.h"
#include "base/result.h"
#include "http/message.h"

namespace sluice::api {

// What a model can do, as far as its provider reports it.
enum class Ability : unsigned char { completion, tools, vision, audio, thinking, embedding };
inline constexpr std::array<std::string_view, 6> ability_names = {"completion", "tools",    "vision",
                                                                  "audio",      "thinking", "embedding"};

struct ModelFacts {
  std::string display_name{};                          // "": not reported
  int64_t created_s = 0;                               // Unix time; 0: not reported
  uint64_t context_window = 0, max_output_tokens = 0;  // tokens; 0: not reported
  uint8_t abilities = 0;                               // a bit for each Ability; 0: not reported

  bool can(Ability ability) const { return (abilities >> static_cast<unsigned>(ability) & 1) != 0; }
  void add(Ability ability) { abilities |= static_cast<uint8_t>(1u << static_cast<unsigned>(ability)); }
  bool operator==(const ModelFacts&) const = default;
};
inline const ModelFacts no_facts{};

// One model of a provider's list.
struct ToldModel {
  std::string id;
  ModelFacts facts{};
  bool operator==(const ToldModel&) const = default;
};

// One model of a list for callers. Whoever makes it owns what the views point to.
struct ListedModel {
  std::string_view id;
  std::string_view owner;  // the provider's name
  const ModelFacts* facts = &no_facts;
};

// How a dialect's callers ask for a part of a list. "": they cannot.
struct PageWords {
  std::string_view size, after, before;
};

// Where a dialect's callers ask for models. More than one dialect may have the same path.
struct ModelPaths {
  std::span<const std::string_view> lists{};
  bool has_single = true;             // a model's name may follow a list's path and a '/'
  std::string_view no_single{};       // unless it contains this
  std::string_view single_by_body{};  // POST whose body names the model
  struct Fixed {
    std::string_view path, body;
  };
  std::span<const Fixed> fixed{};  // GET
};

// How a dialect writes models. `created_s`: Unix time for models whose creation time is not reported.
struct ModelShape {
  std::string_view opening;  // of a list, with its bracket
  void (*write)(const ListedModel& model, int64_t created_s, std::string& out);
  void (*write_alone)(const ListedModel& model, int64_t created_s, std::string& out) = nullptr;  // null: as in a list
  // What follows the list's bracket. `more`: other models follow this part of the list.
  void (*write_ending)(std::span<const ListedModel> models, bool more, std::string& out) = nullptr;
  PageWords pages{};
  ModelPaths paths{};
};
void write_plain_model(const ListedModel& model, int64_t created_s, std::string& out);
// OpenAI's, and that of all dialects whose models are listed at its path.
inline constexpr ModelShape plain_model_shape{R"({"object":"list","data":[)", write_plain_model};
// Appends the abilities as a JSON array of names.
void append_abilities(std::string& out, const ModelFacts& facts);

// A request that is about models rather than for one.
struct ModelPage {
  enum class Kind : unsigned char { list, single, single_by_body, fixed };
  Kind kind;
  Dialect dialect;          // of the caller
  std::string_view name{};  // single: percent-encoded, a view of the path
  std::string_view body{};  // fixed: the answer
};
// nullopt: `path` (no query) is not such a request. `fields` decide the dialect where several have the path; null: the
// first of them.
std::optional<ModelPage> model_page(std::string_view path, const http::Fields* fields);

// The part of `models` that `query` asks for (all by default); bad_request if the query is not valid.
Result<std::string> model_list_body(Dialect dialect, std::span<const ListedModel> models, std::string_view query,
                                    int64_t created_s);
std::string model_body(Dialect dialect, const ListedModel& model, int64_t created_s);
// The model that a body of that dialect names; bad_request if it names none.
Result<std::string> model_named_in(Dialect dialect, std::string_view body);
// A percent-encoded name from a path of that dialect, decoded and without the dialect's prefix.
std::string model_name_of(Dialect dialect, std::string_view encoded);

}  // namespace sluice::api
