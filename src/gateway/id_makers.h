// Remembers which provider made an id ("file-abc", "batch_1"), so that later requests for it go to the right one. Ids
// are learnt from answers that report a created object and from paths that a provider has answered
// (docs/decisions/0016-ids-go-back-to-their-maker.md).
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "config/config.h"

namespace sluice::gateway {

// Shared by all workers. The size is bounded: a new id overwrites the old one in its slot. Any thread.
class IdMakers {
 public:
  // `chance`: a number that cannot be guessed.
  explicit IdMakers(uint64_t chance) : chance_(chance) {}
  // `key`: index of the credential that it was made with.
  void learn(std::string_view id, const config::Provider& provider, size_t key);
  // The same for everything in `path` that looks like an id.
  void learn_path(std::string_view path, const config::Provider& provider, size_t key);
  // Which of `candidates` made the first known id in `path`, and with which credential.
  struct Maker {
    const config::Provider* provider = nullptr;  // nullptr: unknown
    size_t key = 0;
  };
  Maker maker(std::string_view path, std::span<const config::Provider* const> candidates) const;
  // Whether anything in `path` looks like an id: a segment of at least six characters with a digit, except a version.
  static bool names_id(std::string_view path);

 private:
  uint64_t hash_of(std::string_view text) const;
  uint64_t maker_hash(const config::Provider& provider, size_t key) const;

  const uint64_t chance_;
  std::array<std::atomic<uint64_t>, 16'384> made_{};  // 40 bits of the id's hash, 24 of the provider's name and key
};

// Looks for the id of a created object in an answer's first bytes.
class IdWatch {
 public:
  // `makers` and `provider` must outlive it. `makers`: learns the id; nullptr: it is only kept here.
  IdWatch(IdMakers* makers, const config::Provider& provider, size_t key)
      : makers_(makers), provider_(provider), key_(key) {}
  // Takes the next bytes. False: no more are needed.
  bool take(std::string_view bytes);
  const std::string& id() const { return id_; }  // "": none so far

 private:
  IdMakers* const makers_;
  const config::Provider& provider_;
  const size_t key_;
  std::string beginning_, id_;
};

}  // namespace sluice::gateway
