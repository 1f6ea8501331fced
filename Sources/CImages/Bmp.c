#include "Internal.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// BMP by its published layout: a file header of 14 bytes, an information header whose first number is its size, masks, a
// palette, rows from the bottom upward.

enum { PLAIN = 0, RLE8 = 1, RLE4 = 2, MASKS = 3, MASKS_ALPHA = 6 };

typedef struct {
    int width, height, bits, compression, top_down;
    size_t offset;            // of the rows
    uint32_t masks[4];        // red, green, blue, alpha
    uint8_t palette[256][3];  // red, green, blue; entries that the file lacks are black
    int grey;                 // all of the palette
} bmp_picture;

static int read_palette(const uint8_t *data, size_t size, size_t at, int entry, size_t count, bmp_picture *picture) {
    size_t end = picture->offset < size ? picture->offset : size;
    size_t held = end > at ? (end - at) / (size_t)entry : 0;
    if (count > held) count = held;
    if (count == 0) return 0;
    picture->grey = 1;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *p = data + at + i * (size_t)entry;
        uint8_t *color = picture->palette[i];
        color[0] = p[2], color[1] = p[1], color[2] = p[0];
        if (p[0] != p[1] || p[1] != p[2]) picture->grey = 0;
    }
    return 1;
}

static int parse(const uint8_t *data, size_t size, bmp_picture *picture, char *message) {
    memset(picture, 0, sizeof *picture);
    if (size < 26) return hb_fail(HB_IMAGE_BROKEN, "the file ends too early", message);
    picture->offset = hb_le32(data + 10);
    size_t header = hb_le32(data + 14);
    int core = header == 12;
    if (header > size - 14 || (!core && header < 16))
        return hb_fail(HB_IMAGE_BROKEN, "its header is damaged or cut short", message);
    const uint8_t *p = data + 14;
    int64_t height = core ? (int32_t)hb_le16(p + 6) : (int32_t)hb_le32(p + 8);
    picture->width = core ? (int)hb_le16(p + 4) : (int32_t)hb_le32(p + 4);
    picture->top_down = height < 0;
    if (height < 0) height = -height;
    picture->height = height > INT32_MAX ? 0 : (int)height;
    picture->bits = (int)hb_le16(p + (core ? 10 : 14));
    picture->compression = header >= 20 ? (int)(hb_le32(p + 16) & 0xff) : PLAIN;
    size_t colors = header >= 36 ? hb_le32(p + 32) : 0;
    int bits = picture->bits, compression = picture->compression;
    if (compression == 4 || compression == 5 || (header >= 20 && hb_le32(p + 16) > 13))
        return hb_fail(HB_IMAGE_UNSUPPORTED, "a BMP file around data of another format", message);
    int plain = compression == PLAIN &&
                (bits == 1 || bits == 2 || bits == 4 || bits == 8 || bits == 16 || bits == 24 || bits == 32);
    int packed = ((compression == RLE8 && bits == 8) || (compression == RLE4 && bits == 4)) && !picture->top_down;
    int masked = (compression == MASKS || compression == MASKS_ALPHA) && (bits == 16 || bits == 32);
    if (!plain && !packed && !masked) {
        snprintf(message, HB_IMAGE_MESSAGE, "a BMP image of %d bits a pixel with compression %d", bits, compression);
        return HB_IMAGE_UNSUPPORTED;
    }
    size_t palette = 14 + header;
    if (masked) {
        // Behind the first 40 bytes: a part of longer headers, else following them.
        int count = header >= 56 || compression == MASKS_ALPHA ? 4 : 3;
        if (size < 54 + 4 * (size_t)count) return hb_fail(HB_IMAGE_BROKEN, "its header is cut short", message);
        for (int i = 0; i < count; i++) picture->masks[i] = hb_le32(data + 54 + 4 * i);
    } else if (bits == 16) {
        picture->masks[0] = 0x7c00, picture->masks[1] = 0x3e0, picture->masks[2] = 0x1f;
    } else if (bits == 32) {
        picture->masks[0] = 0xff0000, picture->masks[1] = 0xff00, picture->masks[2] = 0xff;
    }
    if (bits <= 8) {
        size_t most = (size_t)1 << bits;
        if (colors == 0 || colors > most) colors = most;
        if (!read_palette(data, size, palette, core ? 3 : 4, colors, picture))
            return hb_fail(HB_IMAGE_BROKEN, "it has no palette", message);
    }
    if (picture->offset < palette || picture->offset > size)
        return hb_fail(HB_IMAGE_BROKEN, "its rows begin outside of the file", message);
    return HB_IMAGE_OK;
}

