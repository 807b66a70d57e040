#include "json_scalar.hpp"

namespace sluice::file {

bool is_json_number_of_any_length(const char* at) {
  const auto digits = [&at] {
    const char* const begin = at;
    while (*at >= '0' && *at <= '9') ++at;
    return at > begin;
  };
  if (*at == '-') ++at;
  if (*at == '0')
    ++at;
  else if (!digits())
    return false;
  if (*at == '.' && (++at, !digits())) return false;
  if (*at == 'e' || *at == 'E') {
    ++at;
    if (*at == '+' || *at == '-') ++at;
    if (!digits()) return false;
  }
  return ends_scalar(*at);
}

}  // namespace sluice::file
