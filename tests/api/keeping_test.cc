// How the responses dialect handles kept answers.
#include "api/keeping.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "api/dialect.h"
#include "net/stream.h"

namespace sluice::api {
namespace {

using nlohmann::json;
using Page = KeepingRoom::Page;

const KeepingRoom& room() { return *room_of(Dialect::responses).keeping; }

KeepingRoom::Asked look(const std::string& body) {
  const std::string padded = body + std::string(net::read_padding_bytes, '\0');
  const KeepingRoom::Asked asked = room().look(std::string_view(padded).substr(0, body.size()));
  return asked;
}

TEST_CASE("keeping: only one dialect has answers that are asked for again") {
  for (const DialectRoom* const one : rooms()) CHECK((one->keeping != nullptr) == (one->id == Dialect::responses));
}

TEST_CASE("keeping: what a request asks") {
  struct Row {
    const char* body;
    bool keep;
    const char* previous;
  };
  const Row row = GENERATE(values<Row>({
      {R"({"model":"m","input":"x"})", true, ""},
      {R"({"store":true,"input":"x"})", true, ""},
      {R"({"input":[{"store":false}],"store": false})", false, ""},
      {R"({"store":null})", true, ""},
      {R"({"st\u006fre":false})", false, ""},
      {R"({"st\u006fre":true})", true, ""},
      {R"({"Store":false})", false, ""},
      {"{\"\xC5\xBFtore\":true}", false, ""},  // U+017F, a long s
      {R"({" store":false})", false, ""},
      {R"({"store":false,"store":true})", false, ""},
      {R"({"store":0})", false, ""},
      {R"({"previous\u005fresponse_id":"resp\u005f1"})", true, "resp_1"},
      {R"({"previous_response_id":"resp_1","previous_response_id":null})", true, ""},
      {R"({"Previous_Response_Id":"resp_1"})", true, ""},
      {R"({"previous_response_id":"resp_1","store":false})", false, "resp_1"},
      {R"({"previous_response_id":null})", true, ""},
      {R"({"previous_response_id":""})", true, ""},
      {R"({"input":{"previous_response_id":"resp_1"}})", true, ""},
      {R"([])", false, ""},
      {R"({"input":)", false, ""},
      {"", false, ""},
  }));
  INFO(row.body);
  const KeepingRoom::Asked asked = look(row.body);
  CHECK(asked.keep == row.keep);
  CHECK(asked.previous == row.previous);
}

TEST_CASE("keeping: a request goes on with what came before it, all else as it was spelled") {
  const auto go_on = [](const char* body, const char* earlier) { return room().go_on(body, earlier).value(); };
  CHECK(go_on(R"({"model":"m", "input":"x\u0041","n":1.50})", R"({"a":1},{"b":2})") ==
        R"({"input":[{"a":1},{"b":2},{"type":"message","role":"user","content":"x\u0041"}],"model":"m","n":1.50})");
  CHECK(go_on(R"({"input":[{"c":3}],"model":"m"})", R"({"a":1})") == R"({"input":[{"a":1},{"c":3}],"model":"m"})");
  CHECK(go_on(R"({"input":[ ],"model":"m"})", R"({"a":1})") == R"({"input":[{"a":1}],"model":"m"})");
  CHECK(go_on(R"({"model":"m"})", R"({"a":1})") == R"({"input":[{"a":1}],"model":"m"})");
  CHECK(go_on(R"({"input":"x"})", "") == R"({"input":[{"type":"message","role":"user","content":"x"}]})");
  CHECK_FALSE(room().go_on("{", "").has_value());
}

// The input items of a whole body, requested as an exchange does.
std::string items_of(const std::string& body) {
  const std::string padded = body + std::string(net::read_padding_bytes, '\0');
  return room().input_items(room().look(std::string_view(padded).substr(0, body.size())).input, "7");
}

TEST_CASE("keeping: items of an input have ids") {
  CHECK(
      json::parse("[" + items_of(R"({"input":"hi"})") + "]") ==
      json::parse(
          R"([{"id":"item_7_0","type":"message","role":"user","status":"completed","content":[{"type":"input_text","text":"hi"}]}])"));
  CHECK(
      json::parse(
          "[" +
          items_of(R"({"input":[{"role":"user","content":"a"},{"id":"mine","type":"x"},{"id":null,"type":"y"},3]})") +
          "]") ==
      json::parse(
          R"([{"id":"item_7_0","type":"message","role":"user","content":"a"},{"id":"mine","type":"x"},{"id":"item_7_2","type":"y"}])"));
  CHECK(json::parse("[" + items_of(R"({"input":[ {"\u0069d" : "mine", "t\u0079pe":"x"} , {"\u0069d":1}]})") + "]") ==
        json::parse(R"([{"id":"mine","type":"x"},{"id":"item_7_1","type":"message"}])"));
  CHECK(items_of("{").empty());
  CHECK(items_of("{}").empty());
  CHECK(items_of(R"({"input":[]})").empty());
  CHECK(items_of(R"({"input":3})").empty());
  CHECK(items_of(R"({"input":[{"a":1} {"b":2}]})") == R"({"id":"item_7_0","type":"message","a":1})");
}

TEST_CASE("keeping: what an answer is called, and its items") {
  const KeepingRoom::Made made = room().made(R"({"id":"resp_1","output":[{"a":1}, {"b":2}]})");
  CHECK(made.id == "resp_1");
  CHECK(made.items == R"({"a":1}, {"b":2})");
  CHECK(room().made(R"({"id":"resp_1","output":[]})").items.empty());
  CHECK(room().made("nonsense").id.empty());
}

TEST_CASE("keeping: pages of an answer") {
  CHECK(room().page("responses/get") == Page::show);
  CHECK(room().page("responses/delete") == Page::remove);
  CHECK(room().page("responses/cancel") == Page::cancel);
  CHECK(room().page("responses/input_items") == Page::input);
  CHECK(room().page("responses") == Page::none);
  CHECK(room().page("responses/compact") == Page::none);
  CHECK(room().id_in("/v1/responses/resp_1/input_items") == "resp_1");
  CHECK(room().id_in("/v1/responses/resp_1") == "resp_1");
  CHECK(room().id_in("/responses/resp_1") == "resp_1");
  CHECK(room().id_in("/v1/other").empty());
  CHECK(room().write_page(Page::show, "1", "", R"({"id":"1"})", "").value() == R"({"id":"1"})");
  CHECK_FALSE(room().write_page(Page::show, "1", "stream=true", R"({"id":"1"})", "").has_value());
  CHECK(json::parse(room().write_page(Page::remove, "1", "", "", "").value()) ==
        json::parse(R"({"id":"1","object":"response","deleted":true})"));
  CHECK(room().write_page(Page::cancel, "1", "", "", "").error().code == ErrorCode::bad_request);
}

TEST_CASE("keeping: the list of a request's items, by order, limit and place") {
  std::string items;
  for (int i = 0; i < 30; ++i) items += (i == 0 ? "" : ",") + (R"({"id":"i)" + std::to_string(i) + "\"}");
  struct Row {
    const char* query;
    size_t count;
    const char *first, *last;
    bool more;
  };
  const Row row = GENERATE(values<Row>({
      {"", 20, "i29", "i10", true},
      {"order=desc&limit=30", 30, "i29", "i0", false},
      {"limit=100", 30, "i29", "i0", false},
      {"limit=1", 1, "i29", "i29", true},
      {"order=asc&limit=2", 2, "i0", "i1", true},
      {"order=asc&limit=2&after=i1", 2, "i2", "i3", true},
      {"order=asc&after=i27", 2, "i28", "i29", false},
  }));
  INFO(row.query);
  const json list = json::parse(room().write_page(Page::input, "1", row.query, "", items).value());
  CHECK(list["object"] == "list");
  CHECK(list["data"].size() == row.count);
  CHECK(list["first_id"] == row.first);
  CHECK(list["last_id"] == row.last);
  CHECK(list["has_more"] == row.more);
  for (const char* wrong : {"limit=0", "limit=101", "limit=x", "limit=-1", "after=nobody"}) {
    CHECK_FALSE(room().write_page(Page::input, "1", wrong, "", items).has_value());
  }
  const json none = json::parse(room().write_page(Page::input, "1", "", "", "").value());
  CHECK(none["data"].empty());
  CHECK(none["first_id"].is_null());
}

}  // namespace
}  // namespace sluice::api
