#include "Internal.h"
#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const uint8_t *data;
    size_t size, position;
} source;

static void stop(png_structp png, png_const_charp text) {
    snprintf((char *)png_get_error_ptr(png), HB_IMAGE_MESSAGE, "%s", text);
    png_longjmp(png, 1);
}

static void silent(png_structp png, png_const_charp text) {
    (void)png;
    (void)text;
}

static void take(png_structp png, png_bytep bytes, size_t count) {
    source *from = png_get_io_ptr(png);
    if (count > from->size - from->position) png_error(png, "the file ends too early");
    memcpy(bytes, from->data + from->position, count);
    from->position += count;
}

/// A reader whose errors go to `message`.
static int begin(png_structp *png, png_infop *info, char *message) {
    *info = NULL;
    *png = png_create_read_struct(PNG_LIBPNG_VER_STRING, message, stop, silent);
    if (*png) *info = png_create_info_struct(*png);
    if (*info) return HB_IMAGE_OK;
    png_destroy_read_struct(png, info, NULL);
    return HB_IMAGE_NO_MEMORY;
}

static int orientation_of(png_structp png, png_infop info) {
#ifdef PNG_eXIf_SUPPORTED
    png_uint_32 size = 0;
    png_bytep exif = NULL;
    if (png_get_eXIf_1(png, info, &size, &exif) && exif) return hb_exif_orientation(exif, size);
#endif
    return 1;
}

int hb_png_read_header(
    const uint8_t *data, size_t size, size_t maximum_pixels, hb_image_header *header, char *message) {
    source from = {data, size, 0};
    png_structp png;
    png_infop info;
    int code = begin(&png, &info, message);
    if (code) return code;
    if (setjmp(png_jmpbuf(png))) {
        png_destroy_read_struct(&png, &info, NULL);
        return HB_IMAGE_BROKEN;
    }
    png_set_read_fn(png, &from, take);
    png_set_user_limits(png, 0x7fffffff, 0x7fffffff);
    png_read_info(png, info);
    header->format = HB_IMAGE_PNG;
    header->width = (int32_t)png_get_image_width(png, info);
    header->height = (int32_t)png_get_image_height(png, info);
    header->channels = (png_get_color_type(png, info) & PNG_COLOR_MASK_COLOR) ? 3 : 1;
    header->orientation = orientation_of(png, info);
    png_destroy_read_struct(&png, &info, NULL);
    return hb_check_size(header, maximum_pixels, message);
}

/// Removes the last of `channels + 1` bytes a pixel: the colour over white.
static void over_white(const uint8_t *input, size_t count, int channels, uint8_t *output) {
    for (size_t i = 0; i < count; i++, input += channels + 1, output += channels) {
        int alpha = input[channels];
        for (int c = 0; c < channels; c++) output[c] = (uint8_t)((input[c] * alpha + 255 * (255 - alpha) + 127) / 255);
    }
}

int hb_png_decode(
    const uint8_t *data, size_t size, const hb_image_header *header, uint8_t *pixels, char *message) {
    source from = {data, size, 0};
    png_structp png;
    png_infop info;
    // volatile: set after setjmp, read after longjmp.
    uint8_t *volatile with_alpha = NULL;
    png_bytep *volatile rows = NULL;
    int code = begin(&png, &info, message);
    if (code) return code;
    if (setjmp(png_jmpbuf(png))) {
        png_destroy_read_struct(&png, &info, NULL);
        free(with_alpha);
        free((void *)rows);
        return HB_IMAGE_BROKEN;
    }
    png_set_read_fn(png, &from, take);
    png_set_user_limits(png, 0x7fffffff, 0x7fffffff);
    png_read_info(png, info);
    png_set_expand(png);  // palette to colour, fewer than 8 bits to 8, tRNS to alpha
    png_set_scale_16(png);
    png_set_interlace_handling(png);
    png_read_update_info(png, info);
    int channels = header->channels;
    int stored = png_get_channels(png, info);
    size_t width = (size_t)header->width, height = (size_t)header->height;
    if (png_get_image_width(png, info) != width || png_get_image_height(png, info) != height ||
        (stored != channels && stored != channels + 1))
        png_error(png, "the header changed between two readings");
    uint8_t *target = pixels;
    if (stored != channels) target = with_alpha = malloc(width * height * (size_t)stored);
    rows = malloc(height * sizeof(png_bytep));
    if (!target || !rows) {
        png_destroy_read_struct(&png, &info, NULL);
        free(with_alpha);
        free((void *)rows);
        return HB_IMAGE_NO_MEMORY;
    }
    for (size_t y = 0; y < height; y++) rows[y] = target + y * width * (size_t)stored;
    png_read_image(png, rows);
    png_read_end(png, NULL);  // a file without its end is a truncated one
    png_destroy_read_struct(&png, &info, NULL);
    if (with_alpha) over_white(with_alpha, width * height, channels, pixels);
    free(with_alpha);
    free((void *)rows);
    return HB_IMAGE_OK;
}

typedef struct {
    uint8_t *bytes;
    size_t size, capacity;
} sink;

static void put(png_structp png, png_bytep bytes, size_t count) {
    sink *to = png_get_io_ptr(png);
    if (to->size + count > to->capacity) {
        size_t capacity = (to->size + count) * 2;
        uint8_t *grown = realloc(to->bytes, capacity);
        if (!grown) png_error(png, "out of memory");
        to->bytes = grown;
        to->capacity = capacity;
    }
    memcpy(to->bytes + to->size, bytes, count);
    to->size += count;
}

static void flush(png_structp png) { (void)png; }

int hb_image_encode_png(
    const uint8_t *pixels, int width, int height, int channels, uint8_t **encoded, size_t *size, char *message) {
    sink to = {NULL, 0, 0};
    png_infop info = NULL;
    message[0] = 0;
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, message, stop, silent);
    if (png) info = png_create_info_struct(png);
    if (!info) {
        png_destroy_write_struct(&png, NULL);
        return HB_IMAGE_NO_MEMORY;
    }
    if (setjmp(png_jmpbuf(png))) {
        png_destroy_write_struct(&png, &info);
        free(to.bytes);
        return HB_IMAGE_BROKEN;
    }
    png_set_write_fn(png, &to, put, flush);
    png_set_IHDR(
        png, info, (png_uint_32)width, (png_uint_32)height, 8, channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB,
        PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    for (int y = 0; y < height; y++)
        png_write_row(png, (png_const_bytep)(pixels + (size_t)y * (size_t)width * (size_t)channels));
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    *encoded = to.bytes;
    *size = to.size;
    return HB_IMAGE_OK;
}

const char *hb_image_png_version(void) { return png_get_libpng_ver(NULL); }
