#include "WinogradSamples.h"
#include "Winograd.h"

#if defined(__x86_64__) && !defined(HORNBEAM_AVX2)
#include "WinogradVectors.h"

// Rows to columns.
WIDE_INLINE void transpose(vector *r) {
    vector t[16];
    UNROLLED for (int i = 0; i < 8; i++) {
        t[2 * i] = _mm512_unpacklo_ps(r[2 * i], r[2 * i + 1]);
        t[2 * i + 1] = _mm512_unpackhi_ps(r[2 * i], r[2 * i + 1]);
    }
#define PAIRS(kind, a, b) _mm512_castpd_ps(_mm512_unpack##kind##_pd(_mm512_castps_pd(a), _mm512_castps_pd(b)))
    UNROLLED for (int i = 0; i < 16; i += 4) {
        r[i] = PAIRS(lo, t[i], t[i + 2]);
        r[i + 1] = PAIRS(hi, t[i], t[i + 2]);
        r[i + 2] = PAIRS(lo, t[i + 1], t[i + 3]);
        r[i + 3] = PAIRS(hi, t[i + 1], t[i + 3]);
    }
    UNROLLED for (int j = 0; j < 4; j++) {
        const vector a = _mm512_shuffle_f32x4(r[j], r[4 + j], 0x88), b = _mm512_shuffle_f32x4(r[8 + j], r[12 + j], 0x88);
        const vector c = _mm512_shuffle_f32x4(r[j], r[4 + j], 0xdd), d = _mm512_shuffle_f32x4(r[8 + j], r[12 + j], 0xdd);
        t[j] = _mm512_shuffle_f32x4(a, b, 0x88);
        t[8 + j] = _mm512_shuffle_f32x4(a, b, 0xdd);
        t[4 + j] = _mm512_shuffle_f32x4(c, d, 0x88);
        t[12 + j] = _mm512_shuffle_f32x4(c, d, 0xdd);
    }
    UNROLLED for (int i = 0; i < 16; i++) r[i] = t[i];
}

WIDE void hb_expert_panels(const float *experts, long size, long count_of_experts, long inputs, int turned, long column,
                           long columns, long first, long count, float *p) {
    const long stride = count_of_experts * 288;
    for (long half = 0; half < 32; half += 16) {
        for (long k = 0; k < count_of_experts; k++) {
            float *to = p + k * 288 + half;
            if (half >= columns) {
                for (long i = 0; i < count; i++)
                    for (long t = 0; t < 9; t++) _mm512_storeu_ps(to + i * stride + t * 32, _mm512_setzero_ps());
                continue;
            }
            const float *e = experts + k * size;
            if (turned) {
                for (long i = 0; i < count; i++)
                    for (long t = 0; t < 9; t++)
                        _mm512_storeu_ps(to + i * stride + t * 32,
                                         _mm512_loadu_ps(e + ((first + i) * 9 + t) * inputs + column + half));
                continue;
            }
            for (long i = 0; i < count; i += 16)
                for (long t = 0; t < 9; t++) {
                    vector rows[16];
                    UNROLLED for (int o = 0; o < 16; o++)
                        rows[o] = _mm512_loadu_ps(e + ((column + half + o) * 9 + t) * inputs + first + i);
                    transpose(rows);
                    UNROLLED for (int c = 0; c < 16; c++)
                        _mm512_storeu_ps(to + (i + c) * stride + t * 32, rows[c]);
                }
        }
    }
}

WIDE void hb_cell_panels(const float *cells, long size, long count_of_cells, long width, int turned, long column,
                         long first, long count, float *p) {
    const long stride = count_of_cells * 32;
    for (long half = 0; half < 32; half += 16)
        for (long k = 0; k < count_of_cells; k++) {
            const float *e = cells + k * size;
            float *to = p + k * 32 + half;
            for (long i = 0; i < count; i += 16) {
                vector rows[16];
                if (turned) {
                    UNROLLED for (int c = 0; c < 16; c++)
                        rows[c] = _mm512_loadu_ps(e + (first + i + c) * width + column + half);
                } else {
                    UNROLLED for (int o = 0; o < 16; o++)
                        rows[o] = _mm512_loadu_ps(e + (column + half + o) * width + first + i);
                    transpose(rows);
                }
                UNROLLED for (int c = 0; c < 16; c++) _mm512_storeu_ps(to + (i + c) * stride, rows[c]);
            }
        }
}

// Three taps to six places, each but for its scale.
WIDE_INLINE void spread_unscaled(const vector *w, vector *r) {
    r[0] = w[0];
    r[5] = w[2];
    vector even = FMA(SPLAT(SQUARE_A), w[2], w[0]);
    r[1] = FMA(SPLAT(A), w[1], even);
    r[2] = FNMA(SPLAT(A), w[1], even);
    even = FMA(SPLAT(SQUARE_B), w[2], w[0]);
    r[3] = FMA(SPLAT(B), w[1], even);
    r[4] = FNMA(SPLAT(B), w[1], even);
}

