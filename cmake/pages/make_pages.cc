// Writes what is installed beside the program: manual pages and shell completions, generated from the program's table
// of commands (src/tool/command_line.cc), its table of fields (src/config/fields.h) and docs/configuration.md.
//
//   make_pages docs/configuration.md FOLDER
#include <cstdio>
#include <fstream>
#include <string>

#include "cmake/pages/completions.h"
#include "cmake/pages/manual.h"
#include "tool/command_line.h"

namespace {

bool write(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (text.empty() || !file) std::fprintf(stderr, "make_pages: cannot write %s\n", path.c_str());
  return !text.empty() && file;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return std::fprintf(stderr, "make_pages CONFIGURATION.md FOLDER\n"), 1;
  const sluice::CommandLine line;
  const std::string folder = std::string(argv[2]) + "/";
  std::string fields;
  if (const std::string wrong = sluice::pages::field_manual(argv[1], fields); !wrong.empty()) {
    return std::fprintf(stderr, "make_pages: %s\n", wrong.c_str()), 1;
  }
  const bool written = write(folder + "sluice.1", sluice::pages::command_manual(line.app())) &&
                       write(folder + "sluice.json.5", fields) &&
                       write(folder + "sluice.bash", sluice::pages::bash_completion(line.app())) &&
                       write(folder + "_sluice", sluice::pages::zsh_completion(line.app())) &&
                       write(folder + "sluice.fish", sluice::pages::fish_completion(line.app()));
  return written ? 0 : 1;
}
