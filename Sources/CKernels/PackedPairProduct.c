#include "PackedProduct.h"
#include "PackedTiles.h"

// The packed product in bfloat16: the operands are rounded to pairs of neighbouring inner indices, sums are floats.

#if defined(__x86_64__) && !defined(HORNBEAM_AVX2)

#define PAIRS __attribute__((target("avx512f,avx512bw,avx512vl,avx512bf16")))

#define PAIR_STEP(sum, a, b) _mm512_dpbf16_ps(sum, (__m512bh)(a), (__m512bh)(b))

DEFINE_TILES(pair, "avx512f,avx512bf16", PAIR_STEP)

int hb_pair_products(void) { return hb_wide_products() && __builtin_cpu_supports("avx512bf16") != 0; }

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
