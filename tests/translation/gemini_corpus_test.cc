// Recorded Gemini exchanges: a request is written back as it was, and an answer says the same after it was read and
// written.
#include <set>

#include "../api/corpus.h"
#include "gemini_support.h"

using namespace sluice;
using namespace sluice::api;
using namespace sluice::test;

namespace {

auto recorded() { return corpus_of(Dialect::gemini); }

bool is_stream(const Exchange& exchange) { return exchange.body.find("data:") == 0 || exchange.body.find('[') == 0; }

// Adds an unknown member to each object of a request that is not the caller's own data.
void plant(nlohmann::json& json, int& count) {
  static const std::set<std::string> data = {"args",          "response",           "parameters",
                                             "properties",    "responseJsonSchema", "parametersJsonSchema",
                                             "labels",        "response_schema",    "parameters_json_schema",
                                             "responseSchema"};
  if (json.is_array()) {
    for (auto& element : json) plant(element, count);
  } else if (json.is_object()) {
    for (auto& [key, value] : json.items()) {
      if (data.count(key) == 0) plant(value, count);
    }
    json["planted" + std::to_string(count++)] = {{"a", 1}};
  }
}

}  // namespace

TEST_CASE("gemini: recorded requests come out as they were") {
  for (const Exchange& exchange : recorded()) {
    INFO(exchange.name);
    const std::string body = exchange.request.dump();
    const auto request = read_gemini(body);
    CHECK(write_gemini(*request).body == exchange.request);
  }
}

TEST_CASE("gemini: members that nobody knows come out, or are listed") {
  for (const Exchange& exchange : recorded()) {
    INFO(exchange.name);
    nlohmann::json planted = exchange.request;
    int count = 0;
    plant(planted, count);
    const std::string body = planted.dump();
    const auto request = read_gemini(body);
    CHECK(write_gemini(*request).body == planted);
    request->demands.clear();
    Dropped dropped;
    REQUIRE(leave_behind(*request, dropped));
    std::string others;  // carried as raw JSON
    for (const Tool& tool : request->tools) others += tool.kind == ToolKind::other ? std::string(tool.raw) : "";
    for (const CarriedMember& member : request->bag) others += member.value;
    const auto see_others = [&others](const std::vector<Part>& parts) {
      for (const Part& part : parts) {
        if (part.kind == PartKind::other) others += part.raw;
      }
    };
    for (const Message& message : request->messages) see_others(message.parts);
    std::string listed;
    for (const Drop& drop : dropped.all()) listed += drop.path + " ";
    for (int i = 0; i < count && dropped.more() == 0; ++i) {
      const std::string key = "planted" + std::to_string(i);
      INFO(key << " in " << body << " listed " << listed);
      CHECK((listed.find(key + " ") != std::string::npos || others.find('"' + key + '"') != std::string::npos));
    }
  }
}

TEST_CASE("gemini: recorded answers say the same after they were read and written") {
  for (const Exchange& exchange : recorded()) {
    if (exchange.body.empty()) continue;
    INFO(exchange.name << " " << exchange.body.substr(0, 3000));
    const Answer read = is_stream(exchange) ? read_stream(frames_of(exchange.body)) : read_body(exchange.body);
    const std::string told = told_of(read);
    CHECK(told.find("unfinished") == std::string::npos);
    CHECK(told.find(" open\n") == std::string::npos);
    for (const int form : {0, 1, 2}) {
      INFO(told << "\nform " << form);
      const auto writer = gemini_writer(form != 0, form == 2);
      replay(read, *writer);
      if (!read.error) writer->end();
      const Answer again = form == 0 ? read_body(writer->out) : read_stream(frames_of(writer->out));
      CHECK(told_of(again) == told);
      CHECK(writer->untold.text() == "");
    }
  }
}

TEST_CASE("gemini: what is cut anywhere does no harm") {
  for (const Exchange& exchange : recorded()) {
    INFO(exchange.name);
    const size_t step = exchange.body.size() / 40 + 1;
    for (size_t cut = 0; cut < exchange.body.size(); cut += step) {
      const auto reader = gemini_room().make_reader({Dialect::gemini, "77"});
      AnswerCollector collector;
      const bool done = reader->read_body(std::string_view(exchange.body).substr(0, cut), collector).has_value();
      CHECK_FALSE(done);
      CHECK(collector.answer.pieces.empty());
    }
    if (!is_stream(exchange)) continue;
    const std::vector<std::string> frames = frames_of(exchange.body);
    for (size_t count = 0; count <= frames.size(); ++count) {
      const Answer answer = read_stream({frames.begin(), frames.begin() + static_cast<std::ptrdiff_t>(count)});
      CHECK(told_of(answer).find(" open\n") == std::string::npos);
    }
  }
}
