#include "api/model_list.h"

#include "api/dialect.h"
#include "base/json_writer.h"

namespace sluice::api {

void write_plain_model(const ListedModel& model, int64_t created_s, std::string& out) {
  JsonWriter json(out);
  json.object().member("id", model.id).member("object", "model").member("created", created_s);
  json.member("owned_by", model.owner).end_object();
}

std::string model_list_body(Dialect dialect, std::span<const ListedModel> models, int64_t created_s) {
  const ModelShape& shape = room_of(dialect).models;
  std::string out(shape.opening);
  for (const ListedModel& model : models) {
    if (&model != models.data()) out += ',';
    shape.write(model, created_s, out);
  }
  out += ']';
  if (shape.write_ending != nullptr) shape.write_ending(models, out);
  out += '}';
  return out;
}

std::string model_body(Dialect dialect, const ListedModel& model, int64_t created_s) {
  const ModelShape& shape = room_of(dialect).models;
  std::string out;
  (shape.write_alone != nullptr ? shape.write_alone : shape.write)(model, created_s, out);
  return out;
}

}  // namespace sluice::api
