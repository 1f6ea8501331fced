#include "Internal.h"
#include <stdio.h>
#include <string.h>

// What a file is, by its first bytes. A name says little: web pages and pointers are saved under any.

typedef struct {
    int offset;
    const char *bytes;
    int length;
    const char *name;    // with its article
} signature;

#define SIGNATURE(offset, bytes, name) {offset, bytes, sizeof bytes - 1, name}

/// Images in formats that are not read.
static const signature other_images[] = {
    SIGNATURE(0, "8BPS", "a Photoshop image"),
    SIGNATURE(0, "\0\0\0\x0cjP  ", "a JPEG 2000 image"),
    SIGNATURE(0, "\xff\x4f\xff\x51", "a JPEG 2000 image"),
    SIGNATURE(0, "\0\0\0\x0cJXL ", "a JPEG XL image"),
    SIGNATURE(0, "\xff\x0a", "a JPEG XL image"),
    SIGNATURE(0, "II\x2b\0", "a BigTIFF image"),
    SIGNATURE(0, "MM\0\x2b", "a BigTIFF image"),
    SIGNATURE(0, "II\x2a\0\x10\0\0\0CR", "a camera's raw image"),
    SIGNATURE(0, "FUJIFILMCCD-RAW", "a camera's raw image"),
    SIGNATURE(0, "IIRO", "a camera's raw image"),
    SIGNATURE(0, "IIRS", "a camera's raw image"),
    SIGNATURE(0, "MMOR", "a camera's raw image"),
    SIGNATURE(0, "IIU\0", "a camera's raw image"),
    SIGNATURE(0, "FOVb", "a camera's raw image"),
    SIGNATURE(0, "gimp xcf", "a GIMP image"),
    SIGNATURE(0, "qoif", "a QOI image"),
    SIGNATURE(0, "DDS ", "a DirectDraw surface"),
    SIGNATURE(0, "\x76\x2f\x31\x01", "an OpenEXR image"),
    SIGNATURE(0, "#?RADIANCE", "a Radiance image"),
    SIGNATURE(0, "AT&TFORM", "a DjVu document"),
    SIGNATURE(0, "icns", "an icon"),
    SIGNATURE(0, "<svg", "an SVG drawing"),
};

/// Files that are no images, or not one.
static const signature other_files[] = {
    SIGNATURE(0, "version https://git-lfs", "a Git LFS pointer, not the image itself; fetch it with git lfs pull"),
    SIGNATURE(0, "%PDF", "a PDF document"),
    SIGNATURE(0, "%!PS", "a PostScript document"),
    SIGNATURE(0, "PK\x03\x04", "a zip archive"),
    SIGNATURE(0, "PK\x05\x06", "an empty zip archive"),
    SIGNATURE(0, "\x1f\x8b", "a gzip file"),
    SIGNATURE(0, "BZh", "a bzip2 file"),
    SIGNATURE(0, "\xfd" "7zXZ", "an xz file"),
    SIGNATURE(0, "\x28\xb5\x2f\xfd", "a Zstandard file"),
    SIGNATURE(0, "7z\xbc\xaf\x27\x1c", "a 7z archive"),
    SIGNATURE(0, "Rar!", "a RAR archive"),
    SIGNATURE(257, "ustar", "a tar archive"),
    SIGNATURE(0, "\x1a\x45\xdf\xa3", "a video"),
    SIGNATURE(0, "\0\0\x01\xba", "a video"),
    SIGNATURE(0, "FLV\x01", "a video"),
    SIGNATURE(4, "moov", "a video"),
    SIGNATURE(4, "mdat", "a video"),
    SIGNATURE(0, "ID3", "a sound file"),
    SIGNATURE(0, "OggS", "a sound file"),
    SIGNATURE(0, "fLaC", "a sound file"),
    SIGNATURE(0, "\x93NUMPY", "a NumPy array"),
    SIGNATURE(0, "\x89HDF", "an HDF5 file"),
    SIGNATURE(0, "SQLite format 3", "a database"),
    SIGNATURE(0, "\x7f" "ELF", "a program"),
    SIGNATURE(0, "MZ", "a program"),
    SIGNATURE(0, "\0\x05\x16\x07", "what macOS notes about another file"),
    SIGNATURE(0, "\0\x05\x16\0", "what macOS notes about another file"),
    SIGNATURE(0, "\xd0\xcf\x11\xe0", "an old Office document or Thumbs.db"),
    SIGNATURE(128, "DICM", "a DICOM file"),
    SIGNATURE(0, "SIMPLE  =", "a FITS file"),
    SIGNATURE(0, "\x80\x02", "a Python pickle"),
    SIGNATURE(0, "\x80\x03", "a Python pickle"),
    SIGNATURE(0, "\x80\x04\x95", "a Python pickle"),
    SIGNATURE(0, "\x80\x05\x95", "a Python pickle"),
};

