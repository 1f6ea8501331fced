#pragma once

// Per row: losses = sum over columns of w (log(1 + e^x) - t x); w may be NULL for 1.
void hb_binary_cross_entropy(const float *x, const float *t, const float *w, float *losses, long rows, long columns);
// dx = scale w (1 / (1 + e^-x) - t).
void hb_binary_cross_entropy_gradient(const float *x, const float *t, const float *w, float scale, float *dx, long rows,
                                      long columns);
