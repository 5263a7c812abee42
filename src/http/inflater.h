// Decodes content codings (RFC 9110 8.4.1) piece by piece, in bounded memory; and reads Accept-Encoding.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

struct z_stream_s;
struct ZSTD_DCtx_s;

namespace sluice::http {

enum class Coding : unsigned char { gzip, deflate, zstd };
// "gzip", "x-gzip", "deflate", "zstd", any case. nullopt: unknown, or a list of several.
std::optional<Coding> coding_named(std::string_view name);
// All of them, as sluice writes them in Accept-Encoding (RFC 9110 12.5.3: in a response, the codings a request may
// use).
inline constexpr std::string_view all_codings = "gzip, deflate, zstd";

// Whether Accept-Encoding (RFC 9110 12.5.3) allows `coding`: named, or covered by "*", with a weight above zero.
// `accept_encoding` is the field's value as Fields::find returns it; if it is missing or malformed, only "identity" is
// allowed.
bool accepts_coding(std::optional<std::string_view> accept_encoding, std::string_view coding);

struct InflaterLimits {
  uint64_t bytes = UINT64_MAX;  // of output
};

// The ratio of output to input is not bounded: a model that repeats itself reaches any ratio.
class Inflater {
 public:
  // `fault` of the errors: caller (bad_request, body_too_large) or target (target_broke for both).
  Inflater(Coding coding, const InflaterLimits& limits, Fault fault = Fault::caller);
  ~Inflater();
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  // The most that one step appends.
  static constexpr size_t window_bytes = 32 * 1024;
  // Consumes part of `bytes` and appends at most window_bytes to `out`. True: call again, even if `bytes` is empty.
  // After an error `out` holds part of the text, and nothing more may be fed.
  Result<bool> step(std::string_view& bytes, std::string& out);
  // All steps: appends everything that `bytes` inflate to.
  Result<void> feed(std::string_view bytes, std::string& out);
  // No more input: an error if the end is missing.
  Result<void> finish();

  uint64_t bytes_in() const { return bytes_in_; }
  uint64_t bytes_out() const { return bytes_out_; }
  // The memory it holds.
  uint64_t memory_bytes() const;

 private:
  Result<void> begin_zlib(std::string_view bytes);
  Result<bool> step_zlib(std::string_view& bytes, std::string& out);
  [[gnu::cold]] Result<void> begin_zstd();
  [[gnu::cold]] Result<bool> step_zstd(std::string_view& bytes, std::string& out);
  Result<void> check_size() const;
  tl::unexpected<Error> broken(std::string message) const;

  const Coding coding_;
  const InflaterLimits limits_;
  const Fault fault_;
  struct End {
    void operator()(z_stream_s* stream) const;
    void operator()(ZSTD_DCtx_s* context) const;
  };
  std::unique_ptr<z_stream_s, End> stream_;
  std::unique_ptr<ZSTD_DCtx_s, End> zstd_;
  uint64_t bytes_in_ = 0, bytes_out_ = 0;
  std::string first_;   // a deflate body's first byte, until the second shows whether there is a zlib header
  bool ended_ = false;  // the checksum has been seen; another gzip member or zstd frame may follow
};

}  // namespace sluice::http
