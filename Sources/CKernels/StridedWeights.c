#include "StridedTiles.h"

#if defined(__x86_64__) && !defined(HORNBEAM_AVX2)
#include "StridedVectors.h"

WIDE_INLINE void spread_weight(const int down, const int across, const float *w, long inner, long inner_stride,
                               hb_strided_taps rows, hb_strided_taps columns, long count, long panel,
                               const long *places, float *u) {
    const int places_down = down == 2 ? 5 : 4, places_across = across == 2 ? 5 : 4;
    for (long half = 0; half < panel; half += 16) {
        const __mmask16 mask = lanes(count - half);
        for (long k = 0; k < inner; k++) {
            const float *from = w + k * inner_stride + half;
            vector spread[5][2];
            UNROLLED for (int j = 0; j < across; j++) {
                const float *column = from + (j ? columns.second : columns.first);
                vector taps[2], places_of[5];
                taps[0] = _mm512_maskz_loadu_ps(mask, column + rows.first);
                if (down == 2) taps[1] = _mm512_maskz_loadu_ps(mask, column + rows.second);
                spread_taps(down, taps, places_of);
                UNROLLED for (int i = 0; i < places_down; i++) spread[i][j] = places_of[i];
            }
            UNROLLED for (int i = 0; i < places_down; i++) {
                vector places_of[5];
                spread_taps(across, spread[i], places_of);
                UNROLLED for (int j = 0; j < places_across; j++)
                    _mm512_storeu_ps(u + places[5 * i + j] + k * panel + half, places_of[j]);
            }
        }
    }
}

WIDE void hb_strided_weight(const float *w, long inner, long inner_stride, hb_strided_taps rows,
                            hb_strided_taps columns, long count, long panel, const long *places, float *u) {
#define WEIGHT(R, C) spread_weight(R, C, w, inner, inner_stride, rows, columns, count, panel, places, u)
    if (rows.second >= 0) {
        if (columns.second >= 0) WEIGHT(2, 2);
        else WEIGHT(2, 1);
    } else {
        if (columns.second >= 0) WEIGHT(1, 2);
        else WEIGHT(1, 1);
    }
}

WIDE_INLINE void gather_gradient(const int down, const int across, const float *m, const long *places,
                                 const long *widths, long count, long inputs, hb_strided_taps rows,
                                 hb_strided_taps columns, long stride, float *dw) {
    const int places_down = down == 2 ? 5 : 4, places_across = across == 2 ? 5 : 4;
    for (long o = 0; o < count; o++)
        for (long c = 0; c < inputs; c += 16) {
            vector half[2][5];
            UNROLLED for (int j = 0; j < places_across; j++) {
                vector column[5], taps[2];
                UNROLLED for (int i = 0; i < places_down; i++) {
                    const int place = 5 * i + j;
                    column[i] = _mm512_loadu_ps(m + places[place] + o * widths[place] + c);
                }
                gather_taps(down, column, taps);
                UNROLLED for (int i = 0; i < down; i++) half[i][j] = taps[i];
            }
            UNROLLED for (int i = 0; i < down; i++) {
                vector taps[2];
                gather_taps(across, half[i], taps);
                UNROLLED for (int j = 0; j < across; j++)
                    _mm512_storeu_ps(dw + o * stride + (i ? rows.second : rows.first) +
                                         (j ? columns.second : columns.first) + c,
                                     taps[j]);
            }
        }
}

WIDE void hb_strided_weight_gradient(const float *m, const long *places, const long *widths, long count, long inputs,
                                     hb_strided_taps rows, hb_strided_taps columns, long stride, float *dw) {
#define GRADIENT(R, C) gather_gradient(R, C, m, places, widths, count, inputs, rows, columns, stride, dw)
    if (rows.second >= 0) {
        if (columns.second >= 0) GRADIENT(2, 2);
        else GRADIENT(2, 1);
    } else {
        if (columns.second >= 0) GRADIENT(1, 2);
        else GRADIENT(1, 1);
    }
}

#else

void hb_strided_weight(const float *w, long inner, long inner_stride, hb_strided_taps rows, hb_strided_taps columns,
                       long count, long panel, const long *places, float *u) {
    (void)w, (void)inner, (void)inner_stride, (void)rows, (void)columns, (void)count, (void)panel, (void)places, (void)u;
}

void hb_strided_weight_gradient(const float *m, const long *places, const long *widths, long count, long inputs,
                                hb_strided_taps rows, hb_strided_taps columns, long stride, float *dw) {
    (void)m, (void)places, (void)widths, (void)count, (void)inputs, (void)rows, (void)columns, (void)stride, (void)dw;
}

#endif
