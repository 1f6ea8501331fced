#pragma once
#include "Internal.h"
#include <png.h>

/// The bytes that a PNG is read from.
typedef struct {
    const uint8_t *data;
    size_t size, position;
} hb_png_source;

/// A reader whose errors go to `message`, which must have been taken by setjmp(png_jmpbuf(*png)) before more is called.
int hb_png_begin(png_structp *png, png_infop *info, char *message);
/// Reads up to the pixels.
void hb_png_start(png_structp png, png_infop info, hb_png_source *from);
