#pragma once

// The sum over rows and columns of w[r] v[c] (x[r, c] - t[r, c])^2.
double hb_weighted_squares(const float *x, const float *t, const float *w, const float *v, long rows, long columns);
// dx[r, c] = 2 scale w[r] v[c] (x[r, c] - t[r, c]).
void hb_weighted_squares_gradient(const float *x, const float *t, const float *w, const float *v, float scale, float *dx,
                                  long rows, long columns);
