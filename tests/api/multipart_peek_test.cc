#include "api/multipart_peek.h"

#include <catch2/catch.hpp>

namespace sluice::api {
namespace {

constexpr std::string_view type = "multipart/form-data; boundary=b";

std::string part(std::string_view head, std::string_view value) {
  return "--b\r\n" + std::string(head) + "\r\n\r\n" + std::string(value) + "\r\n";
}
std::string field(std::string_view name, std::string_view value) {
  return part("Content-Disposition: form-data; name=\"" + std::string(name) + "\"", value);
}

struct Outcome {
  bool refused = false;
  bool found = false;
  bool done = false;
  std::string model;
  size_t at = 0;
};

// Feeds the body `step` bytes at a time.
Outcome run(std::string_view content_type, std::string_view body, size_t step) {
  auto peeker = MultipartPeeker::create(content_type);
  REQUIRE(peeker);
  Outcome outcome;
  for (size_t size = 0; size < body.size() && !outcome.refused;) {
    const std::string_view piece = body.substr(size, step);
    outcome.refused = !peeker->feed(std::string(piece));  // a copy that is gone before the next piece
    size += piece.size();
  }
  outcome.found = peeker->found();
  outcome.done = peeker->done();
  outcome.model = peeker->model();
  outcome.at = peeker->model_at();
  return outcome;
}

constexpr size_t steps[] = {1, 2, 3, 4, 5, 6, 7, 8, 16, 31, 100000};

TEST_CASE("the model is found wherever it stands, however the body is cut") {
  const std::string file =
      part("Content-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\nContent-Type: audio/wav",
           "RIFF\r\n--\r\n-- bx\r\n--c\r\n\r\nname=\"model\"\r\n" + std::string(3000, '-') + "\r\n-");
  struct Case {
    std::string_view content_type;
    std::string body, model;
  };
  const Case cases[] = {
      {type, field("model", "whisper-1") + "--b--\r\n", "whisper-1"},
      {type, file + field("model", "whisper-1") + "--b--", "whisper-1"},
      {type, field("model", "whisper-1") + file + "--b--", "whisper-1"},
      {type, field("language", "en") + field("model", "") + "--b--", ""},
      {type, field("model", "a\r\nb\r\n--c") + "--b--", "a\r\nb\r\n--c"},
      {type, part("content-type: text/plain\r\ncontent-disposition:form-data;name=model", "m") + "--b--", "m"},
      {type, "a preamble\r\n" + field("model", "m") + "--b--", "m"},
      {type, "\r\n" + field("model", "m") + "--b--", "m"},
      {type, "--b \t\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nm\r\n--b--", "m"},
      {type, "--b\r\n\r\nno head\r\n" + field("model", "m") + "--b--", "m"},
      {type, "--b\r\nX: y\r\n\r\n\r\n" + field("model", "m") + "--b--", "m"},
      {"Multipart/Form-Data; charset=utf-8; Boundary=\"b\"", field("model", "m") + "--b--", "m"},
      {"multipart/form-data;boundary=\"b\";x=y", field("model", "m") + "--b--", "m"},
  };
  for (const Case& c : cases) {
    for (const size_t step : steps) {
      INFO(c.body << " by " << step);
      const Outcome outcome = run(c.content_type, c.body, step);
      CHECK_FALSE(outcome.refused);
      REQUIRE(outcome.found);
      CHECK(outcome.model == c.model);
      CHECK(c.body.substr(outcome.at, c.model.size() + 3) == c.model + "\r\n-");
    }
  }
}

TEST_CASE("a body without a model is done at its closing boundary, one that is cut is not") {
  for (const size_t step : steps) {
    const Outcome whole = run(type, field("language", "en") + "--b--", step);
    CHECK(whole.done);
    CHECK_FALSE(whole.found);
    for (const char* cut :
         {"", "-", "--b", "--b-", "--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nwhisper-1\r\n--"}) {
      INFO(cut);
      const Outcome open = run(type, field("language", "en") + cut, step);
      CHECK_FALSE(open.refused);
      CHECK_FALSE(open.done);
      CHECK_FALSE(open.found);
    }
  }
}

TEST_CASE("a boundary has 1 to 70 characters and is asked for") {
  const std::string at_limit(70, 'x');
  CHECK(MultipartPeeker::create("multipart/form-data; boundary=" + at_limit));
  CHECK(MultipartPeeker::create("multipart/form-data; boundary=\"a b'()+_,-./:=?\""));
  for (const std::string& bad :
       {"multipart/form-data; boundary=" + at_limit + "x", std::string("multipart/form-data"), std::string(""),
        std::string("multipart/form-data; boundary="), std::string("multipart/form-data; boundary=\"\""),
        std::string("multipart/form-data; boundary=\"b"), std::string("multipart/form-data; boundaryx=b"),
        std::string("multipart/mixed; boundary=b"), std::string("application/json"),
        std::string("multipart/form-data; boundary=a\xFF"), std::string("multipart/form-data; x; y=\"boundary=z\"")}) {
    INFO(bad);
    const auto peeker = MultipartPeeker::create(bad);
    REQUIRE_FALSE(peeker);
    CHECK(peeker.error().code == ErrorCode::bad_request);
  }
}

TEST_CASE("heads, values and what comes first are bounded") {
  const std::string disposition = "\r\nContent-Disposition: form-data; name=\"model\"";
  // The 8 KiB limit of a part's head includes the boundary's line break.
  auto with_head = [&](size_t size) {
    return part("X: " + std::string(size - 2 - 3 - disposition.size(), 'x') + disposition, "m") + "--b--";
  };
  auto with_preamble = [&](size_t size) { return std::string(size, 'x') + "\r\n" + field("model", "m") + "--b--"; };
  for (const size_t step : {size_t{64}, size_t{100000}}) {
    CHECK(run(type, with_head(8192), step).found);
    CHECK(run(type, with_head(8193), step).refused);
    CHECK(run(type, field("model", std::string(256, 'm')) + "--b--", step).found);
    CHECK(run(type, field("model", std::string(257, 'm')) + "--b--", step).refused);
    CHECK(run(type, with_preamble(4000), step).found);
    CHECK(run(type, std::string(5000, 'x'), step).refused);
  }
}

TEST_CASE("a large file is looked through once") {
  // In steps of 64 bytes, 2 MiB are 32768 pieces; scanning from the start each time would read 32 GiB.
  const std::string body =
      part("Content-Disposition: form-data; name=\"file\"; filename=\"a\"", std::string(2 << 20, '\n')) +
      field("model", "m") + "--b--";
  const Outcome outcome = run(type, body, 64);
  CHECK(outcome.found);
  CHECK(outcome.model == "m");
}

}  // namespace
}  // namespace sluice::api
