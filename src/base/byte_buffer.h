// Bytes gathered in one block of memory, which grows in place where possible and is never zero-filled, so that a socket
// can read straight into it.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <string_view>

namespace sluice {

class ByteBuffer {
 public:
  size_t size() const { return size_; }
  size_t capacity() const { return capacity_; }
  // Valid until the next growth.
  std::string_view view() const { return {data_.get(), size_}; }

  // Throws std::bad_alloc, and then changes nothing.
  void reserve(size_t capacity) {
    if (capacity <= capacity_) return;
    void* const grown = std::realloc(data_.get(), capacity);
    if (grown == nullptr) throw std::bad_alloc();
    (void)data_.release();
    data_.reset(static_cast<char*>(grown));
    capacity_ = capacity;
  }
  // The free memory after the content: fill it, then call append().
  std::span<char> room() { return {data_.get() + size_, capacity_ - size_}; }
  // The bytes must fit in room(), and may already be there.
  void append(std::string_view bytes) {
    if (bytes.data() != data_.get() + size_) std::memcpy(data_.get() + size_, bytes.data(), bytes.size());
    size_ += bytes.size();
  }
  void release() {
    data_.reset();
    size_ = capacity_ = 0;
  }

 private:
  struct Free {
    void operator()(char* memory) const { std::free(memory); }
  };
  std::unique_ptr<char, Free> data_;
  size_t size_ = 0, capacity_ = 0;
};

}  // namespace sluice
