#include "Winograd.h"
#include "Vector.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define WIDE __attribute__((target("avx512f")))
#define WIDE_INLINE static inline __attribute__((always_inline, target("avx512f")))
#define UNROLLED _Pragma("clang loop unroll(full)")

// c [rows][16 * vectors] (+)= sum over p < inner of a[p * inner_stride + i * row_stride] b[p * b_stride + ...]: the sums
// stay in registers. One of a's strides is a constant where this is inlined.
WIDE_INLINE void multiply(const int rows, const int vectors, long inner, const float *a, long row_stride,
                          long inner_stride, const float *b, long b_stride, const __mmask16 last, int accumulate,
                          float *c, long c_stride) {
    __m512 sum[28];
    UNROLLED for (int i = 0; i < rows; i++) {
        UNROLLED for (int v = 0; v < vectors; v++)
            sum[i * vectors + v] = !accumulate ? _mm512_setzero_ps()
                                   : v == vectors - 1 ? _mm512_maskz_loadu_ps(last, c + i * c_stride + 16 * v)
                                                      : _mm512_loadu_ps(c + i * c_stride + 16 * v);
    }
    // Strides 1, 2 and 3 are addressing modes and one register.
    const float *base[7];
    UNROLLED for (int i = 0; i < (rows + 3) / 4; i++) base[i] = a + 4 * i * row_stride;
    for (long p = 0; p < inner; p++) {
        __m512 column[2];
        UNROLLED for (int v = 0; v < vectors; v++)
            column[v] = v == vectors - 1 ? _mm512_maskz_loadu_ps(last, b + 16 * v) : _mm512_loadu_ps(b + 16 * v);
        UNROLLED for (int i = 0; i < rows; i++) {
            const __m512 element = _mm512_set1_ps(base[i / 4][(i & 3) * row_stride]);
            UNROLLED for (int v = 0; v < vectors; v++)
                sum[i * vectors + v] = _mm512_fmadd_ps(element, column[v], sum[i * vectors + v]);
        }
        UNROLLED for (int i = 0; i < (rows + 3) / 4; i++) base[i] += inner_stride;
        b += b_stride;
    }
    UNROLLED for (int i = 0; i < rows; i++) {
        UNROLLED for (int v = 0; v < vectors; v++) {
            if (v == vectors - 1) _mm512_mask_storeu_ps(c + i * c_stride + 16 * v, last, sum[i * vectors + v]);
            else _mm512_storeu_ps(c + i * c_stride + 16 * v, sum[i * vectors + v]);
        }
    }
}

#define ROWS_OF(R, V)                                                                                                 \
    WIDE static void rows_##R##_##V(long inner, const float *a, const float *b, float *c) {                            \
        multiply(R, V, inner, a, inner, 1, b, 16 * V, 0xffff, 0, c, 16 * V);                                           \
    }
ROWS_OF(1, 1) ROWS_OF(2, 1) ROWS_OF(4, 1) ROWS_OF(8, 1) ROWS_OF(14, 1) ROWS_OF(28, 1)
ROWS_OF(1, 2) ROWS_OF(2, 2) ROWS_OF(4, 2) ROWS_OF(8, 2) ROWS_OF(14, 2)

WIDE void hb_winograd_product(long tiles, long inner, const float *v, const float *u, long panel, float *m) {
    static void (*const single[])(long, const float *, const float *, float *) = {rows_28_1, rows_14_1, rows_8_1,
                                                                                  rows_4_1, rows_2_1, rows_1_1};
    static void (*const both[])(long, const float *, const float *, float *) = {rows_14_2, rows_8_2, rows_4_2, rows_2_2,
                                                                                rows_1_2};
    static const long single_rows[] = {28, 14, 8, 4, 2, 1}, both_rows[] = {14, 8, 4, 2, 1};
    const long *height = panel > 16 ? both_rows : single_rows;
    for (int k = 0; k < HB_WINOGRAD_PLACES; k++) {
        const float *a = v + k * hb_winograd_distance(tiles * inner);
        const float *b = u + k * hb_winograd_distance(inner * panel);
        float *c = m + k * hb_winograd_distance(tiles * panel);
        int step = 0;
        for (long t = 0; t < tiles;) {
            while (height[step] > tiles - t) step++;
            (panel > 16 ? both : single)[step](inner, a + t * inner, b, c + t * panel);
            t += height[step];
        }
    }
}

#define COLUMNS_OF(R)                                                                                                 \
    WIDE static void columns_##R(long tiles, const float *g, long outputs, const float *v, long inputs, long width,    \
                                 int accumulate, float *m) {                                                           \
        const __mmask16 last = (__mmask16)((1u << (width > 16 ? width - 16 : width)) - 1);                             \
        if (width > 16) multiply(R, 2, tiles, g, 1, outputs, v, inputs, last, accumulate, m, inputs);                  \
        else multiply(R, 1, tiles, g, 1, outputs, v, inputs, last, accumulate, m, inputs);                             \
    }
COLUMNS_OF(1) COLUMNS_OF(2) COLUMNS_OF(4) COLUMNS_OF(8) COLUMNS_OF(12)
WIDE static void columns_16(long tiles, const float *g, long outputs, const float *v, long inputs, long width,
                            int accumulate, float *m) {
    const __mmask16 last = (__mmask16)((1u << width) - 1);
    multiply(16, 1, tiles, g, 1, outputs, v, inputs, last, accumulate, m, inputs);
}

WIDE void hb_winograd_sum(long tiles, long outputs, long output, long rows, long inputs, const float *g, const float *v,
                          int accumulate, float *m) {
    for (int k = 0; k < HB_WINOGRAD_PLACES; k++) {
        const float *a = g + k * hb_winograd_distance(tiles * outputs) + output;
        const float *b = v + k * hb_winograd_distance(tiles * inputs);
        float *c = m + k * hb_winograd_distance(rows * inputs);
        for (long j = 0; j < inputs; j += 32) {
            const long width = inputs - j < 32 ? inputs - j : 32;
            for (long i = 0; i < rows;) {
                const long left = rows - i;
                long step;
                float *to = c + i * inputs + j;
#define STEP(R)                                                                                                       \
    {                                                                                                                  \
        columns_##R(tiles, a + i, outputs, b + j, inputs, width, accumulate, to);                                      \
        step = R;                                                                                                      \
    }
                if (left >= 16 && width <= 16) STEP(16)
                else if (left >= 12 && left != 16) STEP(12)
                else if (left >= 8) STEP(8)
                else if (left >= 4) STEP(4)
                else if (left >= 2) STEP(2)
                else STEP(1)
                i += step;
            }
        }
    }
}

#else

void hb_winograd_product(long tiles, long inner, const float *v, const float *u, long panel, float *m) {
    (void)tiles, (void)inner, (void)v, (void)u, (void)panel, (void)m;
}

void hb_winograd_sum(long tiles, long outputs, long output, long rows, long inputs, const float *g, const float *v,
                     int accumulate, float *m) {
    (void)tiles, (void)outputs, (void)output, (void)rows, (void)inputs, (void)g, (void)v, (void)accumulate, (void)m;
}

#endif