static size_t row_stride(const bmp_picture *picture) {
    return ((size_t)picture->width * (size_t)picture->bits + 31) / 32 * 4;
}

int hb_bmp_read_header(
    const uint8_t *data, size_t size, size_t maximum_pixels, hb_image_header *header, char *message) {
    bmp_picture picture;
    int code = parse(data, size, &picture, message);
    if (code) return code;
    header->width = picture.width;
    header->height = picture.height;
    header->channels = picture.bits <= 8 && picture.grey ? 1 : 3;
    code = hb_check_pixels(header, maximum_pixels, message);
    if (code) return code;
    header->held = 4 * (size_t)header->width;
    return HB_IMAGE_OK;
}

static void color_row(const bmp_picture *picture, const uint8_t *indices, int channels, uint8_t *line) {
    for (int x = 0; x < picture->width; x++)
        for (int c = 0; c < channels; c++) *line++ = picture->palette[indices[x]][c];
}

static void unpack_indices(const bmp_picture *picture, const uint8_t *row, uint8_t *indices) {
    int bits = picture->bits;
    for (size_t x = 0; x < (size_t)picture->width; x++) {
        size_t bit = x * (size_t)bits;
        indices[x] = (uint8_t)(row[bit / 8] >> (8 - bits - (int)(bit % 8)) & ((1 << bits) - 1));
    }
}

/// The bits of a mask as a byte, as Pillow rounds it.
static uint8_t masked_byte(uint32_t value, uint32_t mask) {
    if (!mask) return 0;
    int shift = __builtin_ctz(mask);
    return (uint8_t)((uint64_t)((value & mask) >> shift) * 255 / (mask >> shift));
}

static uint32_t pixel_at(const bmp_picture *picture, const uint8_t *row, int x) {
    return picture->bits == 16 ? hb_le16(row + 2 * x) : hb_le32(row + 4 * (size_t)x);
}

/// Whether any pixel is not wholly transparent: writers that do not know alpha leave zeros there.
static int uses_alpha(const bmp_picture *picture, const uint8_t *rows) {
    if (!picture->masks[3]) return 0;
    for (int y = 0; y < picture->height; y++, rows += row_stride(picture))
        for (int x = 0; x < picture->width; x++)
            if (pixel_at(picture, rows, x) & picture->masks[3]) return 1;
    return 0;
}

static void masked_row(const bmp_picture *picture, const uint8_t *row, int alpha, uint8_t *line) {
    for (int x = 0; x < picture->width; x++, line += 3) {
        uint32_t value = pixel_at(picture, row, x);
        uint8_t color[4];
        for (int c = 0; c < 4; c++) color[c] = masked_byte(value, picture->masks[c]);
        if (alpha) hb_over_white(color, 1, 3, line);
        else memcpy(line, color, 3);
    }
}

