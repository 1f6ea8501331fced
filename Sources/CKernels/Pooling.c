#include "Pooling.h"
#include "Vector.h"

#define HB_MAX_POOL(T, suffix)                                                                                         \
    HB_INLINE void larger##suffix(const T *restrict x, T *restrict best, uint16_t *restrict taps, uint16_t tap,        \
                                  long count) {                                                                        \
        for (long k = 0; k < count; k++) {                                                                             \
            int take = (x[k] > best[k]) | (x[k] != x[k]);                                                              \
            best[k] = take ? x[k] : best[k];                                                                           \
            taps[k] = take ? tap : taps[k];                                                                            \
        }                                                                                                              \
    }                                                                                                                  \
    HB_INLINE void chosen##suffix(const T *restrict g, const uint16_t *restrict taps, T *restrict dx, uint16_t tap,    \
                                  long count) {                                                                        \
        for (long k = 0; k < count; k++) dx[k] += taps[k] == tap ? g[k] : 0;                                           \
    }                                                                                                                  \
    HB_KERNEL void hb_max_pool##suffix(const T *x, T *y, uint16_t *taps, const hb_window *w, long first_row,           \
                                       long last_row) {                                                                \
        long channels = w->channels;                                                                                   \
        for (long row = first_row; row < last_row; row++) {                                                            \
            long image = row / w->out_height, top = row % w->out_height * w->stride_height - w->padding_height;        \
            for (long c = 0; c < w->out_width; c++) {                                                                  \
                long left = c * w->stride_width - w->padding_width;                                                    \
                T *best = y + (row * w->out_width + c) * channels;                                                     \
                uint16_t *tap = taps + (row * w->out_width + c) * channels;                                            \
                int found = 0;                                                                                         \
                for (long i = 0; i < w->kernel_height; i++) {                                                          \
                    if (top + i < 0 || top + i >= w->height) continue;                                                 \
                    for (long j = 0; j < w->kernel_width; j++) {                                                       \
                        if (left + j < 0 || left + j >= w->width) continue;                                            \
                        const T *source = x + ((image * w->height + top + i) * w->width + left + j) * channels;        \
                        uint16_t number = (uint16_t)(i * w->kernel_width + j);                                         \
                        if (found) {                                                                                   \
                            larger##suffix(source, best, tap, number, channels);                                       \
                        } else {                                                                                       \
                            found = 1;                                                                                 \
                            for (long k = 0; k < channels; k++) best[k] = source[k];                                   \
                            for (long k = 0; k < channels; k++) tap[k] = number;                                       \
                        }                                                                                              \
                    }                                                                                                  \
                }                                                                                                      \
            }                                                                                                          \
        }                                                                                                              \
    }                                                                                                                  \
    HB_KERNEL void hb_max_pool_gradient##suffix(const T *g, const uint16_t *taps, T *dx, const hb_window *w,           \
                                                long first_image, long last_image) {                                   \
        long channels = w->channels, size = w->height * w->width * channels;                                           \
        for (long k = first_image * size; k < last_image * size; k++) dx[k] = 0;                                       \
        for (long row = first_image * w->out_height; row < last_image * w->out_height; row++) {                        \
            long image = row / w->out_height, top = row % w->out_height * w->stride_height - w->padding_height;        \
            for (long c = 0; c < w->out_width; c++) {                                                                  \
                long left = c * w->stride_width - w->padding_width, start = (row * w->out_width + c) * channels;       \
                for (long i = 0; i < w->kernel_height; i++) {                                                          \
                    if (top + i < 0 || top + i >= w->height) continue;                                                 \
                    for (long j = 0; j < w->kernel_width; j++) {                                                       \
                        if (left + j < 0 || left + j >= w->width) continue;                                            \
                        chosen##suffix(g + start, taps + start,                                                        \
                                       dx + ((image * w->height + top + i) * w->width + left + j) * channels,          \
                                       (uint16_t)(i * w->kernel_width + j), channels);                                 \
                    }                                                                                                  \
                }                                                                                                      \
            }                                                                                                          \
        }                                                                                                              \
    }

HB_MAX_POOL(float, )
HB_MAX_POOL(double, _double)
