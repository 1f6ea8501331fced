#include "PackedProduct.h"
#include "Vector.h"

#define PANEL 32
#define TILE 12

long hb_panel_columns(void) { return PANEL; }

#if defined(__x86_64__)
#include <immintrin.h>

// Outside of the clones: the tile lives on the 32 wide registers, so there is one version, and others use a library.
#define WIDE __attribute__((target("avx512f")))
#define WIDE_INLINE static inline __attribute__((always_inline, target("avx512f")))

int hb_packed_products(void) { return __builtin_cpu_supports("avx512f") != 0; }

// Eight rows of b, 16 steps of the inner index: the transpose goes to rows of the panel.
WIDE void hb_pack_panels(const float *b, long stride, int transposed, long inner, long columns, long first, long last,
                         float *packed) {
    for (long p = first; p < last; p++) {
        const long start = p * PANEL, width = columns - start < PANEL ? columns - start : PANEL;
        float *to = packed + start * inner;
        if (!transposed) {
            for (long i = 0; i < inner; i++) {
                const float *from = b + i * stride + start;
                for (long j = 0; j < width; j++) to[i * PANEL + j] = from[j];
                for (long j = width; j < PANEL; j++) to[i * PANEL + j] = 0.0f;
            }
            continue;
        }
        const __m512i rows = _mm512_mullo_epi32(
            _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), _mm512_set1_epi32((int)stride));
        for (long half = 0; half < 2; half++) {
            const long n = width - 16 * half;
            const __mmask16 mask = n >= 16 ? 0xffff : n <= 0 ? 0 : (__mmask16)((1u << n) - 1);
            const float *from = b + (start + 16 * half) * stride;
            for (long i = 0; i < inner; i++) {
                __m512 v = _mm512_mask_i32gather_ps(_mm512_setzero_ps(), mask, rows, from + i, 4);
                _mm512_storeu_ps(to + i * PANEL + 16 * half, v);
            }
        }
    }
}

// `rows` x `vectors` registers of C. Both are constants where this is inlined.
WIDE_INLINE void product_tile(const int rows, const int vectors, long inner, const float *a, long row_stride,
                              long inner_stride, const float *b, long b_stride, __mmask16 last, const float *bias,
                              int accumulate, float *c, long c_stride) {
    __m512 sum[TILE][2];
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) {
            const __mmask16 mask = v == vectors - 1 ? last : 0xffff;
            if (accumulate) sum[i][v] = _mm512_maskz_loadu_ps(mask, c + i * c_stride + 16 * v);
            else if (bias) sum[i][v] = _mm512_maskz_loadu_ps(mask, bias + 16 * v);
            else sum[i][v] = _mm512_setzero_ps();
        }
    }
    // Three pointers for twelve rows: the strides 1, 2 and 3 are addressing modes and one register.
    const float *a0 = a, *a4 = a + 4 * row_stride, *a8 = a + 8 * row_stride;
    for (long p = 0; p < inner; p++) {
        __m512 column[2];
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++)
            column[v] = v == vectors - 1 ? _mm512_maskz_loadu_ps(last, b + 16 * v) : _mm512_loadu_ps(b + 16 * v);
#pragma clang loop unroll(full)
        for (int i = 0; i < rows; i++) {
            const float *base = i < 4 ? a0 : i < 8 ? a4 : a8;
            const __m512 element = _mm512_set1_ps(base[(i & 3) * row_stride]);
#pragma clang loop unroll(full)
            for (int v = 0; v < vectors; v++) sum[i][v] = _mm512_fmadd_ps(element, column[v], sum[i][v]);
        }
        a0 += inner_stride;
        a4 += inner_stride;
        a8 += inner_stride;
        b += b_stride;
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) {
            if (v == vectors - 1) _mm512_mask_storeu_ps(c + i * c_stride + 16 * v, last, sum[i][v]);
            else _mm512_storeu_ps(c + i * c_stride + 16 * v, sum[i][v]);
        }
    }
}

#define PARAMETERS                                                                                               \
    int rows, int vectors, long inner, const float *a, long a_stride, const float *b, long b_stride,             \
        __mmask16 last, const float *bias, int accumulate, float *c, long c_stride
#define HEIGHT(R, ROW, INNER)                                                                                    \
    case R:                                                                                                      \
        if (vectors == 2)                                                                                        \
            product_tile(R, 2, inner, a, ROW, INNER, b, b_stride, last, bias, accumulate, c, c_stride);          \
        else                                                                                                     \
            product_tile(R, 1, inner, a, ROW, INNER, b, b_stride, last, bias, accumulate, c, c_stride);          \
        break;
#define HEIGHTS(ROW, INNER)                                                                                      \
    HEIGHT(1, ROW, INNER) HEIGHT(2, ROW, INNER) HEIGHT(3, ROW, INNER) HEIGHT(4, ROW, INNER)                      \
    HEIGHT(5, ROW, INNER) HEIGHT(6, ROW, INNER) HEIGHT(7, ROW, INNER) HEIGHT(8, ROW, INNER)                      \
    HEIGHT(9, ROW, INNER) HEIGHT(10, ROW, INNER) HEIGHT(11, ROW, INNER) HEIGHT(12, ROW, INNER)

WIDE static void tile_of_rows(PARAMETERS) {
    switch (rows) { HEIGHTS(a_stride, 1) }
}

WIDE static void tile_of_columns(PARAMETERS) {
    switch (rows) { HEIGHTS(1, a_stride) }
}

WIDE void hb_packed_product(long rows, long columns, long inner, const float *a, long a_stride, int transposed,
                            const float *b, long b_stride, const float *bias, int accumulate, float *c,
                            long c_stride) {
    for (long j = 0; j < columns; j += PANEL) {
        const long width = columns - j < PANEL ? columns - j : PANEL;
        const int vectors = width > 16 ? 2 : 1;
        const __mmask16 last = (__mmask16)((1u << (width - 16 * (vectors - 1))) - 1);
        const float *panel = b_stride ? b + j : b + j * inner, *offset = bias ? bias + j : 0;
        const long panel_stride = b_stride ? b_stride : PANEL;
        for (long i = 0; i < rows; i += TILE) {
            const int height = rows - i < TILE ? (int)(rows - i) : TILE;
            float *to = c + i * c_stride + j;
            if (transposed)
                tile_of_columns(height, vectors, inner, a + i, a_stride, panel, panel_stride, last, offset, accumulate,
                                to, c_stride);
            else
                tile_of_rows(height, vectors, inner, a + i * a_stride, a_stride, panel, panel_stride, last, offset,
                             accumulate, to, c_stride);
        }
    }
}

#else

int hb_packed_products(void) { return 0; }

void hb_pack_panels(const float *b, long stride, int transposed, long inner, long columns, long first, long last,
                    float *packed) {
    (void)b, (void)stride, (void)transposed, (void)inner, (void)columns, (void)first, (void)last, (void)packed;
}

void hb_packed_product(long rows, long columns, long inner, const float *a, long a_stride, int transposed,
                       const float *b, long b_stride, const float *bias, int accumulate, float *c, long c_stride) {
    (void)rows, (void)columns, (void)inner, (void)a, (void)a_stride, (void)transposed, (void)b, (void)b_stride;
    (void)bias, (void)accumulate, (void)c, (void)c_stride;
}

#endif
