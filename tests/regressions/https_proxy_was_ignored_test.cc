// Behind a firewall that lets only the proxy out, sluice tried to reach providers directly: HTTPS_PROXY was silently
// ignored.
#include <catch2/catch.hpp>
#include <map>

#include "config/banner.h"
#include "config/parse.h"
#include "config/presets.h"
#include "config/proxy.h"
#include "gateway/world.h"
#include "http/tunnel_dialer.h"
#include "net/tcp_dialer.h"

namespace sluice::gateway {
namespace {

config::Environment variables(std::map<std::string, std::string, std::less<>> values) {
  return [values = std::move(values)](std::string_view name) -> std::optional<std::string> {
    const auto found = values.find(name);
    if (found == values.end()) return std::nullopt;
    return found->second;
  };
}

// --- which proxy ---

TEST_CASE("a proxy is read as other programs read it, and what cannot be one is not repeated") {
  struct Row {
    std::string text, address, credentials;  // address "": refused
  };
  for (const Row& row : std::vector<Row>{{"http://proxy.corp:3128", "proxy.corp:3128", ""},
                                         {"proxy.corp:3128/", "proxy.corp:3128", ""},
                                         {"HTTP://Proxy.corp", "proxy.corp:80", ""},
                                         {"http://jo:pa%40ss%3a@[::1]:1", "[::1]:1", "jo:pa@ss:"},
                                         {"jo@proxy:3128", "proxy:3128", "jo:"},
                                         {"http://jo:hidden%0d%0ax@proxy:1", "", ""},
                                         {"https://hidden:hidden@proxy:1", "", ""},
                                         {"socks5://hidden:1", "", ""},
                                         {"http://hidden:0", "", ""},
                                         {"http://jo:hidden@proxy:1/hidden", "", ""},
                                         {"http://:@proxy:1", "", ""},
                                         {"", "", ""}}) {
    const Result<config::Proxy> proxy = config::parse_proxy(row.text);
    CAPTURE(row.text);
    REQUIRE(proxy.has_value() == !row.address.empty());
    if (proxy) {
      CHECK(proxy->address() == row.address);
      CHECK(proxy->credentials == row.credentials);
    } else {
      CHECK(proxy.error().message.find("hidden") == std::string::npos);
    }
  }
}

TEST_CASE("NO_PROXY names who is reached directly") {
  struct Row {
    std::string list, host;
    uint16_t port;
    bool named;
  };
  for (const Row& row : std::vector<Row>{{"*", "a.example", 443, true},
                                         {"example.com", "example.com", 443, true},
                                         {"example.com", "api.example.com", 443, true},
                                         {".Example.com", "api.example.com", 443, true},
                                         {"*.example.com", "api.example.com", 443, true},
                                         {"example.com", "badexample.com", 443, false},
                                         {"a, b  example.com:8443", "example.com", 8443, true},
                                         {"example.com:8443", "example.com", 443, false},
                                         {"10.0.0.0/8", "10.1.2.3", 80, true},
                                         {"10.0.0.0/8,10.128.0.0/9", "11.1.2.3", 80, false},
                                         {"192.168.7.128/25", "192.168.7.129", 80, true},
                                         {"192.168.7.128/25", "192.168.7.127", 80, false},
                                         {"192.168.7.1", "192.168.7.1", 80, true},
                                         {"fd00::/8", "fd12::1", 80, true},
                                         {"fd00::/8", "10.0.0.1", 80, false},
                                         {"[fd12::1]:80", "fd12::1", 80, true},
                                         {"fd12:0::1", "fd12::1", 80, true},
                                         {"0.0.0.0/0", "example.com", 80, false},
                                         {"10.0.0.0/99,[fd,/,:80,.", "10.0.0.1", 80, false},
                                         {"", "example.com", 80, false}}) {
    CAPTURE(row.list, row.host, row.port);
    CHECK(config::is_named_by_no_proxy(row.list, row.host, row.port) == row.named);
  }
}

std::string proxy_of(const config::Config& config, std::string_view provider) {
  const std::optional<config::Proxy>& proxy = config.provider(provider)->proxy;
  return proxy ? proxy->address() + " " + proxy->origin : "";
}

TEST_CASE("each provider has the proxy that its own field, or the variables, give it, and the start block says so") {
  const std::string file = R"({"providers": {
    "a": {"base_url": "https://a.example/v1"}, "plain": {"base_url": "http://b.example/v1"},
    "near": {"base_url": "http://127.0.0.1:1/v1"}, "listed": {"base_url": "https://x.corp/v1"},
    "own": {"base_url": "https://x.corp/v1", "proxy": "http://jo:${}@p:1"},
    "fixed": {"base_url": "http://127.0.0.1:1/v1", "proxy": "${MINE}"}, "none": {"base_url": "https://c.example/v1", "proxy": "none"}},
    "alerts": {"webhook": "https://hooks.example/x"}})";
  auto wrong = config::parse(file, "sluice.json", variables({}));
  REQUIRE_FALSE(wrong);  // "${}" within, and MINE is not set
  std::string fine = file;
  fine.replace(fine.find("${}"), 3, "word");
  const auto environment = variables({{"MINE", "http://mine:2"},
                                      {"HTTPS_PROXY", "http://upper:3"},
                                      {"https_proxy", "jo:word2@lower:3"},
                                      {"HTTP_PROXY", "http://web:4"},
                                      {"no_proxy", "corp"}});
  auto config = config::parse(fine, "sluice.json", environment);
  REQUIRE(config);
  REQUIRE(config::apply_proxies(*config, environment).empty());
  CHECK(proxy_of(*config, "a") == "lower:3 https_proxy");
  CHECK(proxy_of(*config, "plain") == "web:4 HTTP_PROXY");
  CHECK(proxy_of(*config, "near").empty());
  CHECK(proxy_of(*config, "listed").empty());
  CHECK(proxy_of(*config, "own") == "p:1 sluice.json");
  CHECK(proxy_of(*config, "fixed") == "mine:2 sluice.json");
  CHECK(proxy_of(*config, "none").empty());
  CHECK(config->alerts.webhook->proxy->address() == "lower:3");
  const std::string block = config::banner(*config, std::vector<std::string>{"http://127.0.0.1:8000"});
  CHECK(block.find("sluice.json, through the proxy lower:3 (https_proxy)\n") != std::string::npos);
  CHECK(block.find("word") == std::string::npos);
}

