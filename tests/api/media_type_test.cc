#include "api/media_type.h"

#include <catch2/catch.hpp>

namespace sluice::api {

TEST_CASE("what an answer's content-type says of its body") {
  struct Case {
    std::string_view type;
    MediaType media;
    bool stream;
  };
  const Case cases[] = {
      {"text/event-stream", MediaType::events, true},
      {"Text/Event-Stream ; charset=utf-8", MediaType::events, true},
      {"application/x-ndjson", MediaType::lines, true},
      {"application/jsonl;charset=utf-8", MediaType::lines, true},
      {"application/json", MediaType::json, false},
      {" application/json\t; charset=utf-8", MediaType::json, false},
      {"text/html; charset=utf-8", MediaType::page, false},
      {"application/xhtml+xml", MediaType::page, false},
      {"text/event-streams", MediaType::other, false},
      {"application/problem+json", MediaType::other, false},
      {"audio/mpeg", MediaType::other, false},
      {"", MediaType::other, false},
  };
  for (const Case& c : cases) {
    INFO(c.type);
    CHECK(media_type_of(c.type) == c.media);
    CHECK(is_stream(media_type_of(c.type)) == c.stream);
  }
}

}  // namespace sluice::api
