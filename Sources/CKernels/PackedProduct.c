#include "PackedProduct.h"
#include "PackedNarrowProduct.h"
#include "PackedTiles.h"

// Of AVX-512 where the processor has it, else those of PackedNarrowProduct.c.

int hb_packed_products(void) { return hb_wide_products() || hb_narrow_products(); }

#if defined(__x86_64__) && !defined(HORNBEAM_AVX2)

int hb_wide_products(void) { return __builtin_cpu_supports("avx512f") != 0; }

WIDE static void pack_panels(const float *b, long stride, int transposed, long inner, long columns, long first,
                             long last, float *packed) {
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

#define SINGLE_STEP(sum, a, b) _mm512_fmadd_ps(a, b, sum)

DEFINE_TILES(single, "avx512f", SINGLE_STEP)

static void packed_product(long rows, long columns, long inner, const float *a, long a_stride, const float *packed,
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

static void add_transposed_product(long m, long n, long rows, const float *a, long a_stride, const float *b,
                                   long b_stride, float *c, long c_stride) {
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

#else

int hb_wide_products(void) { return 0; }

#define pack_panels hb_narrow_pack_panels
#define packed_product hb_narrow_packed_product
#define add_transposed_product hb_narrow_add_transposed_product

#endif

void hb_pack_panels(const float *b, long stride, int transposed, long inner, long columns, long first, long last,
                    float *packed) {
    (hb_wide_products() ? pack_panels : hb_narrow_pack_panels)(b, stride, transposed, inner, columns, first, last, packed);
}

void hb_packed_product(long rows, long columns, long inner, const float *a, long a_stride, const float *packed,
                       const float *bias, int accumulate, float *c, long c_stride) {
    (hb_wide_products() ? packed_product : hb_narrow_packed_product)(
        rows, columns, inner, a, a_stride, packed, bias, accumulate, c, c_stride);
}

void hb_add_transposed_product(long m, long n, long rows, const float *a, long a_stride, const float *b, long b_stride,
                               float *c, long c_stride) {
    (hb_wide_products() ? add_transposed_product : hb_narrow_add_transposed_product)(
        m, n, rows, a, a_stride, b, b_stride, c, c_stride);
}
