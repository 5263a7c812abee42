// Measures what wrk cannot: latency at one connection, the delay of every frame of a stream, a thousand open streams,
// batches of a few milliseconds, the time from exec to the first answer. Each mode prints one line of JSON.
//
//   load latency PORT PATH COUNT [FIELD...]        COUNT requests one after another on one connection
//   load sse PORT PATH FRAMES INTERVAL_US STREAMS [FIELD...]
//                                                  STREAMS streams one after another: time to the first frame,
//                                                  delay per frame
//   load hold PORT PATH STREAMS [FIELD...]         opens STREAMS streams, prints when each has had its first frame,
//                                                  and holds them until its standard input ends
//   load batch PORT PATH CONNECTIONS [FIELD...]    for each line "N" of standard input: N requests over CONNECTIONS
//                                                  connections that stay open, then a line
//   load ready PORT PATH COMMAND [ARGUMENT...]     runs COMMAND until PATH is answered, then ends it
//
// FIELD is a header line ("authorization: Bearer x"). Requests POST a small chat completion request; `ready` sends
// GETs. Frame delay: the time the frame was read here minus the monotonic time that the origin wrote into it
// ("t=<ns>").
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace {

uint64_t now_ns() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<uint64_t>(t.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(t.tv_nsec);
}

[[noreturn]] void die(const std::string& what) {
  std::fprintf(stderr, "load: %s\n", what.c_str());
  std::exit(1);
}

class Samples {
 public:
  void add(uint64_t ns) { ns_.push_back(ns); }
  // "p50_us":1.0,"p99_us":2.0,... with `prefix` before each name.
  std::string json(const std::string& prefix) {
    if (ns_.empty()) die("nothing was measured");
    std::sort(ns_.begin(), ns_.end());
    uint64_t sum = 0;
    for (const uint64_t ns : ns_) sum += ns;
    char text[256];
    std::snprintf(text, sizeof text, "\"%sp50_us\":%.1f,\"%sp99_us\":%.1f,\"%smean_us\":%.1f,\"%scount\":%zu",
                  prefix.c_str(), at(0.5), prefix.c_str(), at(0.99), prefix.c_str(),
                  static_cast<double>(sum) / static_cast<double>(ns_.size()) / 1000, prefix.c_str(), ns_.size());
    return text;
  }

 private:
  double at(double quantile) const {
    const auto index = static_cast<size_t>(quantile * static_cast<double>(ns_.size() - 1));
    return static_cast<double>(ns_[index]) / 1000;
  }
  std::vector<uint64_t> ns_;
};

int dial(int port, bool must_connect = true) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    close(fd);
    if (must_connect) die(std::string("connect: ") + std::strerror(errno));
    return -1;
  }
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const timeval patience{30, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  return fd;
}

std::string post(const std::string& path, std::span<char*> fields, bool stream) {
  const std::string body =
      std::string(R"({"model":"fast",)") + (stream ? R"("stream":true,)" : "") +
      (path.ends_with("/responses") ? R"("input")" : R"("messages")") +
      R"(:[{"role":"system","content":"You are a helpful assistant."},{"role":"user","content":"Hello!"}]})";
  std::string request = "POST " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n";
  for (const char* field : fields) request += std::string(field) + "\r\n";
  return request + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

void send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) die(std::string("send: ") + std::strerror(errno));
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
}

// Reads answers on one blocking connection.
class Answers {
 public:
  explicit Answers(int fd) : fd_(fd) {}

  // Reads more bytes into `bytes_`.
  void more() {
    if (got_ == bytes_.size()) bytes_.resize(std::max<size_t>(64 * 1024, bytes_.size() * 2));
    const ssize_t got = read(fd_, bytes_.data() + got_, bytes_.size() - got_);
    if (got <= 0) die("the answer was cut: " + std::string(got == 0 ? "closed" : std::strerror(errno)));
    got_ += static_cast<size_t>(got);
  }
  std::string_view bytes() const { return {bytes_.data(), got_}; }

