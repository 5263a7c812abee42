#include "alerts/alerts.h"

#include <catch2/catch.hpp>
#include <string>
#include <thread>
#include <vector>

namespace sluice::alerts {
namespace {

constexpr uint64_t within = 1'000;
constexpr AlertRules rules{5, within};
constexpr uint64_t start = 50'000;

struct Watch {
  AlertEpisodes episodes;
  std::vector<AlertNotice> notices;

  explicit Watch(const AlertRules& given = rules) : episodes(given) {}
  void fail(uint64_t at_ms, std::string_view subject = "p/m", uint32_t count = 1) {
    episodes.failed({subject, "target_refused", "refused at " + std::to_string(at_ms), at_ms, count}, notices);
  }
  void fail_times(size_t times, uint64_t at_ms, std::string_view subject = "p/m") {
    for (size_t i = 0; i < times; ++i) fail(at_ms, subject);
  }
  void look(uint64_t now_ms) { episodes.look(now_ms, notices); }
  // Returns "failing p/m 5, recovered p/m 7" and clears the notices.
  std::string said() {
    std::string text;
    for (const AlertNotice& notice : notices) {
      text += (text.empty() ? "" : ", ") + std::string(alert_event_names[static_cast<size_t>(notice.event)]) + " " +
              notice.subject + " " + std::to_string(notice.failures);
    }
    notices.clear();
    return text;
  }
};

TEST_CASE("an episode begins with the failure that makes them enough within the time") {
  struct Row {
    std::vector<uint64_t> at_ms;
    std::string said;
  };
  const std::vector<Row> rows = {
      {{0, 0, 0, 0}, ""},
      {{0, 0, 0, 0, 0}, "failing p/m 5"},
      {{0, 1, 2, 3, within}, "failing p/m 5"},  // the fifth at exactly the end of the window
      {{0, 1, 2, 3, within + 1}, ""},           // just after it
      {{0, 500, 500, 500, within + 1, within + 2}, "failing p/m 5"},
      {{0, 300, 600, 900, 1200, 1500, 1800, 2100}, ""},               // never five within a second
      {{0, 300, 600, 900, 1200, 1210, 1220}, "failing p/m 5"},        // 300 to 1210
      {{0, 250, 500, 750, 1000, 1250, 1500, 1750}, "failing p/m 5"},  // reported once
  };
  for (const Row& row : rows) {
    Watch watch;
    for (const uint64_t at_ms : row.at_ms) watch.fail(start + at_ms);
    CAPTURE(row.at_ms);
    CHECK(watch.said() == row.said);
  }
}

TEST_CASE("a notice says since when, how often and with what") {
  Watch watch;
  for (const uint64_t at_ms : {0, 300, 600, 900, 1200, 1210, 1220}) watch.fail(start + at_ms);
  REQUIRE(watch.notices.size() == 1);
  CHECK(watch.notices[0].since_ms == start + 300);
  CHECK(watch.notices[0].at_ms == start + 1210);
  CHECK(watch.notices[0].code == "target_refused");
  CHECK(watch.notices[0].last_error == "refused at 51210");
  watch.notices.clear();
  watch.fail(start + 1300);
  watch.look(start + 1300 + within + 1);
  REQUIRE(watch.notices.size() == 1);
  CHECK(watch.notices[0].event == AlertEvent::recovered);
  CHECK(watch.notices[0].since_ms == start + 300);
  CHECK(watch.notices[0].at_ms == start + 1300 + within + 1);
  CHECK(watch.notices[0].failures == 7);
  CHECK(watch.notices[0].last_error == "refused at 51300");
}

TEST_CASE("an episode ends once, when more than the time has passed without a failure") {
  Watch watch;
  watch.fail_times(5, start);
  CHECK(watch.said() == "failing p/m 5");
  watch.look(start + within);
  CHECK(watch.said().empty());
  watch.fail(start + within);  // at exactly the end: the episode continues
  watch.look(start + 2 * within);
  CHECK(watch.said().empty());
  watch.look(start + 2 * within + 1);
  CHECK(watch.said() == "recovered p/m 6");
  watch.look(start + 2 * within + 1);
  watch.look(start + 9 * within);
  CHECK(watch.said().empty());
  CHECK(watch.episodes.subjects() == 0);
}

TEST_CASE("a failure after the end ends the episode even if nobody looked, and counts anew") {
  Watch watch;
  watch.fail_times(7, start);
  CHECK(watch.said() == "failing p/m 5");
  watch.fail(start + within + 1);
  CHECK(watch.said() == "recovered p/m 7");
  watch.fail_times(3, start + within + 2);
  CHECK(watch.said().empty());
  watch.fail(start + within + 3);
  CHECK(watch.said() == "failing p/m 5");
}

TEST_CASE("who fails again and again, with rests, is told of once each time") {
  Watch watch;
  uint64_t now = start;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 40; ++i) {  // always more than five a second
      watch.fail(now);
      watch.look(now);
      now += 100;
    }
    CHECK(watch.said() == "failing p/m 5");
    now += within;
    watch.look(now);
    CHECK(watch.said() == "recovered p/m 40");
  }
}

