#pragma once
#include "Internal.h"

// TIFF by its published layout (revision 6): what Tiff.c finds in the first directory, TiffData.c unpacks, and TiffPixels.c
// makes pixels of.

enum {
    HB_TIFF_PLAIN = 1, HB_TIFF_LZW = 5, HB_TIFF_DEFLATE = 8, HB_TIFF_OLD_DEFLATE = 32946, HB_TIFF_PACKBITS = 32773
};

/// Colour spaces.
enum { HB_TIFF_WHITE_IS_ZERO = 0, HB_TIFF_BLACK_IS_ZERO = 1, HB_TIFF_RGB = 2, HB_TIFF_PALETTE = 3, HB_TIFF_CMYK = 5 };

/// Values of one tag; `at` is where they lie in the file.
typedef struct {
    uint32_t type, count;
    size_t at;
} hb_tiff_values;

typedef struct {
    const uint8_t *data;
    size_t size;
    int big_endian;
    uint32_t width, height, bits, compression, photometric, samples, predictor, format, orientation, fill_order;
    int separate;                   // each sample in a plane of its own
    int tiled;
    uint32_t part_width, part_height;    // of a strip or tile
    uint32_t colors;                // samples that make the colour: 1, 3 or 4
    int alpha;                      // 0 none, 1 multiplied into the colour, 2 not
    int grey;
    hb_tiff_values offsets, lengths;
    uint8_t palette[256][3];
} hb_tiff_picture;

static inline uint32_t hb_tiff_number(const hb_tiff_picture *tiff, size_t at, int bytes) {
    const uint8_t *p = tiff->data + at;
    if (bytes == 1) return *p;
    if (bytes == 2) return tiff->big_endian ? hb_be16(p) : hb_le16(p);
    return tiff->big_endian ? hb_be32(p) : hb_le32(p);
}

uint32_t hb_tiff_value(const hb_tiff_picture *tiff, const hb_tiff_values *values, uint32_t index);

/// Samples of a part in one plane.
static inline uint32_t hb_tiff_part_samples(const hb_tiff_picture *tiff) { return tiff->separate ? 1 : tiff->samples; }
static inline size_t hb_tiff_part_row_bytes(const hb_tiff_picture *tiff) {
    return ((size_t)tiff->part_width * hb_tiff_part_samples(tiff) * tiff->bits + 7) / 8;
}

static inline int hb_tiff_needs_band(const hb_tiff_picture *tiff) { return tiff->tiled || tiff->separate; }
static inline int hb_tiff_needs_memory(const hb_tiff_picture *tiff) {
    return tiff->compression != HB_TIFF_PLAIN || tiff->predictor == 2;
}
/// Rows of samples as bytes, side by side: of one row, or of a row of parts where those do not follow each other.
static inline size_t hb_tiff_band_bytes(const hb_tiff_picture *tiff) {
    return (size_t)tiff->width * tiff->samples * (hb_tiff_needs_band(tiff) ? tiff->part_height : 1);
}

/// Fills in what the first directory says; otherwise the message says what is wrong with it.
int hb_tiff_parse(const uint8_t *data, size_t size, hb_tiff_picture *tiff, char *message);

/// The unpacked rows of part `index`, of which at least `rows` are there; in `memory` or in the file itself. NULL: the
/// message says why not.
const uint8_t *hb_tiff_part(const hb_tiff_picture *tiff, uint32_t index, uint32_t rows, uint8_t *memory, char *message);
