// Everything that an endpoint needs.
#pragma once

#include "sluice/batch/batch_view.hpp"
#include "sluice/batch/document_builder.hpp"
#include "sluice/batch/document_chunk.hpp"
#include "sluice/batch/table_builder.hpp"
#include "sluice/error.hpp"
#include "sluice/json.hpp"
#include "sluice/plugin.hpp"
#include "sluice/sink.hpp"
#include "sluice/source.hpp"
