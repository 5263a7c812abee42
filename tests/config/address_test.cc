#include "config/address.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "config/url.h"

namespace sluice::config {
namespace {

TEST_CASE("addresses that can be listened on") {
  struct Row {
    std::string text, host;
    uint16_t port;
    std::string unix_path, again;
    bool private_one;
  };
  const std::vector<Row> rows = {
      {"127.0.0.1:8000", "127.0.0.1", 8000, "", "127.0.0.1:8000", true},
      {"127.9.9.9:0", "127.9.9.9", 0, "", "127.9.9.9:0", true},
      {"128.0.0.1:1", "128.0.0.1", 1, "", "128.0.0.1:1", false},
      {"[::1]:8000", "::1", 8000, "", "[::1]:8000", true},
      {"[::]:8000", "::", 8000, "", "[::]:8000", false},
      {"[fe80::1]:65535", "fe80::1", 65535, "", "[fe80::1]:65535", false},
      {"localhost:8000", "localhost", 8000, "", "localhost:8000", true},
      {":8000", "0.0.0.0", 8000, "", "0.0.0.0:8000", false},
      {"unix:/run/s.sock", "", 0, "/run/s.sock", "unix:/run/s.sock", true},
      {"unix:relative", "", 0, "relative", "unix:relative", true},
      {"unix:/" + std::string(106, 'x'), "", 0, "/" + std::string(106, 'x'), "unix:/" + std::string(106, 'x'), true}};
  for (const Row& row : rows) {
    INFO(row.text);
    const Result<Address> address = parse_address(row.text);
    REQUIRE(address);
    CHECK(address->host == row.host);
    CHECK(address->port == row.port);
    CHECK(address->unix_path == row.unix_path);
    CHECK(address->text() == row.again);
    CHECK(address->is_loopback_or_unix() == row.private_one);
  }
}

TEST_CASE("addresses that cannot") {
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"", "the port is missing"},
      {"127.0.0.1", "the port is missing"},
      {"8000", "the port is missing"},
      {"[::1]", "the port is missing"},
      {"::1:8000", "an IPv6 address needs brackets"},
      {"[::1:8000", "the text in brackets is not an IPv6 address"},
      {"[127.0.0.1]:80", "the text in brackets is not an IPv6 address"},
      {"[]:80", "the text in brackets is not an IPv6 address"},
      {"example.com:80", "the host is neither an IP address nor localhost"},
      {"*:80", "the host is neither an IP address nor localhost"},
      {"http://127.0.0.1:80", "an IPv6 address needs brackets"},
      {"127.0.0.1:", "the port is not a number from 0 to 65535"},
      {"127.0.0.1:65536", "the port is not a number from 0 to 65535"},
      {"127.0.0.1:-1", "the port is not a number from 0 to 65535"},
      {"127.0.0.1:80x", "the port is not a number from 0 to 65535"},
      {"127.0.0.1: 80", "the port is not a number from 0 to 65535"},
      {"unix:", "the path of the socket is missing"},
      {"unix:/" + std::string(107, 'x'), "the path has 108 bytes, more than the 107 that a Unix socket may have"}};
  for (const auto& [text, message] : rows) {
    INFO(text);
    const Result<Address> address = parse_address(text);
    REQUIRE(!address);
    CHECK(address.error().message == message);
  }
}

TEST_CASE("networks") {
  const std::vector<std::pair<std::string, std::string>> rows = {{"127.0.0.1", "127.0.0.1/32"},
                                                                 {"10.0.0.0/8", "10.0.0.0/8"},
                                                                 {"0.0.0.0/0", "0.0.0.0/0"},
                                                                 {"10.0.0.1/32", "10.0.0.1/32"},
                                                                 {"::1", "::1/128"},
                                                                 {"fd00::/8", "fd00::/8"},
                                                                 {"::/0", "::/0"},
                                                                 {"10.0.0.0/33", ""},
                                                                 {"::/129", ""},
                                                                 {"10.0.0.0/", ""},
                                                                 {"10.0.0.0/-1", ""},
                                                                 {"10.0.0/8", ""},
                                                                 {"host/8", ""},
                                                                 {"", ""},
                                                                 {"10.0.0.0/8/8", ""}};
  for (const auto& [text, again] : rows) {
    INFO(text);
    const Result<std::string> cidr = parse_cidr(text);
    CHECK(cidr.value_or("") == again);
  }
}