TEST_CASE("each subject has its own episode") {
  Watch watch;
  watch.fail_times(4, start, "p/a");
  watch.fail_times(4, start, "p/b");
  CHECK(watch.said().empty());
  watch.fail(start + 1, "p/b");
  CHECK(watch.said() == "failing p/b 5");
  watch.fail(start + 2, "p/a");
  CHECK(watch.said() == "failing p/a 5");
  watch.look(start + 1 + within + 1);
  CHECK(watch.said() == "recovered p/b 5");
  watch.look(start + 2 + within + 1);
  CHECK(watch.said() == "recovered p/a 5");
}

TEST_CASE("failures that are counted together are as many one by one") {
  for (uint32_t count = 1; count < 12; ++count) {
    Watch together, single;
    together.fail(start, "p/m", count);
    single.fail_times(count, start);
    together.look(start + within + 1);
    single.look(start + within + 1);
    CHECK(together.said() == single.said());
  }
}

TEST_CASE("one failure may be enough, and a thousand are counted as well") {
  Watch one({1, within});
  one.fail(start);
  CHECK(one.said() == "failing p/m 1");
  Watch thousand({1000, within});
  thousand.fail_times(999, start);
  CHECK(thousand.said().empty());
  thousand.fail(start + within);
  CHECK(thousand.said() == "failing p/m 1000");
}

TEST_CASE("times that come a little out of order do no harm") {
  Watch watch;
  for (const uint64_t at_ms : {100, 50, 120, 80, 110}) watch.fail(start + at_ms);
  CHECK(watch.said() == "failing p/m 5");
  watch.look(start);  // a time before the last failure
  CHECK(watch.said().empty());
  watch.look(start + 120 + within);
  CHECK(watch.said().empty());
  watch.look(start + 120 + within + 1);
  CHECK(watch.said() == "recovered p/m 5");
}

TEST_CASE("names that are made up fill no memory, and whoever comes after them is still told of") {
  Watch watch;
  const auto name = [](size_t i) { return "p/made-up-" + std::to_string(i); };
  for (size_t i = 0; i < 10 * AlertEpisodes::max_subjects; ++i) watch.fail(start, name(i));
  CHECK(watch.episodes.subjects() <= AlertEpisodes::max_subjects);
  CHECK(watch.said() == "failing other 5");
  watch.fail_times(5, start, "sluice");  // has a reserved place
  CHECK(watch.said() == "failing sluice 5");
  CHECK(watch.episodes.subjects() == AlertEpisodes::max_subjects);
  watch.fail_times(5, start + within, "honest/target");
  CHECK(watch.said().empty());  // counted under "other", whose episode continues
  CHECK(watch.episodes.subjects() == AlertEpisodes::max_subjects);
  // Places become free by the passage of time alone.
  watch.fail_times(5, start + within + 1, "honest/target");
  CHECK(watch.said() == "recovered sluice 5, failing honest/target 5");
  CHECK(watch.episodes.subjects() == 2);
}

