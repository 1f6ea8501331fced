#pragma once

// A window of kernel_height x kernel_width taps that slides over maps x [images, height, width, channels] and gives maps
// y [images, out_height, out_width, ..]. Output (r, c) meets input (r * stride - padding + i * dilation, ..) at tap
// (i, j); taps outside the map are left out.
typedef struct {
    long height, width, channels;
    long out_height, out_width;
    long kernel_height, kernel_width;
    long stride_height, stride_width;
    long padding_height, padding_width;
    long dilation_height, dilation_width;
} hb_window;
