#include "Winograd.h"

#if defined(__x86_64__) && !defined(HORNBEAM_AVX2)
#include "WinogradCursor.h"

int hb_winograd(void) { return __builtin_cpu_supports("avx512f") != 0; }

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

// The pixels of a tile at the edge of a map: where they are, and which of them are outside and count as zeros.
typedef struct {
    const float *row[6];
    long column[6];
    __mmask16 rows[6], columns[6];
} edge;

WIDE_INLINE edge edge_of(const view *map, long top, long left, const int size) {
    edge p;
    for (int i = 0; i < size; i++) {
        const long r = top + i, c = left + i;
        const int has_row = r >= 0 && r < map->rows, has_column = c >= 0 && c < map->columns;
        p.row[i] = map->first + (has_row ? r : 0) * map->line;
        p.column[i] = (has_column ? c : 0) * map->step;
        p.rows[i] = has_row ? 0xffff : 0;
        p.columns[i] = has_column ? 0xffff : 0;
    }
    return p;
}

#define NEAR(i, j) _mm512_loadu_ps(corner + (i) * line + (j) * step)
#define FAR(i, j) _mm512_maskz_loadu_ps(mask & p.rows[i] & p.columns[j], p.row[i] + p.column[j] + c)

#define DEFINE_SPREAD(name, transform, size, margin)                                                                  \
    /* From channel `c` of the target on. */                                                                           \
    WIDE static void name##_inside(const float *corner, long line, long step, long channels, long c, float *v,         \
                                   long distance, long next) {                                                         \
        for (long left = channels - 16;; left -= 16) {                                                                 \
            BOTH_AXES(transform, size, 6, NEAR, STORE_ALL)                                                             \
            if (left < 16) return;                                                                                     \
            corner += 16;                                                                                              \
            c += 16;                                                                                                   \
            v += c % 32 ? 16 : next;                                                                                   \
        }                                                                                                              \
    }                                                                                                                  \
    WIDE void name(const float *x, const hb_tiling *map, long stride, long channels, long first, long count,           \
                   hb_tile_target to) {                                                                                \
        const long distance = hb_winograd_tiles(to.total, to.channels), width = hb_winograd_width(to.channels);        \
        cursor tile = cursor_at(map, first);                                                                           \
        for (long t = to.at; t < to.at + count; t++, advance(&tile, map)) {                                            \
            const long top = tile.down * 4 - margin, left = tile.across * 4 - margin;                                  \
            view from = view_of(x, map, &tile, stride);                                                                \
            long c = 0;                                                                                                \
            if (from.first && top >= 0 && left >= 0 && top + size <= from.rows && left + size <= from.columns &&       \
                channels >= 16) {                                                                                      \
                name##_inside(from.first + top * from.line + left * from.step, from.line, from.step, channels,         \
                              to.channel, to.v + to.channel / 32 * 32 * to.total + t * width + to.channel % 32,        \
                              distance, 32 * to.total - 16);                                                           \
                c = channels / 16 * 16;                                                                                \
            }                                                                                                          \
            if (c == channels) continue;                                                                               \
            const int exists = from.first != 0;                                                                        \
            if (!exists) from.first = x;                                                                               \
            const edge p = edge_of(&from, exists ? top : -size, left, size);                                           \
            for (; c < channels; c += 16) {                                                                            \
                const long place = to.channel + c;                                                                     \
                const __mmask16 mask = lanes(channels - c);                                                            \
                float *v = to.v + place / 32 * 32 * to.total + t * width + place % 32;                                 \
                BOTH_AXES(transform, size, 6, FAR, STORE_ALL)                                                          \
            }                                                                                                          \
        }                                                                                                              \
    }

DEFINE_SPREAD(hb_winograd_input, spread_input, 6, 1)
DEFINE_SPREAD(hb_winograd_gradient, spread_gradient, 4, 0)

WIDE void hb_winograd_output(const float *m, long distance, long panel, const hb_tiling *map, long channels,
                             long channel, long width, long first, long count, const float *bias, float *y) {
    cursor tile = cursor_at(map, first);
    for (long t = 0; t < count; t++, advance(&tile, map)) {
        const long top = tile.down * 4, left = tile.across * 4;
        const view into = view_of(y, map, &tile, channels);
        const long rows = into.rows - top < 4 ? into.rows - top : 4;
        const long columns = into.columns - left < 4 ? into.columns - left : 4;
        const long down = into.line, step = into.step;
        float *corner = y + (into.first - y) + top * down + left * step + channel;
        for (long c = 0; c < width; c += 16) {
            const float *from = m + t * panel + c;
            const __mmask16 mask = lanes(width - c);
            const vector start = bias ? _mm512_maskz_loadu_ps(mask, bias + c) : _mm512_setzero_ps();
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
            if (rows == 4 && columns == 4 && mask == 0xffff) {
                UNROLLED for (int i = 0; i < 4; i++)
                    UNROLLED for (int j = 0; j < 4; j++) _mm512_storeu_ps(to + i * down + j * step, result[i][j]);
            } else {
                for (long i = 0; i < rows; i++)
                    for (long j = 0; j < columns; j++)
                        _mm512_mask_storeu_ps(to + i * down + j * step, mask, result[i][j]);
            }
        }
    }
}

#else

int hb_winograd(void) { return 0; }

void hb_winograd_input(const float *x, const hb_tiling *map, long stride, long channels, long first, long count,
                       hb_tile_target to) {
    (void)x, (void)map, (void)stride, (void)channels, (void)first, (void)count, (void)to;
}

void hb_winograd_gradient(const float *g, const hb_tiling *map, long stride, long channels, long first, long count,
                          hb_tile_target to) {
    (void)g, (void)map, (void)stride, (void)channels, (void)first, (void)count, (void)to;
}

void hb_winograd_output(const float *m, long distance, long panel, const hb_tiling *map, long channels, long channel,
                        long width, long first, long count, const float *bias, float *y) {
    (void)m, (void)distance, (void)panel, (void)map, (void)channels, (void)channel, (void)width, (void)first, (void)count, (void)bias, (void)y;
}

#endif