TEST_CASE("base URLs") {
  struct Row {
    std::string text, host;
    uint16_t port;
    bool tls;
    std::string path, again, authority;
  };
  const std::vector<Row> rows = {
      {"https://api.openai.com/v1", "api.openai.com", 443, true, "/v1", "https://api.openai.com/v1", "api.openai.com"},
      {"HTTPS://API.Example.COM", "api.example.com", 443, true, "", "https://api.example.com", "api.example.com"},
      {"http://127.0.0.1:11434", "127.0.0.1", 11434, false, "", "http://127.0.0.1:11434", "127.0.0.1:11434"},
      {"http://h:80/", "h", 80, false, "", "http://h", "h"},
      {"https://h:80//", "h", 80, true, "", "https://h:80", "h:80"},
      {"https://h:443/a/b/", "h", 443, true, "/a/b", "https://h/a/b", "h"},
      {"http://[::1]:8080/v1", "::1", 8080, false, "/v1", "http://[::1]:8080/v1", "[::1]:8080"},
      {"http://[::1]", "::1", 80, false, "", "http://[::1]", "[::1]"},
      {"http://my_box-1:1/%20", "my_box-1", 1, false, "/%20", "http://my_box-1:1/%20", "my_box-1:1"}};
  for (const Row& row : rows) {
    INFO(row.text);
    const Result<Url> url = parse_url(row.text);
    REQUIRE(url);
    CHECK(url->host == row.host);
    CHECK(url->port == row.port);
    CHECK(url->tls == row.tls);
    CHECK(url->path == row.path);
    CHECK(url->text() == row.again);
    CHECK(url->authority() == row.authority);
    CHECK_FALSE(url->demo);
  }
  for (const std::string text : {"demo:", "demo"}) {
    const Result<Url> url = parse_url(text);
    REQUIRE(url);
    CHECK(url->demo);
    CHECK(url->text() == "demo:");
  }
}

TEST_CASE("base URLs that are none") {
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"", "it does not begin with http:// or https://"},
      {"api.openai.com", "it does not begin with http:// or https://"},
      {"ftp://h", "it does not begin with http:// or https://"},
      {"https:/h", "it does not begin with http:// or https://"},
      {"https://", "the host is missing"},
      {"https:///v1", "the host is missing"},
      {"https://user:secret@h/v1", "a user or password in the URL is not supported; use api_key or headers"},
      {"https://h/v1?key=secret", "a base URL may not have a query"},
      {"https://h?key=secret", "a base URL may not have a query"},
      {"https://h/v1#x", "a base URL may not have a fragment"},
      {"http://h/../v1", "the path has a segment '.' or '..'"},
      {"http://h/v1/..", "the path has a segment '.' or '..'"},
      {"http://h/./v1", "the path has a segment '.' or '..'"},
      {"http://h/v1/%2E./x", "the path has a segment '.' or '..'"},
      {"https://h:0", "the port is not a number from 1 to 65535"},
      {"https://h:65536", "the port is not a number from 1 to 65535"},
      {"https://h:", "the port is not a number from 1 to 65535"},
      {"https://h:1x", "the port is not a number from 1 to 65535"},
      {"https://::1/", "the host is missing"},
      {"https://fe80::1/", "an IPv6 address needs brackets"},
      {"https://[::1/", "the bracket before the host is not closed"},
      {"https://[h]/", "the text in brackets is not an IPv6 address"},
      {"https://[::1]x/", "only a port may follow the bracket"},
      {"https://a b/", "the host is not a valid name"},
      {"https://.h/", "the host is not a valid name"},
      {"https://" + std::string(254, 'a'), "the host is not a valid name"},
      {"https://h/a b", "the path holds a character that must be percent-encoded"},
      {"https://h/\xC3\xA9", "the path holds a character that must be percent-encoded"}};
  for (const auto& [text, message] : rows) {
    INFO(text);
    const Result<Url> url = parse_url(text);
    REQUIRE(!url);
    CHECK(url.error().message == message);
    CHECK(url.error().message.find("secret") == std::string::npos);
  }
  CHECK(parse_url("https://" + std::string(253, 'a')));
}

}  // namespace
}  // namespace sluice::config
