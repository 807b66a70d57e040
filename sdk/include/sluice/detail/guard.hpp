// The border between C++ endpoint code and the C ABI: whatever is thrown becomes a status.
#pragma once

#include <new>
#include <optional>
#include <string>

#include "sluice/error.hpp"
#include "sluice/json.hpp"
#include "sluice/source_writer.hpp"

namespace sluice::detail {

template <class Call>
sluice_status guard(sluice_error* error, Call&& call) noexcept {
  try {
    call();
    return SLUICE_OK;
  } catch (const StopReading&) {
    return SLUICE_OK;
  } catch (const Error& failure) {
    return to_abi(failure, error);
  } catch (const std::bad_alloc&) {
    if (error) copy_text(error->message, "out of memory");
    if (error) copy_text(error->code, "E_OUT_OF_MEMORY");
    return SLUICE_SYSTEM;
  } catch (const std::exception& failure) {
    if (error) copy_text(error->message, failure.what());
    if (error) copy_text(error->code, "E_PLUGIN_THREW");
    return SLUICE_SYSTEM;
  } catch (...) {
    if (error) copy_text(error->message, "threw something that is no exception");
    if (error) copy_text(error->code, "E_PLUGIN_THREW");
    return SLUICE_SYSTEM;
  }
}

inline std::optional<Json> optional_json(sluice_str text) {
  if (text.size == 0) return std::nullopt;
  Json value = Json::parse(view(text));
  if (value.is_null()) return std::nullopt;
  return value;
}

inline bool emit(const sluice_emit& out, const Json& value) {
  std::string text = value.dump();
  return out.emit(out.self, abi(text)) == 0;
}

}  // namespace sluice::detail
