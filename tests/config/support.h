// Shared by the tests of config/: a fake environment, a folder for files, and one-line parsing.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/discover.h"
#include "config/environment.h"
#include "config/parse.h"
#include "config/validate.h"

namespace sluice::config::test {

inline Environment environment_of(std::map<std::string, std::string, std::less<>> variables) {
  return [variables = std::move(variables)](std::string_view name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
}

// The problems of a text, described; empty if there are none.
inline std::vector<std::string> problems_of(std::string_view text,
                                            const Environment& environment = environment_of({})) {
  std::vector<std::string> lines;
  const auto config = parse(text, "sluice.json", environment);
  if (config) return lines;
  for (const Problem& problem : config.error()) lines.push_back(describe(problem));
  return lines;
}

// The configuration without a file; adds what is wrong with it to `problems`, if given.
inline Config from_environment(const Environment& environment, std::span<const AnsweredProbe> answers,
                               std::vector<std::string>* problems = nullptr) {
  Config config;
  config.listen.push_back(default_address());
  for (const Problem& problem : add_discovered(config, environment, answers)) {
    if (problems != nullptr) problems->push_back(describe(problem));
  }
  return config;
}

// A temporary folder, removed by the destructor.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "sluice-config-XXXXXX").string();
    if (::mkdtemp(name.data()) != nullptr) path_ = name;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string write(const std::string& name, std::string_view content) const {
    const std::filesystem::path file = path_ / name;
    std::ofstream(file, std::ios::binary) << content;
    return file.string();
  }
  std::string path(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace sluice::config::test
