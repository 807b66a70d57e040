#define BOOST_TEST_MODULE host_worker
#include <boost/test/unit_test.hpp>
