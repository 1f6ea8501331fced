#pragma once

// y = x moved towards zero by the threshold, zero within it; dx = g where |x| is beyond the threshold, else zero.
void hb_soft_shrink(const float *x, float threshold, float *y, long count);
void hb_soft_shrink_gradient(const float *x, float threshold, const float *g, float *dx, long count);
