#pragma once

// means[c] = mean over rows of x[r, c], and sums[c] = sum over rows of (x - means[c])^2. Few enough rows that they stay in
// a second-level cache are read from memory once.
void hb_column_moments(const float *x, float *means, float *sums, long rows, long columns);
// y = max((x - mean[c]) scale[c] + bias[c], 0).
void hb_normalize_relu(const float *x, const float *mean, const float *scale, const float *bias, float *y, long rows,
                       long columns);
// With h = g where that y is above 0, and 0 elsewhere: sums = [sum of h (x - mean[c]), sum of h] over the rows.
void hb_normalize_relu_sums(const float *x, const float *g, const float *mean, const float *scale, const float *bias,
                            float *sums, long rows, long columns);
// dx = h scale[c] - (x - mean[c]) slope[c] - constant[c].
void hb_normalize_relu_gradient(const float *x, const float *g, const float *mean, const float *scale,
                                const float *bias, const float *slope, const float *constant, float *dx, long rows,
                                long columns);
