// The request of `run` and `validate`: a file, standard input, or flags.
#pragma once

#include <string>

#include "host/result.hpp"

namespace sluice::host::cli {

// What the flags of `run` say about the request; empty means not said.
struct RequestFlags {
  std::string endpoint, unit, sink, checkpoint, mode, staging, stage_ref;
  bool any() const;
};

// A whole text file, or standard input when `path` is "-". At most 16 MiB. A file that cannot be read is an
// error of class system with its path.
Result<std::string> read_text(const std::string& path);

// The JSON that a checkpoint flag means: the text itself, or the contents of the file behind an "@".
Result<std::string> checkpoint_text(const std::string& flag);

// `request` with what the flags say put over it; an empty request is an empty object. A request that is no
// JSON object is given back as it is: the host says what is wrong with it. `checkpoint` is JSON; empty leaves
// the request's own.
std::string with_flags(const std::string& request, const RequestFlags& flags, const std::string& checkpoint);

}  // namespace sluice::host::cli