// Without experts, the first one as it is.
WIDE_INLINE void mix(const hb_expert_panel *panel, const long experts, const int per_tap, float *w) {
    const long distance = hb_winograd_distance(panel->inner * 32);
    const float *s = panel->coefficients;
    for (long c = 0; c < panel->inner; c++) {
        const vector factor = SPLAT(panel->factors ? panel->factors[c] : 1.0f);
        UNROLLED for (int half = 0; half < 32; half += 16) {
            const float *p = panel->p + c * panel->stride + half;
            vector taps[9];
            UNROLLED for (int t = 0; t < 9; t++) {
                taps[t] = _mm512_loadu_ps(p + 32 * t);
                if (experts > 0) taps[t] = _mm512_mul_ps(SPLAT(s[per_tap ? t : 0]), taps[t]);
            }
            for (long k = 1; k < experts; k++) {
                p += 288;
                UNROLLED for (int t = 0; t < 9; t++)
                    taps[t] = FMA(SPLAT(s[per_tap ? 9 * k + t : k]), _mm512_loadu_ps(p + 32 * t), taps[t]);
            }
            if (panel->factors) {
                UNROLLED for (int t = 0; t < 9; t++) taps[t] = _mm512_mul_ps(factor, taps[t]);
            }
            UNROLLED for (int t = 0; t < 9; t++) _mm512_storeu_ps(w + t * distance + c * 32 + half, taps[t]);
        }
    }
}

WIDE void hb_mixed_panel(const hb_expert_panel *panel, float *w) {
#define MIX(experts, per_tap) mix(panel, experts, per_tap, w)
    if (!panel->coefficients) MIX(0, 0);
    else if (panel->experts == 4 && panel->per_tap) MIX(4, 1);
    else if (panel->experts == 4) MIX(4, 0);
    else if (panel->per_tap) MIX(panel->experts, 1);
    else MIX(panel->experts, 0);
}

// A row of six places of the transformed kernel.
WIDE_INLINE void spread_row(const float *w, long distance, const int row, const int turned, long count, float *v) {
    for (long i = 0; i < count; i += 16, w += 16, v += 16) {
        vector line[3];
#define TAP(k, j) _mm512_loadu_ps(w + (turned ? 8 - 3 * (k) - (j) : 3 * (k) + (j)) * distance)
        UNROLLED for (int j = 0; j < 3; j++) {
            if (row == 0) line[j] = TAP(0, j);
            else if (row == 5) line[j] = TAP(2, j);
            else {
                const vector point = SPLAT(row < 3 ? A : B), square = SPLAT(row < 3 ? SQUARE_A : SQUARE_B);
                const vector even = FMA(square, TAP(2, j), TAP(0, j));
                line[j] = row % 2 ? FMA(point, TAP(1, j), even) : FNMA(point, TAP(1, j), even);
            }
        }
        vector spread[6];
        spread_unscaled(line, spread);
        UNROLLED for (int j = 0; j < 6; j++) _mm512_storeu_ps(v + j * distance, spread[j]);
    }
}

WIDE void hb_winograd_row(const float *w, long inner, int row, int turned, float *u) {
    const long distance = hb_winograd_distance(inner * 32), count = inner * 32;
#define ROW(i) case i: turned ? spread_row(w, distance, i, 1, count, u) : spread_row(w, distance, i, 0, count, u); break;
    switch (row) { ROW(0) ROW(1) ROW(2) ROW(3) ROW(4) ROW(5) }
}

static const float scales[6] = {SCALE_0, SCALE_A, SCALE_A, SCALE_B, SCALE_B, 1};

WIDE void hb_winograd_scale(long tiles, const float *factors, float *m) {
    for (int place = 0; place < HB_WINOGRAD_PLACES; place++) {
        const vector scale = SPLAT(scales[place / 6] * scales[place % 6]);
        const vector low = factors ? _mm512_mul_ps(scale, _mm512_loadu_ps(factors)) : scale;
        const vector high = factors ? _mm512_mul_ps(scale, _mm512_loadu_ps(factors + 16)) : scale;
        float *to = m + place * hb_winograd_distance(tiles * 32);
        for (long t = 0; t < tiles; t++, to += 32) {
            _mm512_storeu_ps(to, _mm512_mul_ps(low, _mm512_loadu_ps(to)));
            _mm512_storeu_ps(to + 16, _mm512_mul_ps(high, _mm512_loadu_ps(to + 16)));
        }
    }
}

#else
#define NOTHING(name, ...) void name(__VA_ARGS__) {}
#pragma clang diagnostic ignored "-Wunused-parameter"
NOTHING(hb_expert_panels, const float *experts, long size, long count_of_experts, long inputs, int turned, long column,
        long columns, long first, long count, float *p)
NOTHING(hb_cell_panels, const float *cells, long size, long count_of_cells, long width, int turned, long column,
        long first, long count, float *p)
NOTHING(hb_mixed_panel, const hb_expert_panel *panel, float *w)
NOTHING(hb_winograd_row, const float *w, long inner, int row, int turned, float *u)
NOTHING(hb_winograd_scale, long tiles, const float *factors, float *m)
#endif
