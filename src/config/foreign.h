// What people who come from other gateways write: fields by other names, files of other kinds. For hints in errors.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice::config {

// What a field that sluice does not know is called here: "its name here is base_url"; "" where nothing is known of it.
// A literal. `of_the_whole`: it stands in the outermost object.
std::string_view hint_for_field(std::string_view name, bool of_the_whole);

struct ForeignFormat {
  std::string what = {};  // "this is YAML, ..."; "" where the text looks like none of them
  size_t offset = 0;      // of the line that tells
};
// What a text is that is not JSON: YAML, TOML, variables of a shell.
ForeignFormat foreign_format(std::string_view text);

}  // namespace sluice::config
