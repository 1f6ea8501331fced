#include "Winograd.h"
#include "Vector.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define WIDE __attribute__((target("avx512f")))
#define WIDE_INLINE static inline __attribute__((always_inline, target("avx512f")))
#define UNROLLED _Pragma("clang loop unroll(full)")

int hb_winograd(void) { return __builtin_cpu_supports("avx512f") != 0; }

// The points of interpolation are 0, +-A, +-B and infinity. 5/8 and 3/2 give errors four times smaller than the usual
// 1 and 2 (Vincent et al., "On improving the numerical stability of Winograd convolutions", 2017).
#define A 0.625f
#define B 1.5f
#define SQUARE_A (A * A)
#define SQUARE_B (B * B)

#define SPLAT(s) _mm512_set1_ps(s)
#define FMA(a, b, c) _mm512_fmadd_ps(a, b, c)
#define FNMA(a, b, c) _mm512_fnmadd_ps(a, b, c)

typedef __m512 vector;

// Six pixels to six places.
WIDE_INLINE void spread_input(const vector *d, vector *r) {
    const vector both = SPLAT(SQUARE_A * SQUARE_B), sum = SPLAT(SQUARE_A + SQUARE_B);
    r[0] = FMA(both, d[0], FNMA(sum, d[2], d[4]));
    r[5] = FMA(both, d[1], FNMA(sum, d[3], d[5]));
    vector even = FNMA(SPLAT(SQUARE_B), d[2], d[4]), odd = FNMA(SPLAT(SQUARE_B), d[1], d[3]);
    r[1] = FMA(SPLAT(A), odd, even);
    r[2] = FNMA(SPLAT(A), odd, even);
    even = FNMA(SPLAT(SQUARE_A), d[2], d[4]);
    odd = FNMA(SPLAT(SQUARE_A), d[1], d[3]);
    r[3] = FMA(SPLAT(B), odd, even);
    r[4] = FNMA(SPLAT(B), odd, even);
}

// Four outputs' gradients to six places: the adjoint of `gather_output`.
WIDE_INLINE void spread_gradient(const vector *g, vector *r) {
    r[0] = g[0];
    r[5] = g[3];
    vector even = FMA(SPLAT(SQUARE_A), g[2], g[0]), odd = FMA(SPLAT(SQUARE_A), g[3], g[1]);
    r[1] = FMA(SPLAT(A), odd, even);
    r[2] = FNMA(SPLAT(A), odd, even);
    even = FMA(SPLAT(SQUARE_B), g[2], g[0]);
    odd = FMA(SPLAT(SQUARE_B), g[3], g[1]);
    r[3] = FMA(SPLAT(B), odd, even);
    r[4] = FNMA(SPLAT(B), odd, even);
}

// Six places to four outputs.
WIDE_INLINE void gather_output(const vector *m, vector *y) {
    const vector p = _mm512_add_ps(m[1], m[2]), q = _mm512_sub_ps(m[1], m[2]);
    const vector r = _mm512_add_ps(m[3], m[4]), s = _mm512_sub_ps(m[3], m[4]);
    y[0] = _mm512_add_ps(m[0], _mm512_add_ps(p, r));
    y[1] = FMA(SPLAT(A), q, _mm512_mul_ps(SPLAT(B), s));
    y[2] = FMA(SPLAT(SQUARE_A), p, _mm512_mul_ps(SPLAT(SQUARE_B), r));
    y[3] = FMA(SPLAT(A * SQUARE_A), q, FMA(SPLAT(B * SQUARE_B), s, m[5]));
}

#define SCALE_0 (1.0f / (SQUARE_A * SQUARE_B))
#define SCALE_A (1.0f / (2.0f * SQUARE_A * (SQUARE_A - SQUARE_B)))
#define SCALE_B (1.0f / (2.0f * SQUARE_B * (SQUARE_B - SQUARE_A)))

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

// The adjoint: six places to three taps.
WIDE_INLINE void gather_weight(const vector *m, vector *w) {
    const vector p = _mm512_mul_ps(SPLAT(SCALE_A), _mm512_add_ps(m[1], m[2]));
    const vector q = _mm512_mul_ps(SPLAT(SCALE_A * A), _mm512_sub_ps(m[1], m[2]));
    const vector r = _mm512_mul_ps(SPLAT(SCALE_B), _mm512_add_ps(m[3], m[4]));
    const vector s = _mm512_mul_ps(SPLAT(SCALE_B * B), _mm512_sub_ps(m[3], m[4]));
    w[0] = FMA(SPLAT(SCALE_0), m[0], _mm512_add_ps(p, r));
    w[1] = _mm512_add_ps(q, s);
    w[2] = FMA(SPLAT(SQUARE_A), p, FMA(SPLAT(SQUARE_B), r, m[5]));
}

