// Bytes that gather in one piece of memory, which grows in place where it can and is never filled first, so that a
// socket may read straight into it.
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
  // Dies with the next growth.
  std::string_view view() const { return {data_.get(), size_}; }

  // Throws std::bad_alloc, and is then as before.
  void reserve(size_t capacity) {
    if (capacity <= capacity_) return;
    void* const grown = std::realloc(data_.get(), capacity);
    if (grown == nullptr) throw std::bad_alloc();
    (void)data_.release();
    data_.reset(static_cast<char*>(grown));
    capacity_ = capacity;
  }
  // The memory behind what is there, for bytes that append() is then told of.
  std::span<char> room() { return {data_.get() + size_, capacity_ - size_}; }
  // There must be room for them; they may stand there already.
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
