// Asks one provider for its list of models, page by page, with limits on time and size.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "api/model_list_reader.h"
#include "gateway/catalog.h"
#include "gateway/provider_link.h"
#include "http/call.h"
#include "http/inflater.h"
#include "net/loop.h"

namespace sluice::gateway {

// The head of a request for a page of the list. `key`: index of the provider's credential. `path`: "" for the first
// page.
std::string list_request(const ProviderLink& link, size_t key, std::string_view path = "");

class ListCall final : http::CallEvents {
 public:
  static constexpr uint64_t max_bytes = 16 << 20;  // of all pages, compressed and inflated; the rest is not read
  static constexpr uint32_t max_pages = 32;

  // `done` is called once for each start() and must not destroy this. Both references must outlive it.
  ListCall(net::Loop& loop, ProviderLink& link, std::function<void()> done);
  void start(uint32_t max_ms);
  bool under_way() const { return under_way_; }
  // When done: "" or, for people, why there is no list.
  const std::string& problem() const { return problem_; }
  bool cut() const { return cut_; }  // the list is incomplete
  ToldList take() { return std::move(list_); }

 private:
  void ask(std::string_view path);
  void end(std::string problem);
  void end_page(bool cut);
  bool takes_other_key();
  Result<void> read(std::string_view bytes);

  void on_call_head(const http::ResponseHead& head) override;
  void on_call_body(std::string_view bytes) override;
  void on_call_end() override;
  void on_call_failed(const Error& error) override;

  net::Loop& loop_;
  ProviderLink& link_;
  const std::function<void()> done_;
  const Dialect dialect_;
  std::optional<api::ModelListReader> reader_;  // of the current list
  std::optional<http::Inflater> inflater_;      // if the answer is compressed although we asked for identity
  std::string request_, path_, problem_, location_;
  ToldList list_;
  uint64_t deadline_ms_ = 0, bytes_ = 0, page_bytes_ = 0;
  uint32_t pages_ = 0;
  size_t key_ = 0;           // index of the provider's credential in use
  size_t refused_keys_ = 0;  // since start()
  int status_ = 0;
  bool under_way_ = false, cut_ = false, redirected_ = false, too_much_ = false, unreadable_ = false;
  http::Call call_;
};

}  // namespace sluice::gateway
