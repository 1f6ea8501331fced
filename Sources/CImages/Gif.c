#include "Internal.h"
#include <stdlib.h>
#include <string.h>

// GIF by its published layout; of an animation the first frame.

enum { MAXIMUM_CODES = 4096 };

typedef struct {
    int width, height;                    // of the picture, the frame included
    int left, top, frame_width, frame_height;
    int interlaced, transparent;          // an index, -1 for none
    uint8_t palette[256][3];
    int grey;
    size_t data;                          // where the packed indices begin
} gif_picture;

static int cut_short(char *message) { return hb_fail(HB_IMAGE_BROKEN, "the file ends too early", message); }

/// Reads the palette of a descriptor's `flags`; moves `at` behind it.
static int read_palette(const uint8_t *data, size_t size, size_t *at, int flags, gif_picture *picture) {
    size_t count = (size_t)2 << (flags & 7);
    if (size - *at < 3 * count) return 0;
    picture->grey = 1;
    memset(picture->palette, 0, sizeof picture->palette);
    for (size_t i = 0; i < count; i++) {
        uint8_t *color = picture->palette[i];
        memcpy(color, data + *at + 3 * i, 3);
        if (color[0] != color[1] || color[1] != color[2]) picture->grey = 0;
    }
    *at += 3 * count;
    return 1;
}

static int parse(const uint8_t *data, size_t size, gif_picture *picture, char *message) {
    if (size < 13) return cut_short(message);
    *picture = (gif_picture){
        .width = (int)hb_le16(data + 6), .height = (int)hb_le16(data + 8), .transparent = -1, .grey = 1};
    // What a file without a palette means: a ramp of greys.
    for (int i = 0; i < 256; i++) memset(picture->palette[i], i, 3);
    size_t at = 13;
    if (data[10] & 0x80 && !read_palette(data, size, &at, data[10], picture)) return cut_short(message);
    for (;;) {
        if (size - at < 2) return cut_short(message);
        int kind = data[at++];
        if (kind == 0x3b) return hb_fail(HB_IMAGE_BROKEN, "it holds no picture", message);
        if (kind == 0x21) {
            int label = data[at++];
            // Of the graphic control: flags, delay, transparent index.
            if (label == 0xf9 && size - at >= 5 && data[at] >= 4)
                picture->transparent = data[at + 1] & 1 ? data[at + 4] : -1;
            while (at < size && data[at] != 0) {
                if (size - at <= (size_t)data[at] + 1) return cut_short(message);
                at += (size_t)data[at] + 1;
            }
            if (at++ == size) return cut_short(message);
            continue;
        }
        if (kind != 0x2c) return hb_fail(HB_IMAGE_BROKEN, "a block of an unknown kind", message);
        break;
    }
    if (size - at < 9) return cut_short(message);
    const uint8_t *frame = data + at;
    picture->left = (int)hb_le16(frame);
    picture->top = (int)hb_le16(frame + 2);
    picture->frame_width = (int)hb_le16(frame + 4);
    picture->frame_height = (int)hb_le16(frame + 6);
    picture->interlaced = frame[8] & 0x40;
    at += 9;
    if (frame[8] & 0x80 && !read_palette(data, size, &at, frame[8], picture)) return cut_short(message);
    if (picture->frame_width == 0 || picture->frame_height == 0)
        return hb_fail(HB_IMAGE_BROKEN, "its first frame has no pixels", message);
    if (picture->left + picture->frame_width > picture->width) picture->width = picture->left + picture->frame_width;
    if (picture->top + picture->frame_height > picture->height) picture->height = picture->top + picture->frame_height;
    picture->data = at;
    return HB_IMAGE_OK;
}

int hb_gif_read_header(
    const uint8_t *data, size_t size, size_t maximum_pixels, hb_image_header *header, char *message) {
    gif_picture picture;
    int code = parse(data, size, &picture, message);
    if (code) return code;
    header->width = picture.width;
    header->height = picture.height;
    header->channels = picture.grey ? 1 : 3;
    header->held = (size_t)picture.width;
    return hb_check_pixels(header, maximum_pixels, message);
}

/// Bits, lowest first, out of blocks that begin with their length.
typedef struct {
    const uint8_t *p, *end, *block_end;
    uint32_t bits;
    int count;
} bit_reader;

/// The next code, or -1 at the end of the data.
static int next_code(bit_reader *reader, int width) {
    while (reader->count < width) {
        if (reader->p == reader->block_end) {
            if (reader->p >= reader->end || *reader->p == 0) return -1;
            reader->block_end = reader->p + 1 + *reader->p;
            reader->p++;
            if (reader->block_end > reader->end) reader->block_end = reader->end;
            if (reader->p == reader->block_end) return -1;
        }
        reader->bits |= (uint32_t)*reader->p++ << reader->count;
        reader->count += 8;
    }
    int code = (int)(reader->bits & ((1u << width) - 1));
    reader->bits >>= width;
    reader->count -= width;
    return code;
}

