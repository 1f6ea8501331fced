#pragma once

// sums[c] = sum over rows of (x - mean[c])^2.
void hb_sum_square_deviations(const float *x, const float *mean, float *sums, long rows, long columns);
// y = (x - mean[c]) scale[c] + bias[c].
void hb_normalize_columns(const float *x, const float *mean, const float *scale, const float *bias, float *y, long rows,
                          long columns);
// sums = [sum of g (x - mean[c]), sum of g] over the rows, 2 * columns.
void hb_normalize_sums(const float *x, const float *g, const float *mean, float *sums, long rows, long columns);
// dx = g scale[c] - (x - mean[c]) slope[c] - constant[c].
void hb_normalize_gradient(const float *x, const float *g, const float *mean, const float *scale, const float *slope,
                           const float *constant, float *dx, long rows, long columns);
