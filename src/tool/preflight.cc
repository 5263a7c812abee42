#include "tool/preflight.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "config/document.h"
#include "config/expiry.h"
#include "daemon/pid_file.h"
#include "gateway/certificates.h"
#include "gateway/key_check.h"
#include "net/bind_check.h"

namespace sluice {
namespace {

std::string folder_of(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

// Why no file can be created in the folder of `path`; "" if one can.
std::string folder_fault(const std::string& path) {
  const std::string folder = folder_of(path);
  struct stat status {};
  if (::stat(folder.c_str(), &status) != 0) {
    return errno == ENOENT ? "the folder " + folder + " does not exist" : folder + ": " + std::strerror(errno);
  }
  return S_ISDIR(status.st_mode) ? "" : folder + " is not a folder";
}

std::string permission_fault(const std::string& path) {
  if (::access(path.c_str(), F_OK) == 0) {
    return ::access(path.c_str(), W_OK) == 0 ? "" : path + " is not writable: " + std::strerror(errno);
  }
  const std::string folder = folder_of(path);
  if (::access(folder.c_str(), W_OK | X_OK) == 0) return "";
  return "the folder " + folder + " is not writable: " + std::strerror(errno);
}

// By name too, since neither may exist yet.
bool is_same_file(const std::string& a, const std::string& b) {
  namespace fs = std::filesystem;
  std::error_code error;
  if (fs::equivalent(a, b, error)) return true;
  const auto whole = [&error](const std::string& path) {
    return fs::weakly_canonical(fs::absolute(path, error), error);
  };
  const fs::path first = whole(a), second = whole(b);
  return !first.empty() && first == second;
}

class Preflight {
 public:
  explicit Preflight(config::Config& config) : config_(config) {}

  // A file that sluice creates, or appends to.
  void check_file(const std::string& path, std::string_view field, bool device_too) {
    if (path.empty()) return;
    if (const std::string fault = folder_fault(path); !fault.empty()) return report(field, fault);
    struct stat status {};
    if (::stat(path.c_str(), &status) == 0) {
      if (S_ISDIR(status.st_mode)) return report(field, path + " is a folder");
      if (!S_ISREG(status.st_mode) && !(device_too && S_ISCHR(status.st_mode))) {
        return report(field, path + " is not a file");
      }
    }
    if (const std::string fault = permission_fault(path); !fault.empty()) report(field, fault);
  }

  // The log must not be appended to a file that sluice reads, nor to its pid file.
  void check_log_is_its_own() {
    const std::string& log = config_.log.file;
    if (log.empty()) return;
    const auto check = [&](const std::string& path, const std::string& what) {
      if (!path.empty() && is_same_file(log, path)) report("log.file", log + " is " + what);
    };
    check(config_.file, "the configuration");
    check(config_.pid_file, "pid_file too");
    check(config_.tls_cert_file, "tls.cert_file too");
    check(config_.tls_key_file, "tls.key_file too");
    for (const std::string& path : config_.secret_files) check(path, "a file that a secret is read from");
    for (const config::Provider& provider : config_.providers) {
      const std::string place = config::child_path("providers", provider.name);
      check(provider.ca_file, place + ".ca_file too");
      check(provider.cert_file, place + ".cert_file too");
      check(provider.key_file, place + ".key_file too");
    }
  }

  void check_pid_file() {
    if (config_.pid_file.empty()) return;
    if (const auto kind = daemon::PidFile::check_kind(config_.pid_file); !kind) {
      report("pid_file", kind.error().message);
    }
  }

  void check_listener(const config::Address& address) {
    if (address.unix_path.empty()) {
      if (const auto may = net::may_listen(address.host, address.port); !may) warn(address, may.error().message);
      return;
    }
    const std::string& path = address.unix_path;
    struct stat status {};
    if (const std::string fault = folder_fault(path); !fault.empty()) {
      report("listen", address.text() + ": " + fault);
    } else if (::lstat(path.c_str(), &status) == 0 && !S_ISSOCK(status.st_mode)) {
      report("listen", address.text() + ": something other than a socket is there");
    } else if (::access(folder_of(path).c_str(), W_OK | X_OK) != 0) {
      warn(address, "the folder " + folder_of(path) + " is not writable");
    }
  }

  void add(std::vector<config::Problem> more) { std::move(more.begin(), more.end(), std::back_inserter(problems_)); }
  std::vector<config::Problem> take() { return std::move(problems_); }

 private:
  void report(std::string_view field, const std::string& what) {
    problems_.push_back({config_.file, 0, 0, std::string(field), what, {}, {}});
  }
  void warn(const config::Address& address, const std::string& what) {
    config_.warnings.push_back("listen: " + address.text() + ": " + what + "; sluice will fail to start");
  }

  config::Config& config_;
  std::vector<config::Problem> problems_;
};

}  // namespace

std::vector<config::Problem> preflight(config::Config& config, const std::vector<std::string>& passed,
                                       int64_t now_unix_s) {
  Preflight look(config);
  config::warn_of_expiry(config, now_unix_s);
  look.add(gateway::check_keys(config));
  look.add(gateway::check_certificates(config, now_unix_s));
  look.check_file(config.log.file, "log.file", true);
  look.check_log_is_its_own();
  look.check_file(config.pid_file, "pid_file", false);
  look.check_pid_file();
  for (const config::Address& address : config.listen) {
    if (std::find(passed.begin(), passed.end(), address.text()) == passed.end()) look.check_listener(address);
  }
  return look.take();
}

}  // namespace sluice
