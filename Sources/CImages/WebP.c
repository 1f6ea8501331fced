#include "Internal.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <webp/decode.h>

// libwebp decodes single pictures. The container is walked here: it holds the orientation, and of an animation the first
// frame.

typedef struct {
    const uint8_t *frame;    // what libwebp decodes: the whole file, or the first frame of an animation
    size_t size;
    int left, top;           // of the frame in the picture
    WebPBitstreamFeatures features;
} webp_picture;

static size_t padded(size_t size) { return size + (size & 1); }

static int find(
    const uint8_t *data, size_t size, hb_image_header *header, webp_picture *picture, char *message) {
    *picture = (webp_picture){.frame = data, .size = size};
    int animated = 0, exif = -1, xmp = -1;
    // "RIFF", size, "WEBP", then chunks: name, size, bytes, a byte of padding after an odd size.
    for (size_t at = 12; at <= size && size - at >= 8;) {
        const uint8_t *chunk = data + at + 8;
        size_t length = hb_le32(data + at + 4), held = size - at - 8;
        if (!memcmp(data + at, "VP8X", 4) && held >= 10) {
            animated = chunk[0] & 2;
            header->width = (int32_t)hb_le24(chunk + 4) + 1;
            header->height = (int32_t)hb_le24(chunk + 7) + 1;
        } else if (animated && picture->frame == data && !memcmp(data + at, "ANMF", 4) && held > 16) {
            picture->frame = chunk + 16;
            picture->size = (length < held ? length : held) - (length < 16 ? length : 16);
            picture->left = 2 * (int)hb_le24(chunk);
            picture->top = 2 * (int)hb_le24(chunk + 3);
        }
        if (length > held) break;
        if (exif < 0 && !memcmp(data + at, "EXIF", 4)) exif = hb_exif_orientation(chunk, length);
        if (xmp < 0 && !memcmp(data + at, "XMP ", 4)) xmp = hb_xmp_orientation(chunk, length);
        at += 8 + padded(length);
    }
    header->orientation = exif > 0 ? exif : xmp;
    if (animated && picture->frame == data)
        return hb_fail(HB_IMAGE_BROKEN, "it is an animation without a frame", message);
    switch (WebPGetFeatures(picture->frame, picture->size, &picture->features)) {
    case VP8_STATUS_OK: break;
    case VP8_STATUS_NOT_ENOUGH_DATA: return hb_fail(HB_IMAGE_BROKEN, "the file ends too early", message);
    case VP8_STATUS_UNSUPPORTED_FEATURE: return hb_fail(HB_IMAGE_UNSUPPORTED, "a WebP image of an unusual kind", message);
    default: return hb_fail(HB_IMAGE_BROKEN, "its data is no WebP picture", message);
    }
    if (!animated) {
        header->width = picture->features.width;
        header->height = picture->features.height;
    } else if (picture->features.width > header->width - picture->left ||
               picture->features.height > header->height - picture->top) {
        return hb_fail(HB_IMAGE_BROKEN, "its first frame is larger than the picture", message);
    }
    header->channels = 3;
    return HB_IMAGE_OK;
}

int hb_webp_read_header(
    const uint8_t *data, size_t size, size_t maximum_pixels, hb_image_header *header, char *message) {
    webp_picture picture;
    int code = find(data, size, header, &picture, message);
    if (!code) code = hb_check_pixels(header, maximum_pixels, message);
    if (code) return code;
    // The frame as libwebp gives it, and its own copy of lossless data (format 2) and of alpha.
    size_t pixels = (size_t)picture.features.width * (size_t)picture.features.height;
    int alpha = picture.features.has_alpha;
    header->held = pixels * (size_t)((alpha ? 4 : 3) + (alpha || picture.features.format == 2 ? 4 : 0));
    return HB_IMAGE_OK;
}

int hb_webp_decode(
    const uint8_t *data, size_t size, const hb_image_header *header, hb_sink *sink, char *message) {
    webp_picture picture;
    hb_image_header again = *header;
    int code = find(data, size, &again, &picture, message);
    if (code) return code;
    if (again.width != header->width || again.height != header->height)
        return hb_fail(HB_IMAGE_BROKEN, "the header changed between two readings", message);
    int stored = picture.features.has_alpha ? 4 : 3;
    size_t width = (size_t)picture.features.width, height = (size_t)picture.features.height;
    size_t row_bytes = width * (size_t)stored;
    uint8_t *frame = malloc(row_bytes * height);
    if (!frame) return HB_IMAGE_NO_MEMORY;
    uint8_t *decoded = stored == 4
                           ? WebPDecodeRGBAInto(picture.frame, picture.size, frame, row_bytes * height, (int)row_bytes)
                           : WebPDecodeRGBInto(picture.frame, picture.size, frame, row_bytes * height, (int)row_bytes);
    if (!decoded) {
        free(frame);
        return hb_fail(HB_IMAGE_BROKEN, "its data ends too early or is damaged", message);
    }
    for (int y = 0; y < header->height; y++) {
        uint8_t *line = hb_sink_row(sink, y);
        // Around a frame that is smaller than the picture nothing is painted: white.
        if (width < (size_t)header->width || height < (size_t)header->height)
            memset(line, 255, 3 * (size_t)header->width);
        if (y >= picture.top && y < picture.top + (int)height) {
            const uint8_t *row = frame + (size_t)(y - picture.top) * row_bytes;
            uint8_t *target = line + 3 * picture.left;
            if (stored == 4) hb_over_white(row, width, 3, target);
            else memcpy(target, row, row_bytes);
        }
        hb_sink_done(sink, y);
    }
    free(frame);
    return HB_IMAGE_OK;
}

const char *hb_image_webp_version(void) {
    static const char *const digits = "0123456789";
    static char text[16];
    // Called at any time from any thread: always the same bytes are written.
    int version = WebPGetDecoderVersion();
    text[0] = digits[(version >> 16) % 10];
    text[1] = '.';
    text[2] = digits[((version >> 8) & 255) % 10];
    text[3] = '.';
    text[4] = digits[(version & 255) % 10];
    return text;
}
