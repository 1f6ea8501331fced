#include "PackedNarrowProduct.h"
#include "Vector.h"

// Products of packed operands for processors whose vectors are narrower than AVX-512's: AVX2 and, on arm64, NEON. A tile of
// C of 6 rows x 16 columns lives on 12 registers of 8 floats, or on 24 of 4.

#define PANEL 32
#define HALF 16
#define TILE 6
// What the operands of a block take on the stack at most, in elements.
#define ROOM (1 << 15)

#if defined(__x86_64__)
#define NARROW __attribute__((target("avx2,fma")))
#define LANES 8
typedef float lanes __attribute__((vector_size(32), aligned(4), may_alias));

int hb_narrow_products(void) { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }

#elif defined(__aarch64__)
#define NARROW
#define LANES 4
typedef float lanes __attribute__((vector_size(16), aligned(4), may_alias));

int hb_narrow_products(void) { return 1; }

#else
#define NARROW
#define LANES 4
typedef float lanes __attribute__((vector_size(16), aligned(4), may_alias));

int hb_narrow_products(void) { return 0; }

#endif

#define VECTORS (HALF / LANES)
#define UNROLLED _Pragma("clang loop unroll(full)")
#define AT(p) (*(lanes *)(p))
#define READ(p) (*(const lanes *)(p))

// `rows` and one of the strides are constants where this is inlined. Every element is one sum in order of p, each step a
// multiply-add with one rounding, as in the tiles of AVX-512: both give the same bits.
static inline __attribute__((always_inline)) NARROW void tile(
    const int rows, long inner, const float *a, long row_stride, long inner_stride, const float *b, long b_stride,
    const float *bias, int accumulate, float *c, long c_stride) {
    lanes sum[TILE][VECTORS];
    UNROLLED for (int i = 0; i < rows; i++) UNROLLED for (int v = 0; v < VECTORS; v++) {
        if (accumulate) sum[i][v] = READ(c + i * c_stride + LANES * v);
        else if (bias) sum[i][v] = READ(bias + LANES * v);
        else sum[i][v] = (lanes){};
    }
    // Two pointers serve six rows: the strides 1 and 2 are addressing modes.
    const float *a0 = a, *a3 = a + 3 * row_stride;
    for (long p = 0; p < inner; p++) {
        lanes column[VECTORS];
        UNROLLED for (int v = 0; v < VECTORS; v++) column[v] = READ(b + LANES * v);
        UNROLLED for (int i = 0; i < rows; i++) {
            const float element = i < 3 ? a0[i * row_stride] : a3[(i - 3) * row_stride];
            UNROLLED for (int v = 0; v < VECTORS; v++) sum[i][v] = column[v] * element + sum[i][v];
        }
        a0 += inner_stride;
        a3 += inner_stride;
        b += b_stride;
    }
    UNROLLED for (int i = 0; i < rows; i++) UNROLLED for (int v = 0; v < VECTORS; v++)
        AT(c + i * c_stride + LANES * v) = sum[i][v];
}

#define PARAMETERS                                                                                                 \
    int rows, long inner, const float *a, long a_stride, const float *b, long b_stride, const float *bias,         \
        int accumulate, float *c, long c_stride
#define HEIGHT(R, ROW, INNER)                                                                                      \
    case R: tile(R, inner, a, ROW, INNER, b, b_stride, bias, accumulate, c, c_stride); break;
#define HEIGHTS(ROW, INNER)                                                                                        \
    HEIGHT(1, ROW, INNER) HEIGHT(2, ROW, INNER) HEIGHT(3, ROW, INNER) HEIGHT(4, ROW, INNER) HEIGHT(5, ROW, INNER)  \
    HEIGHT(6, ROW, INNER)

// For a left operand in rows, and for one in columns.
NARROW static void row_tile(PARAMETERS) {
    switch (rows) { HEIGHTS(a_stride, 1) }
}
NARROW static void column_tile(PARAMETERS) {
    switch (rows) { HEIGHTS(1, a_stride) }
}

typedef struct {
    void (*each)(PARAMETERS);
    long rows, columns, inner;
    // Row i of the left operand starts at a + i * a_step.
    const float *a;
    long a_stride, a_step;
    // In halves of panels, or, when `b_stride` is not 0, as it stands, the columns a multiple of HALF.
    const float *b;
    long b_stride;
    const float *bias;
    int accumulate;
    float *c;
    long c_stride;
} product;

NARROW static inline void one_tile(const product *p, long i, long j) {
    const int rows = p->rows - i < TILE ? (int)(p->rows - i) : TILE;
    const long width = p->columns - j < HALF ? p->columns - j : HALF;
    const float *a = p->a + i * p->a_step, *b = p->b_stride ? p->b + j : p->b + j * p->inner;
    const long b_stride = p->b_stride ? p->b_stride : HALF;
    float *c = p->c + i * p->c_stride + j;
    if (width == HALF) {
        p->each(rows, p->inner, a, p->a_stride, b, b_stride, p->bias ? p->bias + j : 0, p->accumulate, c, p->c_stride);
        return;
    }
    // The last columns by way of a whole tile: neither C nor the bias goes on beyond them.
    float whole[TILE * HALF] = {0}, bias[HALF] = {0};
    if (p->accumulate)
        for (int r = 0; r < rows; r++) memcpy(whole + r * HALF, c + r * p->c_stride, (size_t)width * sizeof *c);
    else if (p->bias) memcpy(bias, p->bias + j, (size_t)width * sizeof *c);
    p->each(rows, p->inner, a, p->a_stride, b, b_stride, bias, p->accumulate, whole, HALF);
    for (int r = 0; r < rows; r++) memcpy(c + r * p->c_stride, whole + r * HALF, (size_t)width * sizeof *c);
}

