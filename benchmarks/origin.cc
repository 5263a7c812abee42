// A small, fast HTTP/1.1 origin for the benchmarks: one thread, epoll, keep-alive, loopback. It stands in for a model
// provider and costs as little as possible, so that the proxy dominates the measurement.
//
//   origin [PORT]        0 or none: any free port. Prints "port N" and serves until it is ended.
//
// Any method and path is answered 200; with what, the request's header fields say (or query parameters of their names):
//   (none)                  a chat completion of about 400 bytes
//   x-bench-body: N         a chat completion padded to N bytes
//   x-bench-frames: N       an SSE stream of N chat completion chunks, each with the monotonic time of its sending in
//                           ns, then [DONE]
//   x-bench-interval-us: N  the time from frame to frame (default 0: all at once)
//   x-bench-hold: 1         after the frames say nothing more and keep the stream open until the peer goes
//   x-bench-counts: 1       how many connections were accepted and requests answered before this one, as JSON
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace {

constexpr size_t max_request_bytes = 64 * 1024 * 1024;
constexpr size_t max_answer_bytes = 16 * 1024 * 1024;

uint64_t now_ns() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<uint64_t>(t.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(t.tv_nsec);
}

std::string chat_completion(size_t wanted_bytes) {
  const std::string before =
      R"({"id":"chatcmpl-bench0000000000000001","object":"chat.completion","created":1700000000,"model":"real-model",)"
      R"("choices":[{"index":0,"message":{"role":"assistant","content":"Hello! How can I help you today?)";
  const std::string after =
      R"(","refusal":null},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":19,"completion_tokens":9,)"
      R"("total_tokens":28,"prompt_tokens_details":{"cached_tokens":0}},"system_fingerprint":"fp_bench"})";
  const size_t fixed = before.size() + after.size();
  std::string padding;
  while (fixed + padding.size() < wanted_bytes) padding += " word";
  if (fixed + padding.size() > wanted_bytes && wanted_bytes > fixed) padding.resize(wanted_bytes - fixed);
  return before + padding + after;
}

struct Head {
  std::string_view text;    // from the method up to the blank line
  std::string_view target;  // from the request line

  static std::optional<std::string_view> find_line(std::string_view text, std::string_view name) {
    for (size_t at = text.find("\r\n"); at != text.npos; at = text.find("\r\n", at + 2)) {
      const std::string_view line = text.substr(at + 2, text.find("\r\n", at + 2) - at - 2);
      if (line.size() > name.size() && line[name.size()] == ':' &&
          strncasecmp(line.data(), name.data(), name.size()) == 0) {
        std::string_view value = line.substr(name.size() + 1);
        while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
        return value;
      }
    }
    return std::nullopt;
  }
  static uint64_t number(std::string_view digits) { return std::strtoull(std::string(digits).c_str(), nullptr, 10); }

  // A knob's value: the header field, else the query parameter, else 0.
  uint64_t knob(std::string_view name) const {
    if (const auto value = find_line(text, name)) return number(*value);
    const std::string parameter = std::string(name) + '=';
    const size_t at = target.find(parameter, std::min(target.find('?'), target.size()));
    return at == target.npos ? 0 : number(target.substr(at + parameter.size()));
  }
};

// One peer's connection, by its file descriptor.
struct Connection {
  int fd = -1;
  std::string in;
  std::string out;
  size_t written = 0;
  uint64_t frames_left = 0;
  uint64_t interval_ns = 0;
  uint64_t due_ns = 0;  // of the next frame; 0: no stream is running
  bool hold = false;
  bool held = false;         // a stream that stays open: no further request is read
  bool awaits_room = false;  // waits for space in the socket to continue writing
};

class Origin {
 public:
  explicit Origin(int listener) : listener_(listener), epoll_(epoll_create1(0)) {
    timer_ = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    watch(listener_, EPOLLIN, EPOLL_CTL_ADD);
    watch(timer_, EPOLLIN, EPOLL_CTL_ADD);
    small_ = whole_answer(0);
  }

