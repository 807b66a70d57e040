// Reading the host's answers: a member that is missing, null or of another type reads as empty, so that a
// newer or older library under the same command still shows what it can.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <string_view>

namespace sluice::host::cli {

namespace json = boost::json;

// The member, or null.
const json::value& at(const json::object& object, std::string_view key);
std::string text_at(const json::object& object, std::string_view key);
uint64_t count_at(const json::object& object, std::string_view key);
bool flag_at(const json::object& object, std::string_view key);
const json::object& object_at(const json::object& object, std::string_view key);
const json::array& array_at(const json::object& object, std::string_view key);

// The value in one line: a text as it is, null as nothing, a list of plain values with commas, others as
// JSON.
std::string brief(const json::value& value);
// JSON over several lines, two blanks a level; deep levels in one line.
std::string pretty(const json::value& value, unsigned indent = 0);

// A JSON text as an object; throws std::runtime_error when it is none: the host promised one.
json::object parse_answer(std::string_view text);

}  // namespace sluice::host::cli
