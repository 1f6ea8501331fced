#pragma once
#include <stdint.h>

// Run i of `to` is run sources[i] of `from`, for count runs of so many bytes.
void hb_gather_runs(const void *from, void *to, const int32_t *sources, long count, long bytes);
