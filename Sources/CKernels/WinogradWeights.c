#include "Winograd.h"

#if defined(__x86_64__) && !defined(HORNBEAM_AVX2)
#include "WinogradVectors.h"

// Three taps to six places.
WIDE_INLINE void spread_weight(const vector *w, vector *r) {
    r[0] = _mm512_mul_ps(SPLAT(SCALE_0), w[0]);
    r[5] = w[2];
    vector even = _mm512_mul_ps(SPLAT(SCALE_A), FMA(SPLAT(SQUARE_A), w[2], w[0]));
    vector odd = _mm512_mul_ps(SPLAT(SCALE_A * A), w[1]);
    r[1] = _mm512_add_ps(even, odd);
    r[2] = _mm512_sub_ps(even, odd);
    even = _mm512_mul_ps(SPLAT(SCALE_B), FMA(SPLAT(SQUARE_B), w[2], w[0]));
    odd = _mm512_mul_ps(SPLAT(SCALE_B * B), w[1]);
    r[3] = _mm512_add_ps(even, odd);
    r[4] = _mm512_sub_ps(even, odd);
}

// The nine taps of sixteen outputs from `o` on and sixteen inputs from `c` on, turned so that outputs are neighbours:
// taps[input][tap].
WIDE_INLINE void load_taps(const float *w, long outputs, long inputs, long o, long c, vector taps[16][9]) {
    const __mmask16 mask = lanes(inputs - c);
    for (int tap = 0; tap < 9; tap++) {
        float rows[16][16] __attribute__((aligned(64)));
        for (long i = 0; i < 16; i++)
            _mm512_store_ps(rows[i], o + i < outputs
                                         ? _mm512_maskz_loadu_ps(mask, w + ((o + i) * 9 + tap) * inputs + c)
                                         : _mm512_setzero_ps());
        const __m512i index = _mm512_mullo_epi32(
            _mm512_set1_epi32(16), _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
        for (int k = 0; k < 16; k++) taps[k][tap] = _mm512_i32gather_ps(index, &rows[0][k], 4);
    }
}

WIDE void hb_winograd_weight(const float *w, long outputs, long inputs, int turned, long column, float *u) {
    const long columns = turned ? inputs : outputs, inner = turned ? outputs : inputs;
    const long panel = hb_winograd_width(columns - column), distance = hb_winograd_distance(inner * panel);
    for (long half = 0; half < panel; half += 16) {
        const long first = column + half;
        if (turned) {
            const __mmask16 mask = lanes(inputs - first);
            for (long k = 0; k < inner; k++) {
                const float *from = w + k * 9 * inputs + first;
                float *v = u + k * panel + half;
#define TURNED(i, j) _mm512_maskz_loadu_ps(mask, from + (8 - 3 * (i) - (j)) * inputs)
                BOTH_AXES(spread_weight, 3, 6, TURNED, STORE_ALL)
            }
            continue;
        }
        for (long c = 0; c < inputs; c += 16) {
            vector taps[16][9];
            load_taps(w, outputs, inputs, first, c, taps);
            const long some = inputs - c < 16 ? inputs - c : 16;
            for (long k = 0; k < some; k++) {
                float *v = u + (c + k) * panel + half;
#define PLAIN(i, j) taps[k][3 * (i) + (j)]
                BOTH_AXES(spread_weight, 3, 6, PLAIN, STORE_ALL)
            }
        }
    }
}

WIDE void hb_winograd_weight_gradient(const float *m, long rows, long inputs, long stride, float *dw) {
    const long distance = hb_winograd_distance(rows * inputs);
    for (long r = 0; r < rows; r++)
        for (long c = 0; c < inputs; c += 16) {
            const __mmask16 mask = lanes(inputs - c);
            const float *from = m + r * inputs + c;
            float *to = dw + r * 9 * stride + c;
            vector half[3][6];
            UNROLLED for (int j = 0; j < 6; j++) {
                vector column[6], taps[3];
                UNROLLED for (int i = 0; i < 6; i++) column[i] = _mm512_maskz_loadu_ps(mask, from + (6 * i + j) * distance);
                gather_weight(column, taps);
                UNROLLED for (int i = 0; i < 3; i++) half[i][j] = taps[i];
            }
            UNROLLED for (int i = 0; i < 3; i++) {
                vector taps[3];
                gather_weight(half[i], taps);
                UNROLLED for (int j = 0; j < 3; j++) _mm512_mask_storeu_ps(to + (3 * i + j) * stride, mask, taps[j]);
            }
        }
}

#else

void hb_winograd_weight(const float *w, long outputs, long inputs, int turned, long column, float *u) {
    (void)w, (void)outputs, (void)inputs, (void)turned, (void)column, (void)u;
}

void hb_winograd_weight_gradient(const float *m, long rows, long inputs, long stride, float *dw) {
    (void)m, (void)rows, (void)inputs, (void)stride, (void)dw;
}

#endif
