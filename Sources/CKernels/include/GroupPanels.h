#pragma once
#include "Window.h"

// Convolutions in groups of 16, 32, 48 or 64 channels on either side, for processors with AVX-512: sixteen results of up to
// eight neighbouring pixels stay in registers while a group's taps go by. No patches are made, and any stride, padding and
// dilation will do; kernels have at most HB_GROUPED_TAPS taps. `inputs` and `outputs` are those of a group.

#define HB_GROUPED_TAPS 49

// Rows first ..< last of y, counted over the batch. The weight is packed [group][panel of 16 outputs][tap][inputs][16]; the
// bias may be absent.
void hb_grouped_rows(const float *x, const hb_window *window, long groups, long inputs, long outputs,
                     const float *packed, const float *bias, long first, long last, float *y);
// Rows first ..< last of the gradient of x, counted over the batch, for the gradient g of y. The weight is packed
// [group][panel of 16 inputs][tap][outputs][16].
void hb_grouped_input_rows(const float *g, const hb_window *window, long groups, long inputs, long outputs,
                           const float *packed, long first, long last, float *dx);
// dw [groups outputs, tap, inputs] += the gradient of the weight over rows first ..< last of y.
void hb_grouped_weight_gradient(const float *x, const float *g, const hb_window *window, long groups, long inputs,
                                long outputs, long first, long last, float *dw);
