#include <array>

#include "http/vectors.h"

namespace sluice::http {
namespace {

using namespace std::string_view_literals;

constexpr auto vectors = std::to_array<Vector>({
    // request lines
    {"get", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / 1.1 {Host: a}."},
    {"head", "HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n", "HEAD /x 1.1 {Host: a}."},
    {"put", "PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nz",
     "PUT /x 1.1 len=1 {Host: a; Content-Length: 1} <z>."},
    {"patch", "PATCH /x HTTP/1.1\r\nHost: a\r\n\r\n", "PATCH /x 1.1 {Host: a}."},
    {"delete", "DELETE /x HTTP/1.1\r\nHost: a\r\n\r\n", "DELETE /x 1.1 {Host: a}."},
    {"options", "OPTIONS /x HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS /x 1.1 {Host: a}."},
    {"options for all", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS * 1.1 {Host: a}."},
    {"http 1.0", "GET / HTTP/1.0\r\n\r\n", "GET / 1.0 close {}."},
    {"http 1.0 with host", "GET / HTTP/1.0\r\nHost: a\r\n\r\n", "GET / 1.0 close {Host: a}."},
    {"query", "GET /p?a=b&c=%20?x HTTP/1.1\r\nHost: a\r\n\r\n", "GET /p?a=b&c=%20?x 1.1 {Host: a}."},
    {"odd but visible target", "GET /~!$&'()*+,;=:@[] HTTP/1.1\r\nHost: a\r\n\r\n",
     "GET /~!$&'()*+,;=:@[] 1.1 {Host: a}."},
    {"encoded colon", "POST /v1beta/models/g%3Agen?alt=sse HTTP/1.1\r\nHost: a\r\n\r\n",
     "POST /v1beta/models/g%3Agen?alt=sse 1.1 {Host: a}."},
    {"double slash", "GET //x HTTP/1.1\r\nHost: a\r\n\r\n", "GET /x 1.1 {Host: a}."},
    {"path like a url", "GET /http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", "GET /http:/b 1.1 {Host: a}."},
    {"one empty line before", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / 1.1 {Host: a}."},
    {"nothing at all", "", ""},
    {"only an empty line", "\r\n", ""},

    // absolute-form
    {"absolute", "GET http://b.example/p?q HTTP/1.1\r\nHost: a\r\n\r\n", "GET /p?q 1.1 {Host: b.example}."},
    {"absolute, agreeing host", "GET http://a/p HTTP/1.1\r\nHost: a\r\n\r\n", "GET /p 1.1 {Host: a}."},
    {"absolute with port", "GET http://b:81/p HTTP/1.1\r\nX: y\r\nhost: a\r\n\r\n", "GET /p 1.1 {X: y; host: b:81}."},
    {"absolute https, upper case", "GET HTTPS://B/p HTTP/1.1\r\nHost: a\r\n\r\n", "GET /p 1.1 {Host: B}."},
    {"absolute without path", "GET http://b HTTP/1.1\r\nHost: a\r\n\r\n", "GET / 1.1 {Host: b}."},
    {"absolute with query only", "GET http://b?q=1 HTTP/1.1\r\nHost: a\r\n\r\n", "GET /?q=1 1.1 {Host: b}."},
    {"absolute options without path", "OPTIONS http://b HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS * 1.1 {Host: b}."},
    {"absolute options with path", "OPTIONS http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS / 1.1 {Host: b}."},
    {"absolute ipv6", "GET http://[::1]:80/p HTTP/1.1\r\nHost: a\r\n\r\n", "GET /p 1.1 {Host: [::1]:80}."},
    {"absolute 1.0 without host", "GET http://b/p HTTP/1.0\r\n\r\n", "GET /p 1.0 close {}."},

    // Host
    {"host with port", "GET / HTTP/1.1\r\nHost: a.b-c_d:65535\r\n\r\n", "GET / 1.1 {Host: a.b-c_d:65535}."},
    {"host with empty port", "GET / HTTP/1.1\r\nHost: a:\r\n\r\n", "GET / 1.1 {Host: a:}."},
    {"host ipv4", "GET / HTTP/1.1\r\nHost: 127.0.0.1:8000\r\n\r\n", "GET / 1.1 {Host: 127.0.0.1:8000}."},
    {"host ipv6", "GET / HTTP/1.1\r\nHost: [fe80::1%25eth0]:80\r\n\r\n", "GET / 1.1 {Host: [fe80::1%25eth0]:80}."},
    {"host last, any case", "GET / HTTP/1.1\r\nA: b\r\nhOsT: a\r\n\r\n", "GET / 1.1 {A: b; hOsT: a}."},
    {"host with white space around", "GET / HTTP/1.1\r\nHost: \t a \t \r\n\r\n", "GET / 1.1 {Host: a}."},

    // fields
    {"empty value", "GET / HTTP/1.1\r\nHost: a\r\nX:\r\nY: \r\nZ: \t\r\nW: v\r\n\r\n",
     "GET / 1.1 {Host: a; X: ; Y: ; Z: ; W: v}."},
    {"no space after colon", "GET / HTTP/1.1\r\nHost:a\r\nX:y\r\n\r\n", "GET / 1.1 {Host: a; X: y}."},
    {"colons in value", "GET / HTTP/1.1\r\nHost: a\r\nX: :y:z:\r\n\r\n", "GET / 1.1 {Host: a; X: :y:z:}."},
    {"spaces within a value", "GET / HTTP/1.1\r\nHost: a\r\nX: a  b\tc \r\n\r\n", "GET / 1.1 {Host: a; X: a  b\tc}."},
    {"tab at each place of a word", "GET / HTTP/1.1\r\nHost: a\r\nX: 1\t2345678\t1234567\t\t123456\t\r\n\r\n",
     "GET / 1.1 {Host: a; X: 1\t2345678\t1234567\t\t123456}."},
    {"bytes above ascii in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: \x80\xc3\xa9\xff\r\n\r\n",
     "GET / 1.1 {Host: a; X: \x80\xc3\xa9\xff}."},
    {"every mark in a name", "GET / HTTP/1.1\r\nHost: a\r\n!#$%&'*+-.^_`|~09azAZ: v\r\n\r\n",
     "GET / 1.1 {Host: a; !#$%&'*+-.^_`|~09azAZ: v}."},
    {"same field twice", "GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\nX: 2\r\n\r\n", "GET / 1.1 {Host: a; X: 1; X: 2}."},
    {"names that begin like special ones",
     "GET / HTTP/1.1\r\nHost: a\r\nContent-Lengthy: x\r\nConnection-Duration: 5\r\nTransfer-Encodings: y\r\nUpgrades: "
     "z\r\n\r\n",
     "GET / 1.1 {Host: a; Content-Lengthy: x; Connection-Duration: 5; Transfer-Encodings: y; Upgrades: z}."},
    {"long value",
     "GET / HTTP/1.1\r\nHost: a\r\nX: 0123456789012345678901234567890123456789012345678901234567890123456789\r\n\r\n",
     "GET / 1.1 {Host: a; X: 0123456789012345678901234567890123456789012345678901234567890123456789}."},

    // Content-Length
    {"length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
     "POST / 1.1 len=5 {Host: a; Content-Length: 5} <hello>."},
    {"length zero", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
     "POST / 1.1 len=0 {Host: a; Content-Length: 0}."},
    {"length with zeros before", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0002\r\n\r\nhi",
     "POST / 1.1 len=2 {Host: a; Content-Length: 0002} <hi>."},
    {"length with spaces behind", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2  \r\n\r\nhi",
     "POST / 1.1 len=2 {Host: a; Content-Length: 2} <hi>."},
    {"length in 1.0", "POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi",
     "POST / 1.0 len=2 close {Content-Length: 2} <hi>."},
    {"length of a get", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi",
     "GET / 1.1 len=2 {Host: a; Content-Length: 2} <hi>."},
    {"post without length", "POST / HTTP/1.1\r\nHost: a\r\n\r\n", "POST / 1.1 {Host: a}."},
    {"body of any bytes", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n\0\r\n\x80\n\xff"sv,
     "POST / 1.1 len=6 {Host: a; Content-Length: 6} <\0\r\n\x80\n\xff>."sv},
    {"body like a request", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 18\r\n\r\nGET / HTTP/1.1\r\n\r\n",
     "POST / 1.1 len=18 {Host: a; Content-Length: 18} <GET / HTTP/1.1\r\n\r\n>."},

    // chunked
    {"chunked",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n",
     "POST / 1.1 chunked {Host: a; Transfer-Encoding: chunked} <hello world>."},
    {"chunked, any case", "POST / HTTP/1.1\r\nHost: a\r\ntransfer-encoding:cHuNkEd\r\n\r\n1\r\nx\r\n0\r\n\r\n",
     "POST / 1.1 chunked {Host: a; transfer-encoding: cHuNkEd} <x>."},
    {"chunked, spaces around", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:   chunked  \r\n\r\n0\r\n\r\n",
     "POST / 1.1 chunked {Host: a; Transfer-Encoding: chunked}."},
    {"chunked, empty", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
     "POST / 1.1 chunked {Host: a; Transfer-Encoding: chunked}."},
    {"chunk size in hex, both cases",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\nB\r\n0123456789a\r\n0\r\n\r\n",
     "POST / 1.1 chunked {Host: a; Transfer-Encoding: chunked} <01234567890123456789a>."},
    {"chunk size with zeros before",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0002\r\nhi\r\n000\r\n\r\n",
     "POST / 1.1 chunked {Host: a; Transfer-Encoding: chunked} <hi>."},
    {"chunk of line ends", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n\r\n\r\n\r\n0\r\n\r\n",
     "POST / 1.1 chunked {Host: a; Transfer-Encoding: chunked} <\r\n\r\n>."},
    {"chunk extension", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2;a\r\nhi\r\n0;b\r\n\r\n",
     "POST / 1.1 chunked {Host: a; Transfer-Encoding: chunked} <hi>."},
    {"chunk extensions with values",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b;c;d=e\r\nhi\r\n0\r\n\r\n",
     "POST / 1.1 chunked {Host: a; Transfer-Encoding: chunked} <hi>."},
    {"chunk extension, quoted",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2;a=\"b;\\\"c\\\\\";d\r\nhi\r\n0\r\n\r\n",
     "POST / 1.1 chunked {Host: a; Transfer-Encoding: chunked} <hi>."},
    {"trailers are dropped",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX: y\r\nContent-Length: "
     "9\r\n\r\n",
     "POST / 1.1 chunked {Host: a; Transfer-Encoding: chunked} <hi>."},

    // Connection, Upgrade, Expect
    {"close", "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
     "GET / 1.1 close {Host: a; Connection: close}."},
    {"close in a list", "GET / HTTP/1.1\r\nHost: a\r\nConnection: x, CLOSE ,y\r\n\r\n",
     "GET / 1.1 close {Host: a; Connection: x, CLOSE ,y}."},
    {"close in the second field", "GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\nConnection: close\r\n\r\n",
     "GET / 1.1 close {Host: a; Connection: keep-alive; Connection: close}."},
    {"close beats keep-alive in 1.0", "GET / HTTP/1.0\r\nConnection: close, keep-alive\r\n\r\n",
     "GET / 1.0 close {Connection: close, keep-alive}."},
    {"keep-alive in 1.0", "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", "GET / 1.0 {Connection: Keep-Alive}."},
    {"closed is not close", "GET / HTTP/1.1\r\nHost: a\r\nConnection: closed\r\n\r\n",
     "GET / 1.1 {Host: a; Connection: closed}."},
    {"proxy-connection means nothing", "GET / HTTP/1.1\r\nHost: a\r\nProxy-Connection: close\r\n\r\n",
     "GET / 1.1 {Host: a; Proxy-Connection: close}."},
    {"body after close", "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi",
     "POST / 1.1 len=2 close {Host: a; Connection: close; Content-Length: 2} <hi>."},
    {"websocket", "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n\r\n",
     "GET / 1.1 websocket {Host: a; Upgrade: websocket; Connection: keep-alive, Upgrade}."},
    {"websocket without connection", "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n",
     "GET / 1.1 {Host: a; Upgrade: websocket}."},
    {"upgrade to something else", "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
     "GET / 1.1 {Host: a; Upgrade: h2c; Connection: Upgrade}."},
    {"upgrade does not end http",
     "POST / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: Upgrade\r\nContent-Length: 2\r\n\r\nhiGET /2 "
     "HTTP/1.1\r\nHost: a\r\n\r\n",
     "POST / 1.1 len=2 {Host: a; Upgrade: h2c; Connection: Upgrade; Content-Length: 2} <hi>. GET /2 1.1 {Host: a}."},
    {"upgrade without a body does not end http",
     "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
     "GET / 1.1 websocket {Host: a; Upgrade: websocket; Connection: Upgrade}. GET /2 1.1 {Host: a}."},
    {"expect", "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\nhi",
     "POST / 1.1 len=2 continue {Host: a; Expect: 100-Continue; Content-Length: 2} <hi>."},
    {"expect in 1.0 is ignored", "POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n",
     "POST / 1.0 len=0 close {Expect: 100-continue; Content-Length: 0}."},

    // one after another
    {"pipelined", "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\nGET /3 HTTP/1.0\r\n\r\n",
     "GET /1 1.1 {Host: a}. GET /2 1.1 {Host: a}. GET /3 1.0 close {}."},
    {"pipelined after a length",
     "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhiGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
     "POST /1 1.1 len=2 {Host: a; Content-Length: 2} <hi>. GET /2 1.1 {Host: a}."},
    {"pipelined after an empty length",
     "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
     "POST /1 1.1 len=0 {Host: a; Content-Length: 0}. GET /2 1.1 {Host: a}."},
    {"pipelined after chunks",
     "POST /1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\nGET /2 HTTP/1.1\r\nHost: "
     "a\r\n\r\n",
     "POST /1 1.1 chunked {Host: a; Transfer-Encoding: chunked} <hi>. GET /2 1.1 {Host: a}."},
    {"pipelined after trailers",
     "POST /1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n\r\nGET /2 HTTP/1.1\r\nHost: "
     "a\r\n\r\n",
     "POST /1 1.1 chunked {Host: a; Transfer-Encoding: chunked}. GET /2 1.1 {Host: a}."},
    {"empty line between",
     "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
     "POST /1 1.1 len=2 {Host: a; Content-Length: 2} <hi>. GET /2 1.1 {Host: a}."},
    {"nothing is left over from the message before",
     "POST http://b/1 HTTP/1.0\r\nUpgrade: websocket\r\nConnection: Upgrade, keep-alive\r\nContent-Length: 2\r\n\r\nhi"
     "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
     "POST /1 1.0 len=2 websocket {Upgrade: websocket; Connection: Upgrade, keep-alive; Content-Length: 2} <hi>. "
     "GET /2 1.1 {Host: a}."},
});

}  // namespace

std::span<const Vector> good_requests() { return vectors; }

}  // namespace sluice::http