typedef struct {
    const gif_picture *picture;
    hb_sink *sink;
    uint8_t *row;    // indices of the frame's present row
    int x, y, pass;
} frame_writer;

static void end_row(frame_writer *writer) {
    static const int starts[4] = {0, 4, 2, 1}, steps[4] = {8, 8, 4, 2};
    const gif_picture *picture = writer->picture;
    int channels = writer->sink->header->channels, y = picture->top + writer->y;
    uint8_t *line = hb_sink_row(writer->sink, y);
    memset(line, 255, (size_t)picture->width * (size_t)channels);
    uint8_t *target = line + picture->left * channels;
    for (int x = 0; x < picture->frame_width; x++, target += channels) {
        int index = writer->row[x];
        if (index != picture->transparent) memcpy(target, picture->palette[index], (size_t)channels);
    }
    hb_sink_done(writer->sink, y);
    writer->x = 0;
    writer->y += picture->interlaced ? steps[writer->pass] : 1;
    while (picture->interlaced && writer->y >= picture->frame_height && writer->pass < 3)
        writer->y = starts[++writer->pass];
}

static int is_complete(const frame_writer *writer) { return writer->y >= writer->picture->frame_height; }

static int unpack(const uint8_t *data, size_t size, frame_writer *writer, char *message) {
    const gif_picture *picture = writer->picture;
    size_t at = picture->data;
    int least = at < size ? data[at] : 0;
    if (least < 1 || least > 8) return hb_fail(HB_IMAGE_BROKEN, "its data begins with a damaged size", message);
    bit_reader reader = {data + at + 1, data + size, data + at + 1, 0, 0};
    static const char damaged[] = "its data is damaged";
    uint16_t prefix[MAXIMUM_CODES];
    uint8_t suffix[MAXIMUM_CODES], first[MAXIMUM_CODES], text[MAXIMUM_CODES];
    const int clear = 1 << least;
    for (int i = 0; i < clear; i++) suffix[i] = first[i] = (uint8_t)i;
    int width = least + 1, next = clear + 2, previous = -1;
    while (!is_complete(writer)) {
        int code = next_code(&reader, width);
        if (code < 0 || code == clear + 1) return cut_short(message);
        if (code == clear) {
            width = least + 1;
            next = clear + 2;
            previous = -1;
            continue;
        }
        if (code > next || (previous < 0 && code >= clear) || (code == next && next == MAXIMUM_CODES))
            return hb_fail(HB_IMAGE_BROKEN, damaged, message);
        if (previous >= 0 && next < MAXIMUM_CODES) {
            prefix[next] = (uint16_t)previous;
            first[next] = first[previous];
            // A code that is only now defined repeats the first letter of the one before it.
            suffix[next] = first[code == next ? previous : code];
            next++;
            if (next == 1 << width && width < 12) width++;
        }
        previous = code;
        // From the last letter to the first.
        int length = 0;
        for (int c = code; ; c = prefix[c]) {
            text[length++] = suffix[c];
            if (c < clear) break;
            if (length == MAXIMUM_CODES) return hb_fail(HB_IMAGE_BROKEN, damaged, message);
        }
        while (length > 0 && !is_complete(writer)) {
            writer->row[writer->x++] = text[--length];
            if (writer->x == picture->frame_width) end_row(writer);
        }
    }
    return HB_IMAGE_OK;
}

int hb_gif_decode(
    const uint8_t *data, size_t size, const hb_image_header *header, hb_sink *sink, char *message) {
    gif_picture picture;
    int code = parse(data, size, &picture, message);
    if (code) return code;
    if (picture.width != header->width || picture.height != header->height)
        return hb_fail(HB_IMAGE_BROKEN, "the header changed between two readings", message);
    // Around a frame that is smaller than the picture nothing is painted: white.
    for (int y = 0; y < picture.height; y++) {
        if (y >= picture.top && y < picture.top + picture.frame_height) continue;
        memset(hb_sink_row(sink, y), 255, (size_t)picture.width * (size_t)header->channels);
        hb_sink_done(sink, y);
    }
    uint8_t *row = malloc((size_t)picture.frame_width);
    if (!row) return HB_IMAGE_NO_MEMORY;
    frame_writer writer = {.picture = &picture, .sink = sink, .row = row};
    code = unpack(data, size, &writer, message);
    free(row);
    return code;
}
