// Column types of tables, by the names that units, schemas and configurations use.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sluice/abi/frame.h"

namespace sluice {

enum class Type : uint32_t {
  boolean = SLUICE_TYPE_BOOL,
  int64 = SLUICE_TYPE_INT64,
  float64 = SLUICE_TYPE_FLOAT64,
  utf8 = SLUICE_TYPE_UTF8,
  binary = SLUICE_TYPE_BINARY,
  date32 = SLUICE_TYPE_DATE32,        // days since 1970-01-01
  timestamp = SLUICE_TYPE_TIMESTAMP,  // microseconds since 1970-01-01 UTC
  json = SLUICE_TYPE_JSON,
};

inline constexpr std::array<std::pair<std::string_view, Type>, 8> type_names{{{"bool", Type::boolean},
                                                                              {"int64", Type::int64},
                                                                              {"float64", Type::float64},
                                                                              {"utf8", Type::utf8},
                                                                              {"binary", Type::binary},
                                                                              {"date32", Type::date32},
                                                                              {"timestamp", Type::timestamp},
                                                                              {"json", Type::json}}};

constexpr std::string_view to_string(Type type) {
  for (const auto& entry : type_names)
    if (entry.second == type) return entry.first;
  return "unknown";
}

constexpr std::optional<Type> type_from(std::string_view name) {
  for (const auto& entry : type_names)
    if (entry.first == name) return entry.second;
  return std::nullopt;
}

constexpr bool known_type(uint32_t type) {
  return type >= SLUICE_TYPE_BOOL && type <= SLUICE_TYPE_JSON;
}

// Types with an offsets buffer before their bytes.
constexpr bool variable_width(Type type) {
  return type == Type::utf8 || type == Type::binary || type == Type::json;
}

// Bytes a value of a fixed-width type takes; bool is one bit and gives 0, as do variable-width types.
constexpr uint32_t value_width(Type type) {
  switch (type) {
    case Type::int64:
    case Type::float64:
    case Type::timestamp:
      return 8;
    case Type::date32:
      return 4;
    default:
      return 0;
  }
}

struct Field {
  std::string name;
  Type type = Type::utf8;
  bool nullable = true;
};

}  // namespace sluice
