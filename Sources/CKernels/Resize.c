#include "Resize.h"
#include "Vector.h"

#define HB_RESIZE(T, suffix)                                                                                           \
    HB_INLINE void blend##suffix(const T *restrict a, const T *restrict b, const T *restrict c, const T *restrict d,   \
                                 T v, T h, T *restrict y, long count) {                                                \
        for (long k = 0; k < count; k++)                                                                               \
            y[k] = (1 - v) * ((1 - h) * a[k] + h * b[k]) + v * ((1 - h) * c[k] + h * d[k]);                            \
    }                                                                                                                  \
    HB_INLINE void add_scaled##suffix(const T *restrict g, T scale, T *restrict dx, long count) {                      \
        for (long k = 0; k < count; k++) dx[k] += scale * g[k];                                                        \
    }                                                                                                                  \
    HB_KERNEL void hb_resize##suffix(const T *x, T *y, long width, long channels, const hb_mix *rows,                  \
                                     long out_height, const hb_mix *columns, long out_width) {                         \
        for (long r = 0; r < out_height; r++) {                                                                        \
            const T *upper = x + rows[r].first * width * channels, *lower = x + rows[r].second * width * channels;     \
            for (long c = 0; c < out_width; c++, y += channels) {                                                      \
                long left = columns[c].first * channels, right = columns[c].second * channels;                         \
                if (rows[r].fraction == 0 && columns[c].fraction == 0) {                                               \
                    for (long k = 0; k < channels; k++) y[k] = upper[left + k];                                        \
                } else {                                                                                               \
                    blend##suffix(upper + left, upper + right, lower + left, lower + right, (T)rows[r].fraction,       \
                                  (T)columns[c].fraction, y, channels);                                                \
                }                                                                                                      \
            }                                                                                                          \
        }                                                                                                              \
    }                                                                                                                  \
    HB_KERNEL void hb_resize_gradient##suffix(const T *g, T *dx, long width, long channels, const hb_mix *rows,        \
                                              long out_height, const hb_mix *columns, long out_width) {                \
        for (long r = 0; r < out_height; r++) {                                                                        \
            T *upper = dx + rows[r].first * width * channels, *lower = dx + rows[r].second * width * channels;         \
            T v = (T)rows[r].fraction;                                                                                 \
            for (long c = 0; c < out_width; c++, g += channels) {                                                      \
                long left = columns[c].first * channels, right = columns[c].second * channels;                         \
                T h = (T)columns[c].fraction;                                                                          \
                add_scaled##suffix(g, (1 - v) * (1 - h), upper + left, channels);                                      \
                if (h != 0) add_scaled##suffix(g, (1 - v) * h, upper + right, channels);                               \
                if (v != 0) add_scaled##suffix(g, v * (1 - h), lower + left, channels);                                \
                if (v != 0 && h != 0) add_scaled##suffix(g, v * h, lower + right, channels);                           \
            }                                                                                                          \
        }                                                                                                              \
    }

HB_RESIZE(float, )
HB_RESIZE(double, _double)
