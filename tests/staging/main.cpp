#define BOOST_TEST_MODULE staging
#include <boost/test/unit_test.hpp>
