#include "host/run/ledger.hpp"

#include <boost/test/unit_test.hpp>

namespace sluice::host {

namespace {

std::vector<Commit> a_commit(uint64_t written) {
  Commit commit;
  commit.counts.written = written;
  return {commit};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(ledger)

BOOST_AUTO_TEST_CASE(a_commit_in_doubt_counts_once_the_sink_shows_its_token) {
  Ledger ledger({SliceState{}});
  ledger.commit(a_commit(10));
  ledger.leave_in_doubt("second", a_commit(5));
  BOOST_TEST(ledger.counts().written == 10u);
  ledger.settle("second");
  BOOST_TEST(ledger.counts().written == 15u);
  BOOST_TEST(ledger.commits() == 2u);
  ledger.settle("second");
  BOOST_TEST(ledger.counts().written == 15u);
}

// The same batches come again, and their commit has the same token: it must not count twice.
BOOST_AUTO_TEST_CASE(a_commit_in_doubt_that_the_sink_does_not_hold_is_forgotten) {
  for (const char* held : {"first", ""}) {
    Ledger ledger({SliceState{}});
    ledger.leave_in_doubt("second", a_commit(5));
    ledger.settle(held);
    ledger.commit(a_commit(5));
    ledger.settle("second");
    BOOST_TEST(ledger.counts().written == 5u);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sluice::host