static int has(const uint8_t *data, size_t size, const signature *what) {
    return size >= (size_t)(what->offset + what->length) &&
           !memcmp(data + what->offset, what->bytes, (size_t)what->length);
}

static const char *find(const uint8_t *data, size_t size, const signature *list, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (has(data, size, &list[i])) return list[i].name;
    return NULL;
}

#define COUNT(list) (sizeof list / sizeof *list)

static int is_bmp(const uint8_t *data, size_t size) {
    // Two letters are no signature; the size of the second header narrows it down.
    if (size < 16 || data[0] != 'B' || data[1] != 'M' || data[15] != 0) return 0;
    static const uint8_t sizes[] = {12, 16, 40, 52, 56, 64, 108, 124};
    return memchr(sizes, data[14], sizeof sizes) != NULL && (data[13] == 0);
}

/// Files of ISO's media format name themselves after "ftyp": images, and videos otherwise.
static const char *media_image(const uint8_t *data, size_t size) {
    static const struct {
        const char *brand, *name;
    } brands[] = {
        {"heic", "an HEIC image"}, {"heix", "an HEIC image"}, {"heim", "an HEIC image"}, {"heis", "an HEIC image"},
        {"hevc", "an HEIC image"}, {"hevx", "an HEIC image"}, {"mif1", "an HEIC image"}, {"msf1", "an HEIC image"},
        {"avif", "an AVIF image"}, {"avis", "an AVIF image"}, {"crx ", "a camera's raw image"},
    };
    if (size < 12 || memcmp(data + 4, "ftyp", 4)) return NULL;
    for (size_t i = 0; i < COUNT(brands); i++)
        if (!memcmp(data + 8, brands[i].brand, 4)) return brands[i].name;
    return NULL;
}

static int is_pnm(const uint8_t *data, size_t size) {
    return size >= 3 && data[0] == 'P' && data[1] >= '1' && data[1] <= '7' &&
           (data[2] == '\n' || data[2] == ' ' || data[2] == '\r' || data[2] == '\t');
}

static int is_icon(const uint8_t *data, size_t size) {
    // Icon or pointer, and how many pictures there are.
    return size >= 6 && data[0] == 0 && data[1] == 0 && (data[2] == 1 || data[2] == 2) && data[3] == 0 &&
           data[4] >= 1 && data[4] < 64 && data[5] == 0;
}

static const char *other_image(const uint8_t *data, size_t size) {
    const char *name = find(data, size, other_images, COUNT(other_images));
    if (!name) name = media_image(data, size);
    if (!name && is_pnm(data, size)) name = "a PNM image";
    if (!name && is_icon(data, size)) name = "an icon";
    return name;
}

