#include "Tiff.h"
#include <stdio.h>
#include <string.h>
#include <zlib.h>

// Each function unpacks until `room` bytes are there or the data ends, and returns how many there are.

static size_t unpack_bits(const uint8_t *p, size_t size, uint8_t *output, size_t room) {
    size_t filled = 0, at = 0;
    while (filled < room && at < size) {
        int count = (int8_t)p[at++];
        if (count == -128) continue;
        size_t length = count >= 0 ? (size_t)count + 1 : (size_t)(1 - count);
        if (length > room - filled) length = room - filled;
        if (count >= 0) {
            if (length > size - at) length = size - at;
            memcpy(output + filled, p + at, length);
            at += (size_t)count + 1 < size - at ? (size_t)count + 1 : size - at;
        } else {
            if (at == size) break;
            memset(output + filled, p[at++], length);
        }
        filled += length;
    }
    return filled;
}

static size_t unpack_deflate(const uint8_t *packed, size_t size, uint8_t *output, size_t room) {
    z_stream stream;
    memset(&stream, 0, sizeof stream);
    // Parts are far smaller than 4 GB, or they are refused before.
    if (size > UINT32_MAX || room > UINT32_MAX || inflateInit(&stream) != Z_OK) return 0;
    stream.next_in = (Bytef *)packed;
    stream.avail_in = (uInt)size;
    stream.next_out = output;
    stream.avail_out = (uInt)room;
    inflate(&stream, Z_FINISH);
    size_t filled = room - stream.avail_out;
    inflateEnd(&stream);
    return filled;
}

/// Codes of 9 to 12 bits, highest bit first; the width grows one code early.
static size_t unpack_lzw(const uint8_t *p, size_t size, uint8_t *output, size_t room) {
    enum { CLEAR = 256, END = 257, CODES = 4096 };
    // A code's text is a part of the output: where it begins, and its length.
    static const uint32_t no_code = UINT32_MAX;
    size_t starts[CODES];
    uint32_t lengths[CODES];
    size_t filled = 0, at = 0;
    uint32_t bits = 0, previous = no_code, next = END + 1;
    int held = 0, width = 9;
    while (filled < room) {
        while (held < width) {
            if (at == size) return filled;
            bits = bits << 8 | p[at++];
            held += 8;
        }
        uint32_t code = bits >> (held - width) & ((1u << width) - 1);
        held -= width;
        if (code == END) return filled;
        if (code == CLEAR) {
            width = 9;
            next = END + 1;
            previous = no_code;
            continue;
        }
        if (code > next || (previous == no_code && code > 255)) return filled;
        size_t begin = filled;
        if (code < 256) {
            output[filled++] = (uint8_t)code;
        } else {
            size_t from = code == next ? begin - lengths[previous < 256 ? 0 : previous] : starts[code];
            size_t length = code == next ? lengths[previous < 256 ? 0 : previous] + 1 : lengths[code];
            if (code == next && previous < 256) from = begin - 1, length = 2;
            // Byte by byte: the text of a code that is only now defined reaches into itself.
            for (; length > 0 && filled < room; length--) output[filled++] = output[from++];
        }
        if (previous != no_code && next < CODES) {
            // The text before and the first letter of this one.
            uint32_t length = previous < 256 ? 1 : lengths[previous];
            starts[next] = begin - length;
            lengths[next] = length + 1;
            next++;
        }
        previous = code;
        if (next + 1 >= 1u << width && width < 12) width++;
    }
    return filled;
}

/// Differences along each row back to values.
static void add_differences(const hb_tiff_picture *tiff, uint8_t *rows, uint32_t count) {
    size_t step = hb_tiff_part_samples(tiff), row_bytes = hb_tiff_part_row_bytes(tiff);
    for (uint32_t y = 0; y < count; y++, rows += row_bytes) {
        if (tiff->bits == 8) {
            for (size_t i = step; i < row_bytes; i++) rows[i] = (uint8_t)(rows[i] + rows[i - step]);
            continue;
        }
        int high = tiff->big_endian ? 0 : 1;
        for (size_t i = 2 * step; i + 1 < row_bytes; i += 2) {
            uint8_t *value = rows + i, *before = value - 2 * step;
            uint32_t sum = ((uint32_t)value[high] << 8 | value[1 - high]) + ((uint32_t)before[high] << 8 | before[1 - high]);
            value[high] = (uint8_t)(sum >> 8);
            value[1 - high] = (uint8_t)sum;
        }
    }
}

const uint8_t *hb_tiff_part(
    const hb_tiff_picture *tiff, uint32_t index, uint32_t rows, uint8_t *memory, char *message) {
    size_t room = hb_tiff_part_row_bytes(tiff) * rows;
    size_t at = index < tiff->offsets.count ? hb_tiff_value(tiff, &tiff->offsets, index) : tiff->size;
    size_t left = at < tiff->size ? tiff->size - at : 0;
    size_t length = index < tiff->lengths.count ? hb_tiff_value(tiff, &tiff->lengths, index) : left;
    if (length > left) length = left;
    const uint8_t *packed = tiff->data + tiff->size - left;
    size_t filled = 0;
    switch (tiff->compression) {
    case HB_TIFF_PLAIN: filled = length; break;
    case HB_TIFF_PACKBITS: filled = unpack_bits(packed, length, memory, room); break;
    case HB_TIFF_LZW: filled = unpack_lzw(packed, length, memory, room); break;
    default: filled = unpack_deflate(packed, length, memory, room); break;
    }
    if (filled < room) {
        hb_fail(HB_IMAGE_BROKEN, "its data ends too early or is damaged", message);
        return NULL;
    }
    if (tiff->predictor != 2) return tiff->compression == HB_TIFF_PLAIN ? packed : memory;
    if (tiff->compression == HB_TIFF_PLAIN) memcpy(memory, packed, room);
    add_differences(tiff, memory, rows);
    return memory;
}
