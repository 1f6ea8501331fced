#pragma once

// A window of kernel_height x kernel_width taps that slides over maps x [images, height, width, channels] and gives maps
// y [images, out_height, out_width, ..]. Output (r, c) meets input (r * stride - padding + i * dilation, ..) at tap
// (i, j); taps outside the map are left out. Over volumes [images, depth, height, width, channels] it slides along a
// third axis in the same way; maps are volumes of one slice.
typedef struct {
    long depth, height, width, channels;
    long out_depth, out_height, out_width;
    long kernel_depth, kernel_height, kernel_width;
    long stride_depth, stride_height, stride_width;
    long padding_depth, padding_height, padding_width;
    long dilation_depth, dilation_height, dilation_width;
} hb_window;
