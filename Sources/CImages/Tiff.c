#include "Tiff.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TAG_SUBFILE = 254, TAG_WIDTH = 256, TAG_HEIGHT = 257, TAG_BITS = 258, TAG_COMPRESSION = 259, TAG_PHOTOMETRIC = 262,
    TAG_FILL_ORDER = 266, TAG_STRIP_OFFSETS = 273, TAG_ORIENTATION = 274, TAG_SAMPLES = 277, TAG_ROWS_PER_STRIP = 278,
    TAG_STRIP_LENGTHS = 279, TAG_PLANAR = 284, TAG_PREDICTOR = 317, TAG_PALETTE = 320, TAG_TILE_WIDTH = 322,
    TAG_TILE_HEIGHT = 323, TAG_TILE_OFFSETS = 324, TAG_TILE_LENGTHS = 325, TAG_SUBDIRECTORIES = 330,
    TAG_EXTRA_SAMPLES = 338, TAG_SAMPLE_FORMAT = 339, TAG_XMP = 700, TAG_DNG = 50706
};
static int bytes_of(uint32_t type) { return type == 3 ? 2 : type == 4 || type == 13 ? 4 : 1; }

uint32_t hb_tiff_value(const hb_tiff_picture *tiff, const hb_tiff_values *values, uint32_t index) {
    int bytes = bytes_of(values->type);
    return hb_tiff_number(tiff, values->at + (size_t)index * (size_t)bytes, bytes);
}

static uint32_t first_or(const hb_tiff_picture *tiff, const hb_tiff_values *values, uint32_t otherwise) {
    return values->count > 0 ? hb_tiff_value(tiff, values, 0) : otherwise;
}

/// The values of an entry of the directory; none when they lie outside of the file.
static hb_tiff_values values_at(const hb_tiff_picture *tiff, size_t entry) {
    hb_tiff_values values = {hb_tiff_number(tiff, entry + 2, 2), hb_tiff_number(tiff, entry + 4, 4), entry + 8};
    // Whole numbers and bytes; fractions are of no use here.
    if (values.type != 1 && values.type != 3 && values.type != 4 && values.type != 7 && values.type != 13)
        return (hb_tiff_values){0};
    size_t bytes = (size_t)values.count * (size_t)bytes_of(values.type);
    if (bytes > 4) values.at = hb_tiff_number(tiff, entry + 8, 4);
    if (values.at > tiff->size || bytes > tiff->size - values.at) values.count = 0;
    return values;
}

typedef struct {
    hb_tiff_values bits, palette, xmp, extra, format;
    hb_tiff_values strip_offsets, strip_lengths, tile_offsets, tile_lengths;
    uint32_t planar, rows_per_strip, tile_width, tile_height, subfile;
    int raw, has_subdirectories;
} directory;

static void take(hb_tiff_picture *tiff, directory *found, uint32_t tag, hb_tiff_values values) {
    uint32_t value = first_or(tiff, &values, 0);
    switch (tag) {
    case TAG_SUBFILE: found->subfile = value; break;
    case TAG_WIDTH: tiff->width = value; break;
    case TAG_HEIGHT: tiff->height = value; break;
    case TAG_BITS: found->bits = values; break;
    case TAG_COMPRESSION: tiff->compression = value; break;
    case TAG_PHOTOMETRIC: tiff->photometric = value; break;
    case TAG_FILL_ORDER: tiff->fill_order = value; break;
    case TAG_STRIP_OFFSETS: found->strip_offsets = values; break;
    case TAG_ORIENTATION: tiff->orientation = value; break;
    case TAG_SAMPLES: tiff->samples = value; break;
    case TAG_ROWS_PER_STRIP: found->rows_per_strip = value; break;
    case TAG_STRIP_LENGTHS: found->strip_lengths = values; break;
    case TAG_PLANAR: found->planar = value; break;
    case TAG_PREDICTOR: tiff->predictor = value; break;
    case TAG_PALETTE: found->palette = values; break;
    case TAG_TILE_WIDTH: found->tile_width = value; break;
    case TAG_TILE_HEIGHT: found->tile_height = value; break;
    case TAG_TILE_OFFSETS: found->tile_offsets = values; break;
    case TAG_TILE_LENGTHS: found->tile_lengths = values; break;
    case TAG_SUBDIRECTORIES: found->has_subdirectories = 1; break;
    case TAG_EXTRA_SAMPLES: found->extra = values; break;
    case TAG_SAMPLE_FORMAT: found->format = values; break;
    case TAG_XMP: found->xmp = values; break;
    case TAG_DNG: found->raw = 1; break;
    default: break;
    }
}

