// What users of other gateways write: other field names, other file formats. For hints in errors.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice::config {

// sluice's name for an unknown field: "its name here is base_url"; "" if there is no hint. A literal. `of_the_whole`:
// the field is in the outermost object.
std::string_view hint_for_field(std::string_view name, bool of_the_whole);

struct ForeignFormat {
  std::string what = {};  // "this is YAML, ..."; "" if the text looks like none of them
  size_t offset = 0;      // of the line that shows it
};
// Recognizes text that is not JSON: YAML, TOML, shell variables.
ForeignFormat foreign_format(std::string_view text);

}  // namespace sluice::config
