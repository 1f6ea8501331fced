#include "Winograd.h"
#include "WinogradSamples.h"

#if defined(__x86_64__) && !defined(HORNBEAM_AVX2)
#include "WinogradVectors.h"

// c [rows][16 * vectors] (+)= the sum over parts and p < count of a[part * part_stride + p * inner_stride + i * row_stride]
// b[.. * b_stride + ..], where b goes on from part to part: the sums stay in registers. Strides are constants where this
// is inlined.
WIDE_INLINE void multiply(const int rows, const int vectors, long inner, const long part, const float *a,
                          long part_stride, const long row_stride, const long inner_stride, const float *b,
                          const long b_stride, const __mmask16 last, int accumulate, float *c, long c_stride) {
    __m512 sum[28];
    UNROLLED for (int i = 0; i < rows; i++) {
        UNROLLED for (int v = 0; v < vectors; v++)
            sum[i * vectors + v] = !accumulate ? _mm512_setzero_ps()
                                   : v == vectors - 1 ? _mm512_maskz_loadu_ps(last, c + i * c_stride + 16 * v)
                                                      : _mm512_loadu_ps(c + i * c_stride + 16 * v);
    }
    for (long first = 0; first < inner; first += part, a += part_stride) {
        const float *from = a;
        const long count = inner - first < part ? inner - first : part;
        for (long p = 0; p < count; p++) {
            __m512 column[2];
            UNROLLED for (int v = 0; v < vectors; v++)
                column[v] = v == vectors - 1 ? _mm512_maskz_loadu_ps(last, b + 16 * v) : _mm512_loadu_ps(b + 16 * v);
            UNROLLED for (int i = 0; i < rows; i++) {
                const __m512 element = _mm512_set1_ps(from[i * row_stride]);
                UNROLLED for (int v = 0; v < vectors; v++)
                    sum[i * vectors + v] = _mm512_fmadd_ps(element, column[v], sum[i * vectors + v]);
            }
            from += inner_stride;
            b += b_stride;
        }
    }
    UNROLLED for (int i = 0; i < rows; i++) {
        UNROLLED for (int v = 0; v < vectors; v++) {
            if (v == vectors - 1) _mm512_mask_storeu_ps(c + i * c_stride + 16 * v, last, sum[i * vectors + v]);
            else _mm512_storeu_ps(c + i * c_stride + 16 * v, sum[i * vectors + v]);
        }
    }
}

// Tiles of a product, for channels in panels of W and V vectors of columns.
#define ROWS_OF(R, V, W)                                                                                              \
    WIDE static void rows_##R##_##V##_##W(long inner, const float *a, long part_stride, const float *b, float *c) {    \
        multiply(R, V, inner, W, a, part_stride, W, 1, b, 16 * V, 0xffff, 0, c, 16 * V);                               \
    }
#define ALL_ROWS(W)                                                                                                   \
    ROWS_OF(1, 1, W) ROWS_OF(2, 1, W) ROWS_OF(4, 1, W) ROWS_OF(8, 1, W) ROWS_OF(14, 1, W) ROWS_OF(28, 1, W)            \
    ROWS_OF(1, 2, W) ROWS_OF(2, 2, W) ROWS_OF(4, 2, W) ROWS_OF(8, 2, W) ROWS_OF(14, 2, W)
ALL_ROWS(16)
ALL_ROWS(32)

