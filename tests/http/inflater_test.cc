#include "http/inflater.h"

#include <zlib.h>
#include <zstd.h>

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::http {
namespace {

constexpr int gzip_bits = MAX_WBITS + 16, zlib_bits = MAX_WBITS, raw_bits = -MAX_WBITS;

std::string deflated(const std::string& text, int window_bits) {
  z_stream z{};
  REQUIRE(deflateInit2(&z, 9, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&z, text.size()) + 64, '\0');
  z.next_in = reinterpret_cast<unsigned char*>(const_cast<char*>(text.data()));
  z.avail_in = static_cast<uInt>(text.size());
  z.next_out = reinterpret_cast<unsigned char*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&z, Z_FINISH) == Z_STREAM_END);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

// `window_log` 0: zstd's defaults, with the content size in the frame header.
std::string zstd(std::string_view text, int window_log = 0) {
  const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(), ZSTD_freeCCtx);
  std::string out(ZSTD_compressBound(text.size()) + 64, '\0');
  if (window_log == 0) {
    out.resize(ZSTD_compress2(context.get(), out.data(), out.size(), text.data(), text.size()));
    return out;
  }
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_contentSizeFlag, 0);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_windowLog, window_log);
  ZSTD_inBuffer in{text.data(), text.size(), 0};
  ZSTD_outBuffer made{out.data(), out.size(), 0};
  ZSTD_compressStream2(context.get(), &made, &in, ZSTD_e_flush);  // started before the size is known
  REQUIRE(ZSTD_compressStream2(context.get(), &made, &in, ZSTD_e_end) == 0);
  out.resize(made.pos);
  return out;
}

// The text, or "!" and the error's name.
std::string inflated(const std::string& bytes, Coding coding, size_t piece_bytes, const InflaterLimits& limits = {},
                     Fault fault = Fault::caller) {
  Inflater inflater(coding, limits, fault);
  std::string out;
  for (size_t at = 0; at < bytes.size(); at += piece_bytes) {
    const Result<void> fed = inflater.feed(std::string_view(bytes).substr(at, piece_bytes), out);
    if (!fed) return "!" + std::string(name_of(fed.error().code));
  }
  const Result<void> finished = inflater.finish();
  if (!finished) return "!" + std::string(name_of(finished.error().code));
  CHECK(inflater.bytes_in() == bytes.size());
  CHECK(inflater.bytes_out() == out.size());
  return out;
}

const std::vector<size_t> pieces = {1, 2, 3, 4, 5, 6, 7, 8, 16, 31, 1'000'000};

// Text that compresses badly.
std::string noise(size_t size) {
  std::string text(size, ' ');
  uint32_t state = 1;
  for (char& c : text) {
    state = state * 1664525 + 1013904223;
    c = static_cast<char>(state >> 24);
  }
  return text;
}

}  // namespace

TEST_CASE("each coding, in pieces of any size") {
  for (const std::string& text :
       {std::string(), std::string("{\"model\": \"x\"}"), noise(100'000), std::string(60'000, 'z')}) {
    for (const size_t piece : pieces) {
      INFO("pieces of " << piece << " of " << text.size());
      CHECK(inflated(deflated(text, gzip_bits), Coding::gzip, piece) == text);
      CHECK(inflated(deflated(text, zlib_bits), Coding::deflate, piece) == text);
      CHECK(inflated(deflated(text, raw_bits), Coding::deflate, piece) == text);
      CHECK(inflated(zstd(text), Coding::zstd, piece) == text);
    }
  }
}

TEST_CASE("several gzip members are one body") {
  const std::string two = deflated("one,", gzip_bits) + deflated("two", gzip_bits);
  for (const size_t piece : pieces) CHECK(inflated(two, Coding::gzip, piece) == "one,two");
}

TEST_CASE("what is no compressed body is refused") {
  const std::string gzip = deflated("hello hello hello", gzip_bits);
  const std::string zlib = deflated("hello hello hello", zlib_bits);
  std::string wrong_checksum = gzip;
  wrong_checksum[gzip.size() - 5] = static_cast<char>(wrong_checksum[gzip.size() - 5] ^ 1);
  for (const size_t piece : pieces) {
    INFO("pieces of " << piece);
    CHECK(inflated("", Coding::gzip, piece) == "!bad_request");
    CHECK(inflated("{}", Coding::gzip, piece) == "!bad_request");
    CHECK(inflated("x", Coding::deflate, piece) == "!bad_request");
    CHECK(inflated(zlib, Coding::gzip, piece) == "!bad_request");
    CHECK(inflated(gzip, Coding::deflate, piece) == "!bad_request");
    CHECK(inflated(wrong_checksum, Coding::gzip, piece) == "!bad_request");
    CHECK(inflated(wrong_checksum, Coding::gzip, piece, {}, Fault::target) == "!target_broke");
    CHECK(inflated(gzip + "garbage", Coding::gzip, piece) == "!bad_request");
    CHECK(inflated(zlib + "garbage", Coding::deflate, piece) == "!bad_request");
  }
  for (size_t size = 0; size < gzip.size(); ++size)
    CHECK(inflated(gzip.substr(0, size), Coding::gzip, 5) == "!bad_request");
  for (size_t size = 0; size < zlib.size(); ++size)
    CHECK(inflated(zlib.substr(0, size), Coding::deflate, 5) == "!bad_request");
}

