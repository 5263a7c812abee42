// The command line of `sluice`: one table of commands and options; --help, the manual page and the shell completions
// are generated from it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bench/options.h"
#include "tool/explain_command.h"
#include "tool/startup.h"

namespace CLI {
class App;  // its header is included only by the table and by the code that generates pages from it
}

namespace sluice {

enum class Command : unsigned char { run, check, explain, models, bench, version };

class CommandLine {
 public:
  [[gnu::cold]] CommandLine();
  ~CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  // Parses the arguments. Returns an exit code if nothing is left to do: help was printed, or an error.
  std::optional<int> read(int argc, char** argv);

  Command command() const { return command_; }
  const StartupOptions& startup() const { return startup_; }
  bool json() const { return json_; }    // of `check`, `explain` and `models`
  bool print() const { return print_; }  // of `check`
  const ExplainOptions& explain() const { return explain_options_; }
  bool facts() const { return facts_; }  // of `models`
  const bench::Flags& bench() const { return bench_; }

  // The table itself. An option's type name says what it takes: "FILE", "FOLDER", words separated by bars
  // ("text|json"), or anything else.
  const CLI::App& app() const { return *app_; }

 private:
  void add_run_options(CLI::App& app);
  void add_explain_options(CLI::App& app);
  void add_bench_options(CLI::App& app);
  std::optional<int> help_for(const std::string& command);
  bool refuse_twice() const;
  bool refuse_unknown(int argc, char** argv) const;

  std::unique_ptr<CLI::App> app_;
  CLI::App* run_;
  CLI::App* check_;
  CLI::App* explain_;
  CLI::App* models_;
  CLI::App* bench_command_;
  CLI::App* help_;
  CLI::App* version_;
  Command command_ = Command::run;
  StartupOptions startup_;
  std::string workers_, log_level_, log_format_, pid_file_, port_, help_about_;
  bool json_ = false, print_ = false, facts_ = false;
  ExplainOptions explain_options_;
  bench::Flags bench_;
};

}  // namespace sluice
