// Writes `generationConfig`: sampling, limits, the answer's format, and how much the model thinks.
#pragma once

#include <string>

#include "api/dropped.h"
#include "api/request.h"
#include "api/target_facts.h"
#include "base/json_writer.h"

namespace sluice::api::gemini {

class GenerationConfigWriter {
 public:
  // All arguments must outlive the writer. `has_tools`: the request sends tools.
  GenerationConfigWriter(const Request& request, const TargetFacts& facts, bool has_tools, Dropped& dropped,
                         std::string& out)
      : request_(request), facts_(facts), has_tools_(has_tools), dropped_(dropped), json_(out), out_(out) {}

  // Appends the object; `{}` if nothing is set.
  void write();

 private:
  void write_sampling();
  void write_choice_of_words();
  void write_limits();
  void write_format();
  void write_thinking();
  // False: the requested thinking does not fit and is dropped.
  bool write_budget(bool& begun);
  bool write_level(bool& begun);
  void write_off(bool& begun);
  void begin_thinking(bool& begun);
  bool is_pro() const { return facts_.model.find("pro") != std::string::npos; }

  const Request& request_;
  const TargetFacts& facts_;
  const bool has_tools_;
  Dropped& dropped_;
  JsonWriter json_;
  std::string& out_;
};

}  // namespace sluice::api::gemini