TEST_CASE("size limit") {
  const std::string text(50'000, 'z');
  const std::string bytes = deflated(text, gzip_bits);
  for (const size_t piece : pieces) {
    CHECK(inflated(bytes, Coding::gzip, piece, {.bytes = 50'000}) == text);
    CHECK(inflated(bytes, Coding::gzip, piece, {.bytes = 49'999}) == "!body_too_large");
    CHECK(inflated(bytes, Coding::gzip, piece, {.bytes = 49'999}, Fault::target) == "!target_broke");
  }
}

TEST_CASE("a step makes 32 KiB at most, whatever a body inflates to") {
  const std::string bomb(50'000'000, 'z');
  for (const auto& [bytes, coding] :
       {std::pair(deflated(bomb, gzip_bits), Coding::gzip), std::pair(zstd(bomb), Coding::zstd)}) {
    Inflater inflater(coding, {});
    std::string out;
    std::string_view rest = bytes;
    size_t total = 0;
    for (bool more = true; more; total += out.size()) {
      out.clear();
      const Result<bool> step = inflater.step(rest, out);
      REQUIRE(step);
      more = *step;
      REQUIRE(out.size() <= Inflater::window_bytes);
      REQUIRE(inflater.memory_bytes() < 9'000'000);
    }
    CHECK(total == bomb.size());
    CHECK(inflater.finish());
  }
}

TEST_CASE("a zstd frame may ask for a window of 8 MB, no more") {
  const std::string text = noise(100);
  CHECK(inflated(zstd(text, 23), Coding::zstd, 7) == text);
  CHECK(inflated(zstd(text, 24), Coding::zstd, 7) == "!bad_request");
  CHECK(inflated(zstd(text, 27), Coding::zstd, 7, {}, Fault::target) == "!target_broke");
}

TEST_CASE("several zstd frames are one body; one that is cut or followed by anything else is none") {
  const std::string one = zstd("one,"), two = one + zstd("two");
  std::string skipped("\x50\x2a\x4d\x18\x03\0\0\0abc", 11);
  for (const size_t piece : pieces) {
    CHECK(inflated(two, Coding::zstd, piece) == "one,two");
    CHECK(inflated(one + skipped, Coding::zstd, piece) == "one,");
    CHECK(inflated(one + "garbage", Coding::zstd, piece) == "!bad_request");
    CHECK(inflated("", Coding::zstd, piece) == "!bad_request");
    for (size_t size = 0; size < one.size(); ++size) {
      CHECK(inflated(one.substr(0, size), Coding::zstd, piece) == "!bad_request");
    }
  }
}

TEST_CASE("coding names") {
  CHECK(coding_named("gzip") == Coding::gzip);
  CHECK(coding_named("X-GZIP") == Coding::gzip);
  CHECK(coding_named("Deflate") == Coding::deflate);
  CHECK(coding_named("ZStd") == Coding::zstd);
  for (const char* name : {"", "identity", "br", "zst", "gzip, deflate", "gzi"}) CHECK_FALSE(coding_named(name));
}

TEST_CASE("accept-encoding") {
  const struct {
    const char *value, *coding;
    bool accepted;
  } table[] = {
      {"gzip, deflate, br, zstd", "gzip", true},
      {"gzip, deflate, br, zstd", "br", true},
      {"gzip, deflate, br, zstd", "snappy", false},
      {"gzip, deflate, br, zstd", "identity", true},
      {"GZip", "gzip", true},
      {"x-gzip", "gzip", true},
      {"gzip", "x-gzip", true},
      {"gzip;q=0", "gzip", false},
      {"gzip;q=0.000", "gzip", false},
      {"gzip;q=0.001", "gzip", true},
      {"gzip ; Q = 0.5", "gzip", true},
      {"gzip;q=1", "gzip", true},
      {"gzip;q=1.000", "gzip", true},
      {"gzip;q=1.001", "gzip", false},
      {"gzip;q=2", "gzip", false},
      {"gzip;q=-1", "gzip", false},
      {"gzip;q=", "gzip", false},
      {"gzip;q=x", "gzip", false},
      {"gzip;q=0.0001", "gzip", false},
      {"gzip;level=9", "gzip", true},
      {"*", "gzip", true},
      {"*", "identity", true},
      {"*;q=0", "gzip", false},
      {"*;q=0", "identity", false},
      {"*;q=0, identity", "identity", true},
      {"gzip;q=0, *", "gzip", false},
      {"*, gzip;q=0", "gzip", false},
      {"gzip, *;q=0", "gzip", true},
      {"gzip, *;q=0", "identity", false},
      {"identity;q=0", "identity", false},
      {"identity", "gzip", false},
      {"", "gzip", false},
      {"", "identity", true},
      {",,gzip,,", "gzip", true},
      {"gzipped", "gzip", false},
  };
  for (const auto& row : table) {
    INFO(row.value << " for " << row.coding);
    CHECK(accepts_coding(row.value, row.coding) == row.accepted);
  }
  CHECK_FALSE(accepts_coding(std::nullopt, "gzip"));
  CHECK(accepts_coding(std::nullopt, "identity"));
}

}  // namespace sluice::http
