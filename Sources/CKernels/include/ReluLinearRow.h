#pragma once

// y = max(x, 0) . w + bias for each row of x.
void hb_relu_linear_row(const float *x, const float *w, float bias, float *y, long rows, long columns);
// x becomes g w where it was above 0, and 0 elsewhere; dw = the sum over the rows of g max(x, 0), x as it was.
void hb_relu_linear_row_gradient(float *x, const float *g, const float *w, float *dw, long rows, long columns);
