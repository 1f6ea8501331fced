#include "DepthwiseVectors.h"

HB_DECLARE(16, 3)
HB_DECLARE(16, 5)
HB_DECLARE(16, 7)
HB_DECLARE(8, 3)
HB_DECLARE(8, 5)
HB_DECLARE(8, 7)

// Any kernel and stride.
#define HB_ANY(channels)                                                                                           \
    HB_KERNEL static void forward_##channels(const float *x, const float *packed, const float *bias, float *y,     \
                                             const hb_window *w, long first, long last) {                          \
        depthwise##channels##_any_rows(x, packed, bias, y, w, first, last);                                        \
    }                                                                                                              \
    HB_KERNEL static void weight_##channels(const float *x, const float *g, float *packed, const hb_window *w,     \
                                            long first, long last) {                                               \
        depthwise##channels##_weight_gradient(x, g, packed, w, first, last, 0);                                    \
    }
HB_ANY(16)
HB_ANY(8)
HB_ANY(1)

// Calls the kernel for the window's width, where there is one.
#define HB_BY_WIDTH(name, any, channels, ...)            \
    switch (width) {                                     \
    case 7: name(channels, 7)(__VA_ARGS__); break;       \
    case 5: name(channels, 5)(__VA_ARGS__); break;       \
    case 3: name(channels, 3)(__VA_ARGS__); break;       \
    default: any##_##channels(__VA_ARGS__);              \
    }

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

// The width of a kernel of stride 1; 0, which no kernel has, for other strides.
HB_INLINE long plain_width(const hb_window *w) {
    return w->stride_height == 1 && w->stride_width == 1 ? w->kernel_width : 0;
}

void hb_depthwise(const float *x, const float *packed, const float *bias, float *y, const hb_window *window,
                  long first_row, long last_row, long first_channel, long last_channel) {
    long taps = window->kernel_height * window->kernel_width, width = plain_width(window);
#define HB_OPERANDS x + c, packed + start, bias ? bias + c : bias, y + c, window, first_row, last_row
    HB_EACH_BLOCK(HB_BY_WIDTH(HB_FORWARD, forward, 16, HB_OPERANDS), HB_BY_WIDTH(HB_FORWARD, forward, 8, HB_OPERANDS),
                  forward_1(HB_OPERANDS))
#undef HB_OPERANDS
}

HB_KERNEL void hb_depthwise_input_gradient(const float *g, const float *packed, float *dx, const hb_window *window,
                                           long first_row, long last_row, long first_channel, long last_channel) {
    long taps = window->kernel_height * window->kernel_width;
#define HB_CALL(n) depthwise##n##_input_gradient(g + c, packed + start, dx + c, window, first_row, last_row)
    HB_EACH_BLOCK(HB_CALL(16), HB_CALL(8), HB_CALL(1))
#undef HB_CALL
}

void hb_depthwise_weight_gradient(const float *x, const float *g, float *packed, const hb_window *window,
                                  long first_row, long last_row, long first_channel, long last_channel) {
    long taps = window->kernel_height * window->kernel_width + 1, width = plain_width(window);
    memset(packed + first_channel / 16 * taps * 16, 0, (size_t)((last_channel + 15) / 16 - first_channel / 16) * taps * 64);
#define HB_OPERANDS x + c, g + c, packed + start, window, first_row, last_row
    HB_EACH_BLOCK(HB_BY_WIDTH(HB_WEIGHT, weight, 16, HB_OPERANDS), HB_BY_WIDTH(HB_WEIGHT, weight, 8, HB_OPERANDS),
                  weight_1(HB_OPERANDS))
#undef HB_OPERANDS
}
