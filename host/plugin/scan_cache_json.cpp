#include "host/plugin/scan_cache_json.hpp"

#include <boost/json/array.hpp>
#include <boost/json/conversion.hpp>
#include <boost/json/value_to.hpp>

namespace sluice::host {
namespace {

namespace json = boost::json;

template <class Number>
bool take(const json::object& from, std::string_view key, Number& out) {
  const json::value* value = from.if_contains(key);
  if (!value) return false;
  boost::system::error_code failure;
  out = value->to_number<Number>(failure);
  return !failure;
}

bool take(const json::object& from, std::string_view key, std::string& out) {
  const json::value* value = from.if_contains(key);
  if (!value || !value->is_string()) return false;
  out = value->get_string();
  return true;
}

bool take(const json::object& from, std::string_view key, std::vector<std::filesystem::path>& out) {
  const json::value* value = from.if_contains(key);
  if (!value || !value->is_array()) return false;
  for (const json::value& item : value->get_array()) {
    if (!item.is_string()) return false;
    out.emplace_back(std::string(item.get_string()));
  }
  return true;
}

}  // namespace

json::object to_json(const FileIdentity& identity) {
  return {{"size", identity.size},
          {"modifiedNs", identity.modified_ns},
          {"changedNs", identity.changed_ns},
          {"inode", identity.inode},
          {"device", identity.device}};
}

std::optional<FileIdentity> identity_from(const json::value& value) {
  const json::object* from = value.if_object();
  FileIdentity out;
  if (!from || !take(*from, "size", out.size) || !take(*from, "modifiedNs", out.modified_ns) ||
      !take(*from, "changedNs", out.changed_ns) || !take(*from, "inode", out.inode) ||
      !take(*from, "device", out.device))
    return std::nullopt;
  return out;
}

json::object to_json(const ScanOutcome& outcome) {
  json::object out{
      {"digest", outcome.digest}, {"scannedAt", outcome.scanned_at}, {"plugin", outcome.plugin_id}};
  if (outcome.refused()) {
    out["refused"] = {{"code", outcome.code}, {"reason", outcome.reason}, {"hint", outcome.hint}};
    return out;
  }
  json::array companions;
  for (const std::filesystem::path& companion : outcome.companions)
    companions.emplace_back(companion.native());
  out["loadable"] = {{"abiOldest", outcome.note.abi_oldest},
                     {"abiNewest", outcome.note.abi_version},
                     {"descriptor", outcome.note.descriptor_text},
                     {"companions", std::move(companions)}};
  return out;
}

std::optional<ScanOutcome> outcome_from(const json::value& value) {
  const json::object* from = value.if_object();
  ScanOutcome out;
  if (!from || !take(*from, "digest", out.digest) || !take(*from, "scannedAt", out.scanned_at) ||
      !take(*from, "plugin", out.plugin_id))
    return std::nullopt;
  const json::value* refused = from->if_contains("refused");
  if (refused && refused->is_object()) {
    const json::object& why = refused->get_object();
    if (!take(why, "code", out.code) || !take(why, "reason", out.reason) || !take(why, "hint", out.hint) ||
        out.code.empty())
      return std::nullopt;
    return out;
  }
  const json::value* loadable = from->if_contains("loadable");
  if (!loadable || !loadable->is_object() || out.digest.empty()) return std::nullopt;
  const json::object& found = loadable->get_object();
  if (!take(found, "abiOldest", out.note.abi_oldest) || !take(found, "abiNewest", out.note.abi_version) ||
      !take(found, "descriptor", out.note.descriptor_text) || !take(found, "companions", out.companions))
    return std::nullopt;
  return out;
}

}  // namespace sluice::host
