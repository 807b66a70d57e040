// Batches to and from Apache Arrow, in the same process, through the Arrow C Data Interface.
#pragma once

#include "sluice/batch/arrow_export.hpp"
#include "sluice/batch/arrow_import.hpp"
