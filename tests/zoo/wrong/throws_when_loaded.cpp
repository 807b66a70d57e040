// An exception leaves the initialiser of a variable.
#include <stdexcept>

#include "tiny_source.h"

namespace {
struct AtOnce {
  AtOnce() { throw std::runtime_error("thrown while loading"); }
} at_once;
}  // namespace