  // Reads one whole answer, to the end of its Content-Length or its last chunk.
  void read_whole() {
    got_ = 0;
    size_t head = std::string_view::npos;
    while ((head = bytes().find("\r\n\r\n")) == std::string_view::npos) more();
    check_status();
    const size_t length = field_number(bytes().substr(0, head));
    if (length == SIZE_MAX) {
      while (!bytes().ends_with("0\r\n\r\n")) more();
    } else {
      while (got_ < head + 4 + length) more();
    }
  }
  void check_status() const {
    if (!bytes().starts_with("HTTP/1.1 200")) die("not a 200: " + std::string(bytes().substr(0, 400)));
  }
  void clear() { got_ = 0; }

 private:
  static size_t field_number(std::string_view head) {
    static constexpr std::string_view name = "\r\ncontent-length:";
    const auto same = [](char a, char b) { return (a | 0x20) == (b | 0x20) || a == b; };
    const auto at = std::search(head.begin(), head.end(), name.begin(), name.end(), same);
    if (at == head.end()) return SIZE_MAX;
    return std::strtoull(&*at + name.size(), nullptr, 10);
  }
  int fd_;
  std::string bytes_;
  size_t got_ = 0;
};

int run_latency(int port, const std::string& path, uint64_t count, std::span<char*> fields) {
  const std::string request = post(path, fields, false);
  const int fd = dial(port);
  Answers answers(fd);
  Samples samples;
  const uint64_t warm_up = std::min<uint64_t>(count / 10, 500);
  for (uint64_t i = 0; i < count + warm_up; ++i) {
    const uint64_t begun = now_ns();
    send_all(fd, request);
    answers.read_whole();
    if (i >= warm_up) samples.add(now_ns() - begun);
  }
  std::printf("{%s}\n", samples.json("").c_str());
  return 0;
}

int run_sse(int port, const std::string& path, uint64_t frames, uint64_t streams, std::span<char*> fields) {
  const std::string request = post(path, fields, true);
  const int fd = dial(port);
  Answers answers(fd);
  Samples first, delay;
  for (uint64_t stream = 0; stream < streams; ++stream) {
    answers.clear();
    size_t scanned = 0;
    uint64_t seen = 0;
    const uint64_t begun = now_ns();
    send_all(fd, request);
    for (bool done = false; !done;) {
      answers.more();
      const uint64_t now = now_ns();
      const std::string_view bytes = answers.bytes();
      for (size_t at; (at = bytes.find("t=", scanned)) != bytes.npos && at + 22 <= bytes.size(); scanned = at + 22) {
        if (seen++ == 0) {
          first.add(now - begun);
        } else {
          delay.add(now - std::strtoull(bytes.data() + at + 2, nullptr, 10));
        }
      }
      done = bytes.ends_with("0\r\n\r\n");
    }
    answers.check_status();
    if (seen != frames) die("a stream had " + std::to_string(seen) + " frames");
  }
  std::printf("{%s,%s}\n", first.json("first_").c_str(), delay.json("frame_").c_str());
  return 0;
}

int run_hold(int port, const std::string& path, uint64_t streams, std::span<char*> fields) {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  const std::string request = post(path, fields, true);
  std::vector<int> held;
  for (uint64_t i = 0; i < streams; ++i) {
    held.push_back(dial(port));
    send_all(held.back(), request);
    // In batches, to avoid overflowing the listen queue.
    if (i % 50 != 49 && i + 1 != streams) continue;
    for (size_t k = i / 50 * 50; k < held.size(); ++k) {
      Answers answers(held[k]);
      while (answers.bytes().find("t=") == std::string_view::npos) answers.more();
      answers.check_status();
    }
  }
  std::printf("{\"held\":%zu}\n", held.size());
  std::fflush(stdout);
  char byte;
  while (read(STDIN_FILENO, &byte, 1) > 0) {
  }
  for (const int fd : held) close(fd);
  return 0;
}

