#define BOOST_TEST_MODULE plugin_file
#include <boost/test/unit_test.hpp>
