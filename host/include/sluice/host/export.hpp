#pragma once

#define SLUICE_HOST_API __attribute__((visibility("default")))
