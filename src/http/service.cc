#include "http/service.h"

namespace sluice::http {

void Responder::answer(int status, const Fields& fields, std::string_view body) {
  send_head(status, fields, Length{body.size()});
  send_body(std::span<const std::string_view>(&body, 1), true);
  finish();
}

}  // namespace sluice::http
