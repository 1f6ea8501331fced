// Products of packed operands by tiles of registers, shared by the files of single precision and of bfloat16: what a tile
// is, the walk over tiles, and how blocks are brought into panels.

#pragma once
#include "Vector.h"

#define PANEL 32
#define TILE 12

#if defined(__x86_64__) && !defined(HORNBEAM_AVX2)
#include <immintrin.h>

// Outside of the clones: the tile lives on the 32 wide registers. Narrower ones are in PackedNarrowProduct.c.
#define WIDE __attribute__((target("avx512f")))

// The transpose of 16 x 16 floats, rows `stride` apart, into rows PANEL apart: pairs, then fours, then eights and sixteens of
// rows change places.
WIDE static inline void transpose_block(const float *from, long stride, float *to) {
    __m512 a[16], b[16];
    for (int i = 0; i < 16; i++) a[i] = _mm512_loadu_ps(from + i * stride);
    for (int i = 0; i < 16; i += 2) {
        b[i] = _mm512_unpacklo_ps(a[i], a[i + 1]);
        b[i + 1] = _mm512_unpackhi_ps(a[i], a[i + 1]);
    }
    for (int i = 0; i < 16; i += 4)
        for (int k = 0; k < 2; k++) {
            const __m512d low = _mm512_castps_pd(b[i + k]), high = _mm512_castps_pd(b[i + k + 2]);
            a[i + 2 * k] = _mm512_castpd_ps(_mm512_unpacklo_pd(low, high));
            a[i + 2 * k + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(low, high));
        }
    // a[4 q + r] holds column r of each fourth of the rows 4 q ... 4 q + 3.
    for (int r = 0; r < 4; r++) {
        const __m512 low = _mm512_shuffle_f32x4(a[r], a[4 + r], 0x88), high = _mm512_shuffle_f32x4(a[8 + r], a[12 + r], 0x88);
        const __m512 odd_low = _mm512_shuffle_f32x4(a[r], a[4 + r], 0xdd);
        const __m512 odd_high = _mm512_shuffle_f32x4(a[8 + r], a[12 + r], 0xdd);
        _mm512_storeu_ps(to + r * PANEL, _mm512_shuffle_f32x4(low, high, 0x88));
        _mm512_storeu_ps(to + (4 + r) * PANEL, _mm512_shuffle_f32x4(odd_low, odd_high, 0x88));
        _mm512_storeu_ps(to + (8 + r) * PANEL, _mm512_shuffle_f32x4(low, high, 0xdd));
        _mm512_storeu_ps(to + (12 + r) * PANEL, _mm512_shuffle_f32x4(odd_low, odd_high, 0xdd));
    }
}

// Defines NAME_tile, `rows` x `vectors` registers of C, and the tiles of every height for a left operand that lies in
// rows (ROWS_NAME) or in columns (COLUMNS_NAME). Elements of the operands are 32 bits wide: a float, or two bfloat16 of
// neighbouring inner indices. STEP(sum, element, column) adds a product of theirs. `rows`, `vectors` and one of the
// strides are constants where the tile is inlined; three pointers serve twelve rows, because the strides 1, 2 and 3 are
// addressing modes and one register.
#define DEFINE_TILES(NAME, TARGET, STEP)                                                                           \
    static inline __attribute__((always_inline, target(TARGET))) void NAME##_tile(                                 \
        const int rows, const int vectors, long inner, const float *a, long row_stride, long inner_stride,         \
        const float *b, long b_stride, __mmask16 last, const float *bias, int accumulate, float *c,                \
        long c_stride) {                                                                                           \
        __m512 sum[TILE][2];                                                                                       \
        UNROLLED for (int i = 0; i < rows; i++) {                                                                  \
            UNROLLED for (int v = 0; v < vectors; v++) {                                                           \
                const __mmask16 mask = v == vectors - 1 ? last : 0xffff;                                           \
                if (accumulate) sum[i][v] = _mm512_maskz_loadu_ps(mask, c + i * c_stride + 16 * v);                \
                else if (bias) sum[i][v] = _mm512_maskz_loadu_ps(mask, bias + 16 * v);                             \
                else sum[i][v] = _mm512_setzero_ps();                                                              \
            }                                                                                                      \
        }                                                                                                          \
        const float *a0 = a, *a4 = a + 4 * row_stride, *a8 = a + 8 * row_stride;                                   \
        for (long p = 0; p < inner; p++) {                                                                         \
            __m512 column[2];                                                                                      \
            UNROLLED for (int v = 0; v < vectors; v++) column[v] =                                                 \
                v == vectors - 1 ? _mm512_maskz_loadu_ps(last, b + 16 * v) : _mm512_loadu_ps(b + 16 * v);          \
            UNROLLED for (int i = 0; i < rows; i++) {                                                              \
                const float *base = i < 4 ? a0 : i < 8 ? a4 : a8;                                                  \
                const __m512 element = _mm512_set1_ps(base[(i & 3) * row_stride]);                                 \
                UNROLLED for (int v = 0; v < vectors; v++) sum[i][v] = STEP(sum[i][v], element, column[v]);        \
            }                                                                                                      \
            a0 += inner_stride;                                                                                    \
            a4 += inner_stride;                                                                                    \
            a8 += inner_stride;                                                                                    \
            b += b_stride;                                                                                         \
        }                                                                                                          \
        UNROLLED for (int i = 0; i < rows; i++) {                                                                  \
            UNROLLED for (int v = 0; v < vectors; v++) {                                                           \
                if (v == vectors - 1) _mm512_mask_storeu_ps(c + i * c_stride + 16 * v, last, sum[i][v]);           \
                else _mm512_storeu_ps(c + i * c_stride + 16 * v, sum[i][v]);                                       \
            }                                                                                                      \
        }                                                                                                          \
    }                                                                                                              \
    static __attribute__((target(TARGET))) void NAME##_rows(TILE_PARAMETERS) {                                     \
        switch (rows) { HEIGHTS(NAME, a_stride, 1) }                                                               \
    }                                                                                                              \
    static __attribute__((target(TARGET))) void NAME##_columns(TILE_PARAMETERS) {                                  \
        switch (rows) { HEIGHTS(NAME, 1, a_stride) }                                                               \
    }

