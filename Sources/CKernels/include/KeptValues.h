#pragma once
#include <stdint.h>

// Values in bfloat16, rounded to the nearest (to even where two are as near), as the operands of products in bfloat16 are; what
// is no number stays none.
void hb_halve(const float *x, uint16_t *halves, long n);
// The floats that they stand for.
void hb_widen(const uint16_t *halves, float *x, long n);
