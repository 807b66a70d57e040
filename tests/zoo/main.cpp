#define BOOST_TEST_MODULE zoo
#include <boost/test/unit_test.hpp>

#include "runs.hpp"
#include "scratch.hpp"

namespace {

// The folders that the environment names are set before anything looks at them; the host's first look at the
// system's libraries is not counted as what a plugin did.
struct Prepared {
  Prepared() {
    (void)sluice::zoo::scratch();
    (void)sluice::zoo::Runs::of_this_program().good_runs();
  }
};

}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(Prepared);
