#pragma once
#include "CImages.h"

int hb_check_size(const hb_image_header *header, size_t maximum_pixels, char *message);

int hb_jpeg_read_header(
    const uint8_t *data, size_t size, size_t maximum_pixels, hb_image_header *header, char *message);
/// Into width x height x header->channels bytes, as stored (not yet upright).
int hb_jpeg_decode(
    const uint8_t *data, size_t size, const hb_image_header *header, uint8_t *pixels, char *message);

int hb_png_read_header(
    const uint8_t *data, size_t size, size_t maximum_pixels, hb_image_header *header, char *message);
int hb_png_decode(
    const uint8_t *data, size_t size, const hb_image_header *header, uint8_t *pixels, char *message);