// Applies a transform of `from` to `to` numbers to both axes.
#define BOTH_AXES(transform, from, to, source, result)                                     \
    {                                                                                      \
        vector half_[to][from];                                                            \
        UNROLLED for (int j = 0; j < from; j++) {                                          \
            vector column_[from], spread_[to];                                             \
            UNROLLED for (int i = 0; i < from; i++) column_[i] = source(i, j);             \
            transform(column_, spread_);                                                   \
            UNROLLED for (int i = 0; i < to; i++) half_[i][j] = spread_[i];                \
        }                                                                                  \
        UNROLLED for (int i = 0; i < to; i++) {                                            \
            vector spread_[to];                                                            \
            transform(half_[i], spread_);                                                  \
            UNROLLED for (int j = 0; j < to; j++) result(i, j, spread_[j]);                \
        }                                                                                  \
    }

WIDE_INLINE __mmask16 lanes(long count) { return count >= 16 ? 0xffff : count <= 0 ? 0 : (__mmask16)((1u << count) - 1); }

// Where a tile lies: `size` pixels on a side from (top, left) on, of which those outside the map count as zeros.
typedef struct {
    const float *row[6];
    long column[6];
    __mmask16 rows[6], columns[6];
    int inside;
} place;

WIDE_INLINE place place_of(const float *x, const hb_tiling *map, long channels, long tile, const int size,
                           const long margin) {
    place p;
    const long each = map->down * map->across, image = tile / each, at = tile % each;
    const long top = at / map->across * 4 - margin, left = at % map->across * 4 - margin;
    const float *first = x + image * map->height * map->width * channels;
    p.inside = top >= 0 && left >= 0 && top + size <= map->height && left + size <= map->width;
    for (int i = 0; i < size; i++) {
        const long r = top + i, c = left + i;
        const int has_row = r >= 0 && r < map->height, has_column = c >= 0 && c < map->width;
        p.row[i] = first + (has_row ? r : 0) * map->width * channels;
        p.column[i] = (has_column ? c : 0) * channels;
        p.rows[i] = has_row ? 0xffff : 0;
        p.columns[i] = has_column ? 0xffff : 0;
    }
    return p;
}

#define DEFINE_SPREAD(name, transform, size, margin)                                                                  \
    WIDE_INLINE void name##_tile(const place *p, const int whole, __mmask16 mask, long c, float *v, long distance) {   \
        _Pragma("clang diagnostic push") _Pragma("clang diagnostic ignored \"-Wunused-variable\"")                     \
        const float *const corner = p->row[0] + p->column[0] + c;                                                      \
        const long down = p->row[1] - p->row[0], across = p->column[1] - p->column[0];                                 \
        _Pragma("clang diagnostic pop")                                                                                \
        if (whole) {                                                                                                   \
            BOTH_AXES(transform, size, 6, NEAR, STORE_ALL)                                                             \
        } else {                                                                                                       \
            BOTH_AXES(transform, size, 6, FAR, STORE_SOME)                                                             \
        }                                                                                                              \
    }                                                                                                                  \
    WIDE void name(const float *x, const hb_tiling *map, long channels, long first, long count, float *v,             \
                   long distance) {                                                                                    \
        for (long t = 0; t < count; t++) {                                                                             \
            const place p = place_of(x, map, channels, first + t, size, margin);                                       \
            for (long c = 0; c < channels; c += 16) {                                                                  \
                float *to = v + t * channels + c;                                                                      \
                if (p.inside && c + 16 <= channels) name##_tile(&p, 1, 0xffff, c, to, distance);                       \
                else name##_tile(&p, 0, lanes(channels - c), c, to, distance);                                         \
            }                                                                                                          \
        }                                                                                                              \
    }

#define NEAR(i, j) _mm512_loadu_ps(corner + (i) * down + (j) * across)
#define FAR(i, j) _mm512_maskz_loadu_ps(mask & p->rows[i] & p->columns[j], p->row[i] + p->column[j] + c)
#define STORE_ALL(i, j, value) _mm512_storeu_ps(v + (6 * (i) + (j)) * distance, value)
#define STORE_SOME(i, j, value) _mm512_mask_storeu_ps(v + (6 * (i) + (j)) * distance, mask, value)

