#include "Internal.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int hb_fail(int code, const char *text, char *message) {
    snprintf(message, HB_IMAGE_MESSAGE, "%s", text);
    return code;
}

int hb_check_pixels(const hb_image_header *header, size_t maximum_pixels, char *message) {
    if (header->width <= 0 || header->height <= 0) return hb_fail(HB_IMAGE_BROKEN, "it has no pixels", message);
    // Division, not multiplication: the sides come from the file.
    if ((size_t)header->height > maximum_pixels / (size_t)header->width) {
        snprintf(message, HB_IMAGE_MESSAGE, "%d x %d pixels are more than the limit of %zu", header->width,
            header->height, maximum_pixels);
        return HB_IMAGE_TOO_LARGE;
    }
    // Millions of rows of one pixel cost far more than the pixels.
    int32_t longest = header->width > header->height ? header->width : header->height;
    if (longest > HB_IMAGE_MAXIMUM_SIDE) {
        snprintf(message, HB_IMAGE_MESSAGE, "a side of %d pixels is more than the limit of %d", longest,
            HB_IMAGE_MAXIMUM_SIDE);
        return HB_IMAGE_TOO_LARGE;
    }
    return HB_IMAGE_OK;
}

static hb_header_reader *const readers[] = {
    [HB_IMAGE_JPEG] = hb_jpeg_read_header, [HB_IMAGE_PNG] = hb_png_read_header, [HB_IMAGE_WEBP] = hb_webp_read_header,
    [HB_IMAGE_BMP] = hb_bmp_read_header,   [HB_IMAGE_GIF] = hb_gif_read_header, [HB_IMAGE_TIFF] = hb_tiff_read_header,
};

static hb_decoder *const decoders[] = {
    [HB_IMAGE_JPEG] = hb_jpeg_decode, [HB_IMAGE_PNG] = hb_png_decode, [HB_IMAGE_WEBP] = hb_webp_decode,
    [HB_IMAGE_BMP] = hb_bmp_decode,   [HB_IMAGE_GIF] = hb_gif_decode, [HB_IMAGE_TIFF] = hb_tiff_decode,
};

int hb_image_read_header(
    const uint8_t *data, size_t size, size_t maximum_pixels, hb_image_header *header, char *message) {
    message[0] = 0;
    int format = hb_image_format(data, size);
    if (format == 0 || format == HB_IMAGE_OTHER) {
        hb_image_explain(data, size, message);
        return HB_IMAGE_UNKNOWN;
    }
    *header = (hb_image_header){.format = format, .orientation = 1};
    int code = readers[format](data, size, maximum_pixels, header, message);
    if (code) return code;
    if (header->orientation < 1 || header->orientation > 8) header->orientation = 1;
    // Three bytes a pixel, since a grey picture may be asked for in colour.
    size_t picture = 3 * (size_t)header->width * (size_t)header->height;
    if (header->held > HB_IMAGE_MAXIMUM_HELD || picture > HB_IMAGE_MAXIMUM_HELD - header->held) {
        snprintf(message, HB_IMAGE_MESSAGE, "%d x %d pixels of this kind would take %zu MB to decode, the limit is %zu",
            header->width, header->height, (header->held + picture) >> 20, HB_IMAGE_MAXIMUM_HELD >> 20);
        return HB_IMAGE_TOO_LARGE;
    }
    return HB_IMAGE_OK;
}

int hb_image_decode(
    const uint8_t *data, size_t size, const hb_image_header *header, int channels, uint8_t *pixels, char *message) {
    message[0] = 0;
    hb_sink sink = {.header = header, .channels = channels, .pixels = pixels};
    size_t width = (size_t)header->width;
    int converts = header->channels != channels;
    if (converts || header->orientation != 1) sink.stored = malloc(width * (size_t)header->channels);
    if (converts) sink.converted = malloc(width * (size_t)channels);
    int code = HB_IMAGE_NO_MEMORY;
    if ((sink.stored || (!converts && header->orientation == 1)) && (sink.converted || !converts))
        code = decoders[header->format](data, size, header, &sink, message);
    free(sink.stored);
    free(sink.converted);
    return code;
}

uint8_t *hb_sink_row(hb_sink *sink, int y) {
    if (sink->stored) return sink->stored;
    return sink->pixels + (size_t)y * (size_t)sink->header->width * (size_t)sink->channels;
}

void hb_sink_done(hb_sink *sink, int y) {
    if (!sink->stored) return;
    const hb_image_header *header = sink->header;
    const uint8_t *row = sink->stored;
    if (sink->converted) {
        if (sink->channels == 1) hb_grey_from_rgb(row, (size_t)header->width, sink->converted);
        else hb_rgb_from_grey(row, (size_t)header->width, sink->converted);
        row = sink->converted;
    }
    hb_place_row(row, header->width, header->height, sink->channels, header->orientation, y, sink->pixels);
}

void hb_over_white(const uint8_t *input, size_t count, int channels, uint8_t *output) {
    for (size_t i = 0; i < count; i++, input += channels + 1, output += channels) {
        int alpha = input[channels];
        for (int c = 0; c < channels; c++) output[c] = (uint8_t)((input[c] * alpha + 255 * (255 - alpha) + 127) / 255);
    }
}

void hb_image_free(void *memory) { free(memory); }
