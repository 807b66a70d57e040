#include "csv_reader.hpp"

#include <simdjson.h>

#include <algorithm>
#include <exception>

#include "csv_value.hpp"

namespace sluice::file {

namespace {

constexpr size_t read_bytes = size_t{256} << 10;
// A quote that has not closed by then will not.
constexpr uint64_t longest_row = uint64_t{16} << 20;
constexpr size_t shown_of_value = 60, kept_of_value = 4096;

std::string shown(std::string_view text) {
  if (text.size() <= shown_of_value) return "\"" + std::string(text) + "\"";
  return "\"" + std::string(text.substr(0, shown_of_value)) + "...\" (" + std::to_string(text.size()) +
         " bytes)";
}

bool valid_utf8(std::string_view text) {
  return simdjson::validate_utf8(text.data(), text.size());
}

}  // namespace

CsvReader::CsvReader(const HostServices& host, ByteInput& input, FilePosition position, std::string ahead,
                     const CsvLayout& layout, const CsvConfig& config, CsvTask task, SourceWriter& out)
    : host_(host),
      input_(input),
      position_(std::move(position)),
      buffer_(std::move(ahead)),
      layout_(layout),
      config_(config),
      task_(std::move(task)),
      out_(out),
      table_(layout.to_json()),
      parser_(config.dialect),
      counted_bytes_(input.seekable() ? task_.published.value_or(0) : 0),
      builder_(out, layout.fields(), [this] {
        Json json = position_.to_json();
        if (!table_.is_null()) json.set("table", table_);
        return json;
      }) {}

void CsvReader::run() {
  consume(0, 0);
  while (step()) {
  }
  if (position_.offset() != task_.published) builder_.flush();
}

bool CsvReader::step() {
  const CsvParser::Outcome outcome = parser_.parse(rest(), at_end_);
  switch (outcome) {
    case CsvParser::Outcome::row:
      return take_row();
    case CsvParser::Outcome::blank:
      consume(parser_.size(), parser_.newlines());
      return true;
    case CsvParser::Outcome::bad_quote:
      return take_broken("something follows a closing quote");
    case CsvParser::Outcome::open_quote:
      return take_broken("a quote does not close before the end of the file");
    case CsvParser::Outcome::need_more:
      break;
  }
  if (at_end_) return false;
  if (rest().size() < std::min(longest_row, out_.max_value_bytes())) return fill() || !rest().empty();
  if (parser_.in_quotes() && rest().find('\n') != std::string_view::npos)
    return take_broken("a quote does not close in " + std::to_string(rest().size()) + " bytes");
  take_endless();
  return true;
}

bool CsvReader::take_row() {
  const std::string_view row = rest().substr(0, parser_.size());
  const size_t fields = parser_.fields().size(), columns = layout_.columns.size();
  if (fields != columns && !parser_.terminated() && task_.incremental) return wait_for_more();
  if (fields != columns) {
    reject(
        {"E_CSV_ROW", (fields < columns ? "a short row: " : "an over-long row: ") + std::to_string(fields) +
                          " fields where there are " + std::to_string(columns) + " columns"},
        row);
  } else {
    builder_.begin_row();
    if (const auto refusal = put_cells()) {
      builder_.cancel_row();
      reject(*refusal, row);
    } else {
      builder_.end_row(where());
    }
  }
  consume(parser_.size(), parser_.newlines());
  return true;
}

// Its end cannot be told: the first line is rejected and the next one begins a row.
bool CsvReader::take_broken(std::string_view why) {
  if (at_end_ && parser_.in_quotes() && task_.incremental) return wait_for_more();
  const size_t newline = rest().find('\n');
  const size_t size = newline == std::string_view::npos ? rest().size() : newline + 1;
  reject({"E_CSV_ROW", "broken quotes: " + std::string(why)}, rest().substr(0, size));
  consume(size, newline == std::string_view::npos ? 0 : 1);
  return true;
}

void CsvReader::take_endless() {
  reject({"E_RECORD_TOO_LARGE", "a row of more than " + std::to_string(rest().size()) + " bytes"}, rest());
  for (;;) {
    host_.throw_if_cancelled();
    const size_t newline = rest().find('\n');
    const bool found = newline != std::string_view::npos;
    consume(found ? newline + 1 : rest().size(), found ? 1 : 0);
    if (found || !fill()) return;
  }
}

std::optional<CsvReader::Refusal> CsvReader::put_cells() {
  if (!valid_utf8(rest().substr(0, parser_.size())))
    if (auto refusal = check_utf8()) return refusal;
  for (size_t column = 0; column < layout_.columns.size(); ++column)
    if (auto refusal = put_cell(column)) return refusal;
  return std::nullopt;
}

std::optional<CsvReader::Refusal> CsvReader::check_utf8() {
  for (size_t column = 0; column < layout_.columns.size(); ++column) {
    const Field& field = layout_.columns[column].field;
    if (field.type != Type::binary && !valid_utf8(parser_.fields()[column].text))
      return Refusal{"E_UTF8_INVALID", "column \"" + field.name + "\" is not valid UTF-8"};
  }
  return std::nullopt;
}

std::optional<CsvReader::Refusal> CsvReader::put_cell(size_t column) {
  const CsvColumn& to = layout_.columns[column];
  const CsvField& from = parser_.fields()[column];
  if (config_.is_null(from, to.field.type)) return std::nullopt;
  if ((!to.guessed || may_fit_guess(to.field.type, from.text)) && put_value(column, from.text))
    return std::nullopt;
  std::string reason = "column \"" + to.field.name + "\": " + shown(from.text) + " is no " +
                       std::string(to_string(to.field.type));
  if (to.guessed)
    reason += "; the type was inferred from the first " + std::to_string(layout_.sampled_rows) +
              " rows: declare it in the configuration, columns: [{name: " + to.field.name + ", type: utf8}]";
  return Refusal{"E_VALUE_TYPE", std::move(reason)};
}

bool CsvReader::put_value(size_t column, std::string_view text) {
  const auto put = [&](const auto& value, auto set) {
    if (value) (builder_.*set)(column, *value);
    return value.has_value();
  };
  switch (layout_.columns[column].field.type) {
    case Type::boolean:
      return put(parse_bool(text), &TableBuilder::set_bool);
    case Type::int64:
      return put(parse_int64(text), &TableBuilder::set_int64);
    case Type::float64:
      return put(parse_float64(text), &TableBuilder::set_float64);
    case Type::date32:
      return put(parse_date(text), &TableBuilder::set_date32);
    case Type::timestamp:
      return put(parse_timestamp(text), &TableBuilder::set_timestamp);
    case Type::json: {
      const std::string padded = std::string(text) + std::string(JsonValidator::padding, ' ');
      if (json_.reason_against({padded.data(), text.size()})) return false;
      break;
    }
    case Type::utf8:
    case Type::binary:
      break;
  }
  builder_.set_text(column, text);
  return true;
}

// When the run tolerates no more, the rows before are handed over first, with a checkpoint at this one.
void CsvReader::reject(const Refusal& refusal, std::string_view value) {
  if (!value.empty() && value.back() == '\n') value.remove_suffix(1);
  try {
    out_.reject(refusal.code, refusal.reason, where(), value.substr(0, kept_of_value));
  } catch (const Error&) {
    const std::exception_ptr refused = std::current_exception();
    try {
      builder_.flush();
    } catch (const Error&) {  // the refusal tells more
    }
    std::rethrow_exception(refused);
  }
}

bool CsvReader::wait_for_more() {
  host_.log(LogLevel::warning,
            "the last row of " + task_.name + " is not whole yet and is left for the next run",
            Json::object({{"where", where()}, {"bytes", uint64_t{rest().size()}}}));
  return false;
}

// False at the end of the file.
bool CsvReader::fill() {
  buffer_.erase(0, std::exchange(begin_, 0));
  // Doubling keeps the cost of parsing a long row again and again in bounds.
  const size_t old = buffer_.size(), more = std::max(read_bytes, old);
  buffer_.resize(old + more);
  size_t got = 0;
  try {
    got = input_.read(buffer_.data() + old, more);
  } catch (const Error&) {
    // Whole rows in front of the damage are safe.
    buffer_.resize(old);
    builder_.flush();
    throw;
  }
  buffer_.resize(old + got);
  at_end_ = got == 0;
  return !at_end_;
}

void CsvReader::consume(size_t bytes, uint64_t lines) {
  position_.advance(rest().substr(0, bytes), lines);
  begin_ += bytes;
  const uint64_t now = input_.seekable() ? position_.offset() : input_.consumed();
  if (now > counted_bytes_) builder_.add_bytes_read(now - std::exchange(counted_bytes_, now));
}

}  // namespace sluice::file
