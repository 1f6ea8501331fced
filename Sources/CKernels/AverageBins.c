#include "AverageBins.h"
#include "Vector.h"

#define HB_AVERAGE_BINS(T, suffix)                                                                                  \
    HB_INLINE void add_to##suffix(const T *restrict x, T scale, T *restrict y, long count) {                        \
        for (long k = 0; k < count; k++) y[k] += scale * x[k];                                                      \
    }                                                                                                               \
    HB_KERNEL void hb_average_bins##suffix(const T *x, T *y, long width, long channels, hb_bin row,                 \
                                           const hb_bin *columns, long out_width) {                                 \
        for (long j = 0; j < out_width; j++, y += channels) {                                                       \
            const hb_bin column = columns[j];                                                                       \
            const T count = (T)((row.end - row.first) * (column.end - column.first));                               \
            for (long k = 0; k < channels; k++) y[k] = 0;                                                           \
            for (long r = row.first; r < row.end; r++)                                                              \
                for (long c = column.first; c < column.end; c++)                                                    \
                    add_to##suffix(x + (r * width + c) * channels, 1, y, channels);                                 \
            for (long k = 0; k < channels; k++) y[k] /= count;                                                      \
        }                                                                                                           \
    }                                                                                                               \
    HB_KERNEL void hb_average_bins_gradient##suffix(const T *g, T *dx, long width, long channels,                   \
                                                    const hb_bin *rows, long out_height, const hb_bin *columns,     \
                                                    long out_width) {                                               \
        for (long i = 0; i < out_height; i++)                                                                       \
            for (long j = 0; j < out_width; j++, g += channels) {                                                   \
                const hb_bin row = rows[i], column = columns[j];                                                    \
                const T share = 1 / (T)((row.end - row.first) * (column.end - column.first));                       \
                for (long r = row.first; r < row.end; r++)                                                          \
                    for (long c = column.first; c < column.end; c++)                                                \
                        add_to##suffix(g, share, dx + (r * width + c) * channels, channels);                        \
            }                                                                                                       \
    }

HB_AVERAGE_BINS(float, )
HB_AVERAGE_BINS(double, _double)
