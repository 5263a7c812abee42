#include "api/passing.h"

#include <catch2/catch.hpp>

namespace sluice::api {
namespace {

using enum http::Method;

http::Fields fields_with(std::string_view name) {
  http::Fields fields;
  if (!name.empty()) fields.add(name, "x");
  return fields;
}

TEST_CASE("what is below a root passes by any method, as the dialect's whose caller asks") {
  struct Row {
    http::Method method;
    std::string_view path, field, name, dialect, target;
  };
  for (const Row& row : std::initializer_list<Row>{
           {get, "/v1/files", "", "files", "openai", "/files"},
           {post, "/files", "", "files", "openai", "/files"},
           {get, "/v1/files", "anthropic-version", "files", "anthropic", "/v1/files"},
           {del, "/v1/files/file-1", "", "files", "openai", "/files/file-1"},
           {head, "/v1/files/file-1/content", "", "files", "openai", "/files/file-1/content"},
           {put, "/v1/vector_stores/vs_1/files/f", "", "vector_stores", "openai", "/vector_stores/vs_1/files/f"},
           {get, "/v1/chat/completions", "", "chat/completions/stored", "openai", "/chat/completions"},
           {del, "/v1/chat/completions/c1", "", "chat/completions/stored", "openai", "/chat/completions/c1"},
           {get, "/v1/videos/v1/content", "", "videos", "openai", "/videos/v1/content"},
           {post, "/v1/messages/batches", "", "messages/batches", "anthropic", "/v1/messages/batches"},
           {get, "/v1/memory_stores/m", "", "memory_stores", "anthropic", "/v1/memory_stores/m"},
           {patch, "/v1beta/cachedContents/c", "", "cachedContents", "gemini", "/v1beta/cachedContents/c"},
           {post, "/upload/v1beta/files", "", "files/upload", "gemini", "/upload/v1beta/files"},
           {post, "/v1beta/files:register", "", "files", "gemini", "/v1beta/files:register"},
           {del, "/api/delete", "", "ollama/delete", "ollama", "/api/delete"},
           {post, "/api/blobs/sha256%3Aab", "", "ollama/blobs", "ollama", "/api/blobs/sha256%3Aab"},
           {get, "/openai/v1/batches/b", "", "batches", "openai", "/batches/b"},
           {get, "/openai/files", "", "files", "openai", "/files"},
           {get, "/v1beta/openai/files", "", "files", "openai", "/files"}}) {
    INFO(row.path);
    const http::Fields fields = fields_with(row.field);
    const auto found = match(row.method, row.path, &fields);
    REQUIRE(found);
    CHECK(found->passes);
    CHECK(found->endpoint->name == row.name);
    CHECK(name_of(found->endpoint->dialect) == row.dialect);
    CHECK(name_of(guess_dialect(row.path, fields)) == row.dialect);
    std::string target;
    append_target_path(target, *found, "");
    CHECK(target == row.target);
  }
}

TEST_CASE("a path that is an endpoint keeps its methods; what is near a root is not below it") {
  CHECK(match(head, "/v1/chat/completions").error().code == ErrorCode::method_not_allowed);
  CHECK(match(put, "/v1/videos").error().code == ErrorCode::method_not_allowed);
  CHECK_FALSE(match(post, "/v1/videos")->passes);
  for (const std::string_view path : {"/v1/filesystem", "/v1/file", "/api/deleted", "/v1beta/filesX", "/uploads2"}) {
    INFO(path);
    CHECK(match(post, path).error().code == ErrorCode::unknown_path);
  }
  CHECK(match(options, "/v1/files").error().code == ErrorCode::unknown_path);
}

TEST_CASE("a path names its provider, and what follows is the provider's") {
  const auto found = match(post, "/providers/lab/v1/anything/at.all");
  REQUIRE(found);
  CHECK(found->provider == "lab");
  CHECK(found->path == "/v1/anything/at.all");
  CHECK(found->endpoint->name == "provider");
  for (const std::string_view path : {"/providers", "/providers/", "/providers/lab", "/providers//x"}) {
    INFO(path);
    CHECK(match(get, path).error().code == ErrorCode::unknown_path);
  }
  const Dialect both[] = {Dialect::openai, Dialect::anthropic};
  CHECK(endpoint_at(both, "/v1/messages").dialect == Dialect::anthropic);
  CHECK(endpoint_at(both, "/chat/completions").dialect == Dialect::openai);
  CHECK(endpoint_at(both, "/api/chat").dialect == Dialect::openai);
  CHECK(endpoint_at(both, "/infill").beside_version);
  CHECK_FALSE(endpoint_at(both, "/v1/files").beside_version);
}

TEST_CASE("a path that could be read in two ways does not pass") {
  for (const std::string_view rest :
       {"/a%2Fb", "/a%2fb", "/%2e%2e/x", "/a/..%2Fx", "/a%252Fb", "/a%5Cb", "/a%00b", "/a%0d%0ab", "/%64elete",
        "/a%3Fb", "/a%23b", "/a/./b", "/a/../b", "/a//b", "/a%7Eb", "/%zz"}) {
    for (const std::string& path : {"/v1/files" + std::string(rest), "/providers/lab" + std::string(rest)}) {
      INFO(path);
      const auto found = match(get, path);
      REQUIRE_FALSE(found);
      CHECK(found.error().code == ErrorCode::bad_request);
    }
  }
  for (const std::string_view path :
       {"/v1/files/a%20b", "/v1/files/a:b", "/providers/lab/sha256%3Aab", "/v1/files/%C3%A9"}) {
    INFO(path);
    CHECK(match(get, path).has_value());
  }
}

TEST_CASE("what changes models takes leave, and organisations are not administered") {
  struct Row {
    http::Method method;
    std::string_view base, path;
    Access access;
  };
  for (const Row& row :
       std::initializer_list<Row>{{post, "", "/api/pull", Access::manage},
                                  {head, "", "/api/blobs/sha256:1", Access::manage},
                                  {del, "", "/API/Delete", Access::manage},
                                  {del, "", "/api/delete;x", Access::manage},
                                  {del, "/api", "/delete", Access::manage},
                                  {del, "/proxy/api", "/delete", Access::manage},
                                  {del, "/proxy", "/api/delete", Access::manage},
                                  {post, "", "/api/chat", Access::free},
                                  {post, "", "/api/deleted", Access::free},
                                  {post, "/v1", "/load_lora_adapter", Access::manage},
                                  {del, "/v1", "/models/ft:x", Access::manage},
                                  {get, "/v1", "/models/ft:x", Access::free},
                                  {post, "", "/props", Access::manage},
                                  {get, "", "/props", Access::free},
                                  {del, "", "/v1beta/tunedModels/x", Access::manage},
                                  {get, "", "/v1/organization/users", Access::refused},
                                  {get, "", "/v1/organizations/me", Access::refused},
                                  {post, "", "/v1/projects/p/roles", Access::refused},
                                  {post, "/v1", "/Organization/x", Access::refused},
                                  {post, "/v1/projects/p/endpoints", "/chat/completions", Access::free},
                                  {get, "", "/v1/files/organization", Access::free}}) {
    CAPTURE(row.base, row.path);
    CHECK(access_of(row.method, row.base, row.path) == row.access);
  }
}

TEST_CASE("a model's operations are asked of its provider") {
  const auto found = match(get, "/v1beta/models/lab/veo/operations/op1");
  REQUIRE(found);
  CHECK(found->model == "lab/veo");
  std::string target;
  append_target_path(target, *found, "veo-3");
  CHECK(target == "/v1beta/models/veo-3/operations/op1");
  CHECK(match(get, "/v1beta/models/veo/operations/a%2Fb").error().code == ErrorCode::bad_request);
  const auto removed = match(del, "/v1/models/ft:gpt-4o:org::1");
  REQUIRE(removed);
  target.clear();
  append_target_path(target, *removed, "ft:gpt-4o:org::1");
  CHECK(target == "/models/ft:gpt-4o:org::1");
}

}  // namespace
}  // namespace sluice::api
