#include "column_types.hpp"

#include <array>
#include <string>
#include <utility>

namespace sluice::sqlite {

std::string_view declared_type(Type type) {
  switch (type) {
    case Type::boolean:
      return "BOOLEAN";
    case Type::int64:
      return "INTEGER";
    case Type::float64:
      return "REAL";
    case Type::utf8:
      return "TEXT";
    case Type::binary:
      return "BLOB";
    case Type::date32:
      return "DATE";
    case Type::timestamp:
      return "TIMESTAMP";
    case Type::json:
      return "JSON TEXT";
  }
  return "";
}

std::optional<Type> type_of_declared(std::string_view declared) {
  // Looked for in this order, as parts of the name: DATETIME before DATE, JSON TEXT before TEXT.
  static constexpr std::array<std::pair<std::string_view, Type>, 15> parts{{{"JSON", Type::json},
                                                                            {"BOOL", Type::boolean},
                                                                            {"TIMESTAMP", Type::timestamp},
                                                                            {"DATETIME", Type::timestamp},
                                                                            {"DATE", Type::date32},
                                                                            {"INT", Type::int64},
                                                                            {"CHAR", Type::utf8},
                                                                            {"CLOB", Type::utf8},
                                                                            {"TEXT", Type::utf8},
                                                                            {"BLOB", Type::binary},
                                                                            {"REAL", Type::float64},
                                                                            {"FLOA", Type::float64},
                                                                            {"DOUB", Type::float64},
                                                                            {"NUM", Type::float64},
                                                                            {"DEC", Type::float64}}};
  std::string upper;
  for (char c : declared) upper += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  for (const auto& [part, type] : parts)
    if (upper.find(part) != std::string::npos) return type;
  return std::nullopt;
}

}  // namespace sluice::sqlite
