// The gradients of kernels that single maps have of their own (`WinogradSamples.h`): block by block.
#include "WinogradSamples.h"
#include "Winograd.h"

#if defined(__x86_64__) && !defined(HORNBEAM_AVX2)
#include "WinogradVectors.h"

WIDE void hb_block_gradient(const float *m, float *d) {
    const long distance = hb_winograd_distance(HB_BLOCK);
    for (long i = 0; i < HB_BLOCK; i += 16) {
        vector half[3][6];
        UNROLLED for (int j = 0; j < 6; j++) {
            vector column[6], taps[3];
            UNROLLED for (int k = 0; k < 6; k++) column[k] = _mm512_loadu_ps(m + i + (6 * k + j) * distance);
            gather_weight(column, taps);
            UNROLLED for (int k = 0; k < 3; k++) half[k][j] = taps[k];
        }
        UNROLLED for (int k = 0; k < 3; k++) {
            vector taps[3];
            gather_weight(half[k], taps);
            UNROLLED for (int j = 0; j < 3; j++) _mm512_storeu_ps(d + (3 * k + j) * HB_BLOCK + i, taps[j]);
        }
    }
}

WIDE void hb_expert_block_of(const float *experts, long size, long count_of_experts, long inputs, long columns,
                             float *e) {
    for (long k = 0; k < count_of_experts; k++)
        for (long t = 0; t < 9; t++)
            for (long row = 0; row < HB_BLOCK_ROWS; row++)
                for (long c = 0; c < columns; c += 16)
                    _mm512_storeu_ps(e + (k * 9 + t) * HB_BLOCK + row * 32 + c,
                                     _mm512_loadu_ps(experts + k * size + (row * 9 + t) * inputs + c));
}

// Some experts from k on: sums += d e for each tap or over all.
WIDE_INLINE void dots(const float *d, const float *e, const int count, const int per_tap, const long halves, float *sums) {
    vector sum[4];
    for (long t = 0; t < 9; t++) {
        if (per_tap || t == 0) {
            UNROLLED for (int k = 0; k < count; k++)
                sum[k] = _mm512_loadu_ps(sums + (per_tap ? 9 * k + t : k) * 16);
        }
        for (long row = 0; row < HB_BLOCK; row += 32)
            for (long half = 0; half < halves; half++) {
                const long at = t * HB_BLOCK + row + 16 * half;
                const vector own = _mm512_loadu_ps(d + at);
                UNROLLED for (int k = 0; k < count; k++)
                    sum[k] = FMA(own, _mm512_loadu_ps(e + k * 9 * HB_BLOCK + at), sum[k]);
            }
        if (per_tap || t == 8) {
            UNROLLED for (int k = 0; k < count; k++)
                _mm512_storeu_ps(sums + (per_tap ? 9 * k + t : k) * 16, sum[k]);
        }
    }
}

// With factors: their gradients, and d times them.
WIDE_INLINE void weigh(const hb_expert_block *block, const hb_block_mixture *mixture, float *d, float *dcolumns,
                       float *drows) {
    const float *s = mixture->coefficients;
    for (long row = 0; row < HB_BLOCK_ROWS; row++) {
        const vector q = SPLAT(mixture->rows ? mixture->rows[row] : 1.0f);
        vector total = _mm512_setzero_ps();
        for (long half = 0; half < block->halves; half++) {
            const long at = row * 32 + 16 * half;
            const vector a = mixture->columns ? _mm512_loadu_ps(mixture->columns + 16 * half) : SPLAT(1.0f);
            const vector both = _mm512_mul_ps(q, a);
            vector sum = _mm512_setzero_ps();
            for (long t = 0; t < 9; t++) {
                vector mixed = _mm512_setzero_ps();
                for (long k = 0; k < block->experts; k++)
                    mixed = FMA(SPLAT(s[block->per_tap ? 9 * k + t : k]),
                                _mm512_loadu_ps(block->e + (k * 9 + t) * HB_BLOCK + at), mixed);
                const vector own = _mm512_loadu_ps(d + t * HB_BLOCK + at);
                sum = FMA(mixed, own, sum);
                _mm512_storeu_ps(d + t * HB_BLOCK + at, _mm512_mul_ps(both, own));
            }
            if (mixture->columns)
                _mm512_storeu_ps(dcolumns + 16 * half, FMA(q, sum, _mm512_loadu_ps(dcolumns + 16 * half)));
            total = FMA(a, sum, total);
        }
        if (mixture->rows) drows[row] += _mm512_reduce_add_ps(total);
    }
}