typedef void (*rows_function)(long, const float *, long, const float *, float *);
#define ROW_TABLE(W)                                                                                                  \
    {{rows_28_1_##W, rows_14_1_##W, rows_8_1_##W, rows_4_1_##W, rows_2_1_##W, rows_1_1_##W},                           \
     {0, rows_14_2_##W, rows_8_2_##W, rows_4_2_##W, rows_2_2_##W, rows_1_2_##W}}

void hb_panel_product(long tiles, long width, long inner, const float *a, const float *b, long panel, float *c) {
    static const rows_function functions[2][2][6] = {ROW_TABLE(16), ROW_TABLE(32)};
    static const long heights[] = {28, 14, 8, 4, 2, 1};
    const rows_function *each = functions[width > 16][panel > 16];
    int step = panel > 16;
    for (long t = 0; t < tiles; t += heights[step]) {
        while (heights[step] > tiles - t) step++;
        each[step](inner, a + t * width, width * tiles, b, c + t * panel);
    }
}

// All tiles and one panel of columns at one place.
static void multiply_tiles(long tiles, long inner, const float *a, const float *b, long panel, float *c) {
    hb_panel_product(tiles, hb_winograd_width(inner), inner, a, b, panel, c);
}

void hb_winograd_product(long tiles, long inner, const float *v, const float *u, long panel, float *m) {
    for (int k = 0; k < HB_WINOGRAD_PLACES; k++)
        multiply_tiles(tiles, inner, v + k * hb_winograd_tiles(tiles, inner),
                       u + k * hb_winograd_distance(inner * panel), panel, m + k * hb_winograd_distance(tiles * panel));
}

void hb_winograd_place(int place, long tiles, long inner, const float *v, const float *u, long columns, float *m) {
    const float *from = v + place * hb_winograd_tiles(tiles, inner);
    float *to = m + place * hb_winograd_tiles(tiles, columns);
    const long room = HB_WINOGRAD_PLACES * hb_winograd_distance(inner * hb_winograd_width(columns));
    for (long column = 0; column < columns; column += 32) {
        const long panel = hb_winograd_width(columns - column);
        multiply_tiles(tiles, inner, from, u + column / 32 * room + place * hb_winograd_distance(inner * panel), panel,
                       to + column * tiles);
    }
}

#define COLUMNS_OF(R)                                                                                                 \
    WIDE static void columns_##R(long tiles, const float *g, long g_width, const float *v, long v_width, long width,   \
                                 int accumulate, float *m, long stride) {                                              \
        const __mmask16 last = (__mmask16)((1u << (width > 16 ? width - 16 : width)) - 1);                             \
        if (width > 16) multiply(R, 2, tiles, tiles, g, 0, 1, g_width, v, v_width, last, accumulate, m, stride);       \
        else multiply(R, 1, tiles, tiles, g, 0, 1, g_width, v, v_width, last, accumulate, m, stride);                  \
    }
COLUMNS_OF(1) COLUMNS_OF(2) COLUMNS_OF(4) COLUMNS_OF(8) COLUMNS_OF(12)
WIDE static void columns_16(long tiles, const float *g, long g_width, const float *v, long v_width, long width,
                            int accumulate, float *m, long stride) {
    multiply(16, 1, tiles, tiles, g, 0, 1, g_width, v, v_width, (__mmask16)((1u << width) - 1), accumulate, m, stride);
}

// Tiles at a time, so that a panel of them stays in the first-level cache for all rows.
#define SOME_TILES 96

WIDE void hb_panel_sum(long tiles, long outputs, const float *g, long g_width, long g_total, long inputs, const float *v,
                       long v_width, long v_total, int accumulate, float *m) {
    if (tiles == 0 && !accumulate) memset(m, 0, (size_t)(outputs * inputs) * sizeof *m);
    for (long first = 0; first < tiles; first += SOME_TILES) {
        const long count = tiles - first < SOME_TILES ? tiles - first : SOME_TILES;
        const int adds = accumulate || first > 0;
        for (long j = 0; j < inputs; j += v_width) {
            const long width = inputs - j < v_width ? inputs - j : v_width;
            const float *right = v + j * v_total + first * v_width;
            for (long i = 0; i < outputs;) {
                const long inside = 32 - i % 32, left = outputs - i < inside ? outputs - i : inside;
                const float *from = g + i / 32 * 32 * g_total + first * g_width + i % 32;
                float *to = m + i * inputs + j;
                long step;
#define STEP(R)                                                                                                       \
    {                                                                                                                  \
        columns_##R(count, from, g_width, right, v_width, width, adds, to, inputs);                                    \
        step = R;                                                                                                      \
    }
                if (left >= 16 && width <= 16) STEP(16)
                else if (left >= 12 && left != 16) STEP(12)
                else if (left >= 8) STEP(8)
                else if (left >= 4) STEP(4)
                else if (left >= 2) STEP(2)
                else STEP(1)
                i += step;
            }
        }
    }
}

void hb_winograd_sum(long tiles, long outputs, long inputs, const float *g, const float *v, int accumulate, float *m) {
    for (int k = 0; k < HB_WINOGRAD_PLACES; k++)
        hb_panel_sum(tiles, outputs, g + k * hb_winograd_tiles(tiles, outputs), hb_winograd_width(outputs), tiles,
                     inputs, v + k * hb_winograd_tiles(tiles, inputs), hb_winograd_width(inputs), tiles, accumulate,
                     m + k * hb_winograd_distance(outputs * inputs));
}

#define SAMPLE_OF(R, W)                                                                                               \
    WIDE static void sample_##R##_##W(long inner, const float *a, const float *b, int accumulate, float *c) {          \
        multiply(R, 2, inner, W, a, 0, W, 1, b, 32, 0xffff, accumulate, c, 32);                                        \
    }
#define EACH_HEIGHT(F, W)                                                                                             \
    F(1, W) F(2, W) F(3, W) F(4, W) F(5, W) F(6, W) F(7, W) F(8, W) F(9, W) F(10, W) F(11, W) F(12, W) F(13, W) F(14, W)
EACH_HEIGHT(SAMPLE_OF, 16)
EACH_HEIGHT(SAMPLE_OF, 32)

void hb_winograd_sample(long tiles, long inner, const float *v, long distance, long width, const float *w, int turned,
                        float *room, int accumulate, float *m) {
    typedef void (*function)(long, const float *, const float *, int, float *);
#define SAMPLE_NAME(R, W) sample_##R##_##W,
    static const function functions[2][14] = {{EACH_HEIGHT(SAMPLE_NAME, 16)}, {EACH_HEIGHT(SAMPLE_NAME, 32)}};
    // As few parts as possible, of nearly the same height: a product of one or two rows waits for itself.
    const long parts = (tiles + 13) / 14;
    for (int k = 0; k < HB_WINOGRAD_PLACES; k++) {
        if (k % 6 == 0) hb_winograd_row(w, inner, k / 6, turned, room);
        const float *a = v + k * distance, *b = room + k % 6 * hb_winograd_distance(inner * 32);
        float *c = m + k * hb_winograd_distance(tiles * 32);
        for (long part = 0; part < parts; part++) {
            const long first = tiles * part / parts, count = tiles * (part + 1) / parts - first;
            functions[width > 16][count - 1](inner, a + first * width, b, accumulate, c + first * 32);
        }
    }
}

WIDE void hb_winograd_sample_sum(long tiles, const hb_tile_panel *g, const hb_tile_panel *v, float *m) {
    for (int k = 0; k < HB_WINOGRAD_PLACES; k++) {
        const float *a = g->tiles + k * g->distance, *b = v->tiles + k * v->distance;
        float *c = m + k * hb_winograd_distance(HB_BLOCK);
        if (v->width > 16) multiply(HB_BLOCK_ROWS, 2, tiles, tiles, a, 0, 1, g->width, b, 32, 0xffff, 0, c, 32);
        else multiply(HB_BLOCK_ROWS, 1, tiles, tiles, a, 0, 1, g->width, b, 16, 0xffff, 0, c, 32);
    }
}
#else

void hb_winograd_product(long tiles, long inner, const float *v, const float *u, long panel, float *m) {
    (void)tiles, (void)inner, (void)v, (void)u, (void)panel, (void)m;
}

void hb_winograd_place(int place, long tiles, long inner, const float *v, const float *u, long columns, float *m) {
    (void)place, (void)tiles, (void)inner, (void)v, (void)u, (void)columns, (void)m;
}

void hb_panel_product(long tiles, long width, long inner, const float *a, const float *b, long panel, float *c) {
    (void)tiles, (void)width, (void)inner, (void)a, (void)b, (void)panel, (void)c;
}

void hb_panel_sum(long tiles, long outputs, const float *g, long g_width, long g_total, long inputs, const float *v,
                  long v_width, long v_total, int accumulate, float *m) {
    (void)tiles, (void)outputs, (void)g, (void)g_width, (void)g_total, (void)inputs, (void)v, (void)v_width;
    (void)v_total, (void)accumulate, (void)m;
}

void hb_winograd_sum(long tiles, long outputs, long inputs, const float *g, const float *v, int accumulate, float *m) {
    (void)tiles, (void)outputs, (void)inputs, (void)g, (void)v, (void)accumulate, (void)m;
}

void hb_winograd_sample(long tiles, long inner, const float *v, long distance, long width, const float *w, int turned,
                        float *room, int accumulate, float *m) {
    (void)tiles, (void)inner, (void)v, (void)distance, (void)width, (void)w, (void)turned, (void)room, (void)accumulate;
    (void)m;
}

void hb_winograd_sample_sum(long tiles, const hb_tile_panel *g, const hb_tile_panel *v, float *m) {
    (void)tiles, (void)g, (void)v, (void)m;
}

#endif
