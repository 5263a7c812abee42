#include "http/service.h"

#include "http/writer.h"

namespace sluice::http {

void Responder::send_head(int status, const Fields& fields, Length length, std::string_view reason) {
  std::string lines;
  lines.reserve(fields.bytes() + 4 * fields.size());
  for (size_t i = 0; i < fields.size(); ++i) write_field(lines, fields[i].name, fields[i].value);
  send_head_lines(status, lines, length, reason);
}

void Responder::answer(int status, const Fields& fields, std::string_view body) {
  send_head(status, fields, Length{body.size()});
  send_body(std::span<const std::string_view>(&body, 1), true);
  finish();
}

}  // namespace sluice::http
