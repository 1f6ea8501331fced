#include "FewInputs.h"
#include "Vector.h"

#if defined(__x86_64__) && !defined(HORNBEAM_AVX2)
#include <immintrin.h>

#define WIDE __attribute__((target("avx512f")))
#define WIDE_INLINE static inline __attribute__((always_inline, target("avx512f")))
#define UNROLLED _Pragma("clang loop unroll(full)")

// The three rows that an output row reads, each with a pixel of zeros on either side.
static void pad_rows(const float *x, const hb_tiling *map, long inputs, long row, float *room) {
    const long size = map->width * inputs, r = row % map->height;
    for (long i = 0; i < 3; i++) {
        float *to = room + i * (size + 2 * inputs);
        if (r + i < 1 || r + i > map->height) {
            memset(to, 0, sizeof(float) * (size_t)(size + 2 * inputs));
            continue;
        }
        memset(to, 0, sizeof(float) * (size_t)inputs);
        memcpy(to + inputs, x + (row + i - 1) * size, sizeof(float) * (size_t)size);
        memset(to + inputs + size, 0, sizeof(float) * (size_t)inputs);
    }
}

// The outputs of so many neighbouring pixels; a tap row of a pixel is one run of memory.
WIDE_INLINE void pixels(const int count, const long inputs, const float *rows, long stride, const float *weight,
                        __m512 bias, __mmask16 mask, long outputs, float *y) {
    __m512 sum[16];
    UNROLLED for (int p = 0; p < count; p++) sum[p] = bias;
    for (int i = 0; i < 3; i++, rows += stride)
        for (long k = 0; k < 3 * inputs; k++, weight += 16) {
            const __m512 column = _mm512_loadu_ps(weight);
            UNROLLED for (int p = 0; p < count; p++)
                sum[p] = _mm512_fmadd_ps(_mm512_set1_ps(rows[p * inputs + k]), column, sum[p]);
        }
    UNROLLED for (int p = 0; p < count; p++) _mm512_mask_storeu_ps(y + p * outputs, mask, sum[p]);
}

WIDE_INLINE void convolve(const int count, const long inputs, const float *x, const hb_tiling *map, long outputs,
                          const float *packed, const float *bias, long first, long last, float *room, float *y) {
    const long width = map->width, stride = (width + 2) * inputs;
    for (long row = first; row < last; row++) {
        pad_rows(x, map, inputs, row, room);
        for (long o = 0; o < outputs; o += 16) {
            const __mmask16 mask = outputs - o < 16 ? (__mmask16)((1u << (outputs - o)) - 1) : 0xffff;
            const __m512 start = bias ? _mm512_loadu_ps(bias + o) : _mm512_setzero_ps();
            for (long c = 0; c < width; c += count) {
                // The last pixels of a row are computed together with those before them.
                const long at = c + count <= width ? c : width - count;
                pixels(count, inputs, room + at * inputs, stride, packed + o * 9 * inputs, start, mask, outputs,
                       y + (row * width + at) * outputs + o);
            }
        }
    }
}

WIDE void hb_few_inputs(const float *x, const hb_tiling *map, long inputs, long outputs, const float *packed,
                        const float *bias, long first, long last, float *room, float *y) {
#define CONVOLVE(C)                                                                                                   \
    case C:                                                                                                            \
        if (map->width >= 16) convolve(16, C, x, map, outputs, packed, bias, first, last, room, y);                    \
        else convolve(8, C, x, map, outputs, packed, bias, first, last, room, y);                                      \
        break;
    switch (inputs) { CONVOLVE(1) CONVOLVE(2) CONVOLVE(3) CONVOLVE(4) }
}

WIDE_INLINE void gather(const long inputs, const float *x, const float *g, const hb_tiling *map, long outputs,
                        long first, long last, float *room, float *dw) {
    const long width = map->width, wide = (outputs + 15) / 16 * 16;
    for (long row = first; row < last; row++) {
        pad_rows(x, map, inputs, row, room);
        for (long o = 0; o < outputs; o += 16) {
            const __mmask16 mask = outputs - o < 16 ? (__mmask16)((1u << (outputs - o)) - 1) : 0xffff;
            for (long i = 0; i < 3; i++) {
                __m512 sum[12];
                float *to = dw + i * 3 * inputs * wide + o;
                UNROLLED for (int k = 0; k < 3 * inputs; k++) sum[k] = _mm512_loadu_ps(to + k * wide);
                const float *from = room + i * (width + 2) * inputs, *gradient = g + row * width * outputs + o;
                for (long c = 0; c < width; c++, from += inputs, gradient += outputs) {
                    const __m512 column = _mm512_maskz_loadu_ps(mask, gradient);
                    UNROLLED for (int k = 0; k < 3 * inputs; k++)
                        sum[k] = _mm512_fmadd_ps(_mm512_set1_ps(from[k]), column, sum[k]);
                }
                UNROLLED for (int k = 0; k < 3 * inputs; k++) _mm512_storeu_ps(to + k * wide, sum[k]);
            }
        }
    }
}

WIDE void hb_few_inputs_weight_gradient(const float *x, const float *g, const hb_tiling *map, long inputs, long outputs,
                                        long first, long last, float *room, float *dw) {
    switch (inputs) {
    case 1: gather(1, x, g, map, outputs, first, last, room, dw); break;
    case 2: gather(2, x, g, map, outputs, first, last, room, dw); break;
    case 3: gather(3, x, g, map, outputs, first, last, room, dw); break;
    case 4: gather(4, x, g, map, outputs, first, last, room, dw); break;
    }
}

#else

void hb_few_inputs(const float *x, const hb_tiling *map, long inputs, long outputs, const float *packed,
                   const float *bias, long first, long last, float *room, float *y) {
    (void)x, (void)map, (void)inputs, (void)outputs, (void)packed, (void)bias, (void)first, (void)last, (void)room;
    (void)y;
}

void hb_few_inputs_weight_gradient(const float *x, const float *g, const hb_tiling *map, long inputs, long outputs,
                                   long first, long last, float *room, float *dw) {
    (void)x, (void)g, (void)map, (void)inputs, (void)outputs, (void)first, (void)last, (void)room, (void)dw;
}

#endif
