#pragma once

// value = gelu(x) and derivative = gelu'(x), sharing their common parts.
void hb_gelu_value_and_derivative(const float *x, float *value, float *derivative, long count);
// y *= x
void hb_multiply_into(const float *x, float *y, long count);
