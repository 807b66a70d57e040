#include "json_scalar.hpp"

namespace sluice::file {

namespace {

bool hex_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

}  // namespace

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

size_t json_escape_length(const char* at) {
  static constexpr std::string_view simple = "\"\\/bfnrt";
  if (simple.find(at[1]) != std::string_view::npos) return 2;
  if (at[1] != 'u') return 0;
  for (int i = 2; i < 6; ++i)
    if (!hex_digit(at[i])) return 0;
  const bool surrogate = (at[2] == 'd' || at[2] == 'D') && at[3] >= '8';
  return surrogate ? 0 : 6;
}

}  // namespace sluice::file
