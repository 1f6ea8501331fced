#pragma once
// Walks over the tiles of maps, shared by the transforms of every kind of tile.
#include "Winograd.h"
#include "WinogradVectors.h"

// A tile of a map, found by dividing once and then by counting.
typedef struct {
    long image, down, across;
} cursor;

WIDE_INLINE cursor cursor_at(const hb_tiling *map, long tile) {
    const long at = tile % (map->down * map->across);
    return (cursor){tile / (map->down * map->across), at / map->across, at % map->across};
}

WIDE_INLINE void advance(cursor *at, const hb_tiling *map) {
    if (++at->across < map->across) return;
    at->across = 0;
    if (++at->down < map->down) return;
    at->down = 0;
    at->image++;
}

// The map of a tile, or the slice that is read for it; null where there is none.
WIDE_INLINE const float *image_of(const float *x, const hb_tiling *map, const cursor *tile, long line) {
    if (map->slices == 0) return x + tile->image * map->height * line;
    const long slice = tile->image % map->slices * map->step + map->shift;
    if (slice < 0 || slice >= map->deep) return 0;
    return x + (tile->image / map->slices * map->deep + slice) * map->height * line;
}

// Where the pixels of a tile's map are: the first one, null where there is no map, the distances between lines and between
// neighbours in a line, and how many there are.
typedef struct {
    const float *first;
    long line, step, rows, columns;
} view;

WIDE_INLINE view view_of(const float *x, const hb_tiling *map, const cursor *tile, long stride) {
    const long apart = map->apart;
    if (apart == 1) {
        const long line = map->width * stride;
        return (view){image_of(x, map, tile, line), line, stride, map->height, map->width};
    }
    const long phase = tile->image % (apart * apart), row = phase / apart, column = phase % apart;
    const long top = tile->image / (apart * apart) * map->whole_height + row;
    return (view){x + (top * map->whole_width + column) * stride, apart * map->whole_width * stride, apart * stride,
                  (map->whole_height - row + apart - 1) / apart, (map->whole_width - column + apart - 1) / apart};
}
