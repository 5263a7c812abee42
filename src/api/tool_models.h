// Tools that ask a model of their own, such as an advisor or a maker of pictures: {"type":"advisor","model":"M"}.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::api {

// The first model that a tool of a request in any dialect names, as `model` in the tool or in an object in it, and that
// `may_use` rejects; cut to max_model_bytes. A name that cannot be read is rejected. `body`: JSON, with
// net::read_padding_bytes readable bytes behind it.
std::optional<std::string> find_tool_model(std::string_view body,
                                           const std::function<bool(const std::string& name)>& may_use);

}  // namespace sluice::api
