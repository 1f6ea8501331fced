#include "StridedTiles.h"

#if defined(__x86_64__) && !defined(HORNBEAM_AVX2)
#include "StridedVectors.h"
#include "WinogradCursor.h"

// A vector of samples `down` by `across` to their places; rows and columns of a gradient have one place more than samples.
#define SPREAD(SAMPLE)                                                                                                \
    {                                                                                                                  \
        const int places_down = is_gradient ? 5 : down, places_across = is_gradient ? 5 : across;                      \
        vector half[5][5];                                                                                             \
        UNROLLED for (int j = 0; j < across; j++) {                                                                    \
            vector samples[5], spread[5];                                                                              \
            UNROLLED for (int i = 0; i < down; i++) samples[i] = SAMPLE(i, j);                                         \
            if (is_gradient) spread_results(samples, spread);                                                          \
            else spread_samples(down, samples, spread);                                                                \
            UNROLLED for (int i = 0; i < places_down; i++) half[i][j] = spread[i];                                     \
        }                                                                                                              \
        UNROLLED for (int i = 0; i < places_down; i++) {                                                               \
            vector spread[5];                                                                                          \
            if (is_gradient) spread_results(half[i], spread);                                                          \
            else spread_samples(across, half[i], spread);                                                              \
            UNROLLED for (int j = 0; j < places_across; j++)                                                           \
                _mm512_storeu_ps(v + (5 * i + j) * to.distance, spread[j]);                                            \
        }                                                                                                              \
    }

#define NEAR(i, j) _mm512_loadu_ps(corner + (i) * line + (j) * step)
#define FAR(i, j) _mm512_maskz_loadu_ps(rows_inside[i] & columns_inside[j], row_of[i] + column_of[j] + c)

WIDE_INLINE void spread_tiles(const int is_gradient, const int down, const int across, const float *x,
                              const hb_tiling *map, long stride, long channels, hb_samples rows, hb_samples columns,
                              long first, long count, hb_strided_target to) {
    const long whole_line = map->width * stride, line = rows.apart * whole_line, step = columns.apart * stride;
    cursor tile = cursor_at(map, first);
    for (long t = 0; t < count; t++, advance(&tile, map)) {
        const long top = rows.first + rows.tile * tile.down, left = columns.first + columns.tile * tile.across;
        const float *image = image_of(x, map, &tile, whole_line);
        if (image && top >= 0 && left >= 0 && top + rows.apart * (down - 1) < map->height &&
            left + columns.apart * (across - 1) < map->width) {
            const float *corner = image + top * whole_line + left * stride;
            for (long c = 0; c < channels; c += 16, corner += 16) {
                float *v = to.v + c / to.width * to.width * to.total + t * to.width + c % to.width;
                SPREAD(NEAR)
            }
            continue;
        }
        const float *row_of[5];
        long column_of[5];
        __mmask16 rows_inside[5], columns_inside[5];
        for (int i = 0; i < 5; i++) {
            const long r = top + rows.apart * i, c = left + columns.apart * i;
            const int has_row = image && r >= 0 && r < map->height, has_column = c >= 0 && c < map->width;
            row_of[i] = has_row ? image + r * whole_line : x;
            column_of[i] = has_column ? c * stride : 0;
            rows_inside[i] = has_row ? 0xffff : 0;
            columns_inside[i] = has_column ? 0xffff : 0;
        }
        for (long c = 0; c < channels; c += 16) {
            float *v = to.v + c / to.width * to.width * to.total + t * to.width + c % to.width;
            SPREAD(FAR)
        }
    }
}

WIDE void hb_strided_input(const float *x, const hb_tiling *map, long stride, long channels, hb_samples rows,
                           hb_samples columns, long first, long count, hb_strided_target to) {
#define SIZE(R, C) spread_tiles(0, R, C, x, map, stride, channels, rows, columns, first, count, to)
    if (rows.count == 5) {
        if (columns.count == 5) SIZE(5, 5);
        else SIZE(5, 4);
    } else {
        if (columns.count == 5) SIZE(4, 5);
        else SIZE(4, 4);
    }
}

