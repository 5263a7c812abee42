#include "net/resolver.h"

#include <netdb.h>
#include <sys/socket.h>
#include <uv.h>

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "net/loop.h"

namespace sluice::net {
namespace {

using Addresses = Resolver::Addresses;

Addresses cannot_resolve(const std::string& host, const std::string& why) {
  return fail(ErrorCode::target_unresolved, "cannot resolve " + host + ": " + why);
}

struct SystemLookup {
  uv_getaddrinfo_t request;
  std::string host;
  std::function<void(Addresses)> done;
};

std::string text_of(int error) {
  if (error == UV_EAI_NONAME || error == UV_EAI_NODATA) return "no such host";
  if (error == UV_EAI_AGAIN) return "DNS does not answer";
  return uv_strerror(error);
}

void system_answered(uv_getaddrinfo_t* request, int status, addrinfo* found) {
  const std::unique_ptr<SystemLookup> lookup(static_cast<SystemLookup*>(request->data));
  std::vector<SocketAddress> addresses;
  for (const addrinfo* each = found; each && status == 0; each = each->ai_next) {
    const SocketAddress address = SocketAddress::from(each->ai_addr);
    const bool known = std::find(addresses.begin(), addresses.end(), address) != addresses.end();
    if (!address.ip().empty() && !known) addresses.push_back(address);
  }
  uv_freeaddrinfo(found);
  if (status != 0) {
    lookup->done(cannot_resolve(lookup->host, text_of(status)));
  } else if (addresses.empty()) {
    lookup->done(cannot_resolve(lookup->host, "it has no address"));
  } else {
    lookup->done(std::move(addresses));
  }
}

void ask_system(Loop& loop, const std::string& host, std::function<void(Addresses)> done) {
  auto* lookup = new SystemLookup{{}, host, std::move(done)};
  lookup->request.data = lookup;
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  const int error = uv_getaddrinfo(loop.uv(), &lookup->request, system_answered, host.c_str(), nullptr, &hints);
  if (error != 0) system_answered(&lookup->request, error, nullptr);  // for example, a name that is too long
}

}  // namespace

struct Resolving::Waiter {
  Resolver::Done done;  // empty: cancelled or already called
  void tell(const Addresses& addresses) {
    if (!done) return;
    const Resolver::Done once = std::exchange(done, nullptr);
    once(addresses);
  }
};

Resolving::Resolving(std::shared_ptr<Waiter> waiter) : waiter_(std::move(waiter)) {}
Resolving::~Resolving() { waiter_->done = nullptr; }

struct Resolver::State : std::enable_shared_from_this<Resolver::State> {
  using Waiter = Resolving::Waiter;
  struct Name {
    Addresses addresses = std::vector<SocketAddress>();  // an empty list: not known yet
    uint64_t known_ms = 0;                               // when they were learnt
    uint64_t retry_ms = 0;                               // no lookup before this time
    uint64_t used_ms = 0;
    bool looking_up = false;
    std::vector<std::shared_ptr<Waiter>> waiters;
  };

  Loop& loop;
  ResolverOptions options;
  std::unordered_map<std::string, Name> names;
  uint64_t lookups_total = 0;

  State(Loop& on, ResolverOptions with) : loop(on), options(std::move(with)) {
    if (!options.now_ms) options.now_ms = [&on] { return on.now_ms(); };
    if (!options.lookup) {
      options.lookup = [&on](const std::string& host, std::function<void(Addresses)> done) {
        ask_system(on, host, std::move(done));
      };
    }
  }

  void tell_later(std::shared_ptr<Waiter> waiter, Addresses addresses) {
    loop.defer([waiter = std::move(waiter), addresses = std::move(addresses)] { waiter->tell(addresses); });
  }

  void resolve(const std::string& host, std::shared_ptr<Waiter> waiter) {
    if (const auto literal = SocketAddress::parse_ip(host)) return tell_later(waiter, std::vector{*literal});
    const uint64_t now_ms = options.now_ms();
    auto found = names.find(host);
    if (found == names.end()) {
      if (names.size() >= options.max_names && !forget_one()) {
        return tell_later(waiter, cannot_resolve(host, "too many names are being looked up"));
      }
      found = names.emplace(host, Name{}).first;
    }
    Name& name = found->second;
    name.used_ms = now_ms;
    const bool answerable = usable(name, now_ms);
    if (answerable) {
      tell_later(waiter, name.addresses);
    } else {
      name.waiters.push_back(std::move(waiter));
    }
    if (!name.looking_up && (!answerable || now_ms >= name.retry_ms)) look_up(host, name);
  }

  // Whether it may be answered from the cache.
  bool usable(const Name& name, uint64_t now_ms) const {
    if (!name.addresses) return now_ms < name.retry_ms;
    return !name.addresses->empty() && now_ms < name.known_ms + options.ttl_ms + options.stale_ms;
  }

  void look_up(const std::string& host, Name& name) {
    name.looking_up = true;
    ++lookups_total;
    // The lookup may answer immediately; waiters are still called later.
    options.lookup(host, [weak = weak_from_this(), host](Addresses addresses) {
      if (const auto self = weak.lock()) self->learn(host, std::move(addresses));
    });
  }

  void learn(const std::string& host, Addresses addresses) {
    Name& name = names.at(host);  // an entry with a lookup under way is never forgotten
    const uint64_t now_ms = options.now_ms();
    name.looking_up = false;
    name.retry_ms = now_ms + (addresses ? options.ttl_ms : options.failure_ttl_ms);
    const bool keep_old = !addresses && usable(name, now_ms) && name.addresses;
    if (!keep_old) {
      name.addresses = std::move(addresses);
      name.known_ms = now_ms;
    }
    for (auto& waiter : std::exchange(name.waiters, {})) tell_later(std::move(waiter), name.addresses);
  }

  // Returns whether there was one that could be forgotten.
  bool forget_one() {
    auto oldest = names.end();
    for (auto each = names.begin(); each != names.end(); ++each) {
      if (each->second.looking_up) continue;
      if (oldest == names.end() || each->second.used_ms < oldest->second.used_ms) oldest = each;
    }
    if (oldest == names.end()) return false;
    names.erase(oldest);
    return true;
  }
};

Resolver::Resolver(Loop& loop, ResolverOptions options) : state_(std::make_shared<State>(loop, std::move(options))) {}

Resolver::~Resolver() {
  for (auto& [host, name] : state_->names) {
    for (auto& waiter : name.waiters) waiter->done = nullptr;
  }
}

std::unique_ptr<Resolving> Resolver::resolve(const std::string& host, Done done) {
  auto waiter = std::make_shared<Resolving::Waiter>();
  waiter->done = std::move(done);
  std::unique_ptr<Resolving> resolving(new Resolving(waiter));
  state_->resolve(host, std::move(waiter));
  return resolving;
}

size_t Resolver::cached_names() const { return state_->names.size(); }
uint64_t Resolver::lookups_total() const { return state_->lookups_total; }

}  // namespace sluice::net
