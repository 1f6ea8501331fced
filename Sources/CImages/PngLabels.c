#include "Png.h"
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int hb_labels_read_header(
    const uint8_t *data, size_t size, size_t maximum_pixels, hb_label_header *header, char *message) {
    message[0] = 0;
    if (hb_image_format(data, size) != HB_IMAGE_PNG) {
        if (hb_image_format(data, size) == 0) {
            hb_image_explain(data, size, message);
            return HB_IMAGE_UNKNOWN;
        }
        return hb_fail(HB_IMAGE_UNSUPPORTED, "a picture of another format than PNG", message);
    }
    hb_png_source from = {data, size, 0};
    png_structp png;
    png_infop info;
    int code = hb_png_begin(&png, &info, message);
    if (code) return code;
    if (setjmp(png_jmpbuf(png))) {
        png_destroy_read_struct(&png, &info, NULL);
        return HB_IMAGE_BROKEN;
    }
    hb_png_start(png, info, &from);
    int type = png_get_color_type(png, info);
    *header = (hb_label_header){
        .width = (int32_t)png_get_image_width(png, info),
        .height = (int32_t)png_get_image_height(png, info),
        .bits = png_get_bit_depth(png, info),
        .kind = type == PNG_COLOR_TYPE_PALETTE    ? HB_LABELS_PALETTE
                : (type & PNG_COLOR_MASK_COLOR) ? HB_LABELS_COLOR
                                                : HB_LABELS_GREY,
        .orientation = hb_png_orientation(data, size)};
    if (header->orientation < 1 || header->orientation > 8) header->orientation = 1;
    size_t rows = png_get_interlace_type(png, info) == PNG_INTERLACE_NONE ? 1 : (size_t)header->height;
    png_destroy_read_struct(&png, &info, NULL);
    hb_image_header sides = {.width = header->width, .height = header->height};
    code = hb_check_pixels(&sides, maximum_pixels, message);
    if (code) return code;
    // Three values of two bytes a pixel, libpng's rows, and ours.
    size_t held = (size_t)header->width * (6 * (size_t)header->height + 24 + 8 * rows);
    if (held > 2 * HB_IMAGE_MAXIMUM_HELD) {
        snprintf(message, HB_IMAGE_MESSAGE, "%d x %d pixels would take %zu MB to decode, the limit is %zu", header->width,
            header->height, held >> 20, 2 * HB_IMAGE_MAXIMUM_HELD >> 20);
        return HB_IMAGE_TOO_LARGE;
    }
    return HB_IMAGE_OK;
}

/// Puts one row of `samples` values a pixel to its place in the upright picture, as hb_place_row does with bytes.
static void place(const uint16_t *row, const hb_label_header *header, int samples, int y, uint16_t *values) {
    int orientation = header->orientation, width = header->width, height = header->height;
    if (orientation == 1) {
        size_t count = (size_t)width * (size_t)samples;
        memcpy(values + (size_t)y * count, row, count * sizeof *row);
        return;
    }
    int swapped = orientation >= 5;
    int mirror_x = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
    int mirror_y = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    size_t line = (size_t)(mirror_y ? height - 1 - y : y);
    for (int x = 0; x < width; x++, row += samples) {
        size_t column = (size_t)(mirror_x ? width - 1 - x : x);
        size_t target = swapped ? column * (size_t)height + line : line * (size_t)width + column;
        for (int c = 0; c < samples; c++) values[target * (size_t)samples + (size_t)c] = row[c];
    }
}

int hb_labels_decode(
    const uint8_t *data, size_t size, const hb_label_header *header, int in_color, uint16_t *values, char *message) {
    message[0] = 0;
    hb_png_source from = {data, size, 0};
    png_structp png;
    png_infop info;
    // volatile: set after setjmp, read after longjmp.
    uint8_t *volatile memory = NULL;
    uint16_t *volatile row = NULL;
    int code = hb_png_begin(&png, &info, message);
    if (code) return code;
    if (setjmp(png_jmpbuf(png))) {
        png_destroy_read_struct(&png, &info, NULL);
        free(memory);
        free(row);
        return HB_IMAGE_BROKEN;
    }
    hb_png_start(png, info, &from);
    int is_deep = 0;
    if (in_color) {
        // A grey value or an index is a color as any viewer shows it.
        if (header->kind == HB_LABELS_PALETTE) png_set_palette_to_rgb(png);
        if (header->kind == HB_LABELS_GREY) {
            png_set_expand_gray_1_2_4_to_8(png);
            png_set_gray_to_rgb(png);
        }
        png_set_scale_16(png);
    } else {
        png_set_packing(png);  // fewer than 8 bits to a byte each, the values as they are
        is_deep = header->bits == 16;
    }
    png_set_strip_alpha(png);
    int passes = png_set_interlace_handling(png);
    png_read_update_info(png, info);
    int samples = in_color ? 3 : 1;
    size_t width = (size_t)header->width, row_bytes = width * (size_t)samples * (is_deep ? 2 : 1);
    if (png_get_image_width(png, info) != width || png_get_image_height(png, info) != (png_uint_32)header->height ||
        png_get_rowbytes(png, info) != row_bytes)
        png_error(png, "the header changed between two readings");
    memory = malloc(row_bytes * (passes > 1 ? (size_t)header->height : 1));
    row = malloc(width * (size_t)samples * sizeof *row);
    if (!memory || !row) {
        png_destroy_read_struct(&png, &info, NULL);
        free(memory);
        free(row);
        return HB_IMAGE_NO_MEMORY;
    }
    for (int pass = 1; pass < passes; pass++)
        for (int y = 0; y < header->height; y++) png_read_row(png, memory + (size_t)y * row_bytes, NULL);
    for (int y = 0; y < header->height; y++) {
        uint8_t *bytes = memory + (passes > 1 ? (size_t)y * row_bytes : 0);
        png_read_row(png, bytes, NULL);
        size_t count = width * (size_t)samples;
        if (is_deep)
            for (size_t i = 0; i < count; i++) row[i] = (uint16_t)hb_be16(bytes + 2 * i);
        else
            for (size_t i = 0; i < count; i++) row[i] = bytes[i];
        place(row, header, samples, y, values);
    }
    png_read_end(png, NULL);  // a file without its end is a truncated one
    png_destroy_read_struct(&png, &info, NULL);
    free(memory);
    free(row);
    return HB_IMAGE_OK;
}
