// Which provider made an id ("file-abc", "batch_1"), so that who asks for it later asks the right one: ids of answers
// that say what was made, and of paths that somebody has answered (docs/decisions/0016-ids-go-back-to-their-maker.md).
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "config/config.h"

namespace sluice::gateway {

// Shared by all workers; of bounded size, what comes to a taken place takes it. Any thread.
class IdMakers {
 public:
  // `chance`: any number that nobody can guess.
  explicit IdMakers(uint64_t chance) : chance_(chance) {}
  // `key`: the place of the credential that it was made with.
  void learn(std::string_view id, const config::Provider& provider, size_t key);
  // All that looks like an id in `path`.
  void learn_path(std::string_view path, const config::Provider& provider, size_t key);
  // Who of `candidates` made the first id of `path` that is known, and with which of its credentials.
  struct Maker {
    const config::Provider* provider = nullptr;  // nobody is known to have
    size_t key = 0;
  };
  Maker maker(std::string_view path, std::span<const config::Provider* const> candidates) const;
  // Whether anything in `path` looks like an id: a segment of six characters and more with a digit, no version.
  static bool names_id(std::string_view path);

 private:
  uint64_t hash_of(std::string_view text) const;
  uint64_t maker_hash(const config::Provider& provider, size_t key) const;

  const uint64_t chance_;
  std::array<std::atomic<uint64_t>, 16'384> made_{};  // 40 bits of the id's hash, 24 of the provider's name and key
};

// Looks for the id of what was made in an answer's first bytes.
class IdWatch {
 public:
  // Both must outlive it. `makers`: who is told; nullptr: nobody.
  IdWatch(IdMakers* makers, const config::Provider& provider, size_t key)
      : makers_(makers), provider_(provider), key_(key) {}
  // The next bytes. False: it needs no more of them.
  bool take(std::string_view bytes);
  const std::string& id() const { return id_; }  // "": none has come

 private:
  IdMakers* const makers_;
  const config::Provider& provider_;
  const size_t key_;
  std::string beginning_, id_;
};

}  // namespace sluice::gateway