static int read_palette(hb_tiff_picture *tiff, const hb_tiff_values *values) {
    uint32_t count = 1u << tiff->bits, highest = 0;
    if (values->type != 3 || values->count < 3 * count) return 0;
    for (uint32_t i = 0; i < 3 * count; i++) {
        uint32_t value = hb_tiff_value(tiff, values, i);
        if (value > highest) highest = value;
    }
    // Some writers fill in 8 bits where the standard has 16.
    int shift = highest > 255 ? 8 : 0;
    tiff->grey = 1;
    for (uint32_t i = 0; i < count; i++) {
        uint8_t *color = tiff->palette[i];
        for (uint32_t c = 0; c < 3; c++) color[c] = (uint8_t)(hb_tiff_value(tiff, values, c * count + i) >> shift);
        if (color[0] != color[1] || color[1] != color[2]) tiff->grey = 0;
    }
    return 1;
}

static const char *packing_name(uint32_t compression) {
    switch (compression) {
    case 2: case 3: case 4: return "fax compression";
    case 6: case 7: return "JPEG compression";
    case 33003: case 33005: case 34712: return "JPEG 2000 compression";
    case 34925: return "LZMA compression";
    case 50000: return "Zstandard compression";
    case 50001: return "WebP compression";
    default: return NULL;
    }
}

/// What of a sound file is not read.
static int check_kind(const hb_tiff_picture *tiff, char *message) {
    switch (tiff->compression) {
    case HB_TIFF_PLAIN: case HB_TIFF_LZW: case HB_TIFF_DEFLATE: case HB_TIFF_OLD_DEFLATE: case HB_TIFF_PACKBITS: break;
    default: {
        const char *name = packing_name(tiff->compression);
        if (name) snprintf(message, HB_IMAGE_MESSAGE, "a TIFF image with %s", name);
        else snprintf(message, HB_IMAGE_MESSAGE, "a TIFF image with compression %u", tiff->compression);
        return HB_IMAGE_UNSUPPORTED;
    }
    }
    uint32_t bits = tiff->bits;
    int even = bits == 8 || bits == 16;
    if ((tiff->format != 1 && tiff->format != 4) || !(even || bits == 1 || bits == 2 || bits == 4)) {
        snprintf(message, HB_IMAGE_MESSAGE, "a TIFF image of %u-bit %s", bits,
            tiff->format == 3 ? "floating-point numbers" : tiff->format == 2 ? "signed numbers" : "numbers");
        return HB_IMAGE_UNSUPPORTED;
    }
    if (tiff->colors == 0) {
        snprintf(message, HB_IMAGE_MESSAGE, "a TIFF image in the colour space %u", tiff->photometric);
        return HB_IMAGE_UNSUPPORTED;
    }
    if (tiff->samples > 16 || (!even && tiff->samples != 1) || (tiff->photometric == HB_TIFF_PALETTE && bits > 8)) {
        snprintf(message, HB_IMAGE_MESSAGE, "a TIFF image of %u samples of %u bits", tiff->samples, bits);
        return HB_IMAGE_UNSUPPORTED;
    }
    if (tiff->predictor == 3 || (tiff->predictor == 2 && !even) || tiff->fill_order == 2)
        return hb_fail(HB_IMAGE_UNSUPPORTED, "a TIFF image of an unusual kind", message);
    return HB_IMAGE_OK;
}

