#include "tool/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <span>
#include <string_view>

#include "base/nearest.h"
#include "config/fields.h"

namespace sluice {
namespace {

constexpr int exit_fine = 0, exit_wrong_usage = 1;

std::string words(std::span<const std::string_view> all) {
  std::string text;
  for (const std::string_view word : all) text += (text.empty() ? "" : "|") + std::string(word);
  return text;
}

}  // namespace

CommandLine::CommandLine() : app_(std::make_unique<CLI::App>("sluice: one gateway for every LLM API")) {
  app_->name("sluice");
  app_->footer(
      "Without a file, providers whose usual key variable is set are found automatically; with none, a demo answers.\n"
      "Exit codes: 0 fine, 1 wrong configuration or usage, 2 could not start.");
  app_->set_version_flag("-V,--version", "sluice " SLUICE_VERSION, "print the version");
  add_run_options(*app_);
  run_ = app_->add_subcommand("run", "run the gateway (the default)");
  add_run_options(*run_);
  check_ = app_->add_subcommand("check", "report everything that is wrong with a configuration, without starting");
  check_->add_option("file", startup_.config_file, "the configuration, or - for standard input (default: as for run)")
      ->type_name("FILE");
  add_run_options(*check_);
  check_->add_flag("--json", json_, "print one JSON object");
  check_->add_flag("--print", print_,
                   "print the configuration that results, secrets masked, and where each value came from");
  explain_ = app_->add_subcommand("explain", "show how a request for a model would be routed, and why");
  add_explain_options(*explain_);
  models_ = app_->add_subcommand("models", "ask the providers which models they have, and print them");
  models_->add_option("-c,--config", startup_.config_file, "the configuration (default: as for run)")
      ->type_name("FILE");
  models_->add_flag("--json", json_, "print one JSON object");
  models_->add_flag("--facts", facts_, "also show what each model accepts, for requests of other dialects");
  models_->footer(
      "Exit codes: 0 fine, 1 wrong configuration or usage, 2 could not start, 3 a provider did not send its list.");
  bench_command_ = app_->add_subcommand("bench", "put load on an endpoint and measure its answers");
  add_bench_options(*bench_command_);
  help_ = app_->add_subcommand("help", "print the usage");
  help_->add_option("command", help_about_, "of this command")->type_name("run|check|explain|models|bench|version");
  version_ = app_->add_subcommand("version", "print the version");
  app_->require_subcommand(0, 1);
}

CommandLine::~CommandLine() = default;

void CommandLine::add_run_options(CLI::App& app) {
  app.add_option("-c,--config", startup_.config_file, "the configuration (default: $SLUICE_CONFIG, then ./sluice.json)")
      ->type_name("FILE");
  app.add_option("-l,--listen", startup_.flags.listen,
                 "address to listen on, 127.0.0.1:8000 or unix:/path; may be repeated")
      ->type_name("ADDRESS");
  app.add_option("-p,--port", port_, "another port, on the configured address")->type_name("PORT");
  app.add_option("-w,--workers", workers_, "threads (default: one per core)")->type_name("NUMBER");
  app.add_flag("--demo", startup_.demo, "add the built-in demo provider, for every model name that no other has");
  app.add_option("--log-level", log_level_, "what is logged")->type_name(words(config::fields::log_levels));
  app.add_option("--log-format", log_format_, "the format of log lines")->type_name(words(config::fields::log_formats));
  app.add_option("--pid-file", pid_file_, "a file to write the process id to, once sluice listens")->type_name("FILE");
}

void CommandLine::add_explain_options(CLI::App& app) {
  app.add_option("model", explain_options_.model, "as callers name it (default: the one that --request names)")
      ->type_name("MODEL");
  app.add_option("--request", explain_options_.request_file, "a request's body, whose needs a target must meet")
      ->type_name("FILE");
  app.add_option("--affinity", explain_options_.affinity, "affinity key, such as a session id")->type_name("TEXT");
  app.add_option("-c,--config", startup_.config_file, "the configuration (default: as for run)")->type_name("FILE");
  app.add_flag("--json", json_, "print one JSON object");
  app.footer(
      "How the targets of a running sluice are doing: GET /admin/explain?model=MODEL.\n"
      "Exit codes: 0 fine, 1 wrong configuration or usage, or no target for this model, 2 could not start.");
}

void CommandLine::add_bench_options(CLI::App& app) {
  struct Option {
    const char* names;
    std::string bench::Flags::*text;
    const char* type;
    const char* help;
  };
  constexpr Option options[] = {
      {"url", &bench::Flags::url, "URL", "sluice or a provider, as http://127.0.0.1:8000"},
      {"-m,--model", &bench::Flags::model, "MODEL", "(default: the first that URL/v1/models lists)"},
      {"-c,--connections", &bench::Flags::connections, "NUMBER", "concurrent callers, each on its own connection (16)"},
      {"-n,--requests", &bench::Flags::requests, "NUMBER", "stop after this many requests"},
      {"-d,--duration", &bench::Flags::duration, "SECONDS", "stop after this many seconds (10, without -n)"},
      {"--prompt", &bench::Flags::prompt, "TEXT", "what to ask"},
      {"--max-tokens", &bench::Flags::max_tokens, "NUMBER", "for one answer (64)"},
      {"--dialect", &bench::Flags::dialect, bench::dialect_choices, bench::dialect_help},
      {"--key-env", &bench::Flags::key_env, "VARIABLE", bench::key_help},
      {"--timeout", &bench::Flags::timeout, "SECONDS", "for one request (120)"},
      {"--ca-file", &bench::Flags::ca_file, "FILE", "PEM: trust these authorities instead of the system's"},
  };
  for (const Option& option : options) {
    app.add_option(option.names, bench_.*option.text, option.help)->type_name(option.type);
  }
  app.get_option("url")->required();
  app.add_flag("--stream", bench_.stream, "ask for streams");
  app.add_flag("--json", bench_.json, "print one JSON object");
  app.footer("Exit codes: 0 fine, 1 wrong flags, 2 could not start, 3 requests have failed, or none was answered.");
}

std::optional<int> CommandLine::read(int argc, char** argv) {
  if (refuse_unknown(argc, argv)) return exit_wrong_usage;
  try {
    app_->parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app_->exit(error) == 0 ? exit_fine : exit_wrong_usage;
  }
  if (refuse_twice()) return exit_wrong_usage;
  if (help_->parsed()) return help_for(help_about_);
  if (version_->parsed()) command_ = Command::version;
  if (bench_command_->parsed()) command_ = Command::bench;
  if (check_->parsed()) command_ = Command::check;
  if (explain_->parsed()) command_ = Command::explain;
  if (models_->parsed()) command_ = Command::models;
  const auto take = [](const std::string& text, std::optional<std::string>& flag) {
    if (!text.empty()) flag = text;
  };
  take(port_, startup_.flags.port);
  take(workers_, startup_.flags.workers);
  take(log_level_, startup_.flags.log_level);
  take(log_format_, startup_.flags.log_format);
  take(pid_file_, startup_.flags.pid_file);
  return std::nullopt;
}

std::optional<int> CommandLine::help_for(const std::string& command) {
  const CLI::App* about = command.empty() ? app_.get() : nullptr;
  for (const CLI::App* known : app_->get_subcommands({})) {
    if (known->get_name() == command) about = known;
  }
  if (about == nullptr) {
    std::fprintf(stderr, "sluice: there is no command %s\n", command.c_str());
    return exit_wrong_usage;
  }
  // Not about->help(), which would describe the command that was typed instead of this one.
  const std::string name = command.empty() ? "sluice" : "sluice " + command;
  std::fputs(app_->get_formatter()->make_help(about, name, CLI::AppFormatMode::Normal).c_str(), stdout);
  return exit_fine;
}

// Rejects what is typed before and after the command, or once as `check FILE` and once as --config: one of the two
// would be ignored.
bool CommandLine::refuse_twice() const {
  std::vector<const CLI::App*> apps = {app_.get()};
  for (const CLI::App* command : app_->get_subcommands()) apps.push_back(command);
  std::vector<std::string> typed;
  for (const CLI::App* app : apps) {
    for (const CLI::Option* option : app->get_options()) {
      if (option->count() == 0) continue;
      std::string name = option->get_name();
      if (name == "file") name = "--config";
      if (std::find(typed.begin(), typed.end(), name) != typed.end()) {
        std::fprintf(
            stderr, "sluice: %s\n",
            (name == "--config" ? "two configurations are named; one is read" : name + " is given twice").c_str());
        return true;
      }
      typed.push_back(std::move(name));
    }
  }
  return false;
}

// Rejects a first word that is not a command, and suggests the nearest command or how to name a file.
bool CommandLine::refuse_unknown(int argc, char** argv) const {
  if (argc < 2 || argv[1][0] == '-') return false;
  const std::string word = argv[1];
  std::vector<std::string> names;
  for (const CLI::App* command : app_->get_subcommands({})) names.push_back(command->get_name());
  std::vector<std::string_view> views(names.begin(), names.end());
  if (std::find(views.begin(), views.end(), word) != views.end()) return false;
  std::string line = "there is no command " + word;
  if (word.find('.') != std::string::npos || word.find('/') != std::string::npos) {
    line += "; to run with that file: sluice --config " + word;
  } else if (const auto close = nearest(word, views, 1); !close.empty()) {
    line += "; did you mean " + std::string(close.front()) + "?";
  }
  std::string known;
  for (const std::string& name : names) known += (known.empty() ? "" : ", ") + name;
  std::fprintf(stderr, "sluice: %s (commands: %s)\n", line.c_str(), known.c_str());
  return true;
}

}  // namespace sluice