int hb_image_format(const uint8_t *data, size_t size) {
    static const uint8_t png[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    if (size >= 3 && data[0] == 0xff && data[1] == 0xd8 && data[2] == 0xff) return HB_IMAGE_JPEG;
    if (size >= 8 && !memcmp(data, png, 8)) return HB_IMAGE_PNG;
    if (size >= 12 && !memcmp(data, "RIFF", 4) && !memcmp(data + 8, "WEBP", 4)) return HB_IMAGE_WEBP;
    if (size >= 6 && (!memcmp(data, "GIF87a", 6) || !memcmp(data, "GIF89a", 6))) return HB_IMAGE_GIF;
    if (is_bmp(data, size)) return HB_IMAGE_BMP;
    // Before TIFF: some cameras' raw files begin like one.
    if (other_image(data, size)) return HB_IMAGE_OTHER;
    if (size >= 4 && (!memcmp(data, "II\x2a\0", 4) || !memcmp(data, "MM\0\x2a", 4))) return HB_IMAGE_TIFF;
    return 0;
}

static size_t limited(size_t size) { return size < 4096 ? size : 4096; }

static int is_text(const uint8_t *data, size_t size) {
    for (size_t i = 0; i < limited(size); i++)
        if ((data[i] < 32 && data[i] != '\n' && data[i] != '\r' && data[i] != '\t' && data[i] != '\f') ||
            data[i] == 127)
            return 0;
    return 1;
}

static int is_zero(const uint8_t *data, size_t size) {
    for (size_t i = 0; i < limited(size); i++)
        if (data[i]) return 0;
    return 1;
}

/// Whether `word`, in lower case, occurs in the first bytes, in any case.
static int holds(const uint8_t *data, size_t size, const char *word) {
    size_t length = strlen(word), end = limited(size);
    for (size_t i = 0; i + length <= end; i++) {
        size_t k = 0;
        while (k < length && (data[i + k] >= 'A' && data[i + k] <= 'Z' ? data[i + k] + 32 : data[i + k]) == word[k]) k++;
        if (k == length) return 1;
    }
    return 0;
}

static const char *text_kind(const uint8_t *data, size_t size) {
    if (holds(data, size, "<svg")) return NULL;
    if (holds(data, size, "<!doctype html") || holds(data, size, "<html") || holds(data, size, "<head"))
        return "an HTML page";
    if (data[0] == '<') return "an XML file";
    return is_text(data, size) ? "a text file" : NULL;
}

static void write_other(const char *name, char *message) {
    snprintf(message, HB_IMAGE_MESSAGE, "this is %s, convert it to PNG or JPEG", name);
}

void hb_image_explain(const uint8_t *data, size_t size, char *message) {
    message[0] = 0;
    if (size == 0) {
        hb_fail(0, "the file is empty", message);
        return;
    }
    if (is_zero(data, size)) {
        hb_fail(0, size > 4096 ? "the file begins with zero bytes, so its content was lost"
                               : "the file holds nothing but zero bytes", message);
        return;
    }
    const char *name = other_image(data, size);
    if (name) {
        write_other(name, message);
        return;
    }
    // Leading marks and blanks of texts.
    const uint8_t *text = data;
    size_t left = size;
    if (left >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) text += 3, left -= 3;
    while (left > 0 && (*text == ' ' || *text == '\n' || *text == '\r' || *text == '\t')) text++, left--;
    name = find(data, size, other_files, COUNT(other_files));
    if (!name && size >= 12 && !memcmp(data + 4, "ftyp", 4)) name = "a video";
    if (!name && size >= 12 && !memcmp(data, "RIFF", 4))
        name = !memcmp(data + 8, "AVI ", 4) ? "a video" : "a sound or other RIFF file";
    if (!name && left > 0) name = text_kind(text, left);
    if (!name && left > 0 && holds(text, left, "<svg")) {
        write_other("an SVG drawing", message);
        return;
    }
    if (!name && left == 0) name = "a text file";
    if (name)
        snprintf(message, HB_IMAGE_MESSAGE, "this is %s%s", name, strstr(name, "LFS") ? "" : ", not an image");
    else hb_fail(0, "this is no image that can be read, expected JPEG, PNG, WebP, GIF, BMP or TIFF", message);
}
