// The embedding API: a whole gateway with threads and sockets inside this program.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <future>

#include "config/config.h"
#include "config/discover.h"
#include "observe/log.h"
#include "sluice/gateway.h"
#include "support/fake_clock.h"

namespace sluice {
namespace {

config::Config demo_config() {
  config::Config config;
  config.workers = 2;
  config.log.access = false;
  config::Address address;
  address.host = "127.0.0.1";
  config.listen.push_back(address);
  config::add_demo(config);
  return config;
}

// One request on a fresh connection; returns all bytes until the peer closed.
std::string ask(uint16_t port, const std::string& request) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  REQUIRE(fd >= 0);
  const timeval limit{5, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string answer;
  if (connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0) {
    REQUIRE(send(fd, request.data(), request.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request.size()));
    char buffer[4096];
    for (ssize_t count = 0; (count = recv(fd, buffer, sizeof buffer, 0)) > 0;) {
      answer.append(buffer, static_cast<size_t>(count));
    }
  }
  close(fd);
  return answer;
}

struct NullLog {
  int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
  observe::Log log{observe::Log::Options{observe::Level::error, false, fd, test::fixed_time}};
  ~NullLog() { close(fd); }
};

const std::string health = "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

TEST_CASE("an embedded gateway answers on the port it was given, and stops") {
  NullLog null;
  auto gateway = Gateway::start(demo_config(), null.log);
  REQUIRE(gateway);
  const uint16_t port = (*gateway)->port();
  REQUIRE(port != 0);
  CHECK((*gateway)->addresses() == std::vector<std::string>{"http://127.0.0.1:" + std::to_string(port)});
  for (int i = 0; i < 20; ++i) {
    CHECK(ask(port, health).find("\"status\":\"ok\"") != std::string::npos);
    const std::string body = R"({"model":"demo","messages":[{"role":"user","content":"hello"}]})";
    CHECK(ask(port, "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: " +
                        std::to_string(body.size()) + "\r\n\r\n" + body)
              .find("You said: hello") != std::string::npos);
  }
  CHECK((*gateway)->metrics().find(
            "sluice_requests_total{route=\"chat/completions\",target=\"demo/demo\",status=\"200\"} 20") !=
        std::string::npos);
  std::promise<void> drained;
  (*gateway)->drain([&drained] { drained.set_value(); });
  CHECK(drained.get_future().wait_for(std::chrono::seconds(10)) == std::future_status::ready);
  (*gateway)->stop();
  CHECK(ask(port, health).empty());
}

TEST_CASE("all workers enforce one limit, and /admin/limits tells of it to admins") {
  NullLog null;
  config::Config config = demo_config();
  config.keys.resize(2);
  config.keys[0].name = "team";
  config.keys[0].key = "team-key";
  config.keys[0].limits.requests_per_minute = 7;
  config.keys[1].name = "ops";
  config.keys[1].key = "ops-key";
  config.keys[1].admin = true;
  auto gateway = Gateway::start(config, null.log);
  REQUIRE(gateway);
  const auto send = [&](const std::string& line, const std::string& key, const std::string& body) {
    return ask((*gateway)->port(), line + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nx-api-key: " + key +
                                       "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  };
  int answered = 0, refused = 0;
  for (int i = 0; i < 20; ++i) {
    const std::string got = send("POST /v1/chat/completions", "team-key",
                                 R"({"model":"demo","messages":[{"role":"user","content":"hello"}]})");
    if (got.starts_with("HTTP/1.1 200 ")) ++answered;
    if (got.starts_with("HTTP/1.1 429 ")) ++refused;
  }
  CHECK(answered >= 7);
  CHECK(answered <= 8);  // one more every 8.6 s
  CHECK(answered + refused == 20);
  CHECK(send("GET /admin/limits", "team-key", "").starts_with("HTTP/1.1 403 "));
  CHECK(send("GET /admin/limits", "nobody", "").starts_with("HTTP/1.1 401 "));
  const std::string page = send("GET /admin/limits", "ops-key", "");
  INFO(page);
  CHECK(page.starts_with("HTTP/1.1 200 "));
  CHECK(page.find(R"({"what":"key","name":"team","requests":{"limit":7,"burst":7,"remaining":0,)") !=
        std::string::npos);
  CHECK(page.find("\"refused_total\":" + std::to_string(refused) + "}") != std::string::npos);
}

TEST_CASE("an address that is taken is an error of the start that names it") {
  NullLog null;
  auto first = Gateway::start(demo_config(), null.log);
  REQUIRE(first);
  config::Config config = demo_config();
  config.listen[0].port = (*first)->port();
  const auto second = Gateway::start(config, null.log);
  REQUIRE_FALSE(second);
  CHECK(second.error().find("127.0.0.1:" + std::to_string((*first)->port())) != std::string::npos);
  CHECK(second.error().find("in use") != std::string::npos);
}

}  // namespace
}  // namespace sluice
