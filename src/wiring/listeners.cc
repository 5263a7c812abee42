#include "wiring/listeners.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace sluice {

namespace {

bool is_wildcard(const config::Address& address) { return address.host == "0.0.0.0" || address.host == "::"; }

// Whether every caller that could connect to `old` can connect to `fresh`: "0.0.0.0:8000" for "127.0.0.1:8000".
bool takes_place_of(std::string_view fresh, std::string_view old) {
  if (fresh == old) return true;
  const auto port_of = [](std::string_view text) { return text.substr(std::min(text.rfind(':'), text.size())); };
  const bool is_v6 = old.starts_with('[');
  const std::string_view wildcard = is_v6 ? "[::]" : "0.0.0.0";
  return !old.starts_with("unix:") && port_of(fresh) == port_of(old) &&
         fresh.substr(0, fresh.size() - port_of(fresh).size()) == wildcard;
}

std::string url_of(const config::Address& address, uint16_t port, bool tls) {
  if (!address.unix_path.empty()) return "unix:" + address.unix_path;
  config::Address bound = address;
  bound.port = port;
  return (tls ? "https://" : "http://") + bound.text();
}

}  // namespace

Result<net::ListenSocket> Listeners::socket_at(const config::Address& address, bool beside_own) {
  for (auto socket = passed_.begin(); socket != passed_.end(); ++socket) {
    if (!socket->is_at(address.host, address.port, address.unix_path)) continue;
    net::ListenSocket found = std::move(*socket);
    passed_.erase(socket);
    return found;
  }
  if (!address.unix_path.empty()) return net::ListenSocket::at_path(address.unix_path);
  return net::ListenSocket::tcp(address.host, address.port, beside_own);
}

Result<Listeners::Sockets> Listeners::sockets_at(const config::Address& address, bool beside_own, size_t workers) {
  Sockets sockets;
  auto first = socket_at(address, beside_own);
  if (!first) return tl::unexpected<Error>(first.error());
  sockets.push_back(std::move(*first));
  while (sockets.size() < workers) {
    auto another = sockets.front().another();
    if (!another) return tl::unexpected<Error>(another.error());
    sockets.push_back(std::move(*another));
  }
  return sockets;
}

// Whether sluice already listens on that port, at addresses that `next` drops: then conflicts with those are not
// errors. Addresses that are kept must not conflict with the new one, just as after a restart.
bool Listeners::moves_within_port(const config::Config& next, const config::Address& address) const {
  if (!address.unix_path.empty() || address.port == 0) return false;
  bool moves = false;
  for (const Listening& one : listening_) {
    if (one.address.port != address.port || !one.address.unix_path.empty()) continue;
    const bool stays = std::find(next.listen.begin(), next.listen.end(), one.address) != next.listen.end();
    if (stays && (is_wildcard(one.address) || is_wildcard(address))) return false;
    moves = moves || !stays;
  }
  return moves;
}

Result<std::vector<Listeners::Added>> Listeners::open(const config::Config& next, bool tls, size_t workers) {
  std::vector<Added> added;
  for (const bool moves : {false, true}) {
    for (const config::Address& address : next.listen) {
      if (listens_at(address) || moves_within_port(next, address) != moves) continue;
      auto sockets = sockets_at(address, moves, workers);
      if (!sockets) return tl::unexpected<Error>(sockets.error());
      const net::ListenSocket& first = sockets->front();
      Listening made{++made_, {}, address, first.text(), first.port(), url_of(address, first.port(), tls)};
      added.push_back({std::move(made), std::move(*sockets)});
    }
  }
  return added;
}

void Listeners::take_over(std::vector<Added>& added, const config::Config& next, bool tls) {
  std::erase_if(listening_, [&](const Listening& one) {
    if (std::find(next.listen.begin(), next.listen.end(), one.address) != next.listen.end()) return false;
    for (Added& fresh : added) {
      if (!takes_place_of(fresh.listening.text, one.text)) continue;
      std::vector<uint32_t>& numbers = fresh.listening.in_its_place;
      numbers.push_back(one.number);
      numbers.insert(numbers.end(), one.in_its_place.begin(), one.in_its_place.end());
    }
    return true;
  });
  for (Listening& one : listening_) one.url = url_of(one.address, one.port, tls);
  for (Added& fresh : added) listening_.push_back(fresh.listening);
}

void Listeners::tell(gateway::Setup& setup) const {
  for (const Listening& one : listening_) {
    setup.listeners.push_back(one.number);
    setup.kept_listeners.push_back(one.number);
    setup.kept_listeners.insert(setup.kept_listeners.end(), one.in_its_place.begin(), one.in_its_place.end());
  }
}

bool Listeners::listens_at(const config::Address& address) const {
  return std::any_of(listening_.begin(), listening_.end(),
                     [&](const Listening& one) { return one.address == address; });
}

void Listeners::drop_unused(observe::Log& log) {
  for (const net::ListenSocket& unused : passed_) {
    log.warn("a passed socket matches no address of listen and is not used", {{"address", unused.text()}});
  }
  passed_.clear();
}

uint16_t Listeners::port() const {
  for (const Listening& one : listening_) {
    if (one.port != 0) return one.port;
  }
  return 0;
}

std::vector<std::string> Listeners::urls() const {
  std::vector<std::string> urls;
  for (const Listening& one : listening_) urls.push_back(one.url);
  return urls;
}

}  // namespace sluice