static int decode_plain(
    const uint8_t *data, size_t size, const bmp_picture *picture, hb_sink *sink, uint8_t *indices, char *message) {
    size_t stride = row_stride(picture), last = ((size_t)picture->width * (size_t)picture->bits + 7) / 8;
    // The padding of the last row may be missing.
    if (size - picture->offset < stride * (size_t)(picture->height - 1) + last)
        return hb_fail(HB_IMAGE_BROKEN, "the file ends too early", message);
    const uint8_t *row = data + picture->offset;
    int alpha = uses_alpha(picture, row), channels = sink->header->channels;
    for (int i = 0; i < picture->height; i++, row += stride) {
        int y = picture->top_down ? i : picture->height - 1 - i;
        uint8_t *line = hb_sink_row(sink, y);
        if (picture->bits <= 8) {
            unpack_indices(picture, row, indices);
            color_row(picture, indices, channels, line);
        } else if (picture->bits == 24) {
            for (int x = 0; x < picture->width; x++)
                for (int c = 0; c < 3; c++) line[3 * x + c] = row[3 * x + 2 - c];
        } else {
            masked_row(picture, row, alpha, line);
        }
        hb_sink_done(sink, y);
    }
    return HB_IMAGE_OK;
}

typedef struct {
    const bmp_picture *picture;
    hb_sink *sink;
    uint8_t *indices;
    int x, y;    // y counts from the bottom
} run_position;

static void end_row(run_position *at) {
    const bmp_picture *picture = at->picture;
    int y = picture->height - 1 - at->y;
    uint8_t *line = hb_sink_row(at->sink, y);
    color_row(picture, at->indices, at->sink->header->channels, line);
    hb_sink_done(at->sink, y);
    memset(at->indices, 0, (size_t)picture->width);
    at->y++;
}

static void put_index(run_position *at, int index) {
    if (at->x < at->picture->width) at->indices[at->x++] = (uint8_t)index;
}

static int decode_runs(
    const uint8_t *data, size_t size, const bmp_picture *picture, hb_sink *sink, uint8_t *indices, char *message) {
    run_position at = {picture, sink, indices, 0, 0};
    int nibbles = picture->bits == 4;
    memset(indices, 0, (size_t)picture->width);
    const uint8_t *p = data + picture->offset, *end = data + size;
    while (at.y < picture->height) {
        if (end - p < 2) return hb_fail(HB_IMAGE_BROKEN, "the file ends too early", message);
        int count = p[0], value = p[1];
        p += 2;
        if (count > 0) {
            for (int i = 0; i < count; i++) put_index(&at, !nibbles ? value : i & 1 ? value & 15 : value >> 4);
        } else if (value == 0) {
            end_row(&at);
            at.x = 0;
        } else if (value == 1) {
            while (at.y < picture->height) end_row(&at);
        } else if (value == 2) {
            if (end - p < 2) return hb_fail(HB_IMAGE_BROKEN, "the file ends too early", message);
            int x = at.x + p[0], rows = p[1];
            at.x = x < picture->width ? x : picture->width;
            for (; rows > 0 && at.y < picture->height; rows--) end_row(&at);
            p += 2;
        } else {
            // As many pixels as they are, padded to two bytes.
            int bytes = nibbles ? (value + 1) / 2 : value;
            if (end - p < bytes) return hb_fail(HB_IMAGE_BROKEN, "the file ends too early", message);
            for (int i = 0; i < value; i++)
                put_index(&at, !nibbles ? p[i] : i & 1 ? p[i / 2] & 15 : p[i / 2] >> 4);
            p += bytes + (bytes & 1 && end - p > bytes ? 1 : 0);
        }
        // The end of the last row may be all there is of an end.
        if (at.y == picture->height - 1 && at.x == picture->width && end - p < 2) end_row(&at);
    }
    return HB_IMAGE_OK;
}

int hb_bmp_decode(
    const uint8_t *data, size_t size, const hb_image_header *header, hb_sink *sink, char *message) {
    bmp_picture picture;
    int code = parse(data, size, &picture, message);
    if (code) return code;
    if (picture.width != header->width || picture.height != header->height)
        return hb_fail(HB_IMAGE_BROKEN, "the header changed between two readings", message);
    uint8_t *indices = malloc((size_t)picture.width);
    if (!indices) return HB_IMAGE_NO_MEMORY;
    int packed = picture.compression == RLE8 || picture.compression == RLE4;
    code = packed ? decode_runs(data, size, &picture, sink, indices, message)
                  : decode_plain(data, size, &picture, sink, indices, message);
    free(indices);
    return code;
}
