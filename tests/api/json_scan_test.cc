#include "api/json_scan.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <random>

namespace sluice::api {
namespace {

constexpr ScanEdge edges[] = {{0, "a", 1}, {0, "o", 2}, {0, "list", 3}, {2, "x", 4}, {2, "o", 2}, {3, "y", 5}};
constexpr ScanTree tree(edges);

// Records what it is told: "1=text 4=#12".
class Notes final : public JsonSink {
 public:
  void on_value(uint8_t node, JsonKind kind, std::string_view value) override {
    constexpr std::array<std::string_view, 8> kinds = {"", "#", "true", "false", "null", "{", "[", "item"};
    text += (text.empty() ? "" : " ") + std::to_string(node) + "=" + std::string(kinds[static_cast<size_t>(kind)]);
    text += value;
  }
  std::string text;
};

// Each piece is copied into memory of its exact size, so that a sanitizer catches reads past its end.
void feed(JsonScan& scan, Notes& notes, std::string_view json, size_t step) {
  for (size_t at = 0; at < json.size(); at += step) {
    const auto bytes = json.substr(at, step);
    const std::vector<char> copy(bytes.begin(), bytes.end());
    scan.feed({copy.data(), copy.size()}, notes);
  }
}

constexpr size_t steps[] = {1, 2, 3, 4, 5, 6, 7, 8, 16, 31, 64, 65, 100000};

TEST_CASE("chosen values are told, whatever stands around them and however they are cut") {
  const std::string deep = std::string(200, '[') + "\"]}\\\"\"" + std::string(200, ']');
  struct Case {
    std::string json, told;
  };
  const Case cases[] = {
      {"{}", "0={"},
      {" [ ] ", "0=["},
      {R"({"a":"text"})", "0={ 1=text"},
      {R"({"a":"te\"x\\t\\"})", R"(0={ 1=te\"x\\t\\)"},
      {R"({"b":{"a":1},"a":-1.5e3,"c":[{"a":2}]})", "0={ 1=#-1.5e3"},
      {R"({"a":true , "a":false,"a":null})", "0={ 1=true 1=false 1=null"},
      {R"({"a":[1,"2"],"a":{"a":3}})", "0={ 1=[ 1={"},
      {R"({"o":{"x":1,"z":{"x":2},"o":{"x":"3"}}})", "0={ 2={ 4=#1 2={ 4=3"},
      {R"({"list":[],"list":[{"y":1},{"y":2,"n":[[]]},3]})", "0={ 3=[ 3=[ 3=item 3={ 5=#1 3={ 5=#2 3=#3"},
      {R"([{"a":1},{"a":2}])", "0=[ 0=item 0={ 1=#1 0={ 1=#2"},
      {R"({"":"a","aa":1,"\u0061":2,"a":3})", "0={ 1=#3"},
      {R"({"b":)" + deep + R"(,"a":1})", "0={ 1=#1"},
      {R"({"b":")" + std::string(500, '\\') + R"(","a":1})", "0={ 1=#1"},
      {R"({"b":[")" + std::string(500, '\\') + R"("],"a":1})", "0={ 1=#1"},
      {R"({"b":[")" + std::string(499, '\\') + R"(""],"a":1})", "0={ 1=#1"},
      {R"({"b":"{\"a\":1}","a":2})", "0={ 1=#2"},
      {R"({"a":")" + std::string(256, 'x') + R"("})", "0={ 1=" + std::string(256, 'x')},
      {R"({"a":")" + std::string(257, 'x') + R"(","a":1})", "0={ 1= 1=#1"},
  };
  for (const Case& c : cases) {
    for (const size_t step : steps) {
      INFO(c.json << " by " << step);
      JsonScan scan(tree);
      Notes notes;
      CHECK(scan.fresh());
      feed(scan, notes, c.json, step);
      CHECK(scan.whole());
      CHECK(notes.text == c.told);
      scan.reset();
      CHECK(scan.fresh());
      notes.text.clear();
      feed(scan, notes, c.json, step);
      CHECK(notes.text == c.told);
    }
  }
}

TEST_CASE("nesting is looked into so far and skipped beyond") {
  auto nested = [](size_t depth) {
    std::string json = R"({"x":0)";
    for (size_t i = 0; i < depth; ++i) json = R"({"o":)" + json;
    return json + std::string(depth + 1, '}');
  };
  for (const size_t step : steps) {
    JsonScan scan(tree);
    Notes notes;
    feed(scan, notes, nested(JsonScan::deepest - 1), step);
    CHECK(scan.whole());
    CHECK(notes.text.ends_with("4=#0"));
    scan.reset();
    notes.text.clear();
    feed(scan, notes, nested(JsonScan::deepest), step);
    CHECK(scan.whole());
    CHECK(notes.text.find("4=") == std::string::npos);
  }
}

TEST_CASE("what is no object or array, or not whole, is not whole") {
  for (const char* json : {"",           " ",        "1",      "\"a\"",      "true",         "x",
                           "{",          "[",        "{\"a\"", "{\"a\":",    "{\"a\":1",     "{\"a\":1,",
                           "{\"a\":1,}", "{]",       "[}",     "{\"o\":{]}", "{\"a\" 1}",    "{a:1}",
                           "{}x",        "{}{}",     "[1 2]",  "{\"b\":[",   "{\"b\":[\"]}", "{\"b\":\"\\\"}",
                           "{,}",        "{\"a\":}", "[,]"}) {
    for (const size_t step : {size_t{1}, size_t{100}}) {
      INFO(json);
      JsonScan scan(tree);
      Notes notes;
      feed(scan, notes, json, step);
      CHECK_FALSE(scan.whole());
    }
  }
}

TEST_CASE("random documents are followed to their end") {
  std::mt19937 random(7);
  auto text = [&] {
    std::string out;
    for (size_t i = random() % 90; i != 0; --i) out += "\\\"{}[]ab,: "[random() % 11];
    return out;
  };
  std::function<nlohmann::json(int)> make = [&](int depth) -> nlohmann::json {
    switch (random() % (depth > 5 ? 3 : 5)) {
      case 0:
        return text();
      case 1:
        return static_cast<int>(random() % 1000) - 500;
      case 2:
        return nullptr;
      case 3: {
        auto array = nlohmann::json::array();
        for (size_t i = random() % 6; i != 0; --i) array.push_back(make(depth + 1));
        return array;
      }
      default: {
        auto object = nlohmann::json::object();
        for (size_t i = random() % 6; i != 0; --i) object["k" + text()] = make(depth + 1);
        return object;
      }
    }
  };
  for (int round = 0; round < 300; ++round) {
    nlohmann::json object{{"b", make(0)}, {"c", make(0)}};
    std::string json = object.dump(round % 3 == 0 ? 2 : -1);
    json.insert(json.rfind('}'), ",\"a\":\"last\"");
    JsonScan scan(tree);
    Notes notes;
    feed(scan, notes, json, 1 + random() % 200);
    INFO(json);
    REQUIRE(scan.whole());
    REQUIRE(notes.text == "0={ 1=last");
  }
}

}  // namespace
}  // namespace sluice::api
