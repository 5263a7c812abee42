#include "translation/toy/translate.h"

namespace sluice::test::toy {
namespace {

using namespace api;

constexpr std::array endpoints =
    std::to_array<Endpoint>({{"toy/talk", own, http::Method::post, "/toy/talk", ModelIn::json_body, false, true}});
constexpr std::string_view roots[] = {"/toy"}, translated[] = {"toy/talk"}, key_fields[] = {"x-toy-key"};

constexpr std::array frame_places = std::to_array<ScanEdge>({
    {node::root, "model", node::model},
    {node::root, "over", node::finish},
    {node::root, "wrong", node::error},
    {node::root, "cost", node::usage},
    {node::usage, "in", node::count(SentCounts::input)},
    {node::usage, "out", node::count(SentCounts::output)},
});
constexpr ScanTree frames(frame_places);
constexpr Places places{.frames = frames,
                        .bodies = frames,
                        .words = {R"("over")", R"("wrong")", R"("cost")", R"("model")"},
                        .reason_ends = true,
                        .streams_lines = true};

}  // namespace

void write_error(const Error& error, const ErrorFacts&, std::string& out) {
  JsonWriter(out).object().member("wrong", error.message).end_object();
}

constinit const DialectRoom room{
    .id = own,
    .endpoints = EndpointTable(endpoints),
    .roots = roots,
    .translated = translated,
    .key_fields = key_fields,
    .places = places,
    .write_error = write_error,
    .translation = {.read_request = read_request,
                    .set_facts = [](std::string_view, TargetFacts&) {},
                    .write_request = write_request,
                    .path = [](std::string_view, bool) { return std::string("/toy/talk"); },
                    .make_reader = make_reader,
                    .make_writer = make_writer},
};

}  // namespace sluice::test::toy
