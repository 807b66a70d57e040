#include "host/cli/commands.hpp"
#include "host/cli/object_view.hpp"

namespace sluice::host::cli {

int version_command(Session& session) {
  return session.console.answer(Host::version(), [](const json::object& version) {
    const json::object& abi = object_at(version, "abi");
    std::string out = "sluice " + text_at(version, "version") + "\n";
    out += "plugin ABI " + std::to_string(count_at(abi, "oldest")) + " to " +
           std::to_string(count_at(abi, "newest")) + "\n";
    return out + object_view(version, {"version", "abi"});
  });
}

}  // namespace sluice::host::cli
