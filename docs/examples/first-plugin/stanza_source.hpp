// Reads text made of stanzas, as package lists are: `Key: value` lines, and a blank line after each record.
#pragma once

#include <filesystem>
#include <fstream>
#include <sluice/sdk.hpp>

class StanzaSource : public sluice::Source {
 public:
  static constexpr sluice::TemplateInfo info{
      .id = "first.stanzas",
      .title = "Stanzas of a text file",
      .config_schema = R"({"type": "object", "required": ["path"], "additionalProperties": false,
        "properties": {"path": {"type": "string", "description": "The file to read"}}})"};
  static constexpr sluice::SourceInfo source_info{.modes = "FULL,INCREMENTAL",
                                                  .content_types = "application/json"};

  explicit StanzaSource(const sluice::Context& context) : path_(context.config().at("path").as_string()) {}

  void units(const std::function<bool(const sluice::Unit&)>& out) override {
    std::error_code error;
    const uint64_t bytes = std::filesystem::file_size(path_, error);
    if (error)
      throw sluice::Error(sluice::ErrorClass::system, "E_FILE_OPEN",
                          "cannot read " + path_ + ": " + error.message(), path_, "check the path");
    out({.id = path_.substr(path_.rfind('/') + 1), .content_type = "application/json", .bytes = bytes});
  }

  void read(const sluice::ReadRequest& request, sluice::SourceWriter& out) override {
    std::ifstream file(path_, std::ios::binary);
    if (!file) throw sluice::Error(sluice::ErrorClass::system, "E_FILE_OPEN", "cannot open " + path_, path_);
    int64_t done = request.checkpoint ? request.checkpoint->integer("offset", 0) : 0, at = done;
    file.seekg(done);
    sluice::DocumentBuilder documents(out, [&] { return sluice::Json::object({{"offset", done}}); });
    sluice::Json stanza = sluice::Json::object();
    std::string wrong;  // the first line of the stanza that is no field
    for (std::string line; std::getline(file, line); at += 1) {
      at += static_cast<int64_t>(line.size());
      const size_t colon = line.find(": ");
      if (!line.empty() && colon != std::string::npos)
        stanza.set(line.substr(0, colon), line.substr(colon + 2));
      if (!line.empty() && colon == std::string::npos && wrong.empty()) wrong = line;
      if (!line.empty()) continue;
      const std::string where = path_ + ", byte " + std::to_string(done);
      if (!wrong.empty()) documents.flush();  // what came before is safe if the policy tolerates no more
      if (!wrong.empty())
        out.reject("E_STANZA", "a line is not `Key: value`", where, wrong);
      else if (!stanza.as_object().empty())
        documents.append(stanza.dump(), where);
      stanza = sluice::Json::object();
      wrong.clear();
      done = at + 1;
    }
    documents.flush();  // a stanza without its blank line is not complete: the next run reads it
  }

 private:
  std::string path_;
};
