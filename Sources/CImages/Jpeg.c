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
    int code;
    int may_end;    // the header was read
    int ended;      // the data ran out, and an end marker was made up
} error_manager;

static error_manager *errors_of(j_common_ptr info) { return (error_manager *)info->err; }

static void stop(j_common_ptr info) {
    error_manager *errors = errors_of(info);
    char text[JMSG_LENGTH_MAX];
    if (errors->ended) info->err->msg_code = JWRN_JPEG_EOF;
    (*info->err->format_message)(info, text);
    snprintf(errors->message, HB_IMAGE_MESSAGE, "%s", text);
    longjmp(errors->jump, 1);
}

static void stop_at_end(j_decompress_ptr info) {
    info->err->msg_code = JWRN_JPEG_EOF;
    stop((j_common_ptr)info);
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
    errors->code = HB_IMAGE_BROKEN;
    errors->may_end = errors->ended = 0;
}

// The bytes of a file in memory. An end within the header is an error at once. After it an end marker is made up: some
// cameras and tools leave it out, and libjpeg itself knows whether data is missing before it.

static void nothing(j_decompress_ptr info) { (void)info; }

static boolean fill(j_decompress_ptr info) {
    static const JOCTET end[2] = {0xff, JPEG_EOI};
    if (!errors_of((j_common_ptr)info)->may_end) stop_at_end(info);
    errors_of((j_common_ptr)info)->ended = 1;
    info->src->next_input_byte = end;
    info->src->bytes_in_buffer = 2;
    return TRUE;
}

static void skip(j_decompress_ptr info, long count) {
    if (count <= 0) return;
    if ((size_t)count > info->src->bytes_in_buffer) {
        fill(info);
        return;
    }
    info->src->next_input_byte += count;
    info->src->bytes_in_buffer -= (size_t)count;
}

static void set_source(j_decompress_ptr info, struct jpeg_source_mgr *source, const uint8_t *data, size_t size) {
    *source = (struct jpeg_source_mgr){
        .next_input_byte = data, .bytes_in_buffer = size, .init_source = nothing, .fill_input_buffer = fill,
        .skip_input_data = skip, .resync_to_restart = jpeg_resync_to_restart, .term_source = nothing,
    };
    info->src = source;
}

// Each scan of a progressive file walks over the whole picture, so a small file with many of them would take minutes.
enum { MAXIMUM_SCANS = 500 };
#define MAXIMUM_SCANNED_PIXELS 4e9

static void watch_scans(j_common_ptr common) {
    j_decompress_ptr info = (j_decompress_ptr)common;
    double pixels = (double)info->image_width * info->image_height;
    if (info->input_scan_number <= MAXIMUM_SCANS && info->input_scan_number * pixels <= MAXIMUM_SCANNED_PIXELS) return;
    error_manager *errors = errors_of(common);
    snprintf(errors->message, HB_IMAGE_MESSAGE, "it goes over its %u x %u pixels more than %d times", info->image_width,
        info->image_height, info->input_scan_number - 1);
    errors->code = HB_IMAGE_TOO_LARGE;
    longjmp(errors->jump, 1);
}

/// The coefficients of a file in several scans, which are all held until the last one was read.
static size_t coefficient_bytes(j_decompress_ptr info) {
    size_t blocks = 0;
    if (!jpeg_has_multiple_scans(info)) return 0;
    for (int c = 0; c < info->num_components; c++) {
        // A row and a column of whole units may follow the last blocks.
        const jpeg_component_info *part = &info->comp_info[c];
        blocks += ((size_t)part->width_in_blocks + 4) * ((size_t)part->height_in_blocks + 4);
    }
    return blocks * DCTSIZE2 * sizeof(JCOEF);
}

/// Whether a file that has no end marker can be told to be whole.
static int is_whole(j_decompress_ptr info) {
    if (!jpeg_has_multiple_scans(info)) return 1;
    // A scan may be missing: only progressive files keep account of what came.
    if (!info->progressive_mode || !info->coef_bits) return 0;
    for (int c = 0; c < info->num_components; c++)
        for (int k = 0; k < DCTSIZE2; k++)
            if (info->coef_bits[c][k] != 0) return 0;
    return 1;
}

int hb_jpeg_read_header(
    const uint8_t *data, size_t size, size_t maximum_pixels, hb_image_header *header, char *message) {
    struct jpeg_decompress_struct info;
    struct jpeg_source_mgr source;
    error_manager errors;
    set_errors(&info, &errors, message);
    if (setjmp(errors.jump)) {
        jpeg_destroy_decompress(&info);
        return errors.code;
    }
    jpeg_create_decompress(&info);
    set_source(&info, &source, data, size);
    jpeg_read_header(&info, TRUE);
    header->width = (int32_t)info.image_width;
    header->height = (int32_t)info.image_height;
    header->channels = info.jpeg_color_space == JCS_GRAYSCALE ? 1 : 3;
    header->held = coefficient_bytes(&info);
    jpeg_destroy_decompress(&info);
    header->orientation = hb_jpeg_orientation(data, size);
    return hb_check_pixels(header, maximum_pixels, message);
}

int hb_jpeg_decode(
    const uint8_t *data, size_t size, const hb_image_header *header, hb_sink *sink, char *message) {
    struct jpeg_decompress_struct info;
    struct jpeg_source_mgr source;
    struct jpeg_progress_mgr progress = {.progress_monitor = watch_scans};
    error_manager errors;
    // volatile: set after setjmp, read after longjmp.
    uint8_t *volatile row = NULL;
    set_errors(&info, &errors, message);
    if (setjmp(errors.jump)) {
        jpeg_destroy_decompress(&info);
        free(row);
        return errors.code;
    }
    jpeg_create_decompress(&info);
    info.progress = &progress;
    set_source(&info, &source, data, size);
    jpeg_read_header(&info, TRUE);
    errors.may_end = 1;
    int inks = info.jpeg_color_space == JCS_CMYK || info.jpeg_color_space == JCS_YCCK;
    info.out_color_space = inks ? JCS_CMYK : header->channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    // The slow integer transform: what the reference decoder and Pillow use.
    info.dct_method = JDCT_ISLOW;
    jpeg_start_decompress(&info);
    if ((int32_t)info.output_width != header->width || (int32_t)info.output_height != header->height) {
        snprintf(message, HB_IMAGE_MESSAGE, "the header changed between two readings");
        longjmp(errors.jump, 1);
    }
    if (inks) {
        row = malloc((size_t)header->width * 4);
        if (!row) {
            jpeg_destroy_decompress(&info);
            return HB_IMAGE_NO_MEMORY;
        }
    }
    while (info.output_scanline < info.output_height) {
        int y = (int)info.output_scanline;
        uint8_t *line = hb_sink_row(sink, y);
        JSAMPROW target = inks ? row : line;
        jpeg_read_scanlines(&info, &target, 1);
        if (inks) hb_rgb_from_cmyk(row, (size_t)header->width, info.saw_Adobe_marker, line);
        hb_sink_done(sink, y);
    }
    if (errors.ended && !is_whole(&info)) stop_at_end(&info);
    // Where no bits are missing, reading on to the end marker finds nothing new.
    int arithmetic = info.arith_code;
    jpeg_finish_decompress(&info);
    // An arithmetic decoder reads zeros beyond the end without a word.
    if (errors.ended && arithmetic) stop_at_end(&info);
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
