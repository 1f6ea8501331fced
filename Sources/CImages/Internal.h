#pragma once
#include "CImages.h"

enum { HB_IMAGE_MAXIMUM_SIDE = 1 << 20 };

/// Refuses more than `maximum_pixels` pixels, sides beyond HB_IMAGE_MAXIMUM_SIDE, and pictures without pixels.
int hb_check_pixels(const hb_image_header *header, size_t maximum_pixels, char *message);
/// Writes `text` as the message and returns `code`.
int hb_fail(int code, const char *text, char *message);

/// Takes the stored rows of a picture in any order and brings each to its channels and place.
typedef struct {
    const hb_image_header *header;
    int channels;        // of the output
    uint8_t *pixels;     // the output
    uint8_t *stored;     // one row of header->channels; NULL where rows are written straight into the output
    uint8_t *converted;  // one row of `channels`; NULL where they are equal
} hb_sink;

/// Where to write row `y`, width x header->channels bytes; hb_sink_done(sink, y) follows before the next one.
uint8_t *hb_sink_row(hb_sink *sink, int y);
void hb_sink_done(hb_sink *sink, int y);

/// Removes the last of `channels + 1` bytes a pixel: the colour over white.
void hb_over_white(const uint8_t *input, size_t count, int channels, uint8_t *output);

// The formats. Headers: `size` is checked against what the format promises as far as that is cheap.

typedef int hb_header_reader(
    const uint8_t *data, size_t size, size_t maximum_pixels, hb_image_header *header, char *message);
typedef int hb_decoder(
    const uint8_t *data, size_t size, const hb_image_header *header, hb_sink *sink, char *message);

hb_header_reader hb_jpeg_read_header, hb_png_read_header, hb_webp_read_header, hb_bmp_read_header, hb_gif_read_header,
    hb_tiff_read_header;
hb_decoder hb_jpeg_decode, hb_png_decode, hb_webp_decode, hb_bmp_decode, hb_gif_decode, hb_tiff_decode;

// Metadata.c: orientations 1...8, 0 when nothing is said. The first block of each kind counts.

int hb_exif_orientation(const uint8_t *tiff, size_t size);
int hb_xmp_orientation(const uint8_t *text, size_t size);
int hb_jpeg_orientation(const uint8_t *data, size_t size);
int hb_png_orientation(const uint8_t *data, size_t size);

static inline uint32_t hb_le16(const uint8_t *p) { return (uint32_t)p[0] | (uint32_t)p[1] << 8; }
static inline uint32_t hb_le24(const uint8_t *p) { return hb_le16(p) | (uint32_t)p[2] << 16; }
static inline uint32_t hb_le32(const uint8_t *p) { return hb_le16(p) | hb_le16(p + 2) << 16; }
static inline uint32_t hb_be16(const uint8_t *p) { return (uint32_t)p[0] << 8 | p[1]; }
static inline uint32_t hb_be32(const uint8_t *p) { return hb_be16(p) << 16 | hb_be16(p + 2); }
