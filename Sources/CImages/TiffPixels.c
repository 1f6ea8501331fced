#include "Tiff.h"
#include <stdlib.h>
#include <string.h>

/// Samples of a part's row as bytes; each `step` bytes from the one before.
static void unpack_row(const hb_tiff_picture *tiff, const uint8_t *row, size_t count, size_t step, uint8_t *output) {
    if (tiff->bits == 8) {
        for (size_t i = 0; i < count; i++, output += step) *output = row[i];
    } else if (tiff->bits == 16) {
        int high = tiff->big_endian ? 0 : 1;
        for (size_t i = 0; i < count; i++, output += step) {
            uint32_t value = (uint32_t)row[2 * i + (size_t)high] << 8 | row[2 * i + 1 - (size_t)high];
            *output = (uint8_t)((value * 255 + 32895) >> 16);
        }
    } else {
        uint32_t bits = tiff->bits, most = (1u << bits) - 1;
        uint32_t scale = tiff->photometric == HB_TIFF_PALETTE ? 1 : 255 / most;
        for (size_t i = 0; i < count; i++, output += step) {
            size_t bit = i * bits;
            *output = (uint8_t)((row[bit / 8] >> (8 - bits - bit % 8) & most) * scale);
        }
    }
}

/// One row of samples as bytes to a row of the picture.
static void color_row(const hb_tiff_picture *tiff, const uint8_t *samples, int channels, uint8_t *line) {
    size_t step = tiff->samples;
    for (uint32_t x = 0; x < tiff->width; x++, samples += step, line += channels) {
        if (tiff->photometric == HB_TIFF_PALETTE) {
            memcpy(line, tiff->palette[samples[0]], (size_t)channels);
        } else if (tiff->photometric == HB_TIFF_CMYK) {
            hb_rgb_from_cmyk(samples, 1, 0, line);
        } else {
            for (int c = 0; c < channels; c++)
                line[c] = tiff->photometric == HB_TIFF_WHITE_IS_ZERO ? 255 - samples[c] : samples[c];
        }
        if (!tiff->alpha) continue;
        int alpha = samples[tiff->colors];
        for (int c = 0; c < channels; c++) {
            int value = tiff->alpha == 2 ? (line[c] * alpha + 127) / 255 : line[c];
            value += 255 - alpha;
            line[c] = (uint8_t)(value > 255 ? 255 : value);
        }
    }
}

/// Parts one below the other, each as wide as the picture with all its samples.
static int decode_strips(const hb_tiff_picture *tiff, hb_sink *sink, uint8_t *band, uint8_t *memory, char *message) {
    size_t row_bytes = hb_tiff_part_row_bytes(tiff);
    for (uint32_t top = 0, index = 0; top < tiff->height; top += tiff->part_height, index++) {
        uint32_t rows = tiff->height - top < tiff->part_height ? tiff->height - top : tiff->part_height;
        const uint8_t *row = hb_tiff_part(tiff, index, rows, memory, message);
        if (!row) return HB_IMAGE_BROKEN;
        for (uint32_t y = 0; y < rows; y++, row += row_bytes) {
            uint8_t *line = hb_sink_row(sink, (int)(top + y));
            unpack_row(tiff, row, (size_t)tiff->width * tiff->samples, 1, band);
            color_row(tiff, band, sink->header->channels, line);
            hb_sink_done(sink, (int)(top + y));
        }
    }
    return HB_IMAGE_OK;
}

/// Tiles, or planes of one sample: a band of them is put together first.
static int decode_bands(const hb_tiff_picture *tiff, hb_sink *sink, uint8_t *band, uint8_t *memory, char *message) {
    size_t row_bytes = hb_tiff_part_row_bytes(tiff);
    uint32_t across = (tiff->width - 1) / tiff->part_width + 1, down = (tiff->height - 1) / tiff->part_height + 1;
    uint32_t planes = tiff->separate ? tiff->samples : 1, part_samples = hb_tiff_part_samples(tiff);
    for (uint32_t j = 0; j < down; j++) {
        uint32_t top = j * tiff->part_height;
        uint32_t rows = tiff->height - top < tiff->part_height ? tiff->height - top : tiff->part_height;
        for (uint32_t plane = 0; plane < planes; plane++) {
            for (uint32_t i = 0; i < across; i++) {
                uint32_t left = i * tiff->part_width, index = (plane * down + j) * across + i;
                uint32_t columns = tiff->width - left < tiff->part_width ? tiff->width - left : tiff->part_width;
                const uint8_t *row = hb_tiff_part(tiff, index, rows, memory, message);
                if (!row) return HB_IMAGE_BROKEN;
                for (uint32_t y = 0; y < rows; y++, row += row_bytes) {
                    uint8_t *target = band + ((size_t)y * tiff->width + left) * tiff->samples + plane;
                    unpack_row(tiff, row, (size_t)columns * part_samples, tiff->separate ? tiff->samples : 1, target);
                }
            }
        }
        for (uint32_t y = 0; y < rows; y++) {
            uint8_t *line = hb_sink_row(sink, (int)(top + y));
            color_row(tiff, band + (size_t)y * tiff->width * tiff->samples, sink->header->channels, line);
            hb_sink_done(sink, (int)(top + y));
        }
    }
    return HB_IMAGE_OK;
}

int hb_tiff_decode(
    const uint8_t *data, size_t size, const hb_image_header *header, hb_sink *sink, char *message) {
    hb_tiff_picture tiff;
    int code = hb_tiff_parse(data, size, &tiff, message);
    if (code) return code;
    if (tiff.width != (uint32_t)header->width || tiff.height != (uint32_t)header->height)
        return hb_fail(HB_IMAGE_BROKEN, "the header changed between two readings", message);
    uint8_t *band = malloc(hb_tiff_band_bytes(&tiff));
    uint8_t *memory = hb_tiff_needs_memory(&tiff) ? malloc(hb_tiff_part_row_bytes(&tiff) * tiff.part_height) : NULL;
    if (!band || (!memory && hb_tiff_needs_memory(&tiff))) code = HB_IMAGE_NO_MEMORY;
    else if (hb_tiff_needs_band(&tiff)) code = decode_bands(&tiff, sink, band, memory, message);
    else code = decode_strips(&tiff, sink, band, memory, message);
    free(band);
    free(memory);
    return code;
}
