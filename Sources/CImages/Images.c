#include "Internal.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int hb_image_format(const uint8_t *data, size_t size) {
    static const uint8_t png[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    if (size >= 3 && data[0] == 0xff && data[1] == 0xd8 && data[2] == 0xff) return HB_IMAGE_JPEG;
    if (size >= 8 && !memcmp(data, png, 8)) return HB_IMAGE_PNG;
    return 0;
}

int hb_check_size(const hb_image_header *header, size_t maximum_pixels, char *message) {
    if (header->width <= 0 || header->height <= 0) {
        snprintf(message, HB_IMAGE_MESSAGE, "it has no pixels");
        return HB_IMAGE_BROKEN;
    }
    // Division, not multiplication: the sides come from the file.
    if ((size_t)header->height > maximum_pixels / (size_t)header->width) {
        snprintf(message, HB_IMAGE_MESSAGE, "%d x %d pixels are more than the limit of %zu", header->width,
            header->height, maximum_pixels);
        return HB_IMAGE_TOO_LARGE;
    }
    return HB_IMAGE_OK;
}

int hb_image_read_header(
    const uint8_t *data, size_t size, size_t maximum_pixels, hb_image_header *header, char *message) {
    message[0] = 0;
    switch (hb_image_format(data, size)) {
    case HB_IMAGE_JPEG: return hb_jpeg_read_header(data, size, maximum_pixels, header, message);
    case HB_IMAGE_PNG: return hb_png_read_header(data, size, maximum_pixels, header, message);
    default: snprintf(message, HB_IMAGE_MESSAGE, "it is neither JPEG nor PNG"); return HB_IMAGE_UNKNOWN;
    }
}

static int decode_stored(
    const uint8_t *data, size_t size, const hb_image_header *header, uint8_t *pixels, char *message) {
    return header->format == HB_IMAGE_JPEG ? hb_jpeg_decode(data, size, header, pixels, message)
                                           : hb_png_decode(data, size, header, pixels, message);
}

int hb_image_decode(
    const uint8_t *data, size_t size, const hb_image_header *header, int channels, uint8_t *pixels, char *message) {
    message[0] = 0;
    if (header->channels == channels && header->orientation == 1)
        return decode_stored(data, size, header, pixels, message);
    size_t count = (size_t)header->width * (size_t)header->height;
    uint8_t *stored = malloc(count * (size_t)header->channels);
    if (!stored) return HB_IMAGE_NO_MEMORY;
    int code = decode_stored(data, size, header, stored, message);
    uint8_t *converted = stored;
    if (!code && header->channels != channels) {
        converted = header->orientation == 1 ? pixels : malloc(count * (size_t)channels);
        if (!converted) {
            free(stored);
            return HB_IMAGE_NO_MEMORY;
        }
        if (channels == 1) hb_grey_from_rgb(stored, count, converted);
        else hb_rgb_from_grey(stored, count, converted);
    }
    if (!code && header->orientation != 1)
        hb_orient(converted, header->width, header->height, channels, header->orientation, pixels);
    if (converted != stored && converted != pixels) free(converted);
    free(stored);
    return code;
}

void hb_image_free(void *memory) { free(memory); }

typedef struct {
    const uint8_t *bytes;
    size_t size;
    int big_endian;
} tiff_block;

static uint32_t number(const tiff_block *tiff, size_t at, int bytes) {
    uint32_t value = 0;
    for (int i = 0; i < bytes; i++) {
        size_t position = at + (size_t)(tiff->big_endian ? i : bytes - 1 - i);
        value = value << 8 | tiff->bytes[position];
    }
    return value;
}

int hb_exif_orientation(const uint8_t *bytes, size_t size) {
    // PNG writers sometimes keep JPEG's prefix.
    if (size >= 6 && !memcmp(bytes, "Exif\0\0", 6)) bytes += 6, size -= 6;
    if (size < 8) return 1;
    tiff_block tiff = {bytes, size, bytes[0] == 'M'};
    if (bytes[0] != bytes[1] || (bytes[0] != 'M' && bytes[0] != 'I') || number(&tiff, 2, 2) != 42) return 1;
    size_t directory = number(&tiff, 4, 4);
    if (directory > size - 2) return 1;
    size_t entries = number(&tiff, directory, 2);
    for (size_t i = 0; i < entries; i++) {
        size_t entry = directory + 2 + i * 12;
        if (entry > size || size - entry < 12) return 1;
        if (number(&tiff, entry, 2) != 0x0112) continue;
        uint32_t type = number(&tiff, entry + 2, 2);
        // SHORT by the standard; some writers use LONG.
        if (number(&tiff, entry + 4, 4) < 1 || (type != 3 && type != 4)) return 1;
        uint32_t value = number(&tiff, entry + 8, type == 3 ? 2 : 4);
        return value >= 1 && value <= 8 ? (int)value : 1;
    }
    return 1;
}
