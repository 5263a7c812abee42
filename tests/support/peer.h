// The other end of a stream under test, shared by tests of several folders.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "net/stream.h"

namespace sluice {

// One end of a pipe: collects received bytes, sends what the test passes to it.
struct Peer final : net::StreamEvents {
  std::unique_ptr<net::Stream> stream;
  std::string text;
  bool ended = false;
  bool broken = false;  // by a reset instead of an end

  explicit Peer(std::unique_ptr<net::Stream> s) : stream(std::move(s)) {
    stream->set_events(this);
    stream->start_reading();
  }
  void on_read(std::string_view bytes) override { text += bytes; }
  void on_end() override { ended = true; }
  void on_broken(const Error&) override { ended = broken = true; }
  void on_drained() override {}
  bool has(std::string_view part) const { return text.find(part) != std::string::npos; }
};

}  // namespace sluice
