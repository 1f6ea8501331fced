#include "Internal.h"
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

// Which way up a picture is. Cameras write it into EXIF, some programs into XMP alone. Nothing here is searched twice,
// copied, or unpacked beyond a bound.

typedef struct {
    const uint8_t *bytes;
    size_t size;
    int big_endian;
} tiff_block;

static uint32_t number(const tiff_block *tiff, size_t at, int bytes) {
    uint32_t value = 0;
    for (int i = 0; i < bytes; i++) {
        size_t position = at + (size_t)(tiff->big_endian ? i : bytes - 1 - i);
        value = value << 8 | tiff->bytes[position];
    }
    return value;
}

int hb_exif_orientation(const uint8_t *bytes, size_t size) {
    // PNG and WebP writers sometimes keep JPEG's prefix.
    if (size >= 6 && !memcmp(bytes, "Exif\0\0", 6)) bytes += 6, size -= 6;
    if (size < 8) return 0;
    tiff_block tiff = {bytes, size, bytes[0] == 'M'};
    if (bytes[0] != bytes[1] || (bytes[0] != 'M' && bytes[0] != 'I') || number(&tiff, 2, 2) != 42) return 0;
    size_t directory = number(&tiff, 4, 4);
    if (directory > size - 2) return 0;
    size_t entries = number(&tiff, directory, 2);
    for (size_t i = 0; i < entries; i++) {
        size_t entry = directory + 2 + i * 12;
        if (entry > size || size - entry < 12) return 0;
        if (number(&tiff, entry, 2) != 0x0112) continue;
        uint32_t type = number(&tiff, entry + 2, 2);
        // SHORT by the standard; some writers use LONG.
        if (number(&tiff, entry + 4, 4) < 1 || (type != 3 && type != 4)) return 0;
        uint32_t value = number(&tiff, entry + 8, type == 3 ? 2 : 4);
        return value >= 1 && value <= 8 ? (int)value : 0;
    }
    return 0;
}

static int is_space(uint8_t c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

/// XMP is XML; an attribute tiff:Orientation="6" or an element <tiff:Orientation>6</tiff:Orientation>.
int hb_xmp_orientation(const uint8_t *text, size_t size) {
    static const char name[] = "tiff:Orientation";
    const size_t length = sizeof name - 1, most = (size_t)1 << 22;
    const uint8_t *end = text + (size < most ? size : most);
    while ((size_t)(end - text) > length) {
        const uint8_t *found = memchr(text, 't', (size_t)(end - text) - length);
        if (!found) return 0;
        text = found + 1;
        if (memcmp(found, name, length)) continue;
        const uint8_t *p = found + length;
        while (p < end && is_space(*p)) p++;
        int attribute = p < end && *p == '=';
        if (p == end || (*p != '=' && *p != '>')) continue;
        for (p++; p < end && is_space(*p);) p++;
        if (attribute && p < end && (*p == '"' || *p == '\'')) p++;
        else if (attribute) continue;
        while (p < end && is_space(*p)) p++;
        // One digit and no more.
        if (end - p >= 2 && *p >= '1' && *p <= '8' && (p[1] < '0' || p[1] > '9')) return *p - '0';
    }
    return 0;
}

int hb_jpeg_orientation(const uint8_t *data, size_t size) {
    static const char xmp_name[] = "http://ns.adobe.com/xap/1.0/";
    int exif = -1, xmp = -1;
    size_t at = 2;
    while (exif <= 0) {
        const uint8_t *mark = at < size ? memchr(data + at, 0xff, size - at) : NULL;
        if (!mark) break;
        at = (size_t)(mark - data);
        while (at < size && data[at] == 0xff) at++;
        if (at == size) break;
        int marker = data[at++];
        if (marker <= 1 || (marker >= 0xd0 && marker <= 0xd8)) continue;
        // The compressed data or the end.
        if (marker == 0xda || marker == 0xd9 || size - at < 2) break;
        size_t length = hb_be16(data + at);
        if (length < 2 || length > size - at) break;
        const uint8_t *segment = data + at + 2;
        size_t bytes = length - 2;
        at += length;
        if (marker != 0xe1) continue;
        if (exif < 0 && bytes > 6 && !memcmp(segment, "Exif\0\0", 6))
            exif = hb_exif_orientation(segment + 6, bytes - 6);
        else if (xmp < 0 && bytes > sizeof xmp_name && !memcmp(segment, xmp_name, sizeof xmp_name))
            xmp = hb_xmp_orientation(segment + sizeof xmp_name, bytes - sizeof xmp_name);
    }
    return exif > 0 ? exif : xmp > 0 ? xmp : 0;
}

/// Of packed XMP the first megabyte is looked at.
static int packed_xmp_orientation(const uint8_t *packed, size_t size) {
    const uInt room = 1u << 20;
    z_stream stream;
    memset(&stream, 0, sizeof stream);
    if (size > UINT32_MAX || inflateInit(&stream) != Z_OK) return 0;
    int orientation = 0;
    uint8_t *text = malloc(room);
    if (text) {
        stream.next_in = (Bytef *)packed;
        stream.avail_in = (uInt)size;
        stream.next_out = text;
        stream.avail_out = room;
        inflate(&stream, Z_FINISH);
        orientation = hb_xmp_orientation(text, room - stream.avail_out);
    }
    free(text);
    inflateEnd(&stream);
    return orientation;
}

/// An iTXt chunk: keyword 0, whether it is packed, method, language 0, translated keyword 0, text.
static int text_orientation(const uint8_t *chunk, size_t size) {
    static const char keyword[] = "XML:com.adobe.xmp";
    if (size < sizeof keyword + 4 || memcmp(chunk, keyword, sizeof keyword)) return -1;
    int packed = chunk[sizeof keyword];
    const uint8_t *end = chunk + size, *p = chunk + sizeof keyword + 2;
    for (int i = 0; i < 2; i++) {
        p = memchr(p, 0, (size_t)(end - p));
        if (!p || ++p == end) return 0;
    }
    return packed ? packed_xmp_orientation(p, (size_t)(end - p)) : hb_xmp_orientation(p, (size_t)(end - p));
}

int hb_png_orientation(const uint8_t *data, size_t size) {
    int exif = -1, xmp = -1;
    for (size_t at = 8; exif <= 0 && at <= size && size - at >= 12;) {
        const uint8_t *chunk = data + at;
        size_t length = hb_be32(chunk);
        if (length > size - at - 12) break;
        // A chunk whose checksum is wrong says nothing.
        if (exif < 0 && !memcmp(chunk + 4, "eXIf", 4)) {
            int sound = crc32(crc32(0, NULL, 0), chunk + 4, (uInt)(length + 4)) == hb_be32(chunk + 8 + length);
            exif = sound ? hb_exif_orientation(chunk + 8, length) : 0;
        } else if (xmp < 0 && !memcmp(chunk + 4, "iTXt", 4)) {
            xmp = text_orientation(chunk + 8, length);
        } else if (!memcmp(chunk + 4, "IEND", 4)) {
            break;
        }
        at += length + 12;
    }
    return exif > 0 ? exif : xmp > 0 ? xmp : 0;
}