  [[noreturn]] void run() {
    epoll_event events[256];
    for (;;) {
      const int count = epoll_wait(epoll_, events, 256, -1);
      for (int i = 0; i < count; ++i) {
        const int fd = events[i].data.fd;
        if (fd == listener_) {
          accept_all();
        } else if (fd == timer_) {
          uint64_t expirations = 0;
          if (read(timer_, &expirations, sizeof expirations) > 0) send_due_frames();
        } else {
          on_ready(fd, events[i].events);
        }
      }
    }
  }

 private:
  void watch(int fd, uint32_t events, int operation) {
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    epoll_ctl(epoll_, operation, fd, &event);
  }

  void accept_all() {
    for (;;) {
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) return;
      const int on = 1;
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      ++accepted_;
      auto connection = std::make_unique<Connection>();
      connection->fd = fd;
      connections_[fd] = std::move(connection);
      watch(fd, EPOLLIN, EPOLL_CTL_ADD);
    }
  }

  void on_ready(int fd, uint32_t events) {
    const auto at = connections_.find(fd);
    if (at == connections_.end()) return;
    Connection& c = *at->second;
    if ((events & EPOLLOUT) != 0 && !flush(c)) return drop(c);
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0) return;
    for (;;) {
      const ssize_t got = read(fd, buffer_, sizeof buffer_);
      if (got == 0 || (got < 0 && errno != EAGAIN)) return drop(c);
      if (got < 0) break;
      c.in.append(buffer_, static_cast<size_t>(got));
      if (c.in.size() > max_request_bytes) return drop(c);
      if (static_cast<size_t>(got) < sizeof buffer_) break;
    }
    if (!answer_requests(c) || !flush(c)) drop(c);
  }

  // Answers every whole request in c.in. False: the input is not HTTP.
  bool answer_requests(Connection& c) {
    while (c.due_ns == 0 && !c.held) {
      const size_t end = c.in.find("\r\n\r\n");
      if (end == c.in.npos) return c.in.size() < 64 * 1024;
      const std::string_view all = c.in;
      Head head{all.substr(0, end), {}};
      const std::string_view line = head.text.substr(0, head.text.find("\r\n"));
      const size_t space = line.find(' ');
      if (space == line.npos) return false;
      head.target = line.substr(space + 1, line.rfind(' ') - space - 1);
      size_t message_bytes = end + 4;
      if (const auto length = Head::find_line(head.text, "content-length")) {
        message_bytes += Head::number(*length);
      } else if (Head::find_line(head.text, "transfer-encoding")) {
        const size_t last = all.find("0\r\n\r\n", end + 4);  // our bodies do not contain these bytes
        if (last == all.npos) return true;
        message_bytes = last + 5;
      }
      if (all.size() < message_bytes) return true;
      answer(c, head);
      c.in.erase(0, message_bytes);
    }
    return true;
  }

  void answer(Connection& c, const Head& head) {
    ++answered_;
    if (head.text.find("x-bench-") == head.text.npos && head.target.find("x-bench-") == head.target.npos) {
      c.out += small_;
      return;
    }
    if (const uint64_t frames = head.knob("x-bench-frames"); frames > 0) return begin_stream(c, head, frames);
    if (head.knob("x-bench-counts") != 0) {
      c.out += with_head("{\"accepted\":" + std::to_string(accepted_) +
                         ",\"answered\":" + std::to_string(answered_ - 1) + "}");
      return;
    }
    const size_t bytes = std::min<size_t>(head.knob("x-bench-body"), max_answer_bytes);
    auto& kept = sized_[bytes];
    if (kept.empty()) kept = whole_answer(bytes);
    c.out += kept;
  }

  static std::string whole_answer(size_t bytes) { return with_head(chat_completion(bytes)); }

  static std::string with_head(const std::string& body) {
    return "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: " + std::to_string(body.size()) +
           "\r\n\r\n" + body;
  }

  void begin_stream(Connection& c, const Head& head, uint64_t frames) {
    c.out +=
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-cache\r\n"
        "transfer-encoding: chunked\r\n\r\n";
    c.frames_left = frames;
    c.interval_ns = head.knob("x-bench-interval-us") * 1000;
    c.hold = head.knob("x-bench-hold") != 0;
    c.due_ns = now_ns();
    send_frames(c);
  }

  static void add_chunk(std::string& out, std::string_view bytes) {
    char line[20];
    out.append(line, static_cast<size_t>(std::snprintf(line, sizeof line, "%zx\r\n", bytes.size())));
    out += bytes;
    out += "\r\n";
  }

  // Writes the frame that is due (all frames if there is no interval) and schedules the next one.
  void send_frames(Connection& c) {
    do {
      char frame[256];
      const int size = std::snprintf(
          frame, sizeof frame,
          "data: "
          "{\"id\":\"chatcmpl-bench1\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,\"model\":\"real-"
          "model\","
          "\"choices\":[{\"index\":0,\"delta\":{\"content\":\"t=%020llu \"},\"finish_reason\":null}]}\n\n",
          static_cast<unsigned long long>(now_ns()));
      add_chunk(c.out, {frame, static_cast<size_t>(size)});
    } while (--c.frames_left > 0 && c.interval_ns == 0);
    if (c.frames_left > 0) {
      c.due_ns += c.interval_ns;
      due_.emplace(c.due_ns, c.fd);
      arm_timer();
      return;
    }
    c.due_ns = 0;
    c.held = c.hold;
    if (c.held) return;
    add_chunk(c.out,
              "data: "
              "{\"id\":\"chatcmpl-bench1\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,\"model\":"
              "\"real-model\","
              "\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n");
    c.out += "0\r\n\r\n";
  }

  void send_due_frames() {
    const uint64_t now = now_ns();
    while (!due_.empty() && due_.begin()->first <= now) {
      const int fd = due_.begin()->second;
      due_.erase(due_.begin());
      const auto at = connections_.find(fd);
      if (at == connections_.end()) continue;
      Connection& c = *at->second;
      send_frames(c);
      if (c.due_ns == 0 && !answer_requests(c)) {
        drop(c);
      } else if (!flush(c)) {
        drop(c);
      }
    }
    arm_timer();
  }

  void arm_timer() {
    itimerspec at{};
    if (!due_.empty()) {
      at.it_value.tv_sec = static_cast<time_t>(due_.begin()->first / 1'000'000'000);
      at.it_value.tv_nsec = static_cast<long>(due_.begin()->first % 1'000'000'000);
    }
    timerfd_settime(timer_, TFD_TIMER_ABSTIME, &at, nullptr);
  }

  // False: the peer is gone.
  bool flush(Connection& c) {
    while (c.written < c.out.size()) {
      const ssize_t sent = send(c.fd, c.out.data() + c.written, c.out.size() - c.written, MSG_NOSIGNAL);
      if (sent < 0 && errno != EAGAIN) return false;
      if (sent < 0) {
        if (!c.awaits_room) watch(c.fd, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
        c.awaits_room = true;
        return true;
      }
      c.written += static_cast<size_t>(sent);
      if (c.written == c.out.size()) {
        if (c.awaits_room) watch(c.fd, EPOLLIN, EPOLL_CTL_MOD);
        c.awaits_room = false;
        c.written = 0;
        c.out.clear();
        return true;
      }
    }
    return true;
  }

  void drop(Connection& c) {
    if (c.due_ns != 0) {
      for (auto [at, last] = due_.equal_range(c.due_ns); at != last;) {
        at = at->second == c.fd ? due_.erase(at) : std::next(at);
      }
    }
    close(c.fd);
    connections_.erase(c.fd);
  }

  int listener_, epoll_, timer_;
  uint64_t accepted_ = 0, answered_ = 0;
  std::unordered_map<int, std::unique_ptr<Connection>> connections_;
  std::multimap<uint64_t, int> due_;  // due time -> file descriptor
  std::map<size_t, std::string> sized_;
  std::string small_;
  char buffer_[64 * 1024];
};

}  // namespace

int main(int argc, char** argv) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(argc > 1 ? std::atoi(argv[1]) : 0));
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  socklen_t size = sizeof address;
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(listener, 4096) != 0 ||
      getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    std::perror("origin");
    return 2;
  }
  std::printf("port %d\n", ntohs(address.sin_port));
  std::fflush(stdout);
  std::make_unique<Origin>(listener)->run();
}
