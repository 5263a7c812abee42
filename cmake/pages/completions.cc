#include "cmake/pages/completions.h"

#include <algorithm>
#include <string_view>
#include <vector>

namespace sluice::pages {
namespace {

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

// In single quotes, for every shell here but fish, which treats a backslash in quotes as an escape.
std::string in_quotes(const std::string& text) { return "'" + replaced(text, "'", "'\\''") + "'"; }
std::string in_fish_quotes(std::string text) {
  text = replaced(std::move(text), "\\", "\\\\");
  return "'" + replaced(std::move(text), "'", "\\'") + "'";
}

bool takes_file(const CLI::Option& option) { return option.get_type_name() == "FILE"; }
bool is_flag(const CLI::Option& option) { return option.get_items_expected_max() == 0; }
// "text|json" -> "text json"; "" if it is not a list of words.
std::string words_of(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  return type.find('|') == std::string::npos ? "" : replaced(type, "|", " ");
}

std::vector<const CLI::Option*> named_options(const CLI::App& app) {
  std::vector<const CLI::Option*> named;
  for (const CLI::Option* option : app.get_options()) {
    if (option->nonpositional()) named.push_back(option);
  }
  return named;
}

std::vector<std::string> spellings(const CLI::Option& option) {
  std::vector<std::string> all;
  for (const std::string& name : option.get_snames()) all.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) all.push_back("--" + name);
  return all;
}

const CLI::Option* positional(const CLI::App& app) {
  for (const CLI::Option* option : app.get_options()) {
    if (!option->nonpositional()) return option;
  }
  return nullptr;
}

std::string joined(const std::vector<std::string>& words, std::string_view between) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : std::string(between)) + word;
  return text;
}

std::string commands_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands({})) names.push_back(command->get_name());
  return joined(names, " ");
}

// One case of the function: what may follow `command`.
std::string bash_case(const CLI::App& app, const std::string& label, const std::string& first) {
  std::string text = "    " + label + ")\n      case $before in\n";
  std::string all;
  for (const CLI::Option* option : named_options(app)) {
    all += " " + joined(spellings(*option), " ");
    if (is_flag(*option)) continue;
    text += "        " + joined(spellings(*option), "|") + ") ";
    if (takes_file(*option)) text += "COMPREPLY=($(compgen -f -- \"$word\"));";
    if (!words_of(*option).empty()) text += "COMPREPLY=($(compgen -W '" + words_of(*option) + "' -- \"$word\"));";
    text += " return ;;\n";
  }
  text += "      esac\n";
  const CLI::Option* place = positional(app);
  std::string words = first;
  if (place != nullptr && !words_of(*place).empty()) words += " " + words_of(*place);
  if (place != nullptr && takes_file(*place)) {
    text += "      if [[ $word != -* ]]; then COMPREPLY=($(compgen -f -- \"$word\")); return; fi\n";
  }
  return text + "      COMPREPLY=($(compgen -W '" + words + all + "' -- \"$word\")) ;;\n";
}

// "-c", "--config" -> {-c,--config}'[help]:FILE:_files'
std::string zsh_option(const CLI::Option& option) {
  const std::vector<std::string> names = spellings(option);
  std::string help = replaced(option.get_description(), "[", "(");
  help = replaced(replaced(std::move(help), "]", ")"), ":", "\\:");
  std::string rest = "[" + help + "]";
  if (!is_flag(option)) {
    rest += ":" + (words_of(option).empty() ? option.get_type_name() : "word") + ":";
    rest += takes_file(option) ? "_files" : words_of(option).empty() ? " " : "(" + words_of(option) + ")";
  }
  return (names.size() > 1 ? "{" + joined(names, ",") + "}" : names.front()) + in_quotes(rest);
}

std::string zsh_arguments(const CLI::App& app) {
  std::string text;
  for (const CLI::Option* option : named_options(app)) text += " \\\n        " + zsh_option(*option);
  if (const CLI::Option* place = positional(app); place != nullptr) {
    const std::string action = takes_file(*place)          ? "_files"
                               : words_of(*place).empty() ? " "
                                                          : "(" + words_of(*place) + ")";
    text += " \\\n        " + in_quotes("1:" + replaced(place->get_name(), ":", "") + ":" + action);
  }
  return text;
}

std::string fish_lines(const CLI::App& app, const std::string& condition) {
  std::string text;
  const std::string begin = "complete -c sluice -n " + in_fish_quotes(condition);
  for (const CLI::Option* option : named_options(app)) {
    text += begin;
    for (const std::string& name : option->get_snames()) text += " -s " + name;
    for (const std::string& name : option->get_lnames()) text += " -l " + name;
    if (!is_flag(*option)) text += takes_file(*option) ? " -r -F" : " -x";
    if (!words_of(*option).empty()) text += " -a " + in_fish_quotes(words_of(*option));
    text += " -d " + in_fish_quotes(option->get_description()) + "\n";
  }
  const CLI::Option* place = positional(app);
  if (place != nullptr && takes_file(*place)) text += begin + " -F\n";
  if (place != nullptr && !words_of(*place).empty()) text += begin + " -a " + in_fish_quotes(words_of(*place)) + "\n";
  return text;
}

}  // namespace

std::string bash_completion(const CLI::App& app) {
  const std::string commands = commands_of(app);
  std::string text = "# bash completion for sluice\n_sluice() {\n";
  text +=
      "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command='' one\n"
      "  COMPREPLY=()\n"
      "  for one in \"${COMP_WORDS[@]:1:COMP_CWORD - 1}\"; do\n"
      "    case $one in\n      " +
      replaced(commands, " ", "|") + ") command=$one; break ;;\n    esac\n  done\n  case $command in\n";
  text += bash_case(app, "''", commands);
  for (const CLI::App* command : app.get_subcommands({})) text += bash_case(*command, command->get_name(), "");
  return text + "  esac\n}\ncomplete -F _sluice sluice\n";
}

std::string zsh_completion(const CLI::App& app) {
  std::string text =
      "#compdef sluice\n\n_sluice() {\n  local context state state_descr line\n  typeset -A opt_args\n  local -a "
      "commands\n  commands=(\n";
  for (const CLI::App* command : app.get_subcommands({})) {
    text += "    " + in_quotes(command->get_name() + ":" + command->get_description()) + "\n";
  }
  text += "  )\n  _arguments -C" + zsh_arguments(app) +
          " \\\n        '1:command:->command' '*::argument:->rest'\n"
          "  case $state in\n    command) _describe command commands ;;\n    rest)\n      case $line[1] in\n";
  for (const CLI::App* command : app.get_subcommands({})) {
    text += "        " + command->get_name() + ") _arguments" + zsh_arguments(*command) + " ;;\n";
  }
  return text + "      esac ;;\n  esac\n}\n\n_sluice \"$@\"\n";
}

std::string fish_completion(const CLI::App& app) {
  std::string text = "# fish completion for sluice\ncomplete -c sluice -f\n";
  for (const CLI::App* command : app.get_subcommands({})) {
    text += "complete -c sluice -n __fish_use_subcommand -a " + command->get_name() + " -d " +
            in_fish_quotes(command->get_description()) + "\n";
  }
  text += fish_lines(app, "__fish_use_subcommand");
  for (const CLI::App* command : app.get_subcommands({})) {
    text += fish_lines(*command, "__fish_seen_subcommand_from " + command->get_name());
  }
  return text;
}

}  // namespace sluice::pages
