#pragma once

// sums[c] = sum over rows of x[r, c]; x has `rows` rows of `columns`, `stride` apart.
void hb_sum_rows(const float *x, long stride, float *sums, long rows, long columns);
// sums[r] = sum over columns of x[r, c].
void hb_sum_columns(const float *x, float *sums, long rows, long columns);
// The sum of x[i] * y[i].
float hb_sum_of_product(const float *x, const float *y, long count);
// The sum of squares, in double precision.
double hb_sum_squares(const float *x, long count);
// Whether every element is finite.
int hb_all_finite(const float *x, long count);
// sums[c] += the sum over rows of x[r, c].
void hb_add_row_sums(const float *x, float *sums, long rows, long columns);
// sums[c] += the sum over rows of w[r] x[r, c].
void hb_add_weighted_rows(const float *x, const float *w, float *sums, long rows, long columns);