TEST_CASE("a variable that names no usable proxy stops the start, unless nobody would go that way") {
  config::Config config;
  config.providers = {config::make_provider(*config::preset_named("openai")),
                      config::make_provider(*config::preset_named("ollama"))};
  const auto environment = variables({{"ALL_PROXY", "socks5://hidden:1080"}});
  const auto problems = config::apply_proxies(config, environment);
  REQUIRE(problems.size() == 1);
  const std::string line = config::describe(problems[0]);
  CHECK(line.starts_with("ALL_PROXY: is not a usable proxy"));
  CHECK(line.find("hidden") == std::string::npos);
  config.providers.erase(config.providers.begin());
  CHECK(config::apply_proxies(config, environment).empty());
}

// --- through the proxy ---

struct Tunnel {
  net::Loop loop;
  std::unique_ptr<Peer> proxy;  // its end of the connection
  std::unique_ptr<http::TunnelDialer> dialer;
  std::unique_ptr<net::Dial> dial;
  std::optional<Result<std::unique_ptr<net::Stream>>> result;

  explicit Tunnel(const std::string& credentials = "") {
    auto memory = std::make_unique<net::MemoryDialer>(
        loop, [this](std::unique_ptr<net::Stream> stream) { proxy = std::make_unique<Peer>(std::move(stream)); });
    dialer = std::make_unique<http::TunnelDialer>(
        loop, std::move(memory), http::TunnelOptions{"proxy.corp:3128", "api.example:443", credentials});
    dial = dialer->dial([this](Result<std::unique_ptr<net::Stream>> made) {
      result = std::move(made);
      dial.reset();
    });
    turn();
  }
  ~Tunnel() {
    result.reset();
    dial.reset();
    proxy.reset();
    turn();
  }
  void turn() {
    for (int i = 0; i < 30; ++i) loop.run_once(false);
  }
  void says(std::string_view text) {
    if (!proxy->ended) proxy->stream->write(text);
    turn();
  }
};