int run_batch(int port, const std::string& path, uint64_t connections, std::span<char*> fields) {
  const std::string request = post(path, fields, false);
  std::vector<pollfd> sockets;
  std::vector<Answers> answers;
  for (uint64_t i = 0; i < connections; ++i) {
    sockets.push_back({dial(port), POLLIN, 0});
    answers.emplace_back(sockets.back().fd);
  }
  unsigned long long count = 0;
  while (std::scanf("%llu", &count) == 1) {
    const uint64_t begun = now_ns();
    unsigned long long sent = 0, done = 0;
    for (; sent < std::min<unsigned long long>(count, sockets.size()); ++sent) send_all(sockets[sent].fd, request);
    while (done < count) {
      if (poll(sockets.data(), sockets.size(), 30'000) <= 0) die("no answer within 30 s");
      for (size_t i = 0; i < sockets.size(); ++i) {
        if (sockets[i].revents == 0) continue;
        answers[i].read_whole();
        ++done;
        if (sent < count) {
          send_all(sockets[i].fd, request);
          ++sent;
        }
      }
    }
    std::printf("{\"requests\":%llu,\"seconds\":%.6f}\n", done, static_cast<double>(now_ns() - begun) / 1e9);
    std::fflush(stdout);
  }
  return 0;
}

// Whether a GET of `path` is answered.
bool answers_get(int port, const std::string& path) {
  const int fd = dial(port, false);
  if (fd < 0) return false;
  send_all(fd, "GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
  char byte;
  const bool answered = read(fd, &byte, 1) == 1;
  close(fd);
  return answered;
}

// Ends a child that has not been waited for: SIGTERM first, then SIGKILL.
void end_child(pid_t child) {
  int status = 0;
  kill(child, SIGTERM);
  for (int i = 0; i < 300; ++i) {
    if (waitpid(child, &status, WNOHANG) != 0) return;
    poll(nullptr, 0, 10);
  }
  kill(child, SIGKILL);
  waitpid(child, &status, 0);
}

int run_ready(int port, const std::string& path, char** command) {
  const uint64_t begun = now_ns();
  const pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGTERM);  // the child ends when this process does
    if (!std::freopen("/dev/null", "w", stdout) || !std::freopen("/dev/null", "w", stderr)) _exit(126);
    execvp(command[0], command);
    _exit(127);
  }
  bool ready = false, gone = false;
  int status = 0;
  while (!ready && !gone && now_ns() - begun < 10'000'000'000) {
    ready = answers_get(port, path);
    if (!ready) gone = waitpid(child, &status, WNOHANG) != 0;
    if (!ready) poll(nullptr, 0, 1);
  }
  const uint64_t took = now_ns() - begun;
  if (!gone) end_child(child);
  if (!ready) die(std::string(command[0]) + (gone ? " ended" : " was not ready within 10 s"));
  std::printf("{\"ready_ms\":%.1f}\n", static_cast<double>(took) / 1e6);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::span<char*> arguments(argv, static_cast<size_t>(argc));
  const std::string mode = argc > 4 ? argv[1] : "";
  const auto number = [&](size_t index) -> uint64_t {
    return index < arguments.size() ? std::strtoull(arguments[index], nullptr, 10) : 0;
  };
  if (mode == "latency") return run_latency(std::atoi(argv[2]), argv[3], number(4), arguments.subspan(5));
  if (mode == "hold") return run_hold(std::atoi(argv[2]), argv[3], number(4), arguments.subspan(5));
  if (mode == "batch") return run_batch(std::atoi(argv[2]), argv[3], number(4), arguments.subspan(5));
  if (mode == "ready") return run_ready(std::atoi(argv[2]), argv[3], argv + 4);
  if (mode == "sse" && argc > 6) {
    std::vector<std::string> knobs = {"x-bench-frames: " + std::to_string(number(4)),
                                      "x-bench-interval-us: " + std::to_string(number(5))};
    std::vector<char*> fields;
    for (std::string& knob : knobs) fields.push_back(knob.data());
    for (char* field : arguments.subspan(7)) fields.push_back(field);
    return run_sse(std::atoi(argv[2]), argv[3], number(4), number(6), fields);
  }
  std::fprintf(stderr, "usage: load latency|sse|hold|batch|ready PORT PATH ...; see the head of benchmarks/load.cc\n");
  return 1;
}
