#include "api/model_list_reader.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <unordered_set>

#include "api/json_unescape.h"
#include "api/percent.h"
#include "api/places.h"
#include "api/request_peek.h"

namespace sluice::api {
namespace {

using namespace list_node;

// OpenAI reports a name and a time; providers that imitate its API have added the rest, each under another name.
constexpr std::array entry_places = std::to_array<ScanEdge>({
    {entries, "id", id},
    {entries, "created", created},
    {entries, "name", display_name},
    {entries, "display_name", display_name},
    {entries, "context_length", context},      // openrouter, together, fireworks, moonshot, cerebras; sluice
    {entries, "context_window", context},      // groq, vercel
    {entries, "context_size", context},        // novita
    {entries, "max_context_length", context},  // mistral, lmstudio
    {entries, "max_model_len", context},       // vllm
    {entries, "max_completion_tokens", output},
    {entries, "max_output_tokens", output},
    {entries, "max_tokens", output},
    {entries, "capabilities", abilities},
    {entries, "supported_parameters", abilities},
    {entries, "features", abilities},
    {entries, "tags", abilities},
    {entries, "architecture", inner},
    {entries, "top_provider", inner},
    {entries, "metadata", inner},
    {entries, "limits", inner},
    {entries, "meta", inner},  // llamacpp
    {entries, "supports_tools", flag(Ability::tools)},
    {entries, "supports_image_input", flag(Ability::vision)},
    {entries, "supports_image_in", flag(Ability::vision)},
    {entries, "supports_reasoning", flag(Ability::thinking)},
    {inner, "context_length", context},
    {inner, "n_ctx_train", context},
    {inner, "n_ctx", context},
    {inner, "max_input_tokens", context},
    {inner, "max_completion_tokens", output},
    {inner, "max_output_tokens", output},
    {inner, "input_modalities", abilities},
    {abilities, "completion_chat", flag(Ability::completion)},
    {abilities, "function_calling", flag(Ability::tools)},
    {abilities, "vision", flag(Ability::vision)},
    {abilities, "audio", flag(Ability::audio)},
    {abilities, "reasoning", flag(Ability::thinking)},
});
// together's list is a bare array, not in an object.
constexpr auto bare_places = [] {
  std::array<ScanEdge, std::count_if(entry_places.begin(), entry_places.end(),
                                     [](const ScanEdge& edge) { return edge.parent == entries; })>
      edges{};
  auto* end = edges.data();
  for (const ScanEdge& edge : entry_places) {
    if (edge.parent == entries) *end++ = {root, edge.key, edge.node};
  }
  return edges;
}();
constexpr auto plain_places =
    joined_places(entry_places, bare_places, std::to_array<ScanEdge>({{root, "data", entries}}));
constexpr ScanTree plain_tree(plain_places);

// Providers' words for what their models can do.
constexpr std::pair<std::string_view, Ability> ability_words[] = {
    {"completion", Ability::completion},
    {"chat", Ability::completion},
    {"generateContent", Ability::completion},
    {"tools", Ability::tools},
    {"tool-use", Ability::tools},
    {"function-calling", Ability::tools},
    {"function_calling", Ability::tools},
    {"tool-calling", Ability::tools},
    {"vision", Ability::vision},
    {"image", Ability::vision},
    {"multimodal", Ability::vision},
    {"audio", Ability::audio},
    {"thinking", Ability::thinking},
    {"reasoning", Ability::thinking},
    {"include_reasoning", Ability::thinking},
    {"embedding", Ability::embedding},
    {"embeddings", Ability::embedding},
    {"embed", Ability::embedding},
    {"embedContent", Ability::embedding},
};

// A model may be listed with several limits: the smallest applies.
void take_smaller(uint64_t& known, uint64_t told) {
  constexpr uint64_t max_tokens = 1'000'000'000'000;
  if (told != 0 && told < max_tokens && (known == 0 || told < known)) known = told;
}

bool can_be_asked_for(std::string_view name) {
  return !name.empty() && name.size() <= max_model_bytes && name.back() != '*' &&
         std::none_of(name.begin(), name.end(),
                      [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; });
}

}  // namespace

constinit const ListQuestion plain_list_question{"/models", {}, {}, plain_tree};

ModelListReader::ModelListReader(const ListQuestion& question, std::string_view model_prefix)
    : question_(question), model_prefix_(model_prefix), scan_(question.places) {}

void ModelListReader::begin_page() {
  scan_.reset();
  is_list_ = in_entry_ = false;
  more_ = true;
  cursor_.clear();
}

Result<void> ModelListReader::end_page(bool cut) {
  if (!cut) end_entry();  // otherwise the last entry may be incomplete
  in_entry_ = false;
  if (is_list_ && (scan_.whole() || cut)) return {};
  return fail(ErrorCode::target_broke, is_list_ ? "the list of models is incomplete" : "this is not a list of models");
}

std::string ModelListReader::next_path() const {
  if (question_.next.empty() || cursor_.empty() || !more_) return {};
  std::string path(question_.path);
  append_path_encoded(path += question_.next, cursor_);
  return path;
}

std::vector<ToldModel> ModelListReader::take() {
  std::vector<ToldModel> once;
  std::unordered_set<std::string_view> names;  // views into models_, which is not changed meanwhile
  for (const ToldModel& model : models_) {
    if (names.insert(model.id).second) once.push_back(model);
  }
  models_ = {};
  return once;
}

void ModelListReader::on_value(uint8_t node, JsonKind kind, std::string_view text) {
  const bool of_list = node == entries || (node == root && scan_.root_is_array());
  if (of_list && kind == JsonKind::array) is_list_ = true;
  if (of_list && kind == JsonKind::object && is_list_) {
    end_entry();
    in_entry_ = true;
  } else if (kind == JsonKind::string) {
    on_text(node, text);
  } else if (kind == JsonKind::number) {
    on_number(node, text);
  } else if (node == more) {
    more_ = kind == JsonKind::true_value;
  } else if (node >= first_ability && kind == JsonKind::true_value) {
    entry_.facts.add(static_cast<Ability>(node - first_ability));
  }
}

void ModelListReader::on_text(uint8_t node, std::string_view escaped) {
  if (node == abilities) {
    for (const auto& [word, ability] : ability_words) {
      if (escaped == word) entry_.facts.add(ability);
    }
    return;
  }
  std::string* const to = node == id             ? &entry_.id
                          : node == display_name ? &entry_.facts.display_name
                          : node == cursor       ? &cursor_
                                                 : nullptr;
  if (to == nullptr) return;
  to->clear();
  if (!append_json_unescaped(*to, escaped)) to->clear();
}

void ModelListReader::on_number(uint8_t node, std::string_view text) {
  uint64_t number = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), number).ec != std::errc()) return;
  if (node == context) take_smaller(entry_.facts.context_window, number);
  if (node == output) take_smaller(entry_.facts.max_output_tokens, number);
  constexpr uint64_t year_9999_s = 253'402'300'799;
  if (node == created && number <= year_9999_s) entry_.facts.created_s = static_cast<int64_t>(number);
}

void ModelListReader::end_entry() {
  ToldModel entry = std::exchange(entry_, {});
  if (!std::exchange(in_entry_, false)) return;
  if (!model_prefix_.empty() && entry.id.starts_with(model_prefix_)) entry.id.erase(0, model_prefix_.size());
  if (!can_be_asked_for(entry.id)) return;
  if (models_.size() == max_models) {
    cut_ = true;
  } else {
    models_.push_back(std::move(entry));
  }
}

}  // namespace sluice::api
