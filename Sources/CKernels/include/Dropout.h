#pragma once
#include <stdint.h>

// y[i] = scale x[i] where word i of the Philox stream is at least `threshold`, 0 elsewhere; the words of four elements
// come from one block, the first of them `block`.
void hb_dropout(uint64_t key, uint64_t stream, uint64_t block, uint32_t threshold, float scale, const float *x,
                float *y, long count);
