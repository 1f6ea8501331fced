#pragma once

// y = max(a x, b x) for the rows of one sample, with a and b [columns] beside each other in `slopes`.
void hb_dynamic_relu(const float *x, const float *slopes, float *y, long rows, long columns);
// For g = dy: dx, and dslopes = the sums over the rows of g x for a where a x is the larger and for b where b x is; half of
// each where they are equal.
void hb_dynamic_relu_gradient(const float *x, const float *g, const float *slopes, float *dx, float *dslopes, long rows,
                              long columns);
