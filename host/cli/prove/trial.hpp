// The runs that a proof is made of: each in a folder of its own, with a sink and a staging folder of its own.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "host/cli/prove/cut_off.hpp"
#include "host/cli/session.hpp"
#include "host/result.hpp"

namespace sluice::host::cli {

struct ProofSettings {
  boost::json::object request;  // of the run to be proved: exactly once, through mmap staging
  std::string sink_endpoint,
      sink_path;  // the configured path: its last part names the file or folder of a trial
  std::string unit;
  std::string folder;                // where trials lie
  HostOptions host;                  // as the command line gives them
  std::vector<std::string> program;  // this program with its global options, for children
};

class Trial {
 public:
  // Makes the folder anew.
  Trial(const ProofSettings& settings, const std::string& name);

  // The whole run in a process of its own, cut off where `cut` says. Gives whether it ended by the cut; an
  // error when it failed of itself. `steps` takes the counts of a run that was not cut off.
  Result<bool> run_child(uint64_t at, bool power_loss, boost::json::object* steps) const;
  // A resume of each session that is left, cut off likewise.
  Result<bool> resume_child(const std::string& stage_id, uint64_t at, bool power_loss) const;
  // What an operator does afterwards: resumes what is left, then runs the request again.
  Status recover() const;
  // Every record that the sink holds, in its order, read back through its own source.
  Result<std::vector<std::string>> read_back() const;
  std::vector<std::string> sessions() const;
  void remove() const;

 private:
  std::string staging() const { return folder_ + "/staging"; }
  boost::json::object request() const;
  std::string sink_path() const;  // the trial's own
  Result<bool> child(const std::string& request, uint64_t at, bool power_loss,
                     boost::json::object* steps) const;

  const ProofSettings& settings_;
  const std::string folder_;
};

}  // namespace sluice::host::cli
