#include "csv_sink.hpp"

#include "csv_layout.hpp"
#include "file_position.hpp"

namespace sluice::file {

CsvSink::CsvSink(const Context& context)
    : host_(context.host()), config_(context.config()), writer_(config_.dialect) {}

std::optional<Json> CsvSink::open(const WriteRequest& request) {
  output_ =
      std::make_unique<FileOutput>(host_, output_path(config_.path, config_.compression, request.unit_id));
  announced_.clear();
  columns_.clear();
  if (const Json* schema = request.unit.find("schema"); schema && schema->is_array())
    for (const Json& field : schema->as_array()) announced_.push_back(field.string("name", ""));
  std::optional<Json> token = output_->open(request);
  owes_header_ = config_.dialect.header && output_->begins_empty();
  if (config_.dialect.header && !owes_header_) read_existing_header();
  return token;
}

// What is appended has to fit the header that stands there.
void CsvSink::read_existing_header() {
  const auto input = open_input(output_->path().path, output_->path().compression);
  std::string sample(csv_sample_bytes, '\0');
  sample.resize(read_fully(*input, sample.data(), sample.size()));
  std::string_view text = sample;
  if (text.substr(0, 3) == "\xEF\xBB\xBF") text.remove_prefix(3);
  CsvParser parser(config_.dialect);
  if (parser.parse(text, sample.size() < csv_sample_bytes) != CsvParser::Outcome::row) return;
  for (const CsvField& field : parser.fields()) columns_.emplace_back(field.text);
}

void CsvSink::require_columns(const std::vector<std::string>& names) {
  if (columns_.empty()) columns_ = names;
  if (columns_ == names) return;
  std::string has, wants;
  for (const std::string& name : columns_) has += " " + name;
  for (const std::string& name : names) wants += " " + name;
  throw Error(ErrorClass::config, "E_CSV_COLUMNS",
              output_->path().path + " has the columns" + has.substr(0, 300) + ", the rows have" +
                  wants.substr(0, 300),
              output_->path().path, "write to another file, or in mode FULL");
}

WriteResult CsvSink::write(const BatchView& batch, Rejects&) {
  if (batch.size() == 0) return {};
  std::vector<std::string> names;
  for (uint32_t i = 0; i < batch.column_count(); ++i) names.emplace_back(batch.column(i).name());
  require_columns(names);
  text_.clear();
  if (owes_header_) writer_.put_header(names, text_);
  writer_.put_rows(batch, text_);
  output_->write(text_);
  owes_header_ = false;
  return {.written = batch.size(), .bytes = text_.size()};
}

// A table without rows is still one with columns.
Reached CsvSink::commit(const CommitToken& token) {
  if (token.final && owes_header_ && !announced_.empty()) {
    text_.clear();
    writer_.put_header(announced_, text_);
    output_->write(text_);
    owes_header_ = false;
  }
  return output_->commit(token);
}

}  // namespace sluice::file
