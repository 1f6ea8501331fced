#pragma once
// The depthwise kernels for blocks of 16, 8 and 1 channels.
#include "Depthwise.h"
#include "Vector.h"

// Tensors need not start at a multiple of the vector size.
typedef float vector16 __attribute__((vector_size(64), aligned(4)));
typedef float vector8 __attribute__((vector_size(32), aligned(4)));
typedef float vector1;

// Outputs of a strip in the weight gradient; with the inputs they meet they fill half of a first-level cache.
#define HB_STRIP_PIXELS 64

// Cuts a row into the widest blocks that registers hold; 14 and 7 for the maps of 224-pixel images.
#define HB_CHOOSE_BLOCK(left)                                  \
    if (left % 14 == 0 && left % 16 != 0) HB_BLOCK(14)         \
    else if (left >= 16) HB_BLOCK(16)                          \
    else if (left >= 8) HB_BLOCK(8)                            \
    else if (left == 7) HB_BLOCK(7)                            \
    else if (left >= 4) HB_BLOCK(4)                            \
    else if (left >= 2) HB_BLOCK(2)                            \
    else HB_BLOCK(1)

#define HB_VECTOR vector16
#define HB_NAME(n) depthwise16_##n
#include "DepthwiseBlock.h"

#define HB_VECTOR vector8
#define HB_NAME(n) depthwise8_##n
#include "DepthwiseBlock.h"

#define HB_VECTOR vector1
#define HB_NAME(n) depthwise1_##n
#include "DepthwiseBlock.h"

// The kernels of stride 1 whose width the compiler knows. Each is a function of its own, in a file for each width: all of
// them in one function took half a minute to compile.
#define HB_FORWARD(channels, taps) hb_depthwise_##channels##_##taps
#define HB_WEIGHT(channels, taps) hb_depthwise_weight_##channels##_##taps
#define HB_DECLARE(channels, taps)                                                                                   \
    __attribute__((visibility("hidden"))) void HB_FORWARD(channels, taps)(                                           \
        const float *x, const float *packed, const float *bias, float *y, const hb_window *w, long first, long last); \
    __attribute__((visibility("hidden"))) void HB_WEIGHT(channels, taps)(                                            \
        const float *x, const float *g, float *packed, const hb_window *w, long first, long last);
#define HB_DEFINE(channels, taps)                                                                                \
    HB_KERNEL void HB_FORWARD(channels, taps)(const float *x, const float *packed, const float *bias, float *y,  \
                                              const hb_window *w, long first, long last) {                       \
        depthwise##channels##_rows(x, packed, bias, y, w, first, last, taps);                                    \
    }                                                                                                            \
    HB_KERNEL void HB_WEIGHT(channels, taps)(const float *x, const float *g, float *packed, const hb_window *w,  \
                                             long first, long last) {                                            \
        depthwise##channels##_weight_gradient(x, g, packed, w, first, last, taps);                               \
    }
