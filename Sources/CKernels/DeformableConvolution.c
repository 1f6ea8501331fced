#include "DeformableConvolution.h"
#include "Vector.h"

// A place is a whole pixel and a fraction: the offset's own whole part is split off, so that large maps cost no digits.
#define HB_DEFORM(T, suffix, FLOOR)                                                                                    \
    typedef struct {                                                                                                   \
        /* Upper left, upper right, lower left, lower right: the pixel, less than 0 outside the map. */                \
        long pixel[4];                                                                                                 \
        T share[4], vertical, horizontal;                                                                              \
        /* 0: no corner inside, 1: some, -1: no number. */                                                             \
        int state;                                                                                                     \
    } place##suffix;                                                                                                   \
    HB_INLINE void find##suffix(const hb_window *w, long row, long column, T dy, T dx, place##suffix *at) {            \
        const T most = (T)1e6;                                                                                         \
        at->state = 0;                                                                                                 \
        if (dy != dy || dx != dx) at->state = -1;                                                                      \
        if (!(dy > -most && dy < most && dx > -most && dx < most)) return;                                             \
        const T whole_y = FLOOR(dy), whole_x = FLOOR(dx);                                                              \
        const long top = row + (long)whole_y, left = column + (long)whole_x;                                           \
        const T v = dy - whole_y, h = dx - whole_x;                                                                    \
        const int rows[2] = {top >= 0 && top < w->height, top + 1 >= 0 && top + 1 < w->height};                        \
        const int columns[2] = {left >= 0 && left < w->width, left + 1 >= 0 && left + 1 < w->width};                   \
        if (!(rows[0] | rows[1]) || !(columns[0] | columns[1])) return;                                                \
        at->state = 1;                                                                                                 \
        at->vertical = v;                                                                                              \
        at->horizontal = h;                                                                                            \
        for (int i = 0; i < 2; i++)                                                                                    \
            for (int j = 0; j < 2; j++) {                                                                              \
                at->pixel[2 * i + j] = rows[i] && columns[j] ? (top + i) * w->width + left + j : -1;                   \
                at->share[2 * i + j] = (i ? v : 1 - v) * (j ? h : 1 - h);                                              \
            }                                                                                                          \
    }                                                                                                                  \
    HB_INLINE void mix##suffix(const T *restrict a, const T *restrict b, const T *restrict c, const T *restrict d,     \
                               const T *restrict s, T *restrict y, long count) {                                       \
        const T s0 = s[0], s1 = s[1], s2 = s[2], s3 = s[3];                                                            \
        for (long k = 0; k < count; k++) y[k] = (s0 * a[k] + s1 * b[k]) + (s2 * c[k] + s3 * d[k]);                     \
    }                                                                                                                  \
    HB_INLINE void fill##suffix(T *restrict y, T value, long count) {                                                  \
        for (long k = 0; k < count; k++) y[k] = value;                                                                 \
    }                                                                                                                  \
    HB_KERNEL void hb_deform_gather##suffix(const T *x, const T *offsets, const T *mask, T *patches,                   \
                                            const hb_window *w, long offset_groups, long first_row, long last_row,     \
                                            long first_channel, long count) {                                          \
        const long taps = w->kernel_height * w->kernel_width, width = w->channels / offset_groups;                     \
        for (long row = first_row; row < last_row; row++) {                                                            \
            const T *map = x + row / w->out_height * w->height * w->width * w->channels;                               \
            const long top = row % w->out_height * w->stride_height - w->padding_height;                               \
            for (long c = 0; c < w->out_width; c++) {                                                                  \
                const long pixel = row * w->out_width + c, left = c * w->stride_width - w->padding_width;              \
                for (long t = 0; t < taps; t++) {                                                                      \
                    const long y0 = top + t / w->kernel_width * w->dilation_height;                                    \
                    const long x0 = left + t % w->kernel_width * w->dilation_width;                                    \
                    for (long k = first_channel; k < first_channel + count;) {                                         \
                        const long group = k / width;                                                                  \
                        const long end = (group + 1) * width < first_channel + count ? (group + 1) * width             \
                                                                                     : first_channel + count;          \
                        const long index = (pixel * offset_groups + group) * taps + t, n = end - k;                    \
                        place##suffix at;                                                                              \
                        find##suffix(w, y0, x0, offsets[2 * index], offsets[2 * index + 1], &at);                      \
                        if (at.state != 1) {                                                                           \
                            fill##suffix(patches, at.state ? (T)NAN : 0, n);                                           \
                        } else {                                                                                       \
                            const T *corner[4], *inside = map;                                                         \
                            T s[4];                                                                                    \
                            for (int i = 0; i < 4; i++)                                                                \
                                if (at.pixel[i] >= 0) inside = map + at.pixel[i] * w->channels + k;                    \
                            for (int i = 0; i < 4; i++) {                                                              \
                                const int is = at.pixel[i] >= 0;                                                       \
                                corner[i] = is ? map + at.pixel[i] * w->channels + k : inside;                         \
                                s[i] = is ? (mask ? mask[index] * at.share[i] : at.share[i]) : 0;                      \
                            }                                                                                          \
                            mix##suffix(corner[0], corner[1], corner[2], corner[3], s, patches, n);                    \
                        }                                                                                              \
                        patches += n;                                                                                  \
                        k = end;                                                                                       \
                    }                                                                                                  \
                }                                                                                                      \
            }                                                                                                          \
        }                                                                                                              \
    }                                                                                                                  \
    HB_INLINE T both##suffix(const T *restrict g, const T *restrict x, T *restrict dx, T share, long count) {          \
        HB_REASSOCIATE                                                                                                 \
        T sum = 0;                                                                                                     \
        for (long k = 0; k < count; k++) {                                                                             \
            dx[k] += share * g[k];                                                                                     \
            sum += g[k] * x[k];                                                                                        \
        }                                                                                                              \
        return sum;                                                                                                    \
    }                                                                                                                  \
    HB_INLINE void add##suffix(const T *restrict g, T *restrict dx, T share, long count) {                             \
        for (long k = 0; k < count; k++) dx[k] += share * g[k];                                                        \
    }                                                                                                                  \
    HB_INLINE T dot##suffix(const T *restrict g, const T *restrict x, long count) {                                    \
        HB_REASSOCIATE                                                                                                 \
        T sum = 0;                                                                                                     \
        for (long k = 0; k < count; k++) sum += g[k] * x[k];                                                           \
        return sum;                                                                                                    \
    }                                                                                                                  \
    HB_KERNEL void hb_deform_scatter##suffix(const T *g, const T *x, const T *offsets, const T *mask, T *dx, T *sums,  \
                                             const hb_window *w, long offset_groups, long first_row, long last_row,    \
                                             long first_channel, long count) {                                         \
        const long taps = w->kernel_height * w->kernel_width, group = first_channel / (w->channels / offset_groups);   \
        for (long row = first_row; row < last_row; row++) {                                                            \
            const long map = row / w->out_height * w->height * w->width * w->channels + first_channel;                 \
            const long top = row % w->out_height * w->stride_height - w->padding_height;                               \
            for (long c = 0; c < w->out_width; c++) {                                                                  \
                const long pixel = row * w->out_width + c, left = c * w->stride_width - w->padding_width;              \
                for (long t = 0; t < taps; t++, g += count) {                                                          \
                    const long index = (pixel * offset_groups + group) * taps + t;                                     \
                    const T m = mask ? mask[index] : 1;                                                                \
                    place##suffix at;                                                                                  \
                    find##suffix(w, top + t / w->kernel_width * w->dilation_height,                                    \
                                 left + t % w->kernel_width * w->dilation_width, offsets[2 * index],                   \
                                 offsets[2 * index + 1], &at);                                                         \
                    T s[4] = {0, 0, 0, 0};                                                                             \
                    if (at.state == 1)                                                                                 \
                        for (int i = 0; i < 4; i++) {                                                                  \
                            if (at.pixel[i] < 0) continue;                                                             \
                            const long from = map + at.pixel[i] * w->channels;                                         \
                            if (!sums) add##suffix(g, dx + from, m * at.share[i], count);                              \
                            else if (!dx) s[i] = dot##suffix(g, x + from, count);                                      \
                            else s[i] = both##suffix(g, x + from, dx + from, m * at.share[i], count);                  \
                        }                                                                                              \
                    if (!sums) continue;                                                                               \
                    T *to = sums + (pixel * taps + t) * 3;                                                             \
                    if (at.state != 1) {                                                                               \
                        to[0] = to[1] = to[2] = at.state ? (T)NAN : 0;                                                 \
                        continue;                                                                                      \
                    }                                                                                                  \
                    const T v = at.vertical, h = at.horizontal;                                                        \
                    to[0] = m * ((1 - h) * (s[2] - s[0]) + h * (s[3] - s[1]));                                         \
                    to[1] = m * ((1 - v) * (s[1] - s[0]) + v * (s[3] - s[2]));                                         \
                    to[2] = (at.share[0] * s[0] + at.share[1] * s[1]) + (at.share[2] * s[2] + at.share[3] * s[3]);     \
                }                                                                                                      \
            }                                                                                                          \
        }                                                                                                              \
    }                                                                                                                  \
    HB_KERNEL void hb_deform_collect##suffix(const T *sums, long slices, long distance, T *d_offsets, T *d_mask,       \
                                             long taps, long offset_groups, long group, long first_pixel,              \
                                             long last_pixel) {                                                        \
        for (long pixel = first_pixel; pixel < last_pixel; pixel++)                                                    \
            for (long t = 0; t < taps; t++) {                                                                          \
                const T *from = sums + (pixel * taps + t) * 3;                                                         \
                const long index = (pixel * offset_groups + group) * taps + t;                                         \
                T dy = 0, dx = 0, m = 0;                                                                               \
                for (long s = 0; s < slices; s++, from += distance) {                                                  \
                    dy += from[0];                                                                                     \
                    dx += from[1];                                                                                     \
                    m += from[2];                                                                                      \
                }                                                                                                      \
                if (d_offsets) {                                                                                       \
                    d_offsets[2 * index] = dy;                                                                         \
                    d_offsets[2 * index + 1] = dx;                                                                     \
                }                                                                                                      \
                if (d_mask) d_mask[index] = m;                                                                         \
            }                                                                                                          \
    }

HB_DEFORM(float, , floorf)
HB_DEFORM(double, _double, floor)
