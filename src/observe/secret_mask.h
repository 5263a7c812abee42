// Replaces secrets in text by "***", in one pass that costs about the same however many secrets there are, because
// every access record goes through it. Uses Wu and Manber's search, in which a table says how far it is safe to jump;
// the block size and the table grow with the number of secrets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::observe {

// Immutable once made; any thread.
class SecretMask {
 public:
  static constexpr size_t least_bytes = 8;  // shorter secrets are ignored, as they would mask common words

  SecretMask() = default;
  // Looks for `secrets` and for their forms in JSON (base/json_writer.h) and in URLs.
  explicit SecretMask(const std::vector<std::string>& secrets);
  bool empty() const { return forms_.empty(); }
  // `text` with every secret replaced; secrets that overlap are replaced by one "***". Either `text` itself, if it
  // holds none, or a view into `scratch`.
  std::string_view apply(std::string_view text, std::string& scratch) const;

 private:
  struct Form {
    uint32_t begin = 0, bytes = 0;  // in letters_
    uint32_t inside = 0;            // number plus one of the longest other form that is a prefix of this one; 0: none
  };
  void fill_jumps();
  void fill_windows();
  std::string_view text_of(const Form& form) const { return {letters_.data() + form.begin, form.bytes}; }
  size_t block_hash(const char* last) const;
  size_t window_hash(const char* begin) const;
  bool has_window(std::string_view window) const;
  size_t longest_at(std::string_view text) const;

  std::string letters_;      // of all forms
  std::vector<Form> forms_;  // sorted by their letters, without duplicates
  size_t window_bytes_ = 0;  // how many leading bytes of each form are searched for; at most the shortest form's
  size_t block_bytes_ = 0;
  unsigned block_shift_ = 0, jump_shift_ = 0, window_shift_ = 0;
  // By the hash of a block: its distance from the end of a form's window.
  std::vector<uint8_t> jumps_;
  // Open addressing by a hash of the window: the number of a form that begins with it, plus one; 0: free.
  std::vector<uint32_t> windows_;
};

}  // namespace sluice::observe
