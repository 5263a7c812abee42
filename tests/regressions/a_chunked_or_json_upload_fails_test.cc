// Every chunked or compressed upload was answered with 400 (Node's SDK sends these for a file stream), and so was
// /v1/images/edits with a JSON body.
#include <zlib.h>

#include <catch2/catch.hpp>

#include "gateway/world.h"

namespace sluice::gateway {
namespace {

const std::string upload =
    "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\nContent-Type: audio/wav\r\n\r\nRIFF" +
    std::string(3000, '-') + "\r\n--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nfast\r\n--b--\r\n";

std::string head(std::string_view path, std::string_view type, std::string_view more) {
  return "POST " + std::string(path) + " HTTP/1.1\r\nHost: s\r\nContent-Type: " + std::string(type) + "\r\n" +
         std::string(more) + "\r\n";
}

std::string chunks(std::string_view body, size_t size) {
  std::string all;
  for (size_t at = 0; at < body.size(); at += size) {
    const std::string_view piece = body.substr(at, size);
    char line[20];
    std::snprintf(line, sizeof line, "%zx\r\n", piece.size());
    all.append(line).append(piece).append("\r\n");
  }
  return all + "0\r\n\r\n";
}

std::string gzip(std::string text) {
  z_stream z{};
  REQUIRE(deflateInit2(&z, 9, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&z, text.size()), '\0');
  z.next_in = reinterpret_cast<unsigned char*>(text.data());
  z.avail_in = static_cast<uInt>(text.size());
  z.next_out = reinterpret_cast<unsigned char*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  deflate(&z, Z_FINISH);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

TEST_CASE("an upload arrives whole, however it is framed") {
  const std::string type = "multipart/form-data; boundary=b";
  const std::string path = "/v1/audio/transcriptions";
  const std::string packed = gzip(upload);
  const std::string plain_length = "Content-Length: " + std::to_string(upload.size()) + "\r\n";
  const std::string packed_length = "Content-Length: " + std::to_string(packed.size()) + "\r\n";
  const std::string chunked = "Transfer-Encoding: chunked\r\n", coded = "Content-Encoding: gzip\r\n";
  std::string renamed = upload;
  renamed.replace(renamed.find("fast"), 4, "real-model");
  for (const std::string& request :
       {head(path, type, plain_length) + upload, head(path, type, chunked) + chunks(upload, 100),
        head(path, type, coded + packed_length) + packed, head(path, type, coded + chunked) + chunks(packed, 7)}) {
    World world;
    world.say(request);
    INFO(world.caller->text);
    REQUIRE(world.targets.size() == 1);
    CHECK(world.target().has("content-length: " + std::to_string(renamed.size()) + "\r\n"));
    CHECK(world.target().text.ends_with("\r\n\r\n" + renamed));
    CHECK_FALSE(world.target().has("gzip"));
    world.target_says(ok_json(any_answer));
    CHECK(world.caller->has("200 OK"));
    CHECK(world.buffers.used() == 0);
  }
}

TEST_CASE("an upload's path takes JSON where the content-type says so, and tells what it takes") {
  const std::string body = R"({"model":"fast","prompt":"a","images":[{"image_url":"data:image/png;base64,AAAA"}]})";
  World world;
  world.say(post("/v1/images/edits", body));
  REQUIRE(world.targets.size() == 1);
  CHECK(world.target().has(R"("model":"real-model")"));
  for (const char* type : {"text/plain", "application/x-www-form-urlencoded", ""}) {
    World other;
    other.say(head("/v1/images/edits", type, "Content-Length: " + std::to_string(body.size()) + "\r\n") + body);
    INFO(type << other.caller->text);
    CHECK(other.caller->has("HTTP/1.1 400 "));
    CHECK(other.caller->has("application/json"));
  }
}

TEST_CASE("a coding that is not understood is told which are") {
  World world;
  world.say(post("/v1/chat/completions", "x", "Content-Encoding: gzip, zstd\r\n"));
  CHECK(world.caller->has("HTTP/1.1 415 "));
  CHECK(world.caller->has("accept-encoding: gzip, deflate, zstd\r\n"));
}

}  // namespace
}  // namespace sluice::gateway
