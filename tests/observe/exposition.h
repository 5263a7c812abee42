// A small checker and reader of the Prometheus text exposition format 0.0.4, for tests of the page.
#pragma once

#include <map>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace sluice::observe::test {

struct Sample {
  std::string name;
  std::map<std::string, std::string> labels;
  double value = 0;
};

struct Family {
  std::string type, help;
  std::vector<Sample> samples;
};

// Throws std::runtime_error that names the line where `page` is invalid.
class Exposition {
 public:
  explicit Exposition(const std::string& page) {
    if (page.empty() || page.back() != '\n') throw std::runtime_error("the last line has no end");
    std::istringstream lines(page);
    for (std::string line; std::getline(lines, line);) {
      try {
        take(line);
      } catch (const std::exception& e) {
        throw std::runtime_error(std::string(e.what()) + " in: " + line);
      }
    }
    for (const auto& [name, family] : families) {
      if (family.type == "histogram") check_histogram(name, family);
    }
  }

  // The one sample with that name and all of these labels; throws if there is none or more than one.
  double value(const std::string& name, const std::map<std::string, std::string>& labels = {}) const {
    const Sample* found = nullptr;
    for (const auto& [family_name, family] : families) {
      for (const Sample& sample : family.samples) {
        if (sample.name != name || !holds(sample.labels, labels)) continue;
        if (found) throw std::runtime_error("more than one " + name);
        found = &sample;
      }
    }
    if (!found) throw std::runtime_error("no " + name);
    return found->value;
  }

  std::map<std::string, Family> families;

 private:
  static void expect(bool ok, const char* what) {
    if (!ok) throw std::runtime_error(what);
  }
  static bool holds(const std::map<std::string, std::string>& all, const std::map<std::string, std::string>& some) {
    for (const auto& [name, value] : some) {
      const auto found = all.find(name);
      if (found == all.end() || found->second != value) return false;
    }
    return true;
  }

  void take(const std::string& line) {
    expect(!line.empty(), "empty line");
    if (line.rfind("# HELP ", 0) == 0) {
      const size_t space = line.find(' ', 7);
      expect(space != std::string::npos && space + 1 < line.size(), "HELP without text");
      current_ = line.substr(7, space - 7);
      expect(families.count(current_) == 0, "family twice");
      families[current_].help = line.substr(space + 1);
      return;
    }
    if (line.rfind("# TYPE ", 0) == 0) {
      const size_t space = line.find(' ', 7);
      expect(space != std::string::npos && line.substr(7, space - 7) == current_, "TYPE is not of the HELP before it");
      const std::string type = line.substr(space + 1);
      expect(type == "counter" || type == "gauge" || type == "histogram", "unknown type");
      const bool total = current_.size() > 6 && current_.compare(current_.size() - 6, 6, "_total") == 0;
      expect(total == (type == "counter"), "_total is for counters, and all of them");
      families[current_].type = type;
      return;
    }
    expect(line[0] != '#', "comment of neither kind");
    take_sample(line);
  }

  void take_sample(const std::string& line) {
    Sample sample;
    size_t i = 0;
    while (i < line.size() && (std::isalnum(static_cast<unsigned char>(line[i])) || line[i] == '_' || line[i] == ':'))
      ++i;
    sample.name = line.substr(0, i);
    expect(!sample.name.empty() && !std::isdigit(static_cast<unsigned char>(line[0])), "bad name");
    if (i < line.size() && line[i] == '{') i = take_labels(line, i + 1, sample);
    expect(i < line.size() && line[i] == ' ', "no space before the value");
    size_t used = 0;
    sample.value = std::stod(line.substr(i + 1), &used);
    expect(i + 1 + used == line.size(), "bytes after the value");
    std::string family = sample.name;
    if (families[current_].type == "histogram") {
      for (const std::string suffix : {"_bucket", "_sum", "_count"}) {
        if (sample.name == current_ + suffix) family = current_;
      }
    }
    expect(family == current_, "sample outside its family");
    expect(seen_.insert({sample.name, sample.labels}).second, "sample twice");
    families[current_].samples.push_back(sample);
  }

  static size_t take_labels(const std::string& line, size_t i, Sample& sample) {
    while (true) {
      const size_t equals = line.find("=\"", i);
      expect(equals != std::string::npos, "label without value");
      const std::string name = line.substr(i, equals - i);
      expect(!name.empty() && name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string::npos,
             "bad label name");
      std::string value;
      for (i = equals + 2;; ++i) {
        expect(i < line.size(), "label value without end");
        if (line[i] == '"') break;
        if (line[i] == '\\') {
          ++i;
          expect(i < line.size() && (line[i] == 'n' || line[i] == '"' || line[i] == '\\'), "bad escape");
          value += line[i] == 'n' ? '\n' : line[i];
        } else {
          value += line[i];
        }
      }
      expect(sample.labels.emplace(name, value).second, "label twice");
      ++i;
      expect(i < line.size() && (line[i] == ',' || line[i] == '}'), "bytes after a label");
      if (line[i++] == '}') return i;
    }
  }

  static void check_histogram(const std::string& name, const Family& family) {
    struct Parts {
      double last_bound = -1, last_count = 0, count = -1;
      bool inf = false, sum = false;
    };
    std::map<std::map<std::string, std::string>, Parts> all;
    for (const Sample& sample : family.samples) {
      auto labels = sample.labels;
      labels.erase("le");
      Parts& parts = all[labels];
      if (sample.name == name + "_bucket") {
        const double bound = std::stod(sample.labels.at("le"));
        expect(bound > parts.last_bound && sample.value >= parts.last_count, "buckets do not grow");
        parts.last_bound = bound;
        parts.last_count = sample.value;
        parts.inf = sample.labels.at("le") == "+Inf";
      } else if (sample.name == name + "_sum") {
        parts.sum = true;
      } else {
        parts.count = sample.value;
      }
    }
    for (const auto& [labels, parts] : all) {
      expect(parts.inf && parts.sum && parts.count == parts.last_count, "histogram is not whole");
    }
  }

  std::string current_;
  std::set<std::pair<std::string, std::map<std::string, std::string>>> seen_;
};

}  // namespace sluice::observe::test
