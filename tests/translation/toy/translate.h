// A sixth dialect, made by following docs/adding-a-dialect.md, which no real API speaks:
//   request  {"model":"m","rules":"Be brief","say":[{"by":"user","words":"Hi"}],"room":50,"live":true}
//   answer   {"model":"m","words":"Hello","over":"done","cost":{"in":5,"out":7}}; "full": there was no room
//   live     lines: {"words":"Hel"}, {"words":"lo"}, {"over":"done","cost":{"in":5,"out":7}}; {"wrong":"..."} ends it
#pragma once

#include "api/dialect.h"

namespace sluice::test::toy {

// After the last enum value; a real dialect adds a name to the enum.
inline constexpr Dialect own = static_cast<Dialect>(dialect_names.size());
extern const api::DialectRoom room;

Result<std::unique_ptr<api::Request>> read_request(std::string_view body, const api::ReadContext& context);
Result<void> write_request(const api::Request& request, const api::TargetFacts& facts, api::Dropped& dropped,
                           api::WrittenRequest& written);
std::unique_ptr<api::EventReader> make_reader(const api::Origin& target);
std::unique_ptr<api::EventWriter> make_writer(const api::AnswerShape& shape);
void write_error(const Error& error, const api::ErrorFacts& facts, std::string& out);

}  // namespace sluice::test::toy
