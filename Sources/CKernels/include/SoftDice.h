#pragma once
#include <stdint.h>

// Over the rows whose label is not `ignored`, with p = softmax(x): sums[c] = the sum of p[c], sums[columns + c] = that of
// p[c] over the rows of label c, sums[2 columns + c] = their number; log_sums = log(sum(e^x)) of each row.
void hb_soft_dice_sums(const float *x, const uint8_t *labels, int ignored, float *log_sums, double *sums, long rows,
                       long columns);
// dx of a function whose gradient by p[c] is all[c] in every counted row, and own[c] more in rows of label c.
void hb_soft_dice_gradient(const float *x, const uint8_t *labels, int ignored, const float *log_sums, const float *all,
                           const float *own, float *dx, long rows, long columns);
