#include "observe/line_thread.h"

#include <signal.h>

#include <utility>

namespace sluice::observe {
namespace {

constexpr size_t max_kept_bytes = 256 * 1024;  // memory of a batch that is kept for the next one

// The loops handle signals. SIGPIPE is blocked so that write() fails with EPIPE instead of ending the program.
void block_signals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

}  // namespace

LineThread::LineThread(size_t max_queued, Write write) : max_queued_(max_queued), write_(std::move(write)) {
  waiting_.entries.reserve(max_queued);
  thread_ = std::thread([this] { run(); });
}

LineThread::~LineThread() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  posted_.notify_one();
  thread_.join();
}

void LineThread::post(std::string_view text, LineKind kind) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = waiting_.entries.empty();
    waiting_.text += text;
    waiting_.entries.push_back({waiting_.text.size(), kind});  // cannot fail: reserved in the constructor
  }
  if (first) posted_.notify_one();
}

void LineThread::run() {
  block_signals();
  Batch batch;
  batch.entries.reserve(max_queued_);
  while (true) {
    {
      std::unique_lock lock(mutex_);
      posted_.wait(lock, [this] { return ending_ || !waiting_.entries.empty(); });
      if (waiting_.entries.empty()) return;
      std::swap(batch, waiting_);
    }
    write_all(batch);
    batch.entries.clear();
    batch.text.clear();
    if (batch.text.capacity() > max_kept_bytes) std::string().swap(batch.text);
  }
}

void LineThread::write_all(const Batch& batch) const {
  size_t begin = 0;
  for (const Entry& entry : batch.entries) {
    try {
      write_(std::string_view(batch.text).substr(begin, entry.end - begin), entry.kind);
    } catch (...) {
      // Out of memory: the entry is lost.
    }
    begin = entry.end;
  }
}

}  // namespace sluice::observe
