// What the workloads of `make bench` are made from.
#pragma once

#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>

#include "host/cli/bench/product_workloads.hpp"

namespace sluice::bench {

struct Setting {
  ProductSetting product;
  std::string self;                    // this program, for children that measure themselves
  std::string plugins;                 // the bundled ones
  uint64_t bytes = uint64_t{1} << 30;  // of the large inputs
  bool quick = false;                  // a look, not a measurement

  const std::string& folder() const { return product.folder; }
};

inline void require(bool good, const std::string& what) {
  if (!good) throw std::runtime_error(what);
}
inline void require(const Status& status) {
  if (!status.ok()) throw std::runtime_error(status.error().message());
}
template <class T>
T required(host::Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message());
  return std::move(*result);
}

// A way whose body gives seconds and throws when something is wrong.
template <class Body>
std::function<host::Result<Lap>()> timed(Body body) {
  return [body = std::move(body)]() -> host::Result<Lap> {
    try {
      return Lap{body()};
    } catch (const std::exception& failure) {
      return Error(ErrorClass::system, "E_BENCH", failure.what());
    }
  };
}

}  // namespace sluice::bench
