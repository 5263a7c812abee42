// Calls with the same id, and results that do not directly follow their calls.
#include "api/call_links.h"

#include <catch2/catch.hpp>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

using namespace sluice;
using namespace sluice::api;

namespace {

// "call:a" and "result:a" are parts with an id, anything else is text.
Part part_of(std::string_view text) {
  Part part;
  const bool is_call = text.starts_with("call:"), is_result = text.starts_with("result:");
  if (is_call) {
    part.kind = PartKind::tool_call;
    part.id = {text.substr(5)};
  } else if (is_result) {
    part.kind = PartKind::tool_result;
    part.id = {text.substr(7, text.find('=') - 7)};
  } else {
    part.text = {text};
  }
  if (is_result && text.find('=') != text.npos) part.name = {text.substr(text.find('=') + 1)};
  return part;
}

using Turn = std::pair<Role, std::vector<std::string_view>>;

// "assistant a b; tool c", and after a bar what is reported as dropped.
std::string linked(std::initializer_list<Turn> turns) {
  Request request;
  for (const auto& [role, parts] : turns) {
    Message& message = request.messages.emplace_back();
    message.role = role;
    for (const std::string_view part : parts) message.parts.push_back(part_of(part));
  }
  Dropped dropped;
  link_calls(request, dropped);
  constexpr std::string_view names[] = {"system", "user", "assistant", "tool"};
  std::string told;
  for (const Message& message : request.messages) {
    told += told.empty() ? "" : "; ";
    told += names[static_cast<size_t>(message.role)];
    for (const Part& part : message.parts) {
      (told += ' ') += part.kind == PartKind::text ? part.text.escaped : part.id.escaped;
      if (!part.name.empty()) (told += '=') += part.name.escaped;
    }
  }
  return dropped.empty() ? told : told + " | " + dropped.text();
}

constexpr Role user = Role::user, assistant = Role::assistant, tool = Role::tool;

}  // namespace

TEST_CASE("calls that are right stay as they are") {
  CHECK(
      linked({{user, {"hi"}}, {assistant, {"call:a", "call:b"}}, {tool, {"result:b", "result:a"}}, {user, {"more"}}}) ==
      "user hi; assistant a b; tool b a; user more");
  CHECK(linked({{assistant, {"call:a"}}, {tool, {"result:a"}}, {tool, {"result:none"}}}) ==
        "assistant a; tool a; tool none");
  CHECK(linked({{assistant, {"call:", "call:"}}, {tool, {"result:=1", "result:=2"}}}) == "assistant  ; tool =1 =2");
  CHECK(linked({{assistant, {"call:a"}}, {user, {"never mind"}}}) == "assistant a; user never mind");
}

TEST_CASE("an id that is used twice becomes two, and its results follow") {
  CHECK(linked({{assistant, {"call:a", "call:a"}}, {tool, {"result:a=1", "result:a=2"}}}) ==
        "assistant a a_2; tool a=1 a_2=2");
  CHECK(linked({{assistant, {"call:a", "call:a", "call:a_2"}}, {tool, {"result:a=1", "result:a=2", "result:a_2=3"}}}) ==
        "assistant a a_2 a_2_2; tool a=1 a_2=2 a_2_2=3");
  CHECK(linked({{assistant, {"call:a"}},
                {tool, {"result:a=1"}},
                {assistant, {"call:a"}},
                {tool, {"result:a=2"}},
                {assistant, {"call:a"}},
                {tool, {"result:a=3", "result:a=4"}}}) ==
        "assistant a; tool a=1; assistant a_2; tool a_2=2; assistant a_3; tool a_3=3 a=4");
  // The first call has no result: the result belongs to the second.
  CHECK(linked({{assistant, {"call:a"}}, {user, {"again"}}, {assistant, {"call:a"}}, {tool, {"result:a"}}}) ==
        "assistant a; user again; assistant a_2; tool a_2");
}

TEST_CASE("a result that comes later goes behind its call, and is named") {
  CHECK(linked({{assistant, {"call:a", "call:b"}}, {tool, {"result:a"}}, {user, {"btw"}}, {tool, {"result:b"}}}) ==
        "assistant a b; tool a b; user btw | messages[3]=changed");
  CHECK(linked({{assistant, {"call:a"}}, {user, {"btw"}}, {tool, {"result:a"}}, {user, {"more"}}}) ==
        "assistant a; tool a; user btw; user more | messages[2]=changed");
  CHECK(linked({{assistant, {"call:a"}}, {assistant, {"call:b"}}, {tool, {"result:a", "result:b"}}}) ==
        "assistant a; tool a; assistant b; tool b | messages[2]=changed");
}

TEST_CASE("many calls of one id take no longer than they are") {
  Request request;
  constexpr size_t count = 50'000;
  for (size_t i = 0; i < 2; ++i) {
    request.messages.emplace_back().role = i == 0 ? assistant : tool;
    for (size_t k = 0; k < count; ++k) request.messages[i].parts.push_back(part_of(i == 0 ? "call:x" : "result:x"));
  }
  Dropped dropped;
  link_calls(request, dropped);
  CHECK(request.messages[1].parts.back().id.escaped == "x_" + std::to_string(count));
  CHECK(dropped.empty());
}
