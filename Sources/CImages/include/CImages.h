// Decoding of JPEG, PNG, WebP, BMP, GIF and TIFF, encoding of PNG, and the inner loops over 8-bit pixels.
// Pixels are interleaved rows without padding; channels are 1 (grey) or 3 (red, green, blue).
#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HB_IMAGE_MESSAGE 256

enum {
    HB_IMAGE_OK = 0,
    HB_IMAGE_UNKNOWN = 1,        // no image; the message is a clause that says what it is
    HB_IMAGE_BROKEN = 2,         // truncated or corrupt; the message says how
    HB_IMAGE_TOO_LARGE = 3,
    HB_IMAGE_NO_MEMORY = 4,
    HB_IMAGE_UNSUPPORTED = 5     // whole, but of a kind that is not read; the message is a noun with its article
};

enum {
    HB_IMAGE_JPEG = 1,
    HB_IMAGE_PNG = 2,
    HB_IMAGE_WEBP = 3,
    HB_IMAGE_BMP = 4,
    HB_IMAGE_GIF = 5,
    HB_IMAGE_TIFF = 6,
    HB_IMAGE_OTHER = 64          // an image, but of a format that is not read
};

/// What a decoder may hold in all, the picture included: 400 MB.
#define HB_IMAGE_MAXIMUM_HELD ((size_t)400 << 20)

typedef struct {
    int32_t format;
    int32_t width, height;    // as stored
    int32_t channels;         // 1 or 3: what the picture holds once alpha is gone
    int32_t orientation;      // 1...8, from EXIF or else from XMP; 5...8 swap the sides
    size_t held;              // bytes that decoding takes beside the picture
} hb_image_header;

/// The versions of libjpeg-turbo (of its headers), libpng and libwebp, such as "2.1.5", "1.6.39" and "1.2.4".
const char *hb_image_jpeg_version(void);
const char *hb_image_png_version(void);
const char *hb_image_webp_version(void);

/// One of HB_IMAGE_JPEG ... HB_IMAGE_OTHER by the first bytes (16 are enough), 0 for what is no image.
int hb_image_format(const uint8_t *data, size_t size);
/// What bytes are that are no readable image: a clause such as "the file is empty". The first 4096 are looked at.
void hb_image_explain(const uint8_t *data, size_t size, char message[HB_IMAGE_MESSAGE]);

/// Reads the header alone; refuses more than `maximum_pixels` pixels and what would take more than
/// HB_IMAGE_MAXIMUM_HELD bytes to decode.
int hb_image_read_header(
    const uint8_t *data, size_t size, size_t maximum_pixels, hb_image_header *header, char message[HB_IMAGE_MESSAGE]);

/// Decodes to `channels` (1 or 3) bytes a pixel, upright (width x height as after the orientation in `header`).
/// `header` comes from hb_image_read_header on the same bytes; `pixels` has room for width * height * channels bytes.
/// Alpha is composited over white, 16 bits are scaled to 8, CMYK becomes RGB, of several pictures the first is taken;
/// truncated or corrupt data is an error.
int hb_image_decode(
    const uint8_t *data, size_t size, const hb_image_header *header, int channels, uint8_t *pixels,
    char message[HB_IMAGE_MESSAGE]);

// PngLabels.c: label maps, whose values are numbers and no brightness.

enum {
    HB_LABELS_GREY = 0,
    HB_LABELS_PALETTE = 1,
    HB_LABELS_COLOR = 2
};

typedef struct {
    int32_t width, height;    // as stored
    int32_t bits;             // of a sample: 1, 2, 4, 8 or 16
    int32_t kind;             // HB_LABELS_GREY, HB_LABELS_PALETTE or HB_LABELS_COLOR
    int32_t orientation;      // 1...8; 5...8 swap the sides
} hb_label_header;

/// Reads the header of a PNG alone; refuses other formats and what hb_image_read_header refuses.
int hb_labels_read_header(
    const uint8_t *data, size_t size, size_t maximum_pixels, hb_label_header *header, char message[HB_IMAGE_MESSAGE]);
/// Decodes the values of a PNG as they are stored, upright: gray values that are not scaled, and indices of a palette
/// rather than its colors; alpha is left out. `values` has room for width * height of them.
/// In color: what a viewer shows, three values of 0...255 a pixel. A picture of HB_LABELS_COLOR is decoded in color alone.
int hb_labels_decode(
    const uint8_t *data, size_t size, const hb_label_header *header, int in_color, uint16_t *values,
    char message[HB_IMAGE_MESSAGE]);

