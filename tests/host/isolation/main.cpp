#define BOOST_TEST_MODULE host_isolation
#include <boost/test/unit_test.hpp>
