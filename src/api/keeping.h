// What a dialect says of answers that are kept: which requests ask for it, how one goes on with a kept answer, and what
// is told of it by its id. For targets that keep none, whoever holds the answers does (storage/store.h).
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice::api {

struct KeepingRoom {
  struct Asked {
    bool keep = false;         // the answer is to be kept
    std::string previous{};    // the id of the kept answer that the request goes on with; "": of none
    std::string_view input{};  // its own input, a JSON value in the body; "" for none
  };
  // `body` has net::read_padding_bytes readable bytes behind it. What is no JSON asks for nothing.
  Asked (*look)(std::string_view body);
  // The request with what came before it in front of its own input. `earlier`: items, as elements of a list.
  // bad_request: the body is no JSON.
  Result<std::string> (*go_on)(std::string_view body, std::string_view earlier);
  // The items of Asked::input, each with an id, as elements of a list. `answer_id`: to make ids of. Of input that is no
  // JSON, as much as could be read.
  std::string (*input_items)(std::string_view input, std::string_view answer_id);

  struct Made {
    std::string id, items;  // of the answer; the items as elements of a list
  };
  Made (*made)(std::string_view answer);

  // What is asked of a kept answer, by an endpoint's name.
  enum class Page : unsigned char { none, show, remove, cancel, input };
  Page (*page)(std::string_view endpoint);
  std::string_view (*id_in)(std::string_view path);
  // The body that is answered. bad_request: the query asks for something that is not so.
  Result<std::string> (*write_page)(Page page, std::string_view id, std::string_view query, std::string_view answer,
                                    std::string_view input);
};

}  // namespace sluice::api
