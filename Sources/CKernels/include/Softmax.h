#pragma once

// y = softmax(scale x) over rows; y may be x.
void hb_softmax(const float *x, float scale, float *y, long rows, long columns);
// dx = scale y (g - sum(g y)) over rows; dx may be g.
void hb_softmax_gradient(const float *y, const float *g, float scale, float *dx, long rows, long columns);
// y = x - log(sum(e^x)) over rows.
void hb_log_softmax(const float *x, float *y, long rows, long columns);
// dx = g - e^y sum(g) over rows.
void hb_log_softmax_gradient(const float *y, const float *g, float *dx, long rows, long columns);
