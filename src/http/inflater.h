// Undoes content codings (RFC 9110 8.4.1) a piece at a time, within bounds that a compression bomb cannot pass; and
// reads Accept-Encoding.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

struct z_stream_s;

namespace sluice::http {

enum class Coding : unsigned char { gzip, deflate };
// "gzip", "x-gzip", "deflate", any case. nullopt: unknown to us, or a list of several.
std::optional<Coding> coding_named(std::string_view name);

// Whether Accept-Encoding (RFC 9110 12.5.3) allows `coding`: named, or covered by "*", with a weight above zero.
// `accept_encoding` is the field's value as Fields::find tells it; where there is none, and where it does not parse,
// only "identity" is allowed.
bool accepts_coding(std::optional<std::string_view> accept_encoding, std::string_view coding);

struct InflaterLimits {
  uint64_t bytes = UINT64_MAX;  // of what comes out
  uint32_t ratio = 200;         // out to in, once more than `free_bytes` came out; JSON reaches about 20, zeros 1032
  uint64_t free_bytes = 64 * 1024;
};

class Inflater {
 public:
  // `fault` of what goes wrong: caller (bad_request, body_too_large) or target (target_broke for both).
  Inflater(Coding coding, const InflaterLimits& limits, Fault fault = Fault::caller);
  ~Inflater();
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  // Appends what `bytes` inflate to. After an error `out` holds some of it, and nothing more may be fed.
  Result<void> feed(std::string_view bytes, std::string& out);
  // Nothing more comes: an error where the end is missing.
  Result<void> finish();

  uint64_t bytes_in() const { return bytes_in_; }
  uint64_t bytes_out() const { return bytes_out_; }

 private:
  Result<void> begin(std::string_view bytes, std::string& out);
  Result<void> inflate_some(std::string_view bytes, std::string& out);
  Result<void> check_size() const;
  tl::unexpected<Error> broken(std::string message) const;

  const Coding coding_;
  const InflaterLimits limits_;
  const Fault fault_;
  struct End {
    void operator()(z_stream_s* stream) const;
  };
  std::unique_ptr<z_stream_s, End> stream_;
  uint64_t bytes_in_ = 0, bytes_out_ = 0;
  std::string first_;  // a deflate body's first byte, until the second one tells whether zlib's header is there
  bool begun_ = false;
  bool ended_ = false;  // the checksum has been seen; another gzip member may follow
};

}  // namespace sluice::http
