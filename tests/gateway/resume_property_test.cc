// A stream that is cut anywhere and resumed (`resume_s`) equals the whole stream.
#include <catch2/catch.hpp>
#include <vector>

#include "resume_support.h"

namespace sluice::gateway {
namespace {

using namespace resuming_callers;

TEST_CASE("a stream that is cut anywhere and gone on with is the whole stream") {
  for (const Form& form : forms()) {
    INFO(form.what);
    World world(resuming());
    world.say(post(form.path, form.body));
    world.target_says(form.head + chunk(joined(form.frames)) + last);
    const Got whole = got(world.caller->text);
    REQUIRE(whole.whole);
    REQUIRE(whole.status == 200);
    if (form.has_ids) {
      CHECK(whole.body.find("id: sluice-") != std::string::npos);
    } else {
      CHECK(whole.body == joined(form.frames));
    }
    const std::string id = request_id_of(whole);
    for (size_t arrived = 0; arrived <= whole.body.size(); ++arrived) {
      const Place place = form.has_ids ? place_by_id(std::string_view(whole.body).substr(0, arrived))
                                       : place_by_count(ends_of(form), arrived, id);
      const std::string fields = place.fields.empty() ? "sluice-resume: " + id + "\r\n" : place.fields;
      const Got rest = resume(world, form, fields);
      INFO(arrived << " bytes had arrived; " << fields);
      CHECK(rest.status == 200);
      CHECK(rest.whole);
      CHECK(whole.body.substr(0, place.bytes) + rest.body == whole.body);
      CHECK(request_id_of(rest) == id);
    }
    CHECK(world.targets.size() == 1);
    CHECK(world.streams.size() == 1);
    CHECK(world.context->users == 0);
  }
}

TEST_CASE("whatever of a stream had come when the caller's connection broke, the rest is what comes later") {
  for (const Form& form : forms()) {
    const std::string all = joined(form.frames);
    std::string whole;
    for (size_t came = 0; came <= all.size(); came += form.dialect == Dialect::openai ? 1 : 5) {
      for (const bool waits : {false, true}) {
        INFO(form.what << ": " << came << " bytes had come" << (waits ? ", and somebody waits for more" : ""));
        World world(resuming());
        world.say(post(form.path, form.body, "x-request-id: mine\r\n"));
        const std::string_view first = std::string_view(all).substr(0, came);
        world.target_says(form.head + (first.empty() ? "" : chunk(first)));
        const std::string had = got(world.caller->text).body;
        leave(world);
        CHECK_FALSE(world.targets[0]->ended);
        Place place = place_by_id(had);
        if (!form.has_ids) place = place_by_count(ends_of(form), had.size(), "mine");
        if (place.fields.empty()) place.fields = "sluice-resume: mine\r\n";
        const std::string rest = (came < all.size() ? chunk(all.substr(came)) : "") + last;
        if (waits) resume(world, form, place.fields);
        world.target_says(rest);
        if (!waits) resume(world, form, place.fields);
        const Got more = got(world.caller->text);
        CHECK(more.whole);
        std::string joint = had.substr(0, place.bytes) + more.body;
        const size_t tag = joint.find("sluice-");
        if (tag != std::string::npos && whole.empty()) whole = joint;
        CHECK(without_ids(joint) == without_ids(whole.empty() ? all : whole));
        CHECK(world.targets.size() == 1);
        CHECK(world.cells().active_exchanges.get() == 0);
        CHECK(world.cells().active_streams.get() == 0);
        CHECK(world.context->users == 0);
      }
    }
  }
}

}  // namespace
}  // namespace sluice::gateway
