#pragma once

// y = (x - mean) inverse * gain + bias over rows of `columns`; writes the mean and inverse deviation of each row.
void hb_layer_norm(const float *x, const float *gain, const float *bias, float epsilon, float *y, float *mean,
                   float *inverse, long rows, long columns);
// dx, and sums = [sum of g (x - mean) inverse, sum of g] over the rows, 2 * columns.
void hb_layer_norm_gradient(const float *x, const float *g, const float *gain, const float *mean, const float *inverse,
                            float *dx, float *sums, long rows, long columns);
