#include "sluice/detail/patience.hpp"

#include <boost/test/unit_test.hpp>

namespace sluice::detail {

namespace {

// Goes on by `step` whenever it is looked at.
struct Ticking {
  using duration = std::chrono::nanoseconds;
  using time_point = std::chrono::time_point<Ticking>;
  static time_point now() { return now_ += step; }
  static inline time_point now_{};
  static inline duration step = std::chrono::microseconds(1);
};

struct Waiting {
  // Looks before it gave up.
  int looks_in_vain() {
    int looks = 0;
    BOOST_TEST(!patience.outlasts([&] {
      ++looks;
      return false;
    }));
    return looks;
  }
  void sleep(std::chrono::microseconds time) {
    Ticking::now_ += time;
    patience.slept();
  }
  BasicPatience<Ticking> patience{false};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(patience, Waiting)

BOOST_AUTO_TEST_CASE(what_is_ready_is_seen_at_once) {
  int looks = 0;
  BOOST_TEST(patience.outlasts([&] { return ++looks > 0; }));
  BOOST_TEST(looks == 1);
}

BOOST_AUTO_TEST_CASE(what_becomes_ready_while_it_looks_out_is_seen) {
  int looks = 0;
  BOOST_TEST(patience.outlasts([&] { return ++looks > 100; }));
  BOOST_TEST(looks == 101);
}

BOOST_AUTO_TEST_CASE(after_a_long_sleep_it_looks_out_briefly_and_after_a_short_one_long_again) {
  const int at_first = looks_in_vain();
  sleep(std::chrono::milliseconds(3));
  const int after_long = looks_in_vain();
  BOOST_TEST(after_long < at_first / 10);
  sleep(std::chrono::microseconds(100));
  BOOST_TEST(looks_in_vain() == at_first);
}

BOOST_AUTO_TEST_CASE(where_others_have_work_for_the_processor_it_sleeps) {
  const int at_first = looks_in_vain();
  // So long was it away when it offered the processor.
  Ticking::step = std::chrono::microseconds(60);
  const int crowded = looks_in_vain();
  Ticking::step = std::chrono::microseconds(1);
  BOOST_TEST(crowded < at_first / 10);
}

BOOST_AUTO_TEST_CASE(with_one_processor_it_does_not_look_out) {
  BasicPatience<Ticking> alone(true);
  int looks = 0;
  BOOST_TEST(!alone.outlasts([&] { return ++looks > 1; }));
  BOOST_TEST(looks == 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sluice::detail
