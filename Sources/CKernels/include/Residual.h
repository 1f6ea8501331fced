#pragma once

// y = x + factor gamma[c] branch; gamma may be absent (1 everywhere).
void hb_add_residual(const float *x, const float *branch, const float *gamma, float factor, float *y, long rows,
                     long columns);
// dbranch = factor gamma[c] g and, with gamma, sums[c] += factor sum over rows of g branch.
void hb_add_residual_gradient(const float *branch, const float *g, const float *gamma, float factor, float *dbranch,
                              float *sums, long rows, long columns);
