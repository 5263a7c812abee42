// A thread that writes what others queue, so that logging never waits for a disk, terminal or pipe.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace sluice::observe {

enum class LineKind : unsigned char { records, lines };  // access records; lines of the log

class LineThread {
 public:
  using Write = std::function<void(std::string_view text, LineKind)>;  // called on the thread; exceptions are dropped

  LineThread(size_t max_queued, Write write);
  ~LineThread();  // returns when everything queued has been written
  LineThread(const LineThread&) = delete;
  LineThread& operator=(const LineThread&) = delete;

  // Any thread; `text` is copied. The class that uses it must let no more than max_queued entries wait, and limit their
  // bytes. Throws std::bad_alloc; then nothing was queued.
  void post(std::string_view text, LineKind kind);

 private:
  struct Entry {
    size_t end;  // in `text`
    LineKind kind;
  };
  struct Batch {
    std::string text;
    std::vector<Entry> entries;
  };
  void run();
  void write_all(const Batch& batch) const;

  const size_t max_queued_;
  const Write write_;
  std::mutex mutex_;
  std::condition_variable posted_;
  Batch waiting_;        // guarded by mutex_
  bool ending_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace sluice::observe
