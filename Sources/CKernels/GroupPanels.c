#include "GroupPanels.h"
#include "Vector.h"

#if defined(__x86_64__) && !defined(HORNBEAM_AVX2)
#include <immintrin.h>

#define WIDE __attribute__((target("avx512f")))
#define WIDE_INLINE static inline __attribute__((always_inline, target("avx512f")))
#define UNROLLED _Pragma("clang loop unroll(full)")

// What a tap meets: a row of the map that is read, from a group's first channel on, the column that the first pixel of the
// written row meets, and the weight of sixteen results.
typedef struct {
    const float *row;
    long column;
    const float *weight;
} tap;

// A map as it is read: pixels of a row, elements from one to the next, channels of a group, and columns from the one that a
// written pixel meets to that of the next.
typedef struct {
    long width, distance, channels, step;
} reading;

// What taps outside of the map meet.
static const float nothing[64];

// Sixteen results of `count` neighbouring pixels from `at` on.
WIDE_INLINE void pixels(const int count, const tap *taps, long tap_count, const reading *map, long at, __m512 start,
                        float *y, long distance) {
    __m512 sum[8];
    UNROLLED for (int p = 0; p < count; p++) sum[p] = start;
    for (long t = 0; t < tap_count; t++) {
        const float *from[8], *weight = taps[t].weight;
        const long first = taps[t].column + at * map->step, last = first + (count - 1) * map->step;
        if (first >= 0 && last < map->width) {
            const float *row = taps[t].row + first * map->distance;
            UNROLLED for (int p = 0; p < count; p++) from[p] = row + p * map->step * map->distance;
        } else {
            UNROLLED for (int p = 0; p < count; p++) {
                const long column = first + p * map->step;
                from[p] = column >= 0 && column < map->width ? taps[t].row + column * map->distance : nothing;
            }
        }
        for (long k = 0; k < map->channels; k += 16)
            UNROLLED for (int i = 0; i < 16; i++, weight += 16) {
                const __m512 column = _mm512_loadu_ps(weight);
                UNROLLED for (int p = 0; p < count; p++)
                    sum[p] = _mm512_fmadd_ps(_mm512_set1_ps(from[p][k + i]), column, sum[p]);
            }
    }
    UNROLLED for (int p = 0; p < count; p++) _mm512_storeu_ps(y + (at + p) * distance, sum[p]);
}

// A row of `count` pixels. The last ones are computed together with those before them.
WIDE_INLINE void whole_row(const tap *taps, long tap_count, const reading *map, long count, __m512 start, float *y,
                           long distance) {
    if (count >= 8)
        for (long c = 0; c < count; c += 8)
            pixels(8, taps, tap_count, map, c + 8 <= count ? c : count - 8, start, y, distance);
    else if (count >= 4)
        for (long c = 0; c < count; c += 4)
            pixels(4, taps, tap_count, map, c + 4 <= count ? c : count - 4, start, y, distance);
    else
        for (long c = 0; c < count; c++) pixels(1, taps, tap_count, map, c, start, y, distance);
}

WIDE void hb_grouped_rows(const float *x, const hb_window *w, long groups, long inputs, long outputs,
                          const float *packed, const float *bias, long first, long last, float *y) {
    const long count = w->kernel_height * w->kernel_width, size = count * inputs * 16, channels = groups * outputs;
    const reading map = {w->width, w->channels, inputs, w->stride_width};
    tap taps[HB_GROUPED_TAPS];
    for (long group = 0; group < groups; group++)
        for (long row = first; row < last; row++) {
            const long image = row / w->out_height, r = row % w->out_height;
            for (long o = 0; o < outputs; o += 16) {
                const float *panel = packed + (group * outputs + o) / 16 * size;
                long met = 0;
                for (long i = 0; i < w->kernel_height; i++) {
                    const long q = r * w->stride_height - w->padding_height + i * w->dilation_height;
                    if (q < 0 || q >= w->height) continue;
                    const float *from = x + (image * w->height + q) * w->width * w->channels + group * inputs;
                    for (long j = 0; j < w->kernel_width; j++)
                        taps[met++] = (tap){from, j * w->dilation_width - w->padding_width,
                                            panel + (i * w->kernel_width + j) * inputs * 16};
                }
                const __m512 start = bias ? _mm512_loadu_ps(bias + group * outputs + o) : _mm512_setzero_ps();
                whole_row(taps, met, &map, w->out_width, start, y + row * w->out_width * channels + group * outputs + o,
                          channels);
            }
        }
}