#define UNROLLED _Pragma("clang loop unroll(full)")
#define TILE_PARAMETERS                                                                                            \
    int rows, int vectors, long inner, const float *a, long a_stride, const float *b, long b_stride,               \
        __mmask16 last, const float *bias, int accumulate, float *c, long c_stride
#define HEIGHT(NAME, R, ROW, INNER)                                                                                \
    case R:                                                                                                        \
        if (vectors == 2)                                                                                          \
            NAME##_tile(R, 2, inner, a, ROW, INNER, b, b_stride, last, bias, accumulate, c, c_stride);             \
        else                                                                                                       \
            NAME##_tile(R, 1, inner, a, ROW, INNER, b, b_stride, last, bias, accumulate, c, c_stride);             \
        break;
#define HEIGHTS(NAME, ROW, INNER)                                                                                  \
    HEIGHT(NAME, 1, ROW, INNER) HEIGHT(NAME, 2, ROW, INNER) HEIGHT(NAME, 3, ROW, INNER)                            \
    HEIGHT(NAME, 4, ROW, INNER) HEIGHT(NAME, 5, ROW, INNER) HEIGHT(NAME, 6, ROW, INNER)                            \
    HEIGHT(NAME, 7, ROW, INNER) HEIGHT(NAME, 8, ROW, INNER) HEIGHT(NAME, 9, ROW, INNER)                            \
    HEIGHT(NAME, 10, ROW, INNER) HEIGHT(NAME, 11, ROW, INNER) HEIGHT(NAME, 12, ROW, INNER)

typedef void (*tile)(TILE_PARAMETERS);

typedef struct {
    tile each;
    long rows, columns, inner;
    // Row i of the left operand starts at a + i * a_step.
    const float *a;
    long a_stride, a_step;
    // In panels, or, when `b_stride` is not 0, as it stands.
    const float *b;
    long b_stride;
    const float *bias;
    int accumulate;
    float *c;
    long c_stride;
} product;

static inline void one_tile(const product *p, long i, long j) {
    const long width = p->columns - j < PANEL ? p->columns - j : PANEL;
    const int vectors = width > 16 ? 2 : 1;
    const __mmask16 last = (__mmask16)((1u << (width - 16 * (vectors - 1))) - 1);
    p->each(p->rows - i < TILE ? (int)(p->rows - i) : TILE, vectors, p->inner, p->a + i * p->a_step, p->a_stride,
            p->b_stride ? p->b + j : p->b + j * p->inner, p->b_stride ? p->b_stride : PANEL, last,
            p->bias ? p->bias + j : 0, p->accumulate, p->c + i * p->c_stride + j, p->c_stride);
}

// Panels outside, so that one stays in the first-level cache.
static inline void multiply_by_panels(const product p) {
    for (long j = 0; j < p.columns; j += PANEL)
        for (long i = 0; i < p.rows; i += TILE) one_tile(&p, i, j);
}

// Rows outside: where C is large and the reduction short, C is what must be walked along.
static inline void multiply_by_rows(const product p) {
    for (long i = 0; i < p.rows; i += TILE)
        for (long j = 0; j < p.columns; j += PANEL) one_tile(&p, i, j);
}

// What the operands of a block take on the stack at most, in elements.
#define ROOM (1 << 16)

// Rows that lie a multiple of 4096 bytes apart share the few lines of one set of the first-level cache.
static inline int collides(long stride) { return stride % 1024 == 0; }

static inline long whole(long count, long width) { return (count + width - 1) / width * width; }

#endif
