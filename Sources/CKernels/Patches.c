#include "Patches.h"
#include "Vector.h"

// Neighbouring taps that read all channels are one run of memory, so a whole tap row is copied at once where it lies
// inside the map.
#define HB_PATCHES(T, suffix)                                                                                          \
    HB_INLINE void copy##suffix(const T *restrict x, T *restrict y, long count) {                                      \
        for (long k = 0; k < count; k++) y[k] = x[k];                                                                  \
    }                                                                                                                  \
    HB_INLINE void add##suffix(const T *restrict x, T *restrict y, long count) {                                       \
        for (long k = 0; k < count; k++) y[k] += x[k];                                                                 \
    }                                                                                                                  \
    HB_INLINE void clear##suffix(T *restrict y, long count) {                                                          \
        for (long k = 0; k < count; k++) y[k] = 0;                                                                     \
    }                                                                                                                  \
    HB_KERNEL void hb_gather_patches##suffix(const T *x, T *patches, const hb_window *w, long first_row,               \
                                             long last_row, long first_channel, long count) {                          \
        int runs = w->dilation_width == 1 && count == w->channels;                                                     \
        long kernel = w->kernel_width;                                                                                 \
        for (long row = first_row; row < last_row; row++) {                                                            \
            long plane = row / w->out_height, top = row % w->out_height * w->stride_height - w->padding_height;        \
            long volume = plane / w->out_depth;                                                                        \
            long front = plane % w->out_depth * w->stride_depth - w->padding_depth;                                    \
            for (long c = 0; c < w->out_width; c++) {                                                                  \
                long left = c * w->stride_width - w->padding_width;                                                    \
                for (long d = 0; d < w->kernel_depth; d++) {                                                           \
                    long z = front + d * w->dilation_depth;                                                            \
                    if (z < 0 || z >= w->depth) {                                                                      \
                        clear##suffix(patches, w->kernel_height * kernel * count);                                     \
                        patches += w->kernel_height * kernel * count;                                                  \
                        continue;                                                                                      \
                    }                                                                                                  \
                    const T *slice = x + (volume * w->depth + z) * w->height * w->width * w->channels + first_channel; \
                    for (long i = 0; i < w->kernel_height; i++, patches += kernel * count) {                           \
                        long y = top + i * w->dilation_height;                                                         \
                        if (y < 0 || y >= w->height) {                                                                 \
                            clear##suffix(patches, kernel * count);                                                    \
                            continue;                                                                                  \
                        }                                                                                              \
                        const T *source = slice + y * w->width * w->channels;                                          \
                        if (runs && left >= 0 && left + kernel <= w->width) {                                          \
                            copy##suffix(source + left * w->channels, patches, kernel * count);                        \
                            continue;                                                                                  \
                        }                                                                                              \
                        for (long j = 0; j < kernel; j++) {                                                            \
                            long column = left + j * w->dilation_width;                                                \
                            if (column < 0 || column >= w->width) clear##suffix(patches + j * count, count);           \
                            else copy##suffix(source + column * w->channels, patches + j * count, count);              \
                        }                                                                                              \
                    }                                                                                                  \
                }                                                                                                      \
            }                                                                                                          \
        }                                                                                                              \
    }                                                                                                                  \
    HB_KERNEL void hb_scatter_patches##suffix(const T *patches, T *dx, const hb_window *w, long first_row,             \
                                              long last_row, long first_channel, long count) {                         \
        int runs = w->dilation_width == 1 && count == w->channels;                                                     \
        long kernel = w->kernel_width;                                                                                 \
        for (long row = first_row; row < last_row; row++) {                                                            \
            long image = row / w->out_height, top = row % w->out_height * w->stride_height - w->padding_height;        \
            for (long c = 0; c < w->out_width; c++) {                                                                  \
                long left = c * w->stride_width - w->padding_width;                                                    \
                for (long i = 0; i < w->kernel_height; i++, patches += kernel * count) {                               \
                    long y = top + i * w->dilation_height;                                                             \
                    if (y < 0 || y >= w->height) continue;                                                             \
                    T *target = dx + (image * w->height + y) * w->width * w->channels + first_channel;                 \
                    if (runs && left >= 0 && left + kernel <= w->width) {                                              \
                        add##suffix(patches, target + left * w->channels, kernel * count);                             \
                        continue;                                                                                      \
                    }                                                                                                  \
                    for (long j = 0; j < kernel; j++) {                                                                \
                        long column = left + j * w->dilation_width;                                                    \
                        if (column >= 0 && column < w->width)                                                          \
                            add##suffix(patches + j * count, target + column * w->channels, count);                    \
                    }                                                                                                  \
                }                                                                                                      \
            }                                                                                                          \
        }                                                                                                              \
    }

HB_PATCHES(float, )
HB_PATCHES(double, _double)
