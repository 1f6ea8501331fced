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
    /* Windows of 2x2 that do not overlap, by far the most frequent ones. */                                           \
    HB_INLINE void four##suffix(const T *restrict a, const T *restrict b, const T *restrict c, const T *restrict d,    \
                                T *restrict best, uint16_t *restrict taps, long count) {                               \
        for (long k = 0; k < count; k++) {                                                                             \
            T value = a[k];                                                                                            \
            int tap = 0, take = (b[k] > value) | (b[k] != b[k]);                                                       \
            value = take ? b[k] : value, tap = take ? 1 : tap;                                                         \
            take = (c[k] > value) | (c[k] != c[k]);                                                                    \
            value = take ? c[k] : value, tap = take ? 2 : tap;                                                         \
            take = (d[k] > value) | (d[k] != d[k]);                                                                    \
            value = take ? d[k] : value, tap = take ? 3 : tap;                                                         \
            best[k] = value;                                                                                           \
            taps[k] = (uint16_t)tap;                                                                                   \
        }                                                                                                              \
    }                                                                                                                  \
    HB_INLINE void spread##suffix(const T *restrict g, const uint16_t *restrict taps, T *restrict a, T *restrict b,    \
                                  T *restrict c, T *restrict d, long count) {                                          \
        for (long k = 0; k < count; k++) {                                                                             \
            const int tap = taps[k];                                                                                   \
            a[k] = 0 + (tap == 0 ? g[k] : 0);                                                                          \
            b[k] = 0 + (tap == 1 ? g[k] : 0);                                                                          \
            c[k] = 0 + (tap == 2 ? g[k] : 0);                                                                          \
            d[k] = 0 + (tap == 3 ? g[k] : 0);                                                                          \
        }                                                                                                              \
    }                                                                                                                  \
    HB_INLINE int is_four##suffix(const hb_window *w) {                                                                \
        return w->kernel_height == 2 && w->kernel_width == 2 && w->stride_height == 2 && w->stride_width == 2 &&       \
               w->padding_height == 0 && w->padding_width == 0 && w->kernel_depth == 1 && w->depth == 1;               \
    }                                                                                                                  \
    HB_KERNEL void hb_max_pool##suffix(const T *x, T *y, uint16_t *taps, const hb_window *w, long first_row,           \
                                       long last_row) {                                                                \
        long channels = w->channels;                                                                                   \
        if (is_four##suffix(w)) {                                                                                      \
            for (long row = first_row; row < last_row; row++) {                                                        \
                long top = row / w->out_height * w->height + row % w->out_height * 2;                                  \
                const T *upper = x + top * w->width * channels, *lower = upper + w->width * channels;                  \
                long at = row * w->out_width * channels;                                                               \
                for (long c = 0; c < w->out_width; c++, at += channels) {                                              \
                    const long left = 2 * c * channels, right = left + channels;                                       \
                    four##suffix(upper + left, upper + right, lower + left, lower + right, y + at, taps + at,          \
                                 channels);                                                                            \
                }                                                                                                      \
            }                                                                                                          \
            return;                                                                                                    \
        }                                                                                                              \
        for (long row = first_row; row < last_row; row++) {                                                            \
            long plane = row / w->out_height, top = row % w->out_height * w->stride_height - w->padding_height;        \
            long front = plane % w->out_depth * w->stride_depth - w->padding_depth;                                    \
            const T *volume = x + plane / w->out_depth * w->depth * w->height * w->width * channels;                   \
            for (long c = 0; c < w->out_width; c++) {                                                                  \
                long left = c * w->stride_width - w->padding_width;                                                    \
                T *best = y + (row * w->out_width + c) * channels;                                                     \
                uint16_t *tap = taps + (row * w->out_width + c) * channels;                                            \
                int found = 0;                                                                                         \
                for (long h = 0; h < w->kernel_depth * w->kernel_height; h++) {                                        \
                    const long z = front + h / w->kernel_height, r = top + h % w->kernel_height;                       \
                    if (z < 0 || z >= w->depth || r < 0 || r >= w->height) continue;                                   \
                    for (long j = 0; j < w->kernel_width; j++) {                                                       \
                        if (left + j < 0 || left + j >= w->width) continue;                                            \
                        const T *source = volume + ((z * w->height + r) * w->width + left + j) * channels;             \
                        uint16_t number = (uint16_t)(h * w->kernel_width + j);                                         \
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
        long channels = w->channels, size = w->depth * w->height * w->width * channels;                                \
        if (is_four##suffix(w)) {                                                                                      \
            const long line = w->width * channels, rest = line - 2 * w->out_width * channels;                          \
            for (long row = first_image * w->out_height; row < last_image * w->out_height; row++) {                    \
                long top = row / w->out_height * w->height + row % w->out_height * 2;                                  \
                T *upper = dx + top * line, *lower = upper + line;                                                     \
                long at = row * w->out_width * channels;                                                               \
                for (long c = 0; c < w->out_width; c++, at += channels) {                                              \
                    const long left = 2 * c * channels, right = left + channels;                                       \
                    spread##suffix(g + at, taps + at, upper + left, upper + right, lower + left, lower + right,        \
                                   channels);                                                                          \
                }                                                                                                      \
                for (long k = line - rest; k < line; k++) upper[k] = lower[k] = 0;                                     \
                if (w->height % 2 && (row + 1) % w->out_height == 0)                                                   \
                    for (long k = 0; k < line; k++) lower[line + k] = 0;                                               \
            }                                                                                                          \
            return;                                                                                                    \
        }                                                                                                              \
        for (long k = first_image * size; k < last_image * size; k++) dx[k] = 0;                                       \
        const long rows = w->out_depth * w->out_height;                                                                \
        for (long row = first_image * rows; row < last_image * rows; row++) {                                          \
            long plane = row / w->out_height, top = row % w->out_height * w->stride_height - w->padding_height;        \
            long front = plane % w->out_depth * w->stride_depth - w->padding_depth;                                    \
            T *volume = dx + plane / w->out_depth * size;                                                              \
            for (long c = 0; c < w->out_width; c++) {                                                                  \
                long left = c * w->stride_width - w->padding_width, start = (row * w->out_width + c) * channels;       \
                for (long h = 0; h < w->kernel_depth * w->kernel_height; h++) {                                        \
                    const long z = front + h / w->kernel_height, r = top + h % w->kernel_height;                       \
                    if (z < 0 || z >= w->depth || r < 0 || r >= w->height) continue;                                   \
                    for (long j = 0; j < w->kernel_width; j++) {                                                       \
                        if (left + j < 0 || left + j >= w->width) continue;                                            \
                        chosen##suffix(g + start, taps + start,                                                        \
                                       volume + ((z * w->height + r) * w->width + left + j) * channels,                \
                                       (uint16_t)(h * w->kernel_width + j), channels);                                 \
                    }                                                                                                  \
                }                                                                                                      \
            }                                                                                                          \
        }                                                                                                              \
    }

HB_MAX_POOL(float, )
HB_MAX_POOL(double, _double)
