// Reads a provider's list of models from bytes cut anywhere, without a document or a buffer. What is kept is bounded,
// whatever the list's size.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/json_scan.h"
#include "api/model_list.h"
#include "base/result.h"

namespace sluice::api {

namespace list_node {
enum Node : uint8_t {
  root,
  entries,    // the list itself
  inner,      // an object of an entry that may hold limits
  abilities,  // a list of words, or an object of flags
  // from here on, nothing inside is read except whether a flag is set
  id,
  display_name,
  created,
  context,
  output,
  cursor,  // of the next page
  more,    // whether there is one
  first_ability
};
constexpr uint8_t flag(Ability ability) {
  return static_cast<uint8_t>(uint8_t{first_ability} + static_cast<uint8_t>(ability));
}
}  // namespace list_node

// How a dialect's providers are asked for their models.
struct ListQuestion {
  std::string_view path;  // below the dialect's base path, with its query
  std::string_view next;  // what goes between that and the cursor of the next page; "": lists have one page
  http::Field field;      // a header field that the request needs; an empty name: none
  const ScanTree& places;
};
extern const ListQuestion plain_list_question;

class ModelListReader final : JsonSink {
 public:
  static constexpr size_t max_models = 4'096;  // of one list; the rest is left out

  explicit ModelListReader(const ListQuestion& question, std::string_view model_prefix);
  void begin_page();
  void feed(std::string_view bytes) { scan_.feed(bytes, *this); }
  // The page has ended. target_broke: it was not a list, or not whole. `cut`: reading stopped before its end.
  Result<void> end_page(bool cut);
  // The next page's address, in the form of ListQuestion::path; "": there is none.
  std::string next_path() const;
  bool cut() const { return cut_; }
  void note_cut() { cut_ = true; }
  // Each name once, in the order of arrival. Names that could not be asked for are left out: empty, too long, with a
  // control character or ending with '*'.
  std::vector<ToldModel> take();

 private:
  void on_value(uint8_t node, JsonKind kind, std::string_view text) override;
  void on_text(uint8_t node, std::string_view escaped);
  void on_number(uint8_t node, std::string_view text);
  void end_entry();

  const ListQuestion& question_;
  const std::string_view model_prefix_;
  JsonScan scan_;
  std::vector<ToldModel> models_;
  ToldModel entry_;
  bool in_entry_ = false, is_list_ = false, cut_ = false;
  bool more_ = true;
  std::string cursor_;
};

}  // namespace sluice::api
