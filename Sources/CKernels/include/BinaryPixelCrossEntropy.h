#pragma once
#include <stdint.h>

// One logit a pixel, labels 0 and 1: sums[0] = the sum of log(1 + e^x) for pixels of 0 and of positive log(1 + e^-x) for
// those of 1, sums[1] = the number of pixels whose label is not `ignored`.
void hb_binary_pixel_cross_entropy(const float *x, const uint8_t *labels, int ignored, float positive, double *sums,
                                   long count);
// dx = scale times the gradient of the sum.
void hb_binary_pixel_cross_entropy_gradient(const float *x, const uint8_t *labels, int ignored, float positive,
                                            float scale, float *dx, long count);