WIDE void hb_block_dots(const hb_expert_block *block, const hb_block_mixture *mixture, float *d, float *dcoefficients,
                        float *dcolumns, float *drows) {
    if (mixture->columns || mixture->rows) weigh(block, mixture, d, dcolumns, drows);
    long k = 0;
#define DOTS(count, per_tap) \
    dots(d, block->e + k * 9 * HB_BLOCK, count, per_tap, block->halves, dcoefficients + k * (per_tap ? 144 : 16))
    for (; k + 4 <= block->experts; k += 4) {
        if (block->per_tap) DOTS(4, 1);
        else DOTS(4, 0);
    }
    for (; k < block->experts; k++) {
        if (block->per_tap) DOTS(1, 1);
        else DOTS(1, 0);
    }
}

// Some experts: the sums over samples for sixteen columns of four rows at a time.
WIDE_INLINE void add_experts(const hb_expert_block *block, const int count, long k, long samples, const float *d,
                             long distance, const float *s, long stride, float *experts, long size, long inputs) {
    for (long t = 0; t < 9; t++) {
        const float *own = s + (block->per_tap ? 9 * k + t : k);
        for (long place = 0; place < HB_BLOCK_ROWS / 4 * block->halves; place++) {
            const long first = place / block->halves * 4, column = place % block->halves * 16;
            vector sum[4][4];
            UNROLLED for (int j = 0; j < count; j++)
                UNROLLED for (int row = 0; row < 4; row++) sum[j][row] = _mm512_setzero_ps();
            for (long n = 0; n < samples; n++) {
                vector rows[4];
                UNROLLED for (int row = 0; row < 4; row++)
                    rows[row] = _mm512_loadu_ps(d + n * distance + t * HB_BLOCK + (first + row) * 32 + column);
                UNROLLED for (int j = 0; j < count; j++) {
                    const vector c = SPLAT(own[n * stride + (block->per_tap ? 9 * j : j)]);
                    UNROLLED for (int row = 0; row < 4; row++) sum[j][row] = FMA(c, rows[row], sum[j][row]);
                }
            }
            UNROLLED for (int j = 0; j < count; j++)
                UNROLLED for (int row = 0; row < 4; row++) {
                    float *to = experts + (k + j) * size + ((first + row) * 9 + t) * inputs + column;
                    _mm512_storeu_ps(to, _mm512_add_ps(_mm512_loadu_ps(to), sum[j][row]));
                }
        }
    }
}

WIDE void hb_block_experts(const hb_expert_block *block, long samples, const float *d, long distance,
                           const float *coefficients, long stride, float *experts, long size, long inputs) {
    long k = 0;
    for (; k + 4 <= block->experts; k += 4)
        add_experts(block, 4, k, samples, d, distance, coefficients, stride, experts, size, inputs);
    for (; k < block->experts; k++)
        add_experts(block, 1, k, samples, d, distance, coefficients, stride, experts, size, inputs);
}

WIDE void hb_lane_sums(const float *x, long count, float *sums) {
    for (long i = 0; i < count; i++) sums[i] = _mm512_reduce_add_ps(_mm512_loadu_ps(x + 16 * i));
}

#else
#define NOTHING(name, ...) void name(__VA_ARGS__) {}
#pragma clang diagnostic ignored "-Wunused-parameter"
NOTHING(hb_block_gradient, const float *m, float *d)
NOTHING(hb_expert_block_of, const float *experts, long size, long count_of_experts, long inputs, long columns, float *e)
NOTHING(hb_lane_sums, const float *x, long count, float *sums)
NOTHING(hb_block_dots, const hb_expert_block *block, const hb_block_mixture *mixture, float *d, float *dcoefficients,
        float *dcolumns, float *drows)
NOTHING(hb_block_experts, const hb_expert_block *block, long samples, const float *d, long distance,
        const float *coefficients, long stride, float *experts, long size, long inputs)
#endif
