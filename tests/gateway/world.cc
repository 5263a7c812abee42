#include "world.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>

#include "support/fake_clock.h"

namespace sluice::gateway {

config::Config World::plain_config() {
  config::Config config;
  config::Provider lab;
  lab.name = "lab";
  lab.dialects = {Dialect::openai, Dialect::responses, Dialect::anthropic, Dialect::gemini, Dialect::ollama};
  lab.base_url.demo = true;
  lab.base_url.host = "lab.internal";
  lab.base_url.port = 80;
  lab.base_paths[static_cast<size_t>(Dialect::openai)] = "/v1";
  lab.base_paths[static_cast<size_t>(Dialect::responses)] = "/v1";
  lab.api_key = "provider-secret";
  config.providers = {lab};
  config.models = {{"fast", {{"lab", "real-model"}}}};
  config.models[0].retry.attempts = 1;
  return config;
}

World::World(config::Config given) : config(std::move(given)) {
  if (pipe2(log_pipe, O_CLOEXEC | O_NONBLOCK) != 0) std::abort();
  log = std::make_unique<observe::Log>(
      observe::Log::Options{observe::Level::info, false, log_pipe[1], [this] { return clock.unix_ms(); }});
  router = std::make_unique<routing::Router>(config);
  keys = std::make_unique<policy::CallerKeys>(config.keys, random.next(), [this] { return clock.unix_s(); });
  resolver = std::make_unique<net::Resolver>(loop);
  contexts.resize(config.providers.size());
  links = std::make_unique<ProviderLinks>(
      loop, *resolver, config, contexts,
      [this](std::unique_ptr<net::Stream> stream) { targets.push_back(std::make_unique<Peer>(std::move(stream))); },
      pools);
  limiter = policy::Limiter::create(config);
  if (limiter) limits = std::make_unique<LimitQueue>(loop, *limiter, cells(), config.limits.queue);
  access_log = std::make_unique<observe::AccessLog>(*log, cells());
  context.emplace(Context{loop,
                          config,
                          *keys,
                          router.get(),
                          *links,
                          proxies,
                          ids,
                          cells(),
                          access_log.get(),
                          *log,
                          draining,
                          {},
                          {},
                          limits.get()});
  context->usage_refusals = &usage_refusals;
  context->id_makers = &id_makers;
  for (const config::Model& model : config.models) {
    if (model.resume_ms != 0) context->streams = &streams;
  }
  for (const config::Provider& provider : config.providers) {
    if (provider.resume_ms != 0) context->streams = &streams;
  }
  budget.set_most(config.limits.buffered_bytes);
  context->buffers = &buffers;
  dispatcher.emplace(*context, OwnPages{});
  http::InboundOptions options;
  connections = std::make_unique<http::InboundConnections>(loop, *dispatcher, options);
  connect();
}

World::~World() {
  caller.reset();
  targets.clear();
  connections.reset();
  links.reset();
  access_log.reset();
  log.reset();
  close(log_pipe[0]);
  close(log_pipe[1]);
}

void World::connect() {
  auto [ours, theirs] = net::make_memory_pipe(loop);
  caller = std::make_unique<Peer>(std::move(ours));
  connections->add(std::move(theirs));
}

void World::turn(int times) {
  for (int i = 0; i < times; ++i) loop.run_once(false);
}

std::string World::records() {
  access_log->flush();
  std::string all;
  std::array<char, 4096> buffer;
  for (int tries = 0; tries < 20 && all.find(" access ") == std::string::npos; ++tries) {
    pollfd readable{log_pipe[0], POLLIN, 0};
    poll(&readable, 1, 500);
    const ssize_t count = read(log_pipe[0], buffer.data(), buffer.size());
    if (count > 0) all.append(buffer.data(), static_cast<size_t>(count));
  }
  return all;
}

std::string post(std::string_view path, std::string_view body, std::string_view more_fields) {
  return "POST " + std::string(path) + " HTTP/1.1\r\nHost: sluice\r\nContent-Type: application/json\r\n" +
         std::string(more_fields) + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

std::string ok_json(std::string_view body, std::string_view more_fields) {
  return "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n" + std::string(more_fields) +
         "content-length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

}  // namespace sluice::gateway