DEFINE_SPREAD(hb_winograd_input, spread_input, 6, 1)
DEFINE_SPREAD(hb_winograd_gradient, spread_gradient, 4, 0)

WIDE void hb_winograd_output(const float *m, const hb_tiling *map, long channels, long channel, long width, long first,
                             long count, const float *bias, float *y) {
    const long each = map->down * map->across, panel = width > 16 ? 32 : 16, distance = hb_winograd_distance(count * panel);
    for (long t = 0; t < count; t++) {
        const long image = (first + t) / each, at = (first + t) % each;
        const long top = at / map->across * 4, left = at % map->across * 4;
        const long rows = map->height - top < 4 ? map->height - top : 4;
        const long columns = map->width - left < 4 ? map->width - left : 4;
        float *corner = y + ((image * map->height + top) * map->width + left) * channels + channel;
        for (long c = 0; c < width; c += 16) {
            const float *from = m + t * panel + c;
            const __mmask16 mask = lanes(width - c);
            const vector start = bias ? _mm512_maskz_loadu_ps(mask, bias + channel + c) : _mm512_setzero_ps();
            vector half[4][6], result[4][4];
            UNROLLED for (int j = 0; j < 6; j++) {
                vector column[6], gathered[4];
                UNROLLED for (int i = 0; i < 6; i++) column[i] = _mm512_loadu_ps(from + (6 * i + j) * distance);
                gather_output(column, gathered);
                UNROLLED for (int i = 0; i < 4; i++) half[i][j] = gathered[i];
            }
            UNROLLED for (int i = 0; i < 4; i++) {
                gather_output(half[i], result[i]);
                UNROLLED for (int j = 0; j < 4; j++) result[i][j] = _mm512_add_ps(result[i][j], start);
            }
            float *to = corner + c;
            const long down = map->width * channels;
            if (rows == 4 && columns == 4 && mask == 0xffff) {
                UNROLLED for (int i = 0; i < 4; i++)
                    UNROLLED for (int j = 0; j < 4; j++) _mm512_storeu_ps(to + i * down + j * channels, result[i][j]);
            } else {
                for (long i = 0; i < rows; i++)
                    for (long j = 0; j < columns; j++)
                        _mm512_mask_storeu_ps(to + i * down + j * channels, mask, result[i][j]);
            }
        }
    }
}

long hb_winograd_panel(long columns, long column) { return columns - column > 16 ? 32 : 16; }

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
    const long panel = hb_winograd_panel(columns, column), distance = hb_winograd_distance(inner * panel);
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

WIDE void hb_winograd_weight_gradient(const float *m, long rows, long inputs, float *dw) {
    const long distance = hb_winograd_distance(rows * inputs);
    for (long r = 0; r < rows; r++)
        for (long c = 0; c < inputs; c += 16) {
            const __mmask16 mask = lanes(inputs - c);
            const float *from = m + r * inputs + c;
            float *to = dw + r * 9 * inputs + c;
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
                UNROLLED for (int j = 0; j < 3; j++) _mm512_mask_storeu_ps(to + (3 * i + j) * inputs, mask, taps[j]);
            }
        }
}

#else

int hb_winograd(void) { return 0; }

void hb_winograd_input(const float *x, const hb_tiling *map, long channels, long first, long count, float *v,
                       long distance) {
    (void)x, (void)map, (void)channels, (void)first, (void)count, (void)v, (void)distance;
}

void hb_winograd_gradient(const float *g, const hb_tiling *map, long channels, long first, long count, float *v,
                          long distance) {
    (void)g, (void)map, (void)channels, (void)first, (void)count, (void)v, (void)distance;
}

void hb_winograd_output(const float *m, const hb_tiling *map, long channels, long channel, long width, long first,
                        long count, const float *bias, float *y) {
    (void)m, (void)map, (void)channels, (void)channel, (void)width, (void)first, (void)count, (void)bias, (void)y;
}

long hb_winograd_panel(long columns, long column) { return columns - column > 16 ? 32 : 16; }

void hb_winograd_weight(const float *w, long outputs, long inputs, int turned, long column, float *u) {
    (void)w, (void)outputs, (void)inputs, (void)turned, (void)column, (void)u;
}

void hb_winograd_weight_gradient(const float *m, long rows, long inputs, float *dw) {
    (void)m, (void)rows, (void)inputs, (void)dw;
}

#endif