WIDE void hb_strided_gradient(const float *g, const hb_tiling *map, long stride, long channels, long first, long count,
                              hb_strided_target to) {
    const hb_samples axis = {0, 1, 4, 4};
    spread_tiles(1, 4, 4, g, map, stride, channels, axis, axis, first, count, to);
}

WIDE_INLINE void gather_tiles(const int down, const int across, const float *m, long distance, long panel,
                              const hb_tiling *map, const hb_strided_result *to, long channels, long first, long count,
                              const float *bias, float *y) {
    cursor tile = cursor_at(map, first);
    for (long t = 0; t < count; t++, advance(&tile, map)) {
        const long top = tile.down * 4, left = tile.across * 4;
        const long rows = to->rows - top < 4 ? to->rows - top : 4;
        const long columns = to->columns - left < 4 ? to->columns - left : 4;
        if (rows <= 0 || columns <= 0) continue;
        float *corner = y + tile.image / to->slices * to->volume + tile.image % to->slices * to->slice + top * to->line +
                        left * to->step;
        for (long c = 0; c < channels; c += 16, corner += 16) {
            const float *from = m + t * panel + c;
            const vector start = bias ? _mm512_loadu_ps(bias + c) : _mm512_setzero_ps();
            vector half[4][5], result[4][4];
            UNROLLED for (int j = 0; j < across; j++) {
                vector column[5], gathered[4];
                UNROLLED for (int i = 0; i < down; i++) column[i] = _mm512_loadu_ps(from + (5 * i + j) * distance);
                gather_results(down, column, gathered);
                UNROLLED for (int i = 0; i < 4; i++) half[i][j] = gathered[i];
            }
            UNROLLED for (int i = 0; i < 4; i++) {
                gather_results(across, half[i], result[i]);
                UNROLLED for (int j = 0; j < 4; j++) result[i][j] = _mm512_add_ps(result[i][j], start);
            }
            if (rows == 4 && columns == 4) {
                UNROLLED for (int i = 0; i < 4; i++)
                    UNROLLED for (int j = 0; j < 4; j++)
                        _mm512_storeu_ps(corner + i * to->line + j * to->step, result[i][j]);
            } else {
                for (long i = 0; i < rows; i++)
                    for (long j = 0; j < columns; j++)
                        _mm512_storeu_ps(corner + i * to->line + j * to->step, result[i][j]);
            }
        }
    }
}

WIDE void hb_strided_output(const float *m, long distance, long panel, int down, int across, const hb_tiling *map,
                            const hb_strided_result *to, long channels, long first, long count, const float *bias,
                            float *y) {
#define GATHER(R, C) gather_tiles(R, C, m, distance, panel, map, to, channels, first, count, bias, y)
    if (down == 5) {
        if (across == 5) GATHER(5, 5);
        else GATHER(5, 4);
    } else {
        if (across == 5) GATHER(4, 5);
        else GATHER(4, 4);
    }
}

#else

void hb_strided_input(const float *x, const hb_tiling *map, long stride, long channels, hb_samples rows,
                      hb_samples columns, long first, long count, hb_strided_target to) {
    (void)x, (void)map, (void)stride, (void)channels, (void)rows, (void)columns, (void)first, (void)count, (void)to;
}

void hb_strided_gradient(const float *g, const hb_tiling *map, long stride, long channels, long first, long count,
                         hb_strided_target to) {
    (void)g, (void)map, (void)stride, (void)channels, (void)first, (void)count, (void)to;
}

void hb_strided_output(const float *m, long distance, long panel, int down, int across, const hb_tiling *map,
                       const hb_strided_result *to, long channels, long first, long count, const float *bias, float *y) {
    (void)m, (void)distance, (void)panel, (void)down, (void)across, (void)map, (void)to, (void)channels, (void)first;
    (void)count, (void)bias, (void)y;
}

#endif
