#include "Internal.h"
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
// jpeglib.h needs stdio.h before it.
#include <stdio.h>
#include <jpeglib.h>
#include <jerror.h>

typedef struct {
    struct jpeg_error_mgr base;
    jmp_buf jump;
    char *message;
} error_manager;

static void stop(j_common_ptr info) {
    error_manager *errors = (error_manager *)info->err;
    char text[JMSG_LENGTH_MAX];
    (*info->err->format_message)(info, text);
    snprintf(errors->message, HB_IMAGE_MESSAGE, "%s", text);
    longjmp(errors->jump, 1);
}

// libjpeg goes on with grey pixels where data is missing and says so in a warning; for us that is an error. Warnings
// about harmless oddities (bytes between segments, an unknown version) stay silent.
static void warn(j_common_ptr info, int level) {
    if (level >= 0) return;
    switch (info->err->msg_code) {
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_JPEG_EOF:
    case JWRN_MUST_RESYNC:
    case JWRN_NOT_SEQUENTIAL:
    case JWRN_ARITH_BAD_CODE:
        stop(info);
    default:
        break;
    }
}

static void silent(j_common_ptr info) { (void)info; }

static void set_errors(struct jpeg_decompress_struct *info, error_manager *errors, char *message) {
    info->err = jpeg_std_error(&errors->base);
    errors->base.error_exit = stop;
    errors->base.emit_message = warn;
    errors->base.output_message = silent;
    errors->message = message;
}

static int exif_of(struct jpeg_decompress_struct *info) {
    for (jpeg_saved_marker_ptr marker = info->marker_list; marker; marker = marker->next) {
        if (marker->marker == JPEG_APP0 + 1 && marker->data_length > 6 && !memcmp(marker->data, "Exif\0\0", 6))
            return hb_exif_orientation(marker->data + 6, marker->data_length - 6);
    }
    return 1;
}

int hb_jpeg_read_header(
    const uint8_t *data, size_t size, size_t maximum_pixels, hb_image_header *header, char *message) {
    struct jpeg_decompress_struct info;
    error_manager errors;
    set_errors(&info, &errors, message);
    if (setjmp(errors.jump)) {
        jpeg_destroy_decompress(&info);
        return HB_IMAGE_BROKEN;
    }
    jpeg_create_decompress(&info);
    jpeg_mem_src(&info, (unsigned char *)data, size);
    jpeg_save_markers(&info, JPEG_APP0 + 1, 0xffff);
    jpeg_read_header(&info, TRUE);
    header->format = HB_IMAGE_JPEG;
    header->width = (int32_t)info.image_width;
    header->height = (int32_t)info.image_height;
    header->channels = info.jpeg_color_space == JCS_GRAYSCALE ? 1 : 3;
    header->orientation = exif_of(&info);
    jpeg_destroy_decompress(&info);
    return hb_check_size(header, maximum_pixels, message);
}

int hb_jpeg_decode(
    const uint8_t *data, size_t size, const hb_image_header *header, uint8_t *pixels, char *message) {
    struct jpeg_decompress_struct info;
    error_manager errors;
    // volatile: set after setjmp, read after longjmp.
    uint8_t *volatile row = NULL;
    set_errors(&info, &errors, message);
    if (setjmp(errors.jump)) {
        jpeg_destroy_decompress(&info);
        free(row);
        return HB_IMAGE_BROKEN;
    }
    jpeg_create_decompress(&info);
    jpeg_mem_src(&info, (unsigned char *)data, size);
    jpeg_read_header(&info, TRUE);
    int inks = info.jpeg_color_space == JCS_CMYK || info.jpeg_color_space == JCS_YCCK;
    info.out_color_space = inks ? JCS_CMYK : header->channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    // The slow integer transform: what the reference decoder and Pillow use.
    info.dct_method = JDCT_ISLOW;
    jpeg_start_decompress(&info);
    if ((int32_t)info.output_width != header->width || (int32_t)info.output_height != header->height) {
        snprintf(message, HB_IMAGE_MESSAGE, "the header changed between two readings");
        longjmp(errors.jump, 1);
    }
    size_t row_bytes = (size_t)header->width * (size_t)header->channels;
    if (inks) {
        row = malloc((size_t)header->width * 4);
        if (!row) {
            jpeg_destroy_decompress(&info);
            return HB_IMAGE_NO_MEMORY;
        }
    }
    while (info.output_scanline < info.output_height) {
        uint8_t *line = pixels + row_bytes * info.output_scanline;
        JSAMPROW target = inks ? row : line;
        jpeg_read_scanlines(&info, &target, 1);
        if (inks) hb_rgb_from_cmyk(row, (size_t)header->width, info.saw_Adobe_marker, line);
    }
    jpeg_finish_decompress(&info);
    jpeg_destroy_decompress(&info);
    free(row);
    return HB_IMAGE_OK;
}

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)

const char *hb_image_jpeg_version(void) {
#ifdef LIBJPEG_TURBO_VERSION
    return TEXT(LIBJPEG_TURBO_VERSION);
#else
    return "libjpeg " TEXT(JPEG_LIB_VERSION);
#endif
}
