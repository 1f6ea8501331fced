#pragma once
#include <stdint.h>

// What the loss of a pixel is made of: (1 - p)^gamma times the cross-entropy against its label, of which each class has
// smoothing / columns, times the weights of the classes (all 1 when NULL). Rows of the label `ignored` count for nothing.
typedef struct {
    int ignored;
    float smoothing;
    float gamma;
    const float *weights;
} hb_pixel_rule;

// log_sums = log(sum(e^x)) of each row; sums[0] = the sum of the losses, sums[1] = that of the labels' weights.
void hb_pixel_cross_entropy(const float *x, const uint8_t *labels, const hb_pixel_rule *rule, float *log_sums,
                            double *sums, long rows, long columns);
// dx = scale times the gradient of the sum of the losses.
void hb_pixel_cross_entropy_gradient(const float *x, const uint8_t *labels, const hb_pixel_rule *rule,
                                     const float *log_sums, float scale, float *dx, long rows, long columns);
