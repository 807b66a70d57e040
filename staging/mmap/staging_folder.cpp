#include "staging/mmap/staging_folder.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "staging/mmap/session_files.hpp"

namespace sluice::staging {

Status check_owner(const std::string& path) {
  struct stat about {};
  if (lstat(path.c_str(), &about) != 0) return file_error("look at", path, errno);
  const auto refused = [&](const std::string& what) -> Status {
    return Error(ErrorClass::system, "E_STAGING_PERMISSION", "staging does not use " + path + ": " + what,
                 path,
                 "give it to this user alone (chmod 700), or name another folder with staging.mmap.dir");
  };
  if (!S_ISDIR(about.st_mode)) return refused("it is not a folder");
  if (about.st_uid != geteuid() && about.st_uid != 0) return refused("it belongs to somebody else");
  if ((about.st_mode & (S_IWGRP | S_IWOTH)) != 0) return refused("others may write into it");
  return {};
}

namespace {

// Each new name survives power loss, or a session in it would not.
int make_folders(FileLayer& files, const std::string& path) {
  const std::string parent = std::filesystem::path(path).parent_path().string();
  int made = files.make_folder(path);
  if (made == ENOENT && !parent.empty() && parent != path) {
    if (const int error = make_folders(files, parent)) return error;
    made = files.make_folder(path);
  }
  if (made == EEXIST) return 0;
  return made != 0 ? made : files.sync_folder(parent.empty() ? "." : parent);
}

}  // namespace

Status prepare_staging_folder(FileLayer& files, const std::string& path) {
  if (const int error = make_folders(files, path)) return file_error("create", path, error);
  if (Status status = check_owner(path); !status.ok()) return status;
  FileSystemFacts facts;
  if (const int error = files.facts(path, facts)) return file_error("look at", path, error);
  if (facts.network)
    return Error(ErrorClass::config, "E_STAGING_FILESYSTEM",
                 "staging does not use " + path + ": it lies on a network file system (" + facts.type +
                     "), whose locks and mappings other machines do not see",
                 path, "name a folder on a local disk with staging.mmap.dir");
  if (facts.read_only) return file_error("write", path, EROFS);
  return {};
}

Status list_sessions(FileLayer& files, const std::string& path, std::vector<std::string>& ids) {
  ids.clear();
  std::vector<std::string> names;
  const int error = files.list(path, names);
  if (error == ENOENT) return {};
  if (error != 0) return file_error("list", path, error);
  std::copy_if(names.begin(), names.end(), std::back_inserter(ids), valid_stage_id);
  std::sort(ids.begin(), ids.end());
  return {};
}

}  // namespace sluice::staging
