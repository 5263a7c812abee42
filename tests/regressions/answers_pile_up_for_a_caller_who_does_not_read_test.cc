// 761 kB of pipelined GETs on a connection whose caller read nothing held over 1.2 GB of answers.
#include <catch2/catch.hpp>

#include "http/inbound_connection.h"
#include "net/memory_pipe.h"

namespace sluice::http {
namespace {

// Answers everything immediately with 10 kB.
struct Pages final : Service {
  struct Done final : RequestHandler {
    void on_body(std::string_view) override {}
    void on_body_end() override {}
    void on_request_broken(const Error&) override {}
    void on_drained() override {}
    void on_caller_gone(const Error&) override {}
  };
  std::unique_ptr<RequestHandler> handle(const RequestHead&, Responder& responder) override {
    ++asked;
    max_pending = std::max(max_pending, responder.pending_bytes());
    responder.answer(200, Fields(), page);
    return std::make_unique<Done>();
  }
  void render_error(const RequestHead&, const Error&, Fields&, std::string&) override {}
  const std::string page = std::string(10'000, 'x');
  size_t asked = 0;
  size_t max_pending = 0;
};

struct Reader final : net::StreamEvents {
  size_t bytes = 0;
  bool ended = false;
  void on_read(std::string_view more) override { bytes += more.size(); }
  void on_end() override { ended = true; }
  void on_broken(const Error&) override { ended = true; }
  void on_drained() override {}
};

TEST_CASE("requests are taken only while the answers before them are") {
  net::Loop loop;
  Pages pages;
  InboundConnections connections(loop, pages, InboundOptions{});
  auto [near, far] = net::make_memory_pipe(loop);
  Reader reader;
  near->set_events(&reader);
  connections.add(std::move(far));
  constexpr size_t requests = 1'000;
  std::string all;
  for (size_t i = 0; i < requests; ++i) all += "GET /page HTTP/1.1\r\nHost: x\r\n\r\n";
  near->write(all);
  for (int i = 0; i < 200; ++i) loop.run_once(false);
  CHECK(pages.asked * pages.page.size() < net::WriteMarks::high_bytes + 2 * pages.page.size());
  near->start_reading();
  for (int i = 0; i < 20'000 && pages.asked < requests; ++i) loop.run_once(true);
  for (int i = 0; i < 50; ++i) loop.run_once(false);
  CHECK(pages.asked == requests);
  CHECK(pages.max_pending <= net::WriteMarks::high_bytes);
  CHECK(reader.bytes > requests * pages.page.size());
  CHECK_FALSE(reader.ended);
  near.reset();
  for (int i = 0; i < 5; ++i) loop.run_once(false);
}

TEST_CASE("a caller who never reads is left at last") {
  net::Loop loop;
  Pages pages;
  InboundOptions options;
  options.write_stall_ms = 100;
  InboundConnections connections(loop, pages, options);
  auto [near, far] = net::make_memory_pipe(loop);
  Reader reader;
  near->set_events(&reader);
  connections.add(std::move(far));
  std::string all;
  for (int i = 0; i < 100; ++i) all += "GET /page HTTP/1.1\r\nHost: x\r\n\r\n";
  near->write(all);
  for (int i = 0; i < 200 && (pages.asked == 0 || connections.size() > 0); ++i) loop.run_once(true);
  CHECK(connections.size() == 0);
}

}  // namespace
}  // namespace sluice::http
