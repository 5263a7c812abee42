#include "http/inflater.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "http/message.h"

namespace sluice::http {
namespace {

// RFC 9659 3: a content coding's window is at most 8 MB; a frame that wants more is rejected.
constexpr int max_zstd_window_log = 23;
constexpr uint64_t zlib_bytes = 48 * 1024;  // its window and tables

// Removes the part up to `separator` from `text` and returns it trimmed.
std::string_view take_until(std::string_view& text, char separator) {
  const size_t at = text.find(separator);
  const std::string_view part = text.substr(0, at);
  text = at == std::string_view::npos ? std::string_view{} : text.substr(at + 1);
  return trim(part);
}

// RFC 9110 12.4.2; a malformed weight counts as zero.
bool is_above_zero(std::string_view weight) {
  if (weight.empty() || (weight[0] != '0' && weight[0] != '1') || weight.size() > 5) return false;
  if (weight.size() > 1 && weight[1] != '.') return false;
  const std::string_view digits = weight.substr(std::min<size_t>(2, weight.size()));
  if (digits.find_first_not_of(weight[0] == '1' ? "0" : "0123456789") != std::string_view::npos) return false;
  return weight[0] == '1' || digits.find_first_not_of('0') != std::string_view::npos;
}

bool same_coding(std::string_view a, std::string_view b) {
  const auto plain = [](std::string_view name) { return same_name(name, "x-gzip") ? std::string_view("gzip") : name; };
  return same_name(plain(a), plain(b));
}

// zlib's two-byte header (RFC 1950 2.2); some senders of "deflate" leave it out.
bool is_zlib_header(unsigned char first, unsigned char second) {
  return (first & 0x0f) == Z_DEFLATED && first >> 4 <= 7 && (first * 256 + second) % 31 == 0;
}

}  // namespace

std::optional<Coding> coding_named(std::string_view name) {
  if (same_coding(name, "gzip")) return Coding::gzip;
  if (same_name(name, "deflate")) return Coding::deflate;
  if (same_name(name, "zstd")) return Coding::zstd;
  return std::nullopt;
}

bool accepts_coding(std::optional<std::string_view> accept_encoding, std::string_view coding) {
  const bool identity = same_name(coding, "identity");
  std::string_view list = accept_encoding.value_or(std::string_view{});
  std::optional<bool> named, any;
  while (!list.empty()) {
    std::string_view item = take_until(list, ',');
    const std::string_view name = take_until(item, ';');
    bool good = true;
    while (!item.empty()) {
      std::string_view value = take_until(item, ';');
      if (same_name(take_until(value, '='), "q")) good = is_above_zero(trim(value));
    }
    if (same_coding(name, coding)) named = named.value_or(false) || good;
    if (name == "*") any = good;
  }
  return named.value_or(any.value_or(identity));
}

void Inflater::End::operator()(z_stream_s* stream) const {
  inflateEnd(stream);
  delete stream;
}

Inflater::Inflater(Coding coding, const InflaterLimits& limits, Fault fault)
    : coding_(coding), limits_(limits), fault_(fault) {}

Inflater::~Inflater() = default;

tl::unexpected<Error> Inflater::broken(std::string message) const {
  return fail(fault_ == Fault::target ? ErrorCode::target_broke : ErrorCode::bad_request, std::move(message));
}

void Inflater::End::operator()(ZSTD_DCtx_s* context) const { ZSTD_freeDCtx(context); }

uint64_t Inflater::memory_bytes() const {
  if (zstd_) return ZSTD_sizeof_DCtx(zstd_.get());
  return stream_ ? zlib_bytes : 0;
}

Result<void> Inflater::feed(std::string_view bytes, std::string& out) {
  for (bool more = !bytes.empty(); more;) {
    const Result<bool> step = this->step(bytes, out);
    if (!step) return tl::unexpected<Error>(step.error());
    more = *step;
  }
  return {};
}

Result<bool> Inflater::step(std::string_view& bytes, std::string& out) {
  if (coding_ == Coding::zstd) return step_zstd(bytes, out);
  if (stream_) return step_zlib(bytes, out);
  const size_t needed = coding_ == Coding::deflate ? 2 : 1;
  if (first_.empty() && bytes.size() >= needed) {
    if (Result<void> begun = begin_zlib(bytes); !begun) return tl::unexpected<Error>(begun.error());
    return step_zlib(bytes, out);
  }
  while (first_.size() < needed && !bytes.empty()) {
    first_ += bytes.front();
    bytes.remove_prefix(1);
  }
  if (first_.size() < needed) return false;
  if (Result<void> begun = begin_zlib(first_); !begun) return tl::unexpected<Error>(begun.error());
  std::string_view held = first_;
  if (const Result<bool> more = step_zlib(held, out); !more) return more;
  return !bytes.empty();
}

Result<void> Inflater::begin_zlib(std::string_view bytes) {
  int window_bits = MAX_WBITS + 16;  // gzip
  if (coding_ == Coding::deflate) {
    const bool header = is_zlib_header(static_cast<unsigned char>(bytes[0]), static_cast<unsigned char>(bytes[1]));
    window_bits = header ? MAX_WBITS : -MAX_WBITS;
  }
  auto stream = std::make_unique<z_stream>();
  if (inflateInit2(stream.get(), window_bits) != Z_OK) return fail(ErrorCode::internal, "zlib has no memory");
  stream_.reset(stream.release());
  return {};
}

Result<void> Inflater::begin_zstd() {
  zstd_.reset(ZSTD_createDCtx());
  if (!zstd_) return fail(ErrorCode::internal, "zstd has no memory");
  ZSTD_DCtx_setParameter(zstd_.get(), ZSTD_d_windowLogMax, max_zstd_window_log);
  return {};
}

Result<void> Inflater::check_size() const {
  const ErrorCode code = fault_ == Fault::target ? ErrorCode::target_broke : ErrorCode::body_too_large;
  if (bytes_out_ > limits_.bytes) {
    return fail(code, "the body inflates to more than " + std::to_string(limits_.bytes) + " bytes");
  }
  return {};
}

Result<bool> Inflater::step_zlib(std::string_view& bytes, std::string& out) {
  z_stream& z = *stream_;
  const size_t piece = std::min<size_t>(bytes.size(), UINT32_MAX);
  // zlib takes no const, but does not write to its input.
  z.next_in = reinterpret_cast<unsigned char*>(const_cast<char*>(bytes.data()));
  z.avail_in = static_cast<uInt>(piece);
  if (ended_) {
    if (bytes.empty()) return false;
    if (coding_ != Coding::gzip) return broken("data after the end of the compressed body");
    if (inflateReset(&z) != Z_OK) return fail(ErrorCode::internal, "zlib cannot restart");
    ended_ = false;
  }
  const size_t before = out.size();
  out.resize(before + window_bytes);
  z.next_out = reinterpret_cast<unsigned char*>(out.data() + before);
  z.avail_out = static_cast<uInt>(window_bytes);
  const int status = inflate(&z, Z_NO_FLUSH);
  const size_t made = window_bytes - z.avail_out;
  out.resize(before + made);
  bytes_out_ += made;
  bytes_in_ += piece - z.avail_in;
  bytes.remove_prefix(piece - z.avail_in);
  if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR) {
    return broken(std::string("the compressed body is corrupt: ") + (z.msg != nullptr ? z.msg : "unknown reason"));
  }
  if (Result<void> good = check_size(); !good) return tl::unexpected<Error>(good.error());
  ended_ = status == Z_STREAM_END;
  return !bytes.empty() || (!ended_ && z.avail_out == 0);
}

Result<bool> Inflater::step_zstd(std::string_view& bytes, std::string& out) {
  if (!zstd_) {
    if (Result<void> begun = begin_zstd(); !begun) return tl::unexpected<Error>(begun.error());
  }
  if (ended_ && bytes.empty()) return false;
  const size_t before = out.size();
  out.resize(before + window_bytes);
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  ZSTD_outBuffer made{out.data() + before, window_bytes, 0};
  const size_t status = ZSTD_decompressStream(zstd_.get(), &made, &in);
  out.resize(before + made.pos);
  bytes_out_ += made.pos;
  bytes_in_ += in.pos;
  bytes.remove_prefix(in.pos);
  if (ZSTD_isError(status) != 0) {
    return broken(std::string("the compressed body is corrupt: ") + ZSTD_getErrorName(status));
  }
  if (Result<void> good = check_size(); !good) return tl::unexpected<Error>(good.error());
  ended_ = status == 0;
  return !bytes.empty() || (!ended_ && made.pos == window_bytes);
}

Result<void> Inflater::finish() {
  if (ended_) return {};
  return broken("the compressed body ends too early");
}

}  // namespace sluice::http