/// Encodes to PNG; `*encoded` is released with hb_image_free.
int hb_image_encode_png(
    const uint8_t *pixels, int width, int height, int channels, uint8_t **encoded, size_t *size,
    char message[HB_IMAGE_MESSAGE]);
void hb_image_free(void *memory);

// Pixels.c

/// A window on a picture: it may reach beyond the edges and may be mirrored left to right.
typedef struct {
    const uint8_t *pixels;
    int32_t source_width, source_height, channels;
    int32_t x, y, width, height;
    int32_t mirrored;    // column i of the window is column width - 1 - i of the region
    int32_t reflect;     // beyond the edges: 0 = black, 1 = reflection without repeating the edge
} hb_view;

void hb_view_copy(const hb_view *view, uint8_t *output);
/// output[pixel][channel] = table[channel][byte]
void hb_view_lookup(const hb_view *view, const float *table, float *output);

/// Puts row `y` of a stored picture [height, width] to its place in the upright one.
void hb_place_row(
    const uint8_t *row, int width, int height, int channels, int orientation, int y, uint8_t *output);

void hb_grey_from_rgb(const uint8_t *rgb, size_t count, uint8_t *grey);
void hb_rgb_from_grey(const uint8_t *grey, size_t count, uint8_t *rgb);
/// In place; `step` bytes a pixel in, 3 out; inverted: as Adobe writes it, 255 = no ink.
void hb_rgb_from_cmyk(const uint8_t *cmyk, size_t count, int inverted, uint8_t *rgb);

/// One pass of a resampling: output column i is the sum of `lengths[i]` columns from `starts[i]` on,
/// weighted by weights[i * stride ...] in 22-bit fixed point.
void hb_resample_columns(
    const uint8_t *input, int input_width, int rows, int channels, int output_width, const int32_t *starts,
    const int32_t *lengths, const int32_t *weights, int stride, uint8_t *output);
void hb_resample_rows(
    const uint8_t *input, int row_bytes, int output_height, const int32_t *starts, const int32_t *lengths,
    const int32_t *weights, int stride, uint8_t *output);

/// output(x, y) = bilinear input(m0 x + m1 y + m2, m3 x + m4 y + m5) at pixel centres, black outside.
void hb_affine(
    const uint8_t *input, int width, int height, int channels, const double matrix[6], uint8_t *output);

/// `count` pixels of the bilinear input at places[2 i], places[2 i + 1] (x and y), black outside.
void hb_sample_places(
    const uint8_t *input, int width, int height, int channels, const double *places, int count, uint8_t *output);

/// pixels = degenerate + factor (pixels - degenerate), cut to 0...255; a degenerate of one value, or one per pixel.
void hb_blend_value(uint8_t *pixels, size_t count, int value, float factor);
void hb_blend_grey(uint8_t *rgb, size_t count, float factor);
/// Multiplies the saturation of HSV, cut to 1.
void hb_scale_saturation(uint8_t *rgb, size_t count, float factor);
/// Shifts the hue (a byte, 256 = full circle).
void hb_shift_hue(uint8_t *rgb, size_t count, int shift);

// Augment.c

/// As hb_affine, with bilinear or bicubic weights as Pillow takes them (fractions cut off), `fill` [channels] outside.
void hb_sample_affine(
    const uint8_t *input, int width, int height, int channels, const double matrix[6], int cubic, const uint8_t *fill,
    uint8_t *output);
/// How often each value occurs, counts[channel][256].
void hb_count_levels(const uint8_t *pixels, size_t count, int channels, uint32_t *counts);
/// In place, pixels[i][channel] = table[channel][byte].
void hb_apply_levels(uint8_t *pixels, size_t count, int channels, const uint8_t *table);
/// smooth + factor (pixels - smooth), smooth the 3x3 mean in which the middle counts five times; edges stay.
void hb_sharpen(const uint8_t *input, int width, int height, int channels, float factor, uint8_t *output);
/// Three box filters in each direction, equal to Pillow's GaussianBlur; edges are repeated. `lines` has room for two rows or
/// two columns, whichever is longer.
void hb_gaussian_blur(
    const uint8_t *input, int width, int height, int channels, float deviation, uint8_t *lines, uint8_t *output);

#ifdef __cplusplus
}
#endif
