// Who owns an end of a session: whoever has the lock of it, as long as its process lives.
#pragma once

#include <string>

#include "staging/files/file_layer.hpp"

namespace sluice::staging {

// What becomes of a lock whose file is gone: made anew, or taken to be free.
enum class MissingLock { make, ignore };

// Takes the lock at `path`; E_STAGE_BUSY (transient) when somebody has it. `id` is the session's, `end`
// ("writing") names the end for the error.
Status take_end(FileLayer& files, const std::string& path, const std::string& id, const char* end,
                MissingLock missing, File& out);

}  // namespace sluice::staging
