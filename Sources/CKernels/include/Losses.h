#pragma once
#include <stdint.h>

// Per row: losses = sum over classes of t (log_sums - x), t = smoothing / columns, and 1 - smoothing more at the label;
// log_sums = log(sum(e^x)).
void hb_cross_entropy(const float *x, const int32_t *labels, float smoothing, float *losses, float *log_sums, long rows,
                      long columns);
// dx = scale (e^(x - log_sums) - t).
void hb_cross_entropy_gradient(const float *x, const int32_t *labels, float smoothing, const float *log_sums,
                               float scale, float *dx, long rows, long columns);
// As above for given targets t, which need not sum to 1.
void hb_soft_cross_entropy(const float *x, const float *t, float *losses, float *log_sums, long rows, long columns);
// dx = scale (e^(x - log_sums) sum(t) - t).
void hb_soft_cross_entropy_gradient(const float *x, const float *t, const float *log_sums, float scale, float *dx,
                                    long rows, long columns);
// Per row: losses = KL(softmax(f t) || softmax(f x)), f the inverse temperature; the log-sums of f x and f t.
void hb_divergence(const float *x, const float *t, float f, float *losses, float *log_sums_x, float *log_sums_t,
                   long rows, long columns);
// dx = scale (softmax(f x) - softmax(f t)).
void hb_divergence_gradient(const float *x, const float *t, float f, const float *log_sums_x, const float *log_sums_t,
                            float scale, float *dx, long rows, long columns);
// The sum of (x - t)^2.
float hb_squared_error(const float *x, const float *t, long count);
// dx = scale (x - t).
void hb_scaled_difference(const float *x, const float *t, float scale, float *dx, long count);
