// The endpoint's configuration, read once.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include <sluice/host_services.hpp>

#include "database.hpp"

namespace sluice::sqlite {

struct Settings {
  explicit Settings(const Context& context);

  Database::Options options(bool read_only) const {
    return {.path = path, .password = password, .busy_timeout = busy_timeout, .read_only = read_only};
  }

  std::string path, table, cursor, password;
  std::vector<std::string> key;
  bool document_layout;
  std::chrono::milliseconds busy_timeout;
};

// The table that a unit is written to when the configuration names none: the unit's name without folders
// and without the extensions of data files and compression. Dots in other names stay (public.orders).
std::string table_for_unit(std::string_view unit_id);

}  // namespace sluice::sqlite