int hb_tiff_parse(const uint8_t *data, size_t size, hb_tiff_picture *tiff, char *message) {
    memset(tiff, 0, sizeof *tiff);
    *tiff = (hb_tiff_picture){.data = data, .size = size, .big_endian = data[0] == 'M', .compression = 1,
        .photometric = HB_TIFF_BLACK_IS_ZERO, .samples = 1, .predictor = 1, .fill_order = 1};
    static const char damaged[] = "its directory is damaged or cut short";
    if (size < 14) return hb_fail(HB_IMAGE_BROKEN, "the file ends too early", message);
    size_t start = hb_tiff_number(tiff, 4, 4);
    if (start > size - 2) return hb_fail(HB_IMAGE_BROKEN, damaged, message);
    size_t count = hb_tiff_number(tiff, start, 2);
    if (count == 0 || count * 12 > size - start - 2) return hb_fail(HB_IMAGE_BROKEN, damaged, message);
    directory found = {.planar = 1, .rows_per_strip = UINT32_MAX};
    for (size_t i = 0; i < count; i++) {
        size_t entry = start + 2 + i * 12;
        take(tiff, &found, hb_tiff_number(tiff, entry, 2), values_at(tiff, entry));
    }
    // Cameras put a small preview first, and what they saw into directories below it.
    if (found.raw || (found.has_subdirectories && found.subfile & 1))
        return hb_fail(HB_IMAGE_UNSUPPORTED, "a camera's raw image", message);
    tiff->bits = first_or(tiff, &found.bits, 1);
    tiff->format = first_or(tiff, &found.format, 1);
    for (uint32_t i = 1; i < found.bits.count && i < tiff->samples; i++)
        if (hb_tiff_value(tiff, &found.bits, i) != tiff->bits)
            return hb_fail(HB_IMAGE_UNSUPPORTED, "a TIFF image whose samples differ in bits", message);
    tiff->colors = tiff->photometric == HB_TIFF_RGB ? 3 : tiff->photometric == HB_TIFF_CMYK ? 4 : tiff->photometric <= HB_TIFF_PALETTE ? 1 : 0;
    int code = check_kind(tiff, message);
    if (code) return code;
    if (tiff->samples < tiff->colors) return hb_fail(HB_IMAGE_BROKEN, damaged, message);
    uint32_t extra = first_or(tiff, &found.extra, 0);
    if (tiff->samples > tiff->colors && extra <= 2 && tiff->colors < 4) tiff->alpha = (int)extra;
    tiff->grey = tiff->colors == 1;
    if (tiff->photometric == HB_TIFF_PALETTE && !read_palette(tiff, &found.palette))
        return hb_fail(HB_IMAGE_BROKEN, "its palette is missing or cut short", message);
    if ((tiff->orientation < 1 || tiff->orientation > 8) && found.xmp.count > 0)
        tiff->orientation = (uint32_t)hb_xmp_orientation(data + found.xmp.at, found.xmp.count);
    tiff->separate = found.planar == 2 && tiff->samples > 1;
    tiff->tiled = found.tile_offsets.count > 0;
    tiff->offsets = tiff->tiled ? found.tile_offsets : found.strip_offsets;
    tiff->lengths = tiff->tiled ? found.tile_lengths : found.strip_lengths;
    tiff->part_width = tiff->tiled ? found.tile_width : tiff->width;
    tiff->part_height = tiff->tiled            ? found.tile_height
                        : found.rows_per_strip < tiff->height ? found.rows_per_strip : tiff->height;
    if (tiff->offsets.type != 3 && tiff->offsets.type != 4)
        return hb_fail(HB_IMAGE_BROKEN, "it does not say where its pixels are", message);
    // The standard wants multiples of 16; smaller tiles would only cost time.
    if (tiff->part_width == 0 || tiff->part_height == 0 || tiff->part_width > INT32_MAX ||
        tiff->part_height > INT32_MAX || (tiff->tiled && (tiff->part_width % 16 || tiff->part_height % 16)))
        return hb_fail(HB_IMAGE_BROKEN, "its strips or tiles have an impossible size", message);
    return HB_IMAGE_OK;
}

int hb_tiff_read_header(
    const uint8_t *data, size_t size, size_t maximum_pixels, hb_image_header *header, char *message) {
    hb_tiff_picture tiff;
    int code = hb_tiff_parse(data, size, &tiff, message);
    if (code) return code;
    header->width = tiff.width > INT32_MAX ? 0 : (int32_t)tiff.width;
    header->height = tiff.height > INT32_MAX ? 0 : (int32_t)tiff.height;
    header->channels = tiff.grey ? 1 : 3;
    header->orientation = (int32_t)tiff.orientation;
    code = hb_check_pixels(header, maximum_pixels, message);
    if (code) return code;
    header->held = hb_tiff_band_bytes(&tiff) + 3 * (size_t)tiff.width;
    if (hb_tiff_needs_memory(&tiff)) {
        // Checked apart, so that the product of two sides from the file cannot overflow.
        size_t row = hb_tiff_part_row_bytes(&tiff);
        if (row > HB_IMAGE_MAXIMUM_HELD || tiff.part_height > HB_IMAGE_MAXIMUM_HELD / row)
            header->held = HB_IMAGE_MAXIMUM_HELD + 1;
        else header->held += row * tiff.part_height;
    }
    return HB_IMAGE_OK;
}
