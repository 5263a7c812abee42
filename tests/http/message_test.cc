#include "http/message.h"

#include <catch2/catch.hpp>
#include <string>

namespace sluice::http {

TEST_CASE("methods have names, and names methods") {
  for (const Method method :
       {Method::get, Method::head, Method::post, Method::put, Method::patch, Method::del, Method::options}) {
    CHECK(method_named(name_of(method)) == method);
  }
  CHECK(name_of(Method::del) == "DELETE");
  for (const char* name : {"get", "GE", "GETS", "", "CONNECT", "TRACE"}) CHECK_FALSE(method_named(name));
}

TEST_CASE("names compare without case, but only letters have one") {
  CHECK(same_name("Content-TYPE", "content-type"));
  CHECK(same_name("", ""));
  CHECK_FALSE(same_name("a", "ab"));
  CHECK_FALSE(same_name("[", "{"));
  CHECK_FALSE(same_name("@", "`"));
  CHECK_FALSE(same_name("a\xc0", "a\xe0"));
}

TEST_CASE("names are compared byte by byte at every place") {
  const auto lower = [](int c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; };
  for (const size_t size : {1u, 2u, 3u, 4u, 7u, 8u, 9u, 15u, 16u, 17u}) {
    for (size_t at = 0; at < size; ++at) {
      for (int a = 0; a < 256; ++a) {
        for (const int b : {a, a ^ 0x20, a ^ 0x80, a ^ 1, (a + 1) & 255}) {
          std::string one(size, 'x'), other(size, 'X');
          one[at] = static_cast<char>(a);
          other[at] = static_cast<char>(b);
          if (same_name(one, other) != (lower(a) == lower(b)))
            FAIL_CHECK(a << " and " << b << " at " << at << " of " << size);
        }
      }
    }
  }
}

TEST_CASE("fields keep order, spelling and repeats") {
  Fields fields;
  CHECK(fields.empty());
  CHECK_FALSE(fields.find("a"));
  fields.add("Alpha", "1");
  fields.add("Beta", "");
  fields.add("ALPHA", "2");
  REQUIRE(fields.size() == 3);
  CHECK((fields[0].name == "Alpha" && fields[0].value == "1"));
  CHECK((fields[1].name == "Beta" && fields[1].value.empty()));
  CHECK((fields[2].name == "ALPHA" && fields[2].value == "2"));
  CHECK(fields.find("alpha") == "1");
  REQUIRE(fields.find("BETA"));
  CHECK(fields.find("beta")->empty());
  CHECK_FALSE(fields.find("alph"));
  CHECK(fields.bytes() == 16);
  fields.clear();
  CHECK((fields.empty() && fields.bytes() == 0 && !fields.find("alpha")));
  fields.release();
  fields.add("x", "y");
  CHECK(fields.find("X") == "y");
}

TEST_CASE("fields from pieces") {
  Fields fields;
  fields.begin();
  fields.append_name("Con");
  fields.append_name("tent");
  fields.append_value("a b ");
  fields.append_value("c");
  fields.append_value(" \t ");
  fields.end();
  fields.begin();
  fields.append_name("X");
  fields.append_value("  ");
  fields.end();
  fields.add("Y", "z");
  REQUIRE(fields.size() == 3);
  CHECK((fields[0].name == "Content" && fields[0].value == "a b c"));
  CHECK((fields[1].name == "X" && fields[1].value.empty()));
  CHECK((fields[2].name == "Y" && fields[2].value == "z"));
}

TEST_CASE("many fields, much text") {
  Fields fields;
  for (int i = 0; i < 1000; ++i) fields.add("name-" + std::to_string(i), std::string(static_cast<size_t>(i), 'v'));
  for (int i = 0; i < 1000; i += 37) {
    const auto value = fields.find("NAME-" + std::to_string(i));
    REQUIRE(value);
    CHECK(value->size() == static_cast<size_t>(i));
  }
}

TEST_CASE("path and query") {
  const struct {
    const char *target, *path, *query;
  } table[] = {{"/a/b?c=d?e", "/a/b", "c=d?e"}, {"/a", "/a", ""}, {"/?", "/", ""}, {"*", "*", ""}};
  for (const auto& row : table) {
    RequestHead head;
    head.target = row.target;
    CHECK(head.path() == row.path);
    CHECK(head.query() == row.query);
  }
}

TEST_CASE("heads can be used again") {
  RequestHead request;
  request.method = Method::post;
  request.target = "/x";
  request.minor_version = 0;
  request.fields.add("a", "b");
  request.framing = BodyFraming::length;
  request.content_length = 5;
  request.keep_alive = false;
  request.expects_continue = request.wants_websocket = true;
  request.clear();
  CHECK((request.method == Method::get && request.target.empty() && request.minor_version == 1 &&
         request.fields.empty()));
  CHECK((request.framing == BodyFraming::none && request.content_length == 0 && request.keep_alive));
  CHECK_FALSE((request.expects_continue || request.wants_websocket));
  ResponseHead response;
  response.status = 404;
  response.reason = "x";
  response.minor_version = 0;
  response.fields.add("a", "b");
  response.framing = BodyFraming::until_close;
  response.content_length = 5;
  response.keep_alive = false;
  response.clear();
  CHECK((response.status == 200 && response.reason.empty() && response.minor_version == 1 && response.fields.empty()));
  CHECK((response.framing == BodyFraming::none && response.content_length == 0 && response.keep_alive));
}

TEST_CASE("hop-by-hop fields") {
  Fields fields;
  fields.add("Connection", "keep-alive, X-Private");
  fields.add("connection", " , Y-Private\t,");
  for (const char* name : {"Connection", "KEEP-ALIVE", "proxy-connection", "Proxy-Authenticate", "proxy-authorization",
                           "te", "Trailer", "transfer-encoding", "upgrade", "x-private", "Y-PRIVATE"}) {
    INFO(name);
    CHECK(HopByHop(fields)(name));
  }
  for (const char* name : {"Content-Length", "Host", "X-Priv", "X-Privatee", "proxy", "authorization", "tea", ""}) {
    INFO(name);
    CHECK_FALSE(HopByHop(fields)(name));
  }
  CHECK_FALSE(HopByHop(Fields{})("x-private"));
}

TEST_CASE("tokens in lists") {
  Fields fields;
  fields.add("Upgrade", "h2c,  WebSocket ;");
  fields.add("Upgrade", "\tother\t");
  CHECK(lists_token(fields, "upgrade", "h2c"));
  CHECK(lists_token(fields, "upgrade", "OTHER"));
  CHECK_FALSE(lists_token(fields, "upgrade", "websocket"));
  CHECK_FALSE(lists_token(fields, "upgrades", "h2c"));
}

}  // namespace sluice::http
