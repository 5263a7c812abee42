// Bad files are named when the configuration is read; the system's authorities are located once.
#include <openssl/x509.h>

#include <array>
#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <thread>

#include "fixture.h"
#include "tls/host_name.h"

namespace sluice::test {
namespace {

TEST_CASE("files that cannot be used are errors that name the file and the reason") {
  const Authority authority;
  const Authority other("another root");
  const CertificateFiles& files = authority.files;
  const std::string missing = files.path("missing.pem");
  const std::string empty = files.write("empty.pem", "");
  const std::string garbage = files.write("garbage.pem", "this is no certificate\n");
  const std::string locked = files.write("locked.key", authority.leaf.key_pem("secret"));
  const std::string directory = files.path(".");

  struct Row {
    tls::TargetOptions options;
    std::vector<std::string> words;
  };
  for (const Row& row : std::vector<Row>{
           {{missing, "", "", false}, {"ca_file", missing, "No such file"}},
           {{empty, "", "", false}, {"ca_file", empty, "empty"}},
           {{garbage, "", "", false}, {"ca_file", garbage, "no certificate in PEM format"}},
           {{directory, "", "", false}, {"ca_file", directory, "directory"}},
           {{authority.key_file, "", "", false}, {"ca_file", authority.key_file, "no certificate"}},
           {{"", authority.leaf_file, "", false}, {"key_file is missing"}},
           {{"", "", authority.key_file, false}, {"cert_file is missing"}},
           {{"", missing, authority.key_file, false}, {"cert_file", missing, "No such file"}},
           {{"", garbage, authority.key_file, false}, {"cert_file", garbage, "no certificate in PEM format"}},
           {{"", authority.leaf_file, missing, false}, {"key_file", missing, "No such file"}},
           {{"", authority.leaf_file, garbage, false}, {"key_file", garbage, "no private key in PEM format"}},
           {{"", authority.leaf_file, locked, false}, {"key_file", locked, "passphrase"}},
           {{"", authority.leaf_file, other.key_file, false},
            {"key_file", other.key_file, "does not belong to the certificate", authority.leaf_file}},
       }) {
    const auto made = tls::TargetContext::create(row.options, authority.roots);
    REQUIRE_FALSE(made);
    CHECK(made.error().code == ErrorCode::config);
    for (const std::string& word : row.words) CHECK_THAT(made.error().message, Catch::Contains(word));
    CHECK(made.error().message.find("secret") == std::string::npos);

    if (row.options.ca_file.empty()) {
      const auto listening = tls::ListenerContext::create({row.options.cert_file, row.options.key_file});
      REQUIRE_FALSE(listening);
      CHECK(listening.error().message == made.error().message);
    }
  }
  CHECK(tls::TargetContext::create({authority.root_file, authority.leaf_file, authority.key_file, false}, nullptr));
  CHECK(tls::ListenerContext::create({authority.leaf_file, authority.key_file}));
}

// Sets or unsets an environment variable until the destructor.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) {
    if (const char* now = std::getenv(name)) before_ = now;
    put(value);
  }
  ~Variable() { put(before_ ? before_->c_str() : nullptr); }

 private:
  void put(const char* value) const { value ? ::setenv(name_, value, 1) : ::unsetenv(name_); }
  const char* name_;
  std::optional<std::string> before_;
};

bool dials(const Authority& authority, std::shared_ptr<tls::TargetContext> context, std::string* error = nullptr) {
  net::Loop loop;
  auto [near, far] = make_pair(loop, Carrier::memory);
  const auto listener = authority.listener_context();
  Recorder recorder;
  const auto accepted = tls::accept_tls(loop, *listener, std::move(far));
  accepted->set_events(&recorder);
  accepted->start_reading();
  Dialed dialed(loop, std::move(context), host, std::move(near));
  REQUIRE(run_until(loop, [&] { return dialed.over(); }));
  if (error && dialed.error) *error = dialed.error->message;
  return dialed.stream != nullptr;
}

TEST_CASE("SSL_CERT_FILE and SSL_CERT_DIR say where the authorities are") {
  const Authority authority;
  const Variable no_file("SSL_CERT_FILE", nullptr);
  const Variable no_directory("SSL_CERT_DIR", nullptr);
  SECTION("a bundle") {
    const Variable file("SSL_CERT_FILE", authority.root_file.c_str());
    CHECK(dials(authority, authority.target_context({})));
    CHECK(authority.roots->where() == authority.root_file);
  }
  SECTION("a hashed directory") {
    const CertificateFiles hashed;
    char name[32];
    const X509_NAME* subject = X509_get_subject_name(authority.root.certificate());
    std::snprintf(name, sizeof(name), "%08lx.0", X509_NAME_hash_ex(subject, nullptr, nullptr, nullptr));
    hashed.write(name, authority.root.certificate_pem());
    const Variable directory("SSL_CERT_DIR", hashed.path("").c_str());
    CHECK(dials(authority, authority.target_context({})));
  }
  SECTION("nothing") {
    const Variable file("SSL_CERT_FILE", authority.files.path("missing.pem").c_str());
    std::string error;
    CHECK_FALSE(dials(authority, authority.target_context({}), &error));
    CHECK_THAT(error, Catch::Contains("untrusted root; no certification authorities found on this machine: install"));
  }
}

TEST_CASE("an intermediate or the target's own certificate in ca_file is enough") {
  const Authority authority;
  CHECK(dials(authority, authority.target_context({authority.leaf_file, "", "", false})));
  CHECK(dials(authority, authority.target_context({authority.root_file, "", "", false})));
  const Authority other("another root");
  CHECK_FALSE(dials(authority, authority.target_context({other.root_file, "", "", false})));
}

TEST_CASE("one context serves many threads at once") {
  const Authority authority;
  const Variable file("SSL_CERT_FILE", authority.root_file.c_str());
  const auto context = authority.target_context({});
  const auto listener = authority.listener_context();
  constexpr int workers = 4;
  std::array<int, workers> done = {};
  std::vector<std::thread> threads;
  for (int worker = 0; worker < workers; ++worker) {
    threads.emplace_back([&, worker] {
      net::Loop loop;
      for (int i = 0; i < 10; ++i) {
        auto [near, far] = make_pair(loop, Carrier::memory);
        Recorder recorder;
        const auto accepted = tls::accept_tls(loop, *listener, std::move(far));
        accepted->set_events(&recorder);
        accepted->start_reading();
        Dialed dialed(loop, context, host, std::move(near));
        run_until(loop, [&] { return dialed.over(); });
        done[static_cast<size_t>(worker)] += dialed.stream != nullptr;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const int count : done) CHECK(count == 10);
}

TEST_CASE("names and addresses are told apart") {
  struct Row {
    const char* host;
    const char* text;
    bool is_ip;
  };
  for (const Row& row : std::vector<Row>{{"api.example.com", "api.example.com", false},
                                         {"api.example.com.", "api.example.com", false},
                                         {"127.0.0.1", "127.0.0.1", true},
                                         {"[::1]", "::1", true},
                                         {"fd00::7", "fd00::7", true},
                                         {"1.2.3", "1.2.3", false},
                                         {"256.0.0.1", "256.0.0.1", false},
                                         {".", ".", false},
                                         {"", "", false},
                                         {"[]", "[]", false},
                                         {"localhost", "localhost", false}}) {
    CAPTURE(row.host);
    const tls::HostName name(row.host);
    CHECK(name.text() == row.text);
    CHECK(name.is_ip() == row.is_ip);
  }
}

}  // namespace
}  // namespace sluice::test