TEST_CASE("a tally puts the failures of a subject together") {
  FailureTally tally;
  CHECK(tally.empty());
  tally.add({"p/a", "target_refused", "first", 10});
  tally.add({"p/b", "internal", "", 20});
  tally.add({"p/a", "target_timeout", "second", 30});
  const std::string long_name(FailureTally::max_subject_bytes + 1, 'x');
  tally.add({long_name, "target_tls", std::string(FailureTally::max_reason_bytes + 1, 'r'), 40});
  std::string all;
  tally.for_each([&all](const NotedFailure& f) {
    all += std::string(f.subject) + " " + std::string(f.code) + " '" + std::string(f.reason) + "' " +
           std::to_string(f.at_ms) + " x" + std::to_string(f.count) + "\n";
  });
  CHECK(all ==
        "p/a target_refused 'first' 10 x1\np/b internal '' 20 x1\np/a target_timeout 'second' 30 x1\nother target_tls "
        "'' 40 x1\n");
  tally.clear();
  CHECK(tally.empty());
}

TEST_CASE("a tally takes the longest name and reason that it has room for") {
  FailureTally tally;
  const std::string name(FailureTally::max_subject_bytes, 'x'), reason(FailureTally::max_reason_bytes, 'r');
  tally.add({name, "internal", reason, 1});
  tally.for_each([&](const NotedFailure& f) {
    CHECK(f.subject == name);
    CHECK(f.reason == reason);
  });
}

TEST_CASE("a tally that is full counts the rest as other") {
  FailureTally tally;
  for (size_t i = 0; i < 1000; ++i) tally.add({"p/" + std::to_string(i), "internal", "", 1});
  tally.add({"p/3", "internal", "", 1});
  tally.add({"other", "internal", "", 1});
  size_t subjects = 0, failures = 0, others = 0;
  tally.for_each([&](const NotedFailure& f) {
    ++subjects;
    failures += f.count;
    if (f.subject == other_subject) others = f.count;
  });
  CHECK(subjects == FailureTally::max_subjects + 1);
  CHECK(failures == 1002);
  CHECK(others == 1000 - FailureTally::max_subjects + 1);
}

TEST_CASE("the workers' failures come together, and notices wait in a bounded queue") {
  Alerts alerts({2, within});
  FailureTally a, b;
  a.add({"p/m", "internal", "one", start});
  b.add({"p/m", "internal", "two", start + 10});
  alerts.gather(a);
  CHECK(a.empty());
  std::vector<AlertNotice> notices;
  CHECK(alerts.take(start, notices) == 0);
  CHECK(notices.empty());
  alerts.gather(b);
  CHECK(alerts.take(start + 10, notices) == 0);
  REQUIRE(notices.size() == 1);
  CHECK(notices[0].last_error == "two");
  CHECK(alerts.take(start + 10 + within + 1, notices) == 0);
  REQUIRE(notices.size() == 2);
  CHECK(notices[1].event == AlertEvent::recovered);

  notices.clear();
  for (size_t i = 0; i < Alerts::max_waiting + 3; ++i) {
    a.add({"q/" + std::to_string(i), "internal", "", start + 5 * within, 2});
    alerts.gather(a);
  }
  CHECK(alerts.take(start + 5 * within, notices) == 3);
  REQUIRE(notices.size() == Alerts::max_waiting);
  CHECK(notices.front().subject == "q/3");  // the oldest were dropped
  CHECK(notices.back().subject == "q/" + std::to_string(Alerts::max_waiting + 2));
  CHECK(alerts.take(start + 5 * within, notices) == 0);
}

TEST_CASE("many workers may hand over at once") {
  Alerts alerts({8000, 1'000'000});
  std::vector<std::thread> workers;
  for (int i = 0; i < 4; ++i) {
    workers.emplace_back([&alerts] {
      FailureTally tally;
      for (int n = 0; n < 2000; ++n) {
        tally.add({"p/m", "internal", "x", start});
        alerts.gather(tally);
      }
    });
  }
  std::vector<AlertNotice> notices;
  for (int i = 0; i < 100; ++i) alerts.take(start, notices);
  for (std::thread& worker : workers) worker.join();
  alerts.take(start, notices);
  CHECK(notices.size() == 1);  // all counted, including the very last
}

}  // namespace
}  // namespace sluice::alerts
