#include "text_sink.hpp"

namespace sluice::file {

TextSink::TextSink(const Context& context, bool trims_newlines)
    : host_(context.host()),
      path_(context.config().at("path").as_string()),
      compression_(context.config().string("compression", "auto")),
      trims_newlines_(trims_newlines) {}

std::optional<Json> TextSink::open(const WriteRequest& request) {
  output_ = std::make_unique<FileOutput>(host_, output_path(path_, compression_, request.unit_id));
  owes_newline_ = false;
  return output_->open(request);
}

WriteResult TextSink::write(const BatchView& batch, Rejects& rejects) {
  if (batch.size() == 0) return {};
  const DocumentsView documents(batch);
  if (!documents.delimited() || documents.delimiter() != '\n' || batch.column_of_role(SLUICE_COLUMN_OP))
    return write_values(documents, rejects);
  const std::string_view bytes = documents.all_bytes();
  if (owes_newline_) {
    lines_ = '\n';
    lines_ += bytes;
    output_->write(lines_);
  } else {
    output_->write(bytes);
  }
  owes_newline_ = !documents.last_delimited();
  return {.written = batch.size(), .bytes = bytes.size()};
}

WriteResult TextSink::write_values(const DocumentsView& documents, Rejects& rejects) {
  WriteResult result;
  lines_.clear();
  if (owes_newline_) lines_ += '\n';
  for (uint32_t row = 0; row < documents.size(); ++row) {
    const std::string_view value = documents.value(row);
    if (documents.is_delete(row)) {
      rejects.reject(row, "E_OP_UNSUPPORTED", "a file of lines cannot delete records");
      ++result.rejected;
    } else if (const std::string_view reason = obstacle(value); !reason.empty()) {
      rejects.reject(row, "E_NEWLINE_IN_RECORD", reason);
      ++result.rejected;
    } else {
      lines_ += value;
      lines_ += '\n';
      result.bytes += value.size() + 1;
      ++result.written;
    }
  }
  if (result.written == 0) return result;
  output_->write(lines_);
  owes_newline_ = false;
  return result;
}

std::string_view TextSink::obstacle(std::string_view value) const {
  if (trims_newlines_) {
    const size_t begin = value.find_first_not_of(" \t\r\n"), end = value.find_last_not_of(" \t\r\n");
    if (begin == std::string_view::npos) return "the record is blank: no reader would find it";
    value = value.substr(begin, end - begin + 1);
  }
  if (value.find('\n') == std::string_view::npos) return {};
  return "a newline inside the record would break it in two; bytes are never changed";
}

}  // namespace sluice::file