TEST_CASE("a proxy is asked for the target with CONNECT, and what it answers in pieces is understood") {
  for (const size_t piece : {1, 2, 7, 1000}) {
    Tunnel tunnel("jo:pass");
    CHECK(
        tunnel.proxy->text ==
        "CONNECT api.example:443 HTTP/1.1\r\nhost: api.example:443\r\nproxy-authorization: Basic am86cGFzcw==\r\n\r\n");
    CHECK(tunnel.dial->stage() == "CONNECT api.example:443 through the proxy proxy.corp:3128");
    std::string_view rest =
        "HTTP/1.1 103 x\r\n\r\nHTTP/1.0 200 Connection established\r\nContent-Length: 7\r\nX: y\r\n\r\n";
    while (!rest.empty()) {
      CHECK_FALSE(tunnel.result);
      tunnel.says(rest.substr(0, piece));
      rest.remove_prefix(std::min(piece, rest.size()));
    }
    REQUIRE(tunnel.result);
    REQUIRE(*tunnel.result);
    Peer ours(std::move(**tunnel.result));
    tunnel.says("hello");
    CHECK(ours.text == "hello");
    ours.stream->write("from us");
    tunnel.turn();
    CHECK(tunnel.proxy->has("from us"));
  }
}

TEST_CASE("whatever else a proxy answers is an error that names it and says what to do") {
  struct Row {
    std::string answer, told;
    ErrorCode code = ErrorCode::target_refused;
  };
  for (const Row& row : std::vector<Row>{
           {"HTTP/1.1 407 x\r\nProxy-Authenticate: Basic\r\nContent-Length: 3\r\n\r\nno!",
            "requires a user and password (407)"},
           {"HTTP/1.1 403 evil text\r\n\r\n", "refused to connect to api.example:443 (403 Forbidden); its rules"},
           {"HTTP/1.1 302 x\r\nLocation: http://login\r\n\r\n", "(302 Found)"},
           {"HTTP/1.1 503 x\r\n\r\n", "(503 Service Unavailable)"},
           {"HTTP/1.1 504 x\r\n\r\n", "timed out connecting to api.example:443 (504)", ErrorCode::target_timeout},
           {"HTTP/1.1 101 x\r\nUpgrade: x\r\n\r\n", "101"},
           {"SSH-2.0-OpenSSH_9.2\r\n", "malformed"},
           {std::string("\0\0\0\0\0\0\0\0\0\0", 10), "malformed"},
           {"HTTP/1.1 200 ok\r\nX: " + std::string(70'000, 'a') + "\r\n\r\n", "malformed"},
           {"HTTP/1.1 200 ok\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", "unexpected bytes after its answer to CONNECT"}}) {
    Tunnel tunnel("jo:hidden");
    tunnel.says(row.answer);
    CAPTURE(row.answer.substr(0, 60));
    REQUIRE(tunnel.result);
    REQUIRE_FALSE(*tunnel.result);
    const Error& error = tunnel.result->error();
    CAPTURE(error.message);
    CHECK(error.code == row.code);
    CHECK(error.message.starts_with("through the proxy proxy.corp:3128: "));
    CHECK(error.message.find(row.told) != std::string::npos);
    CHECK(error.message.find("hidden") == std::string::npos);
    CHECK(error.message.find("evil") == std::string::npos);
    tunnel.turn();
    CHECK(tunnel.proxy->ended);  // sluice closed the connection
  }
}

TEST_CASE("a proxy that hangs up is an error, one that never ends its answer is waited for no longer than its dial") {
  Tunnel left;
  left.proxy->stream.reset();
  left.turn();
  REQUIRE(left.result);
  REQUIRE_FALSE(*left.result);
  CHECK(left.result->error().code == ErrorCode::target_refused);
  Tunnel endless;
  endless.says("HTTP/1.1 200 ok\r\n");
  CHECK_FALSE(endless.result);
  endless.dial.reset();  // as when the attempt's connect timeout expires
  endless.turn();
  CHECK(endless.proxy->ended);
  CHECK_FALSE(endless.result);
}

}  // namespace
}  // namespace sluice::gateway
