#include "AveragePool.h"
#include "Vector.h"

typedef struct {
    long first, end;
} range;

// The positions of a window that starts at `first` which are in the map; none where it is outside.
HB_INLINE range inside(long first, long taps, long extent) {
    const long last = first + taps < extent ? first + taps : extent;
    const long start = first > 0 ? first : 0;
    return (range){start, last > start ? last : start};
}

HB_INLINE range rows_of(const hb_window *w, long row) {
    return inside(row % w->out_height * w->stride_height - w->padding_height, w->kernel_height, w->height);
}

HB_INLINE range slices_of(const hb_window *w, long plane) {
    return inside(plane % w->out_depth * w->stride_depth - w->padding_depth, w->kernel_depth, w->depth);
}

HB_INLINE range columns_of(const hb_window *w, long column) {
    return inside(column * w->stride_width - w->padding_width, w->kernel_width, w->width);
}

// The share of each element is one over the number of those under the window, or over all its taps.
#define HB_AVERAGE_POOL(T, suffix)                                                                                     \
    HB_INLINE void accumulate##suffix(const T *restrict x, T scale, T *restrict y, long count) {                       \
        for (long k = 0; k < count; k++) y[k] += scale * x[k];                                                         \
    }                                                                                                                  \
    HB_INLINE T share##suffix(const hb_window *w, const range *z, const range *r, const range *c, int counts_padding) {\
        const long all = w->kernel_depth * w->kernel_height * w->kernel_width;                                         \
        const long number = (z->end - z->first) * (r->end - r->first) * (c->end - c->first);                           \
        return 1 / (T)(counts_padding || number == 0 ? all : number);                                                  \
    }                                                                                                                  \
    HB_KERNEL void hb_average_pool##suffix(const T *x, T *y, const hb_window *w, int counts_padding, long first_row,   \
                                           long last_row) {                                                            \
        const long channels = w->channels;                                                                             \
        y += first_row * w->out_width * channels;                                                                      \
        for (long row = first_row; row < last_row; row++) {                                                            \
            const long plane = row / w->out_height, volume = plane / w->out_depth;                                     \
            const range r = rows_of(w, row), z = slices_of(w, plane);                                                  \
            for (long c = 0; c < w->out_width; c++, y += channels) {                                                   \
                const range columns = columns_of(w, c);                                                                \
                const T scale = share##suffix(w, &z, &r, &columns, counts_padding);                                    \
                for (long k = 0; k < channels; k++) y[k] = 0;                                                          \
                for (long d = volume * w->depth + z.first; d < volume * w->depth + z.end; d++)                         \
                    for (long i = r.first; i < r.end; i++)                                                             \
                        for (long j = columns.first; j < columns.end; j++)                                             \
                            accumulate##suffix(x + ((d * w->height + i) * w->width + j) * channels, 1, y, channels);   \
                for (long k = 0; k < channels; k++) y[k] *= scale;                                                     \
            }                                                                                                          \
        }                                                                                                              \
    }                                                                                                                  \
    HB_KERNEL void hb_average_pool_gradient##suffix(const T *g, T *dx, const hb_window *w, int counts_padding,         \
                                                    long first_image, long last_image) {                               \
        const long channels = w->channels, size = w->depth * w->height * w->width * channels;                          \
        const long rows = w->out_depth * w->out_height;                                                                \
        for (long k = first_image * size; k < last_image * size; k++) dx[k] = 0;                                       \
        g += first_image * rows * w->out_width * channels;                                                             \
        for (long row = first_image * rows; row < last_image * rows; row++) {                                          \
            const long plane = row / w->out_height, volume = plane / w->out_depth;                                     \
            const range r = rows_of(w, row), z = slices_of(w, plane);                                                  \
            for (long c = 0; c < w->out_width; c++, g += channels) {                                                   \
                const range columns = columns_of(w, c);                                                                \
                const T scale = share##suffix(w, &z, &r, &columns, counts_padding);                                    \
                for (long d = volume * w->depth + z.first; d < volume * w->depth + z.end; d++)                         \
                    for (long i = r.first; i < r.end; i++)                                                             \
                        for (long j = columns.first; j < columns.end; j++)                                             \
                            accumulate##suffix(g, scale, dx + ((d * w->height + i) * w->width + j) * channels,         \
                                               channels);                                                              \
            }                                                                                                          \
        }                                                                                                              \
    }

HB_AVERAGE_POOL(float, )
HB_AVERAGE_POOL(double, _double)
