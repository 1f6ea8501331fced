#pragma once
#include "Winograd.h"

// 3x3 convolutions of stride 1 and padding 1 of maps of 1 ... 4 channels, such as images, for processors with AVX-512: the
// outputs of 16 pixels stay in registers, and no patches are made. Maps are at least 8 pixels wide. `room` is scratch memory
// for 3 (width + 2) inputs elements.

// Rows first ..< last of y [images, height, width, outputs], counted over the batch. The weight is packed [panel of 16
// outputs][3, 3, inputs][16], the bias, which may be absent, [panel][16].
void hb_few_inputs(const float *x, const hb_tiling *map, long inputs, long outputs, const float *packed,
                   const float *bias, long first, long last, float *room, float *y);
// dw [3, 3, inputs][outputs rounded up to 16] (+)= the gradient of the weight over those rows.
void hb_few_inputs_weight_gradient(const float *x, const float *g, const hb_tiling *map, long inputs, long outputs,
                                   long first, long last, float *room, float *dw);