// Halves of panels outside, so that one stays in the first-level cache.
NARROW static void multiply_by_panels(const product p) {
    for (long j = 0; j < p.columns; j += HALF)
        for (long i = 0; i < p.rows; i += TILE) one_tile(&p, i, j);
}

// Rows outside: where C is large and the reduction short, C is what must be walked along.
NARROW static void multiply_by_rows(const product p) {
    for (long i = 0; i < p.rows; i += TILE)
        for (long j = 0; j < p.columns; j += HALF) one_tile(&p, i, j);
}

// Columns of 16 rows, `stride` apart, become 8 rows of 16.
NARROW static inline void turn(const float *from, long stride, float *to) {
    for (int half = 0; half < 2; half++) {
        typedef float v8 __attribute__((vector_size(32), aligned(4), may_alias));
        v8 a[8], b[8];
        UNROLLED for (int i = 0; i < 8; i++) a[i] = *(const v8 *)(from + (8 * half + i) * stride);
        UNROLLED for (int i = 0; i < 8; i += 2) {
            b[i] = __builtin_shufflevector(a[i], a[i + 1], 0, 8, 2, 10, 4, 12, 6, 14);
            b[i + 1] = __builtin_shufflevector(a[i], a[i + 1], 1, 9, 3, 11, 5, 13, 7, 15);
        }
        UNROLLED for (int i = 0; i < 8; i += 4) UNROLLED for (int k = 0; k < 2; k++) {
            a[i + k] = __builtin_shufflevector(b[i + k], b[i + k + 2], 0, 1, 8, 9, 4, 5, 12, 13);
            a[i + k + 2] = __builtin_shufflevector(b[i + k], b[i + k + 2], 2, 3, 10, 11, 6, 7, 14, 15);
        }
        UNROLLED for (int k = 0; k < 4; k++) {
            *(v8 *)(to + k * HALF + 8 * half) = __builtin_shufflevector(a[k], a[k + 4], 0, 1, 2, 3, 8, 9, 10, 11);
            *(v8 *)(to + (k + 4) * HALF + 8 * half) =
                __builtin_shufflevector(a[k], a[k + 4], 4, 5, 6, 7, 12, 13, 14, 15);
        }
    }
}

NARROW void hb_narrow_pack_panels(const float *b, long stride, int transposed, long inner, long columns, long first,
                                  long last, float *packed) {
    for (long start = first * PANEL; start < last * PANEL; start += HALF) {
        const long left = columns - start, width = left > HALF ? HALF : left < 0 ? 0 : left;
        float *to = packed + start * inner;
        if (!transposed) {
            const float *from = b + start;
            for (long i = 0; i < inner; i++, from += stride, to += HALF)
                if (width == HALF) memcpy(to, from, HALF * sizeof *to);
                else
                    for (long j = 0; j < HALF; j++) to[j] = j < width ? from[j] : 0.0f;
            continue;
        }
        const float *from = b + start * stride;
        long i = 0;
        if (width == HALF)
            for (; i + 8 <= inner; i += 8) turn(from + i, stride, to + i * HALF);
        for (; i < inner; i++)
            for (long j = 0; j < HALF; j++) to[i * HALF + j] = j < width ? from[j * stride + i] : 0.0f;
    }
}

NARROW void hb_narrow_packed_product(long rows, long columns, long inner, const float *a, long a_stride,
                                     const float *packed, const float *bias, int accumulate, float *c, long c_stride) {
    multiply_by_panels((product){row_tile, rows, columns, inner, a, a_stride, a_stride, packed, 0, bias, accumulate, c,
                                 c_stride});
}

// Row p of a block, brought into panels of `width` columns of `rows` rows each; the last one is filled with zeros.
NARROW static void spread(const float *from, long count, const long width, long rows, long p, float *panels) {
    for (long j = 0; j < count; j += width) {
        float *to = panels + j * rows + p * width;
        if (count - j >= width) memcpy(to, from + j, (size_t)width * sizeof *to);
        else
            for (long v = 0; v < width; v++) to[v] = j + v < count ? from[j + v] : 0.0f;
    }
}

NARROW void hb_narrow_add_transposed_product(long m, long n, long rows, const float *a, long a_stride, const float *b,
                                             long b_stride, float *c, long c_stride) {
    if ((m < 96 || n < 96) && n % HALF == 0) {
        multiply_by_panels((product){column_tile, m, n, rows, a, a_stride, 1, b, b_stride, 0, 1, c, c_stride});
        return;
    }
    // Wide operands are copied: their rows lie a power of two apart, so that reading them as they stand would use few
    // lines of the first-level cache.
    const long wide_m = (m + TILE - 1) / TILE * TILE, wide_n = (n + HALF - 1) / HALF * HALF;
    long block = 2 * ROOM / (wide_m + wide_n);
    if (block < 32) block = 32;
    if (block > rows) block = rows;
    float left[block * wide_m], right[block * wide_n];
    for (long i = 0; i < rows; i += block) {
        const long count = rows - i < block ? rows - i : block;
        for (long p = 0; p < count; p++) {
            spread(a + (i + p) * a_stride, m, TILE, count, p, left);
            spread(b + (i + p) * b_stride, n, HALF, count, p, right);
        }
        multiply_by_rows((product){column_tile, m, n, count, left, TILE, count, right, 0, 0, 1, c, c_stride});
    }
}
