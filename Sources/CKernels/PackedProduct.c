#include "PackedProduct.h"
#include "Vector.h"

#define PANEL 32
#define TILE 12

long hb_panel_columns(void) { return PANEL; }

#if defined(__x86_64__)
#include <immintrin.h>

// Outside of the clones: the tile lives on the 32 wide registers, so there is one version, and others use a library.
#define WIDE __attribute__((target("avx512f")))

int hb_packed_products(void) { return __builtin_cpu_supports("avx512f") != 0; }

// The transpose of 16 x 16 floats, rows `stride` apart, into rows PANEL apart: pairs, then fours, then eights and sixteens of
// rows change places.
WIDE static void transpose_block(const float *from, long stride, float *to) {
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

WIDE void hb_pack_panels(const float *b, long stride, int transposed, long inner, long columns, long first, long last,
                         float *packed) {
    for (long p = first; p < last; p++) {
        const long start = p * PANEL, width = columns - start < PANEL ? columns - start : PANEL;
        float *to = packed + start * inner;
        if (!transposed) {
            const __mmask16 low = width >= 16 ? 0xffff : (__mmask16)((1u << width) - 1);
            const __mmask16 high = width <= 16 ? 0 : (__mmask16)((1u << (width - 16)) - 1);
            for (long i = 0; i < inner; i++) {
                const float *from = b + i * stride + start;
                // Rows of a wide matrix lie pages apart, where no prefetcher of the processor follows.
                __builtin_prefetch(from + 8 * stride);
                __builtin_prefetch(from + 8 * stride + 16);
                _mm512_storeu_ps(to + i * PANEL, _mm512_maskz_loadu_ps(low, from));
                _mm512_storeu_ps(to + i * PANEL + 16, _mm512_maskz_loadu_ps(high, from + 16));
            }
            continue;
        }
        for (long half = 0; half < PANEL; half += 16) {
            const float *from = b + (start + half) * stride;
            const long n = width - half;
            long i = 0;
            if (n >= 16)
                for (; i + 16 <= inner; i += 16) transpose_block(from + i, stride, to + i * PANEL + half);
            for (; i < inner; i++)
                for (long j = 0; j < 16; j++) to[i * PANEL + half + j] = j < n ? from[j * stride + i] : 0.0f;
        }
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

#define SINGLE_STEP(sum, a, b) _mm512_fmadd_ps(a, b, sum)
#define PAIR_STEP(sum, a, b) _mm512_dpbf16_ps(sum, (__m512bh)(a), (__m512bh)(b))

DEFINE_TILES(single, "avx512f", SINGLE_STEP)
DEFINE_TILES(pair, "avx512f,avx512bf16", PAIR_STEP)

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

static void one_tile(const product *p, long i, long j) {
    const long width = p->columns - j < PANEL ? p->columns - j : PANEL;
    const int vectors = width > 16 ? 2 : 1;
    const __mmask16 last = (__mmask16)((1u << (width - 16 * (vectors - 1))) - 1);
    p->each(p->rows - i < TILE ? (int)(p->rows - i) : TILE, vectors, p->inner, p->a + i * p->a_step, p->a_stride,
            p->b_stride ? p->b + j : p->b + j * p->inner, p->b_stride ? p->b_stride : PANEL, last,
            p->bias ? p->bias + j : 0, p->accumulate, p->c + i * p->c_stride + j, p->c_stride);
}

// Panels outside, so that one stays in the first-level cache.
static void multiply_by_panels(const product p) {
    for (long j = 0; j < p.columns; j += PANEL)
        for (long i = 0; i < p.rows; i += TILE) one_tile(&p, i, j);
}

// Rows outside: where C is large and the reduction short, C is what must be walked along.
static void multiply_by_rows(const product p) {
    for (long i = 0; i < p.rows; i += TILE)
        for (long j = 0; j < p.columns; j += PANEL) one_tile(&p, i, j);
}

// What the operands of a block take on the stack at most, in elements.
#define ROOM (1 << 16)

// Rows that lie a multiple of 4096 bytes apart share the few lines of one set of the first-level cache.
static int collides(long stride) { return stride % 1024 == 0; }

void hb_packed_product(long rows, long columns, long inner, const float *a, long a_stride, const float *packed,
                       const float *bias, int accumulate, float *c, long c_stride) {
    const long stride = inner + 16;
    if (!collides(a_stride) || rows < TILE || columns < 2 * PANEL || inner < 512 || TILE * stride > ROOM) {
        multiply_by_panels((product){single_rows, rows, columns, inner, a, a_stride, a_stride, packed, 0, bias,
                                     accumulate, c, c_stride});
        return;
    }
    long block = ROOM / stride / TILE * TILE;
    if (block > rows) block = rows;
    float apart[block * stride];
    for (long i = 0; i < rows; i += block) {
        const long count = rows - i < block ? rows - i : block;
        for (long r = 0; r < count; r++) memcpy(apart + r * stride, a + (i + r) * a_stride, (size_t)inner * sizeof *a);
        multiply_by_panels((product){single_rows, count, columns, inner, apart, stride, stride, packed, 0, bias,
                                     accumulate, c + i * c_stride, c_stride});
    }
}

// Row p of a block, brought into panels of `width` columns of `rows` rows each; the last one is filled with zeros.
WIDE static void spread(const float *from, long count, long width, long rows, long p, float *panels) {
    for (long j = 0; j < count; j += width) {
        float *to = panels + j * rows + p * width;
        for (long v = 0; v < width; v += 16) {
            const long left = count - j - v, room = width - v;
            const __mmask16 some = left >= 16 ? 0xffff : left <= 0 ? 0 : (__mmask16)((1u << left) - 1);
            const __mmask16 all = room >= 16 ? 0xffff : (__mmask16)((1u << room) - 1);
            _mm512_mask_storeu_ps(to + v, all, _mm512_maskz_loadu_ps(some, from + j + v));
        }
    }
}

static long whole(long count, long width) { return (count + width - 1) / width * width; }

void hb_add_transposed_product(long m, long n, long rows, const float *a, long a_stride, const float *b, long b_stride,
                               float *c, long c_stride) {
    // Wide operands are copied into panels: their rows lie a power of two apart, so that reading them as they stand would
    // use few lines of the first-level cache.
    if (m < 96 || n < 96) {
        multiply_by_panels(
            (product){single_columns, m, n, rows, a, a_stride, 1, b, b_stride, 0, 1, c, c_stride});
        return;
    }
    const long wide_m = whole(m, TILE), wide_n = whole(n, PANEL);
    long block = 2 * ROOM / (wide_m + wide_n);
    if (block < 32) block = 32;
    if (block > rows) block = rows;
    float left[block * wide_m], right[block * wide_n];
    for (long i = 0; i < rows; i += block) {
        const long count = rows - i < block ? rows - i : block;
        for (long p = 0; p < count; p++) {
            spread(a + (i + p) * a_stride, m, TILE, count, p, left);
            spread(b + (i + p) * b_stride, n, PANEL, count, p, right);
        }
        multiply_by_rows((product){single_columns, m, n, count, left, TILE, count, right, 0, 0, 1, c, c_stride});
    }
}

// bfloat16

#define PAIRS __attribute__((target("avx512f,avx512bw,avx512vl,avx512bf16")))

int hb_pair_products(void) { return hb_packed_products() && __builtin_cpu_supports("avx512bf16") != 0; }

// Row p of pairs, of element j of the first row in the lower half and of the second, if there is one, in the upper;
// spread as above.
PAIRS static void interleave(const float *first, const float *second, long count, long width, long rows, long p,
                             uint32_t *panels) {
    for (long j = 0; j < count; j += width) {
        uint32_t *to = panels + j * rows + p * width;
        for (long v = 0; v < width; v += 16) {
            const long left = count - j - v, room = width - v;
            const __mmask16 some = left >= 16 ? 0xffff : left <= 0 ? 0 : (__mmask16)((1u << left) - 1);
            const __mmask16 all = room >= 16 ? 0xffff : (__mmask16)((1u << room) - 1);
            const __m256i low = (__m256i)_mm512_cvtneps_pbh(_mm512_maskz_loadu_ps(some, first + j + v));
            __m512i both = _mm512_cvtepu16_epi32(low);
            if (second) {
                const __m256i high = (__m256i)_mm512_cvtneps_pbh(_mm512_maskz_loadu_ps(some, second + j + v));
                both = _mm512_or_si512(both, _mm512_slli_epi32(_mm512_cvtepu16_epi32(high), 16));
            }
            _mm512_mask_storeu_epi32(to + v, all, both);
        }
    }
}

// A row to pairs of its neighbours.
PAIRS static void round_row(const float *row, long count, uint32_t *pairs) {
    uint16_t *to = (uint16_t *)pairs;
    for (long j = 0; j < count; j += 16) {
        const __mmask16 mask = count - j < 16 ? (__mmask16)((1u << (count - j)) - 1) : 0xffff;
        _mm256_mask_storeu_epi16(
            to + j, mask, (__m256i)_mm512_cvtneps_pbh(_mm512_maskz_loadu_ps(mask, row + j)));
    }
    if (count & 1) to[count] = 0;
}

PAIRS void hb_pack_pair_panels(const float *b, long stride, int transposed, long inner, long columns, long first,
                               long last, float *packed) {
    const long pairs = (inner + 1) / 2;
    for (long p = first; p < last; p++) {
        const long start = p * PANEL, width = columns - start < PANEL ? columns - start : PANEL;
        uint32_t *to = (uint32_t *)packed + start * pairs;
        if (!transposed) {
            for (long i = 0; i < pairs; i++)
                interleave(b + 2 * i * stride + start, 2 * i + 1 < inner ? b + (2 * i + 1) * stride + start : 0, width,
                           PANEL, pairs, i, to);
            continue;
        }
        // Sixteen rows together: the pairs of a row then lie PANEL apart, and single stores would each touch a line.
        enum { part = 512, room = part / 2 + 16 };
        uint32_t rounded[16 * room];
        for (long half = 0; half < PANEL; half += 16) {
            const long n = width - half < 16 ? width - half : 16;
            if (n < 16) memset(rounded, 0, sizeof rounded);
            for (long first_inner = 0; first_inner < inner; first_inner += part) {
                const long count = inner - first_inner < part ? inner - first_inner : part;
                for (long j = 0; j < n; j++)
                    round_row(b + (start + half + j) * stride + first_inner, count, rounded + j * room);
                uint32_t *target = to + first_inner / 2 * PANEL + half;
                long i = 0;
                for (; i + 16 <= (count + 1) / 2; i += 16)
                    transpose_block((const float *)rounded + i, room, (float *)target + i * PANEL);
                for (; i < (count + 1) / 2; i++)
                    for (long j = 0; j < 16; j++) target[i * PANEL + j] = rounded[j * room + i];
            }
        }
    }
}

PAIRS void hb_pair_product(long rows, long columns, long inner, const float *a, long a_stride, const float *packed,
                           const float *bias, int accumulate, float *c, long c_stride) {
    const long pairs = (inner + 1) / 2;
    const long stride = collides(pairs) ? pairs + 16 : pairs;
    long block = ROOM / 2 / stride / TILE * TILE;
    if (block < TILE) block = TILE;
    if (block > rows) block = rows;
    uint32_t rounded[block * stride];
    for (long i = 0; i < rows; i += block) {
        const long count = rows - i < block ? rows - i : block;
        for (long r = 0; r < count; r++) round_row(a + (i + r) * a_stride, inner, rounded + r * stride);
        multiply_by_panels((product){pair_rows, count, columns, pairs, (const float *)rounded, stride, stride, packed, 0,
                                     bias, accumulate, c + i * c_stride, c_stride});
    }
}

PAIRS void hb_add_transposed_pair_product(long m, long n, long rows, const float *a, long a_stride, const float *b,
                                          long b_stride, float *c, long c_stride) {
    const long wide_m = whole(m, TILE), wide_n = whole(n, PANEL);
    long block = 2 * ROOM / (wide_m + wide_n);
    if (block < 32) block = 32;
    if (block > (rows + 1) / 2) block = (rows + 1) / 2;
    uint32_t left[block * wide_m], right[block * wide_n];
    for (long i = 0; i < rows; i += 2 * block) {
        const long pairs = rows - i < 2 * block ? (rows - i + 1) / 2 : block;
        for (long p = 0; p < pairs; p++) {
            const long r = i + 2 * p;
            const int both = r + 1 < rows;
            interleave(a + r * a_stride, both ? a + (r + 1) * a_stride : 0, m, TILE, pairs, p, left);
            interleave(b + r * b_stride, both ? b + (r + 1) * b_stride : 0, n, PANEL, pairs, p, right);
        }
        multiply_by_rows((product){pair_columns, m, n, pairs, (const float *)left, TILE, pairs, (const float *)right, 0,
                                   0, 1, c, c_stride});
    }
}

#else

int hb_packed_products(void) { return 0; }

void hb_pack_panels(const float *b, long stride, int transposed, long inner, long columns, long first, long last,
                    float *packed) {
    (void)b, (void)stride, (void)transposed, (void)inner, (void)columns, (void)first, (void)last, (void)packed;
}

void hb_packed_product(long rows, long columns, long inner, const float *a, long a_stride, const float *packed,
                       const float *bias, int accumulate, float *c, long c_stride) {
    (void)rows, (void)columns, (void)inner, (void)a, (void)a_stride, (void)packed, (void)bias, (void)accumulate;
    (void)c, (void)c_stride;
}

void hb_add_transposed_product(long m, long n, long rows, const float *a, long a_stride, const float *b, long b_stride,
                               float *c, long c_stride) {
    (void)m, (void)n, (void)rows, (void)a, (void)a_stride, (void)b, (void)b_stride, (void)c, (void)c_stride;
}

int hb_pair_products(void) { return 0; }

void hb_pack_pair_panels(const float *b, long stride, int transposed, long inner, long columns, long first, long last,
                         float *packed) {
    (void)b, (void)stride, (void)transposed, (void)inner, (void)columns, (void)first, (void)last, (void)packed;
}

void hb_pair_product(long rows, long columns, long inner, const float *a, long a_stride, const float *packed,
                     const float *bias, int accumulate, float *c, long c_stride) {
    (void)rows, (void)columns, (void)inner, (void)a, (void)a_stride, (void)packed, (void)bias, (void)accumulate;
    (void)c, (void)c_stride;
}

void hb_add_transposed_pair_product(long m, long n, long rows, const float *a, long a_stride, const float *b,
                                    long b_stride, float *c, long c_stride) {
    (void)m, (void)n, (void)rows, (void)a, (void)a_stride, (void)b, (void)b_stride, (void)c, (void)c_stride;
}

#endif
