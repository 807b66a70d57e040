#include "host/cli/request_input.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cerrno>
#include <cstring>

namespace sluice::host::cli {
namespace {

namespace json = boost::json;

constexpr std::size_t largest_text = std::size_t{16} << 20;

Error cannot_read(const std::string& name, int error) {
  const char* hint = error == ENOENT || error == ENOTDIR ? "check the path"
                     : error == EISDIR                   ? "name a file, not a folder"
                     : error == EACCES                   ? "check the permissions"
                                                         : "";
  return {ErrorClass::system, "E_FILE_READ", "cannot read " + name + ": " + std::strerror(error), name, hint};
}

}  // namespace

bool RequestFlags::any() const {
  return !(endpoint.empty() && unit.empty() && sink.empty() && checkpoint.empty() && mode.empty() &&
           staging.empty() && stage_ref.empty());
}

Result<std::string> read_text(const std::string& path) {
  const bool standard_input = path == "-";
  const std::string name = standard_input ? "standard input" : path;
  const int file = standard_input ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return cannot_read(name, errno);
  std::string text;
  std::array<char, 65536> buffer{};
  int error = 0;
  while (text.size() <= largest_text) {
    const ssize_t got = ::read(file, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) error = errno;
    if (got <= 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  if (!standard_input) ::close(file);
  if (error != 0) return cannot_read(name, error);
  if (text.size() > largest_text)
    return Error(ErrorClass::config, "E_REQUEST_INVALID", name + " is larger than 16 MiB", name,
                 "a request names data, it does not hold them");
  return text;
}

Result<std::string> checkpoint_text(const std::string& flag) {
  std::string text = flag, name = "--checkpoint";
  if (flag.starts_with('@')) {
    name = flag.substr(1);
    auto read = read_text(name);
    if (!read) return read.error();
    text = std::move(*read);
  }
  json::error_code error;
  json::parse(text, error);
  if (error)
    return Error(ErrorClass::config, "E_CHECKPOINT", "the checkpoint is not JSON: " + error.message(), name,
                 "give JSON, or @FILE for the contents of a file");
  return text;
}

std::string with_flags(const std::string& request, const RequestFlags& flags, const std::string& checkpoint) {
  json::error_code error;
  json::value tree = request.empty() ? json::value(json::object()) : json::parse(request, error);
  json::object* object = tree.if_object();
  if (error || !object) return request;
  auto set = [](json::object& to, const char* key, const std::string& value) {
    if (!value.empty()) to[key] = value;
  };
  set(*object, "endpointId", flags.endpoint);
  set(*object, "unitId", flags.unit);
  set(*object, "sinkEndpointId", flags.sink);
  set(*object, "stagingProviderId", flags.staging);
  set(*object, "stageRef", flags.stage_ref);
  if (!flags.mode.empty()) {
    json::value& policy = (*object)["policy"];
    if (policy.is_null()) policy.emplace_object();
    if (!policy.is_object()) return request;
    policy.as_object()["mode"] = flags.mode;
  }
  if (!checkpoint.empty()) (*object)["checkpoint"] = json::parse(checkpoint);
  return json::serialize(tree);
}

}  // namespace sluice::host::cli
