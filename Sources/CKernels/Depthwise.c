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

// Blocks of 16 channels, one of 8 if as many are left, then single channels.
#define HB_EACH_BLOCK(do16, do8, do1)                          \
    for (long c = first_channel; c < last_channel;) {          \
        long start = c / 16 * taps * 16 + c % 16;              \
        if (c % 16 == 0 && last_channel - c >= 16) {           \
            do16;                                              \
            c += 16;                                           \
        } else if (c % 8 == 0 && last_channel - c >= 8) {      \
            do8;                                               \
            c += 8;                                            \
        } else {                                               \
            do1;                                               \
            c += 1;                                            \
        }                                                      \
    }

HB_KERNEL void hb_depthwise(const float *x, const float *packed, const float *bias, float *y, const hb_window *window,
                            long first_row, long last_row, long first_channel, long last_channel) {
    long taps = window->kernel_height * window->kernel_width;
#define HB_CALL(n)                                                                                                  \
    depthwise##n##_forward(x + c, packed + start, bias ? bias + c : bias, y + c, window, first_row, last_row)
    HB_EACH_BLOCK(HB_CALL(16), HB_CALL(8),
                  depthwise1_any_rows(x + c, packed + start, bias ? bias + c : bias, y + c, window, first_row, last_row))
#undef HB_CALL
}

HB_KERNEL void hb_depthwise_input_gradient(const float *g, const float *packed, float *dx, const hb_window *window,
                                           long first_row, long last_row, long first_channel, long last_channel) {
    long taps = window->kernel_height * window->kernel_width;
#define HB_CALL(n) depthwise##n##_input_gradient(g + c, packed + start, dx + c, window, first_row, last_row)
    HB_EACH_BLOCK(HB_CALL(16), HB_CALL(8), HB_CALL(1))
#undef HB_CALL
}

HB_KERNEL void hb_depthwise_weight_gradient(const float *x, const float *g, float *packed, const hb_window *window,
                                            long first_row, long last_row, long first_channel, long last_channel) {
    long taps = window->kernel_height * window->kernel_width + 1;
    memset(packed + first_channel / 16 * taps * 16, 0, (size_t)((last_channel + 15) / 16 - first_channel / 16) * taps * 64);
#define HB_CALL(n) depthwise##n##_weight_gradient(x + c, g + c, packed + start, window, first_row, last_row)
    HB_EACH_BLOCK(HB_CALL(16), HB_CALL(8),
                  (depthwise1_any_weight(x + c, g + c, packed + start, window, first_row, last_row),
                   depthwise1_bias_gradient(g + c, packed + start + (taps - 1) * 16, window, first_row, last_row)))
#undef HB_CALL
}
