// What a dialect defines about stored answers: which requests ask for storing, how a request continues a stored answer,
// and what can be asked about one by its id. For targets that store none, sluice does (storage/store.h).
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice::api {

struct KeepingRoom {
  struct Asked {
    bool keep = false;         // the answer is to be kept; false where the request may say that it is not (`Store`)
    std::string previous{};    // the id of the kept answer that the request continues; "": none
    std::string_view input{};  // its own input, a JSON value in the body; "" for none
  };
  // `body` has net::read_padding_bytes readable bytes behind it. A body that is not JSON asks for nothing.
  Asked (*look)(std::string_view body);
  // The request with the earlier items before its own input. `earlier`: items, as elements of a list. bad_request: the
  // body is not JSON.
  Result<std::string> (*go_on)(std::string_view body, std::string_view earlier);
  // The items of Asked::input, each with an id, as elements of a list. `answer_id`: what ids are made from. If the
  // input is not JSON, as much of it as could be read.
  std::string (*input_items)(std::string_view input, std::string_view answer_id);

  struct Made {
    std::string id, items;  // of the answer; the items as elements of a list
  };
  Made (*made)(std::string_view answer);

  // What is asked of a kept answer, by an endpoint's name.
  enum class Page : unsigned char { none, show, remove, cancel, input };
  Page (*page)(std::string_view endpoint);
  std::string_view (*id_in)(std::string_view path);
  // The body of the answer. bad_request: the query is not valid.
  Result<std::string> (*write_page)(Page page, std::string_view id, std::string_view query, std::string_view answer,
                                    std::string_view input);
};

}  // namespace sluice::api
