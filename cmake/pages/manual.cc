#include "cmake/pages/manual.h"

#include <fstream>
#include <set>
#include <string_view>
#include <vector>

#include "cmake/pages/table_row.h"
#include "config/fields.h"

namespace sluice::pages {
namespace {

// Text for roff: escapes leading control characters, hyphens and backslashes.
std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '\\') {
      result += "\\e";
    } else if (c == '-') {
      result += "\\-";
    } else if ((c == '.' || c == '\'') && (result.empty() || result.back() == '\n')) {
      result += std::string("\\&") + c;
    } else {
      result += c;
    }
  }
  return result;
}

std::string bold(std::string_view text) { return "\\fB" + escaped(text) + "\\fR"; }

// A line of Markdown: `code` becomes bold, a link is replaced by its text.
std::string from_markdown(std::string_view text) {
  std::string result, plain;
  const auto flush = [&] {
    result += escaped(plain);
    plain.clear();
  };
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    const size_t end = c == '`' ? text.find('`', at + 1) : std::string_view::npos;
    if (end != std::string_view::npos) {
      flush();
      result += bold(text.substr(at + 1, end - at - 1));
      at = end;
    } else if (c == ']' && text.substr(at).starts_with("](")) {
      at = text.find(')', at);
      if (at == std::string_view::npos) break;
    } else if (c != '[' && !text.substr(at).starts_with("**")) {
      plain += c;
    } else if (c == '*') {
      ++at;
    } else if (text.find("](", at) == std::string_view::npos) {
      plain += c;
    }
  }
  flush();
  return result;
}

std::string head(std::string_view name, std::string_view section, std::string_view summary) {
  return ".TH " + std::string(name) + " " + std::string(section) +
         " \"\" \"sluice " SLUICE_VERSION "\" \"\"\n.SH NAME\n" + escaped(summary) + "\n";
}

void add_options(const CLI::App& app, std::string& page) {
  for (const CLI::Option* option : app.get_options()) {
    page += ".TP\n";
    std::string names;
    for (const std::string& name : option->get_snames()) names += (names.empty() ? "" : ", ") + bold("-" + name);
    for (const std::string& name : option->get_lnames()) names += (names.empty() ? "" : ", ") + bold("--" + name);
    if (names.empty()) names = "\\fI" + escaped(option->get_name()) + "\\fR";
    const bool value = option->nonpositional() && option->get_items_expected_max() > 0;
    page += names + (value ? " \\fI" + escaped(option->get_type_name()) + "\\fR" : "") + "\n";
    page += escaped(option->get_description()) + "\n";
  }
}

// The page's body, from one line of Markdown after another.
class FieldPage {
 public:
  void take(const std::string& line) {
    if (line.starts_with("```")) {
      code_ = !code_;
      page_ += code_ ? ".PP\n.nf\n" : ".fi\n";
    } else if (code_) {
      page_ += escaped(line) + "\n";
    } else if (line.starts_with("# ")) {
      return;
    } else if (line.starts_with("#")) {
      heading(line);
    } else if (line.starts_with("    ")) {
      page_ += ".PP\n.nf\n" + escaped(line) + "\n.fi\n";
    } else if (line.starts_with("|")) {
      row(cells_of(line));
    } else if (line.starts_with("- ")) {
      page_ += ".IP \\(bu 2\n" + from_markdown(line.substr(2)) + "\n";
    } else {
      page_ += line.empty() ? ".PP\n" : from_markdown(line.substr(line.find_first_not_of(' '))) + "\n";
    }
  }
  // as "providers.NAME/base_url"
  const std::set<std::string>& described() const { return described_; }
  const std::string& text() const { return page_; }

 private:
  void heading(const std::string& line) {
    const size_t level = line.find(' ');
    heading_ = line.substr(level + 1);
    std::string title = heading_;
    if (title.starts_with('`')) title = title.substr(1, title.size() - 2);
    page_ += (level <= 2 ? ".SH \"" : ".SS \"") + escaped(title) + "\"\n";
  }
  void row(const std::vector<std::string>& cells) {
    if (cells.empty() || !cells[0].starts_with('`')) return;  // the table's header
    page_ += ".TP\n" + from_markdown(cells[0]) + "\n";
    if (heading_.starts_with('`') && cells.size() == 3) {
      described_.insert(heading_.substr(1, heading_.size() - 2) + "/" + cells[0].substr(1, cells[0].size() - 2));
      page_ += from_markdown(cells[2]) + (cells[1].empty() ? "" : " Default: " + from_markdown(cells[1]) + ".") + "\n";
      return;
    }
    std::string text;
    for (size_t i = 1; i < cells.size(); ++i) {
      if (!cells[i].empty()) text += (text.empty() ? "" : "; ") + from_markdown(cells[i]);
    }
    page_ += text + "\n";
  }

  std::string page_, heading_;
  std::set<std::string> described_;
  bool code_ = false;
};

}  // namespace

std::string command_manual(const CLI::App& app) {
  std::string page = head("SLUICE", "1", "sluice - one gateway for every LLM API");
  page += ".SH SYNOPSIS\n\\fBsluice\\fR [\\fIOPTIONS\\fR]\n";
  for (const CLI::App* command : app.get_subcommands({})) {
    const CLI::Option* place = nullptr;
    for (const CLI::Option* option : command->get_options()) {
      if (!option->nonpositional()) place = option;
    }
    page += ".br\n\\fBsluice " + escaped(command->get_name()) + "\\fR [\\fIOPTIONS\\fR]";
    if (place != nullptr)
      page += " \\fI" + escaped(place->get_required() ? "URL" : "[" + place->get_name() + "]") + "\\fR";
    page += "\n";
  }
  page +=
      ".SH DESCRIPTION\nsluice stands between programs that speak an LLM API and the models that answer them: it "
      "checks "
      "keys, finds the provider, passes the answer on as it comes and accounts for it.\n.PP\n" +
      escaped(app.get_footer()) + "\n.SH OPTIONS\n";
  add_options(app, page);
  for (const CLI::App* command : app.get_subcommands({})) {
    page += ".SH \"SLUICE " + escaped(command->get_name()) + "\"\n" + escaped(command->get_description()) + ".\n";
    add_options(*command, page);
  }
  page +=
      ".SH SIGNALS\n.TP\nSIGTERM, SIGINT\nrunning exchanges finish, new ones are refused; a second one exits "
      "immediately.\n"
      ".TP\nSIGHUP\nthe configuration is reloaded.\n.TP\nSIGUSR1\nthe log file is reopened.\n"
      ".SH \"SEE ALSO\"\n\\fBsluice.json\\fR(5)\n";
  return page;
}

std::string field_manual(const std::string& configuration_md, std::string& page) {
  std::ifstream file(configuration_md);
  if (!file) return "cannot read " + configuration_md;
  FieldPage body;
  for (std::string line; std::getline(file, line);) body.take(line);
  for (const config::fields::Table& table : config::fields::all) {
    for (const std::string_view name : table.names) {
      const std::string field =
          (table.path.empty() ? "sluice.json" : std::string(table.path)) + "/" + std::string(name);
      if (!body.described().contains(field)) return configuration_md + " does not describe " + field;
    }
  }
  page = head("SLUICE.JSON", "5", "sluice.json - the configuration of sluice") + ".SH DESCRIPTION\n" + body.text() +
         ".SH \"SEE ALSO\"\n\\fBsluice\\fR(1)\n";
  return "";
}

}  // namespace sluice::pages
