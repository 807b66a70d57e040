// Errors as values inside the host: a function gives a Result<T>, or a Status when there is nothing to give.
#pragma once

#include <boost/system/result.hpp>

#include "sluice/error.hpp"

namespace sluice::host {

template <class T>
using Result = boost::system::result<T, Error>;

}  // namespace sluice::host

namespace sluice {

// boost::system::result::value() on a failure: only reached by a programming error, or by tests that want a
// throw.
[[noreturn]] inline void throw_exception_from_error(const Error& error, const boost::source_location&) {
  throw error;
}

}  // namespace sluice
