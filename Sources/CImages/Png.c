#include "Png.h"
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void stop(png_structp png, png_const_charp text) {
    snprintf((char *)png_get_error_ptr(png), HB_IMAGE_MESSAGE, "%s", text);
    png_longjmp(png, 1);
}

static void silent(png_structp png, png_const_charp text) {
    (void)png;
    (void)text;
}

static void take(png_structp png, png_bytep bytes, size_t count) {
    hb_png_source *from = png_get_io_ptr(png);
    if (count > from->size - from->position) png_error(png, "the file ends too early");
    memcpy(bytes, from->data + from->position, count);
    from->position += count;
}

int hb_png_begin(png_structp *png, png_infop *info, char *message) {
    *info = NULL;
    *png = png_create_read_struct(PNG_LIBPNG_VER_STRING, message, stop, silent);
    if (*png) *info = png_create_info_struct(*png);
    if (*info) return HB_IMAGE_OK;
    png_destroy_read_struct(png, info, NULL);
    return HB_IMAGE_NO_MEMORY;
}

// Texts, profiles and the like play no part in a picture, and a small file may hold gigabytes of them when they are
// unpacked: they are passed over. The orientation is read by hb_png_orientation.
static void pass_over_texts(png_structp png) {
    static const png_byte names[] = "zTXt\0iTXt\0tEXt\0iCCP\0sPLT\0eXIf\0hIST\0pCAL\0sCAL";
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, names, sizeof names / 5);
}

void hb_png_start(png_structp png, png_infop info, hb_png_source *from) {
    png_set_read_fn(png, from, take);
    png_set_user_limits(png, 0x7fffffff, 0x7fffffff);
    pass_over_texts(png);
    png_read_info(png, info);
}

int hb_png_read_header(
    const uint8_t *data, size_t size, size_t maximum_pixels, hb_image_header *header, char *message) {
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
    header->width = (int32_t)png_get_image_width(png, info);
    header->height = (int32_t)png_get_image_height(png, info);
    header->channels = (png_get_color_type(png, info) & PNG_COLOR_MASK_COLOR) ? 3 : 1;
    // libpng keeps two rows of at most 8 bytes a pixel, we one of 4; interlaced pictures are held whole.
    size_t rows = png_get_interlace_type(png, info) == PNG_INTERLACE_NONE ? 1 : (size_t)header->height;
    png_destroy_read_struct(&png, &info, NULL);
    code = hb_check_pixels(header, maximum_pixels, message);
    if (code) return code;
    header->held = (size_t)header->width * (16 + 4 * rows);
    header->orientation = hb_png_orientation(data, size);
    return HB_IMAGE_OK;
}

int hb_png_decode(
    const uint8_t *data, size_t size, const hb_image_header *header, hb_sink *sink, char *message) {
    hb_png_source from = {data, size, 0};
    png_structp png;
    png_infop info;
    // volatile: set after setjmp, read after longjmp.
    uint8_t *volatile memory = NULL;
    int code = hb_png_begin(&png, &info, message);
    if (code) return code;
    if (setjmp(png_jmpbuf(png))) {
        png_destroy_read_struct(&png, &info, NULL);
        free(memory);
        return HB_IMAGE_BROKEN;
    }
    hb_png_start(png, info, &from);
    png_set_expand(png);  // palette to colour, fewer than 8 bits to 8, tRNS to alpha
    png_set_scale_16(png);
    int passes = png_set_interlace_handling(png);
    png_read_update_info(png, info);
    int channels = header->channels;
    int stored = png_get_channels(png, info);
    size_t width = (size_t)header->width, row_bytes = width * (size_t)stored;
    if (png_get_image_width(png, info) != width || png_get_image_height(png, info) != (png_uint_32)header->height ||
        (stored != channels && stored != channels + 1))
        png_error(png, "the header changed between two readings");
    if (passes > 1 || stored != channels) {
        memory = malloc(row_bytes * (passes > 1 ? (size_t)header->height : 1));
        if (!memory) {
            png_destroy_read_struct(&png, &info, NULL);
            return HB_IMAGE_NO_MEMORY;
        }
    }
    for (int pass = 1; pass < passes; pass++)
        for (int y = 0; y < header->height; y++) png_read_row(png, memory + (size_t)y * row_bytes, NULL);
    for (int y = 0; y < header->height; y++) {
        uint8_t *line = hb_sink_row(sink, y);
        uint8_t *row = passes > 1 ? memory + (size_t)y * row_bytes : memory ? memory : line;
        png_read_row(png, row, NULL);
        if (stored != channels) hb_over_white(row, width, channels, line);
        else if (row != line) memcpy(line, row, row_bytes);
        hb_sink_done(sink, y);
    }
    png_read_end(png, NULL);  // a file without its end is a truncated one
    png_destroy_read_struct(&png, &info, NULL);
    free(memory);
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
