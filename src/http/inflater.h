// Undoes content codings (RFC 9110 8.4.1) a piece at a time, in bounded memory; and reads Accept-Encoding.
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
// "gzip", "x-gzip", "deflate", "zstd", any case. nullopt: unknown to us, or a list of several.
std::optional<Coding> coding_named(std::string_view name);
// All of them, as an Accept-Encoding of ours says it (RFC 9110 12.5.3: in an answer, what requests may come in).
inline constexpr std::string_view all_codings = "gzip, deflate, zstd";

// Whether Accept-Encoding (RFC 9110 12.5.3) allows `coding`: named, or covered by "*", with a weight above zero.
// `accept_encoding` is the field's value as Fields::find tells it; where there is none, and where it does not parse,
// only "identity" is allowed.
bool accepts_coding(std::optional<std::string_view> accept_encoding, std::string_view coding);

struct InflaterLimits {
  uint64_t bytes = UINT64_MAX;  // of what comes out
};

// How much larger the text is than its compressed form is not bounded: a model that repeats itself reaches any ratio.
class Inflater {
 public:
  // `fault` of what goes wrong: caller (bad_request, body_too_large) or target (target_broke for both).
  Inflater(Coding coding, const InflaterLimits& limits, Fault fault = Fault::caller);
  ~Inflater();
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  // The most that one step appends.
  static constexpr size_t window_bytes = 32 * 1024;
  // Takes of `bytes` what it can and appends at most window_bytes to `out`. True: call again, also with nothing left in
  // `bytes`. After an error `out` holds some of it, and nothing more may be fed.
  Result<bool> step(std::string_view& bytes, std::string& out);
  // All steps: appends what `bytes` inflate to.
  Result<void> feed(std::string_view bytes, std::string& out);
  // Nothing more comes: an error where the end is missing.
  Result<void> finish();

  uint64_t bytes_in() const { return bytes_in_; }
  uint64_t bytes_out() const { return bytes_out_; }
  // What it keeps of its own.
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
  std::string first_;   // a deflate body's first byte, until the second one tells whether zlib's header is there
  bool ended_ = false;  // the checksum has been seen; another gzip member or zstd frame may follow
};

}  // namespace sluice::http