WIDE void hb_grouped_input_rows(const float *g, const hb_window *w, long groups, long inputs, long outputs,
                                const float *packed, long first, long last, float *dx) {
    const long count = w->kernel_height * w->kernel_width, size = count * outputs * 16, channels = groups * outputs;
    const reading map = {w->out_width, channels, outputs, 1};
    tap taps[HB_GROUPED_TAPS];
    for (long group = 0; group < groups; group++)
        for (long row = first; row < last; row++) {
            const long image = row / w->height, r = row % w->height;
            for (long o = 0; o < inputs; o += 16) {
                const float *panel = packed + (group * inputs + o) / 16 * size;
                // Columns that lie a stride apart meet the same taps of neighbouring results.
                for (long phase = 0; phase < w->stride_width && phase < w->width; phase++) {
                    long met = 0;
                    for (long i = 0; i < w->kernel_height; i++) {
                        const long q = r + w->padding_height - i * w->dilation_height;
                        if (q < 0 || q % w->stride_height || q / w->stride_height >= w->out_height) continue;
                        const float *from = g + (image * w->out_height + q / w->stride_height) * w->out_width * channels +
                                            group * outputs;
                        for (long j = 0; j < w->kernel_width; j++) {
                            const long column = phase + w->padding_width - j * w->dilation_width;
                            if (column % w->stride_width) continue;
                            taps[met++] = (tap){from, column / w->stride_width,
                                                panel + (i * w->kernel_width + j) * outputs * 16};
                        }
                    }
                    whole_row(taps, met, &map, (w->width - phase + w->stride_width - 1) / w->stride_width,
                              _mm512_setzero_ps(),
                              dx + (row * w->width + phase) * w->channels + group * inputs + o,
                              w->stride_width * w->channels);
                }
            }
        }
}

// Sixteen by sixteen weights of a tap over rows of y.
WIDE_INLINE void gather(const float *x, const float *g, const hb_window *w, long channels, long i, long j, long first,
                        long last, float *dw, long distance) {
    __m512 sum[16];
    UNROLLED for (int o = 0; o < 16; o++) sum[o] = _mm512_loadu_ps(dw + o * distance);
    const long shift = j * w->dilation_width - w->padding_width;
    for (long row = first; row < last; row++) {
        const long q = row % w->out_height * w->stride_height - w->padding_height + i * w->dilation_height;
        if (q < 0 || q >= w->height) continue;
        const float *from = x + (row / w->out_height * w->height + q) * w->width * w->channels;
        for (long c = 0; c < w->out_width; c++) {
            const long column = c * w->stride_width + shift;
            if (column < 0 || column >= w->width) continue;
            const __m512 values = _mm512_loadu_ps(from + column * w->channels);
            const float *gradient = g + (row * w->out_width + c) * channels;
            UNROLLED for (int o = 0; o < 16; o++)
                sum[o] = _mm512_fmadd_ps(_mm512_set1_ps(gradient[o]), values, sum[o]);
        }
    }
    UNROLLED for (int o = 0; o < 16; o++) _mm512_storeu_ps(dw + o * distance, sum[o]);
}

WIDE void hb_grouped_weight_gradient(const float *x, const float *g, const hb_window *w, long groups, long inputs,
                                     long outputs, long first, long last, float *dw) {
    const long count = w->kernel_height * w->kernel_width;
    for (long group = 0; group < groups; group++)
        for (long o = 0; o < outputs; o += 16)
            for (long t = 0; t < count; t++)
                for (long k = 0; k < inputs; k += 16)
                    gather(x + group * inputs + k, g + group * outputs + o, w, groups * outputs, t / w->kernel_width,
                           t % w->kernel_width, first, last, dw + ((group * outputs + o) * count + t) * inputs + k,
                           count * inputs);
}

#else

void hb_grouped_rows(const float *x, const hb_window *window, long groups, long inputs, long outputs,
                     const float *packed, const float *bias, long first, long last, float *y) {
    (void)x, (void)window, (void)groups, (void)inputs, (void)outputs, (void)packed, (void)bias, (void)first;
    (void)last, (void)y;
}

void hb_grouped_input_rows(const float *g, const hb_window *window, long groups, long inputs, long outputs,
                           const float *packed, long first, long last, float *dx) {
    (void)g, (void)window, (void)groups, (void)inputs, (void)outputs, (void)packed, (void)first, (void)last, (void)dx;
}

void hb_grouped_weight_gradient(const float *x, const float *g, const hb_window *window, long groups, long inputs,
                                long outputs, long first, long last, float *dw) {
    (void)x, (void)g, (void)window, (void)groups, (void)inputs, (void)outputs, (void)first, (void)last, (void)dw;
}

#endif
