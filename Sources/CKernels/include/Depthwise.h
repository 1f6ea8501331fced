#pragma once
#include "Window.h"

// Depthwise convolution of channels-last maps. Weights and weight gradients are packed by blocks of 16 channels,
// [block][tap][16], the last block filled up. Each call does some rows of the batch (row = image * map height + row of
// the map) and the channels first_channel..<last_channel, where first_channel is a multiple of 16. Dilation is 1.

// y = the convolution of x, plus the bias unless it is NULL; rows count output rows.
void hb_depthwise(const float *x, const float *packed, const float *bias, float *y, const hb_window *window,
                  long first_row, long last_row, long first_channel, long last_channel);

// dx for the gradient g of y, for any stride; rows count input rows. For stride 1 hb_depthwise with turned weights is
// faster.
void hb_depthwise_input_gradient(const float *g, const float *packed, float *dx, const hb_window *window,
                                 long first_row, long last_row, long first_channel, long last_channel);

// The weight gradient over output rows, packed with one tap more than the kernel has: the last is the bias gradient.
// Overwrites the blocks of its channels.
void hb_depthwise_weight_gradient(const float *x, const float *g, float *packed, const hb_window *window,
                                  long first_row, long last_row, long first_channel, long last_channel);
