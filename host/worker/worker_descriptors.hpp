// The descriptors that a worker process is started with, beside standard input, output and error.
#pragma once

namespace sluice::host {

constexpr int worker_control_descriptor = 3;

}  // namespace sluice::host
