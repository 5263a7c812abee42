#include "net/address.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <catch2/catch.hpp>

namespace sluice::net {
namespace {

TEST_CASE("peers are read as they are written") {
  struct Row {
    std::string_view text, again;  // again empty: not an address
  };
  const Row row = GENERATE(values<Row>({
      {"127.0.0.1:5000", "127.0.0.1:5000"},
      {"127.0.0.1", "127.0.0.1:0"},
      {"[::1]:65535", "[::1]:65535"},
      {"[::1]", "[::1]:0"},
      {"::1", "[::1]:0"},
      {"2001:db8::1", "[2001:db8::1]:0"},
      {"[::ffff:10.1.2.3]:8", "10.1.2.3:8"},
      {"unix", "unix"},
      {"", ""},
      {":80", ""},
      {"memory", ""},
      {"127.0.0.1:", ""},
      {"127.0.0.1:65536", ""},
      {"127.0.0.1:-1", ""},
      {"127.0.0.1:8x", ""},
      {"127.0.0.256:8", ""},
      {"127.1:8", ""},
      {"localhost:8", ""},
      {"[127.0.0.1]:8", ""},
      {"[::1", ""},
      {"::1]:8", ""},
      {"[]:8", ""},
  }));
  CAPTURE(row.text);
  const auto address = SocketAddress::parse_peer(row.text);
  REQUIRE(address.has_value() == !row.again.empty());
  if (address) CHECK(address->text() == row.again);
}

TEST_CASE("addresses go to the system and back") {
  const std::string text = GENERATE("10.0.0.1:443", "[2001:db8::7]:1");
  const auto address = SocketAddress::parse_peer(text);
  REQUIRE(address);
  sockaddr_storage storage;
  CHECK(address->write_to(storage) == (text[0] == '[' ? sizeof(sockaddr_in6) : sizeof(sockaddr_in)));
  CHECK(SocketAddress::from(reinterpret_cast<const sockaddr*>(&storage)) == *address);
  CHECK(SocketAddress::of_unix().write_to(storage) == 0);
  CHECK(SocketAddress::from(nullptr).text() == "unknown");
}

TEST_CASE("loopback addresses are known") {
  CHECK(SocketAddress::parse_ip("127.9.9.9")->is_loopback());
  CHECK(SocketAddress::parse_ip("::1")->is_loopback());
  CHECK(SocketAddress::parse_ip("::ffff:127.0.0.1")->is_loopback());
  CHECK_FALSE(SocketAddress::parse_ip("128.0.0.1")->is_loopback());
  CHECK_FALSE(SocketAddress::parse_ip("::2")->is_loopback());
  CHECK_FALSE(SocketAddress::of_unix().is_loopback());
}

TEST_CASE("ranges hold what they say") {
  struct Row {
    std::string_view ip, range;
    bool inside;
  };
  const Row row = GENERATE(values<Row>({
      {"10.1.2.3", "10.0.0.0/8", true},
      {"10.1.2.3:4567", "10.0.0.0/8", true},
      {"11.0.0.0", "10.0.0.0/8", false},
      {"9.255.255.255", "10.0.0.0/8", false},
      {"10.255.255.255", "10.9.9.9/8", true},
      {"192.168.1.127", "192.168.1.0/25", true},
      {"192.168.1.128", "192.168.1.0/25", false},
      {"192.168.1.1", "192.168.1.1/32", true},
      {"192.168.1.1", "192.168.1.1", true},
      {"192.168.1.0", "192.168.1.1", false},
      {"192.168.1.0", "192.168.1.1/31", true},
      {"1.2.3.4", "0.0.0.0/0", true},
      {"::1", "0.0.0.0/0", false},
      {"::1", "::/0", true},
      {"1.2.3.4", "::/0", false},
      {"[fd00::1]:80", "fd00::/8", true},
      {"fe00::1", "fd00::/8", false},
      {"2001:db8::ffff", "2001:db8::/113", false},
      {"2001:db8::7fff", "2001:db8::/113", true},
      {"[::ffff:10.0.0.1]:9", "10.0.0.0/8", true},
      {"10.0.0.1", "::ffff:10.0.0.0/104", true},
      {"11.0.0.1", "::ffff:10.0.0.0/104", false},
      {"unix", "0.0.0.0/0", false},
      {"memory", "0.0.0.0/0", false},
      {"1.2.3.4", "nonsense", false},
  }));
  CAPTURE(row.ip, row.range);
  CHECK(in_cidr(row.ip, row.range) == row.inside);
}

TEST_CASE("malformed ranges are refused") {
  const std::string text = GENERATE("", "/", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8 ", "::/129", "10/8",
                                    "::ffff:10.0.0.0/95", "::ffff:10.0.0.0/129", "localhost", "10.0.0.0/8/8");
  CAPTURE(text);
  const auto range = Cidr::parse(text);
  REQUIRE_FALSE(range);
  CHECK(range.error().code == ErrorCode::config);
  CHECK(range.error().message.find("\"" + text + "\"") != std::string::npos);
}

TEST_CASE("a list holds what any of its ranges holds") {
  const std::vector<std::string> texts = {"10.0.0.0/8", "::1"};
  const auto list = CidrList::parse(texts);
  REQUIRE(list);
  CHECK(list->contains("10.0.0.1:1"));
  CHECK(list->contains("[::1]:1"));
  CHECK_FALSE(list->contains("[::2]:1"));
  CHECK_FALSE(list->contains("unix"));
  CHECK_FALSE(CidrList().contains("10.0.0.1:1"));
  CHECK(CidrList().empty());
  CHECK_FALSE(CidrList::parse(std::vector<std::string>{"10.0.0.0/8", "x"}));
}

}  // namespace
}  // namespace sluice::net
