// Column types on both sides: what SQLite declares and what a batch has.
#pragma once

#include <optional>
#include <string_view>

#include <sluice/batch/types.hpp>

namespace sluice::sqlite {

// The declared type of a column made for values of that type. JSON is declared so that SQLite keeps the text
// as it is: plain JSON would have numeric affinity and turn the text 1.0 into the number 1.
std::string_view declared_type(Type type);

// What a declared type is read as. Nothing: the column may hold anything, and each value is read as the JSON
// of what it is.
std::optional<Type> type_of_declared(std::string_view declared);

}  // namespace sluice::sqlite
