#pragma once

#include <string>
#include <string_view>

#include "host/result.hpp"

namespace sluice::host {

// The id in `mmap:<id>`, or `<id>` alone. E_STAGE_ID (config) for other providers.
Result<std::string> stage_id_of(std::string_view stage_ref);

}  // namespace sluice::host
