#include "CImages.h"
#include <math.h>
#include <string.h>

static inline uint8_t clip8(int value) { return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value); }

/// The source index of a position beyond the edges, or -1 for black.
static int outside(int position, int size, int reflect) {
    if (!reflect) return -1;
    if (size == 1) return 0;
    int period = 2 * (size - 1);
    int index = position % period;
    if (index < 0) index += period;
    return index < size ? index : period - index;
}

static inline int source_index(int position, int size, int reflect) {
    return position >= 0 && position < size ? position : outside(position, size, reflect);
}

/// The window's columns [*from, *to) that lie inside the picture.
static void inside_columns(const hb_view *v, int *from, int *to) {
    int first = v->x < 0 ? -v->x : 0;
    int last = v->source_width - v->x;
    if (last > v->width) last = v->width;
    if (last < 0) last = 0;
    if (first > last) first = last;
    *from = v->mirrored ? v->width - last : first;
    *to = v->mirrored ? v->width - first : last;
}

static inline int column_of(const hb_view *v, int i) { return v->x + (v->mirrored ? v->width - 1 - i : i); }

void hb_view_copy(const hb_view *v, uint8_t *output) {
    int from, to, channels = v->channels;
    inside_columns(v, &from, &to);
    size_t row_bytes = (size_t)v->width * (size_t)channels;
    for (int y = 0; y < v->height; y++, output += row_bytes) {
        int row = source_index(v->y + y, v->source_height, v->reflect);
        if (row < 0) {
            memset(output, 0, row_bytes);
            continue;
        }
        const uint8_t *line = v->pixels + (size_t)row * (size_t)v->source_width * (size_t)channels;
        for (int i = 0; i < v->width; i++) {
            if (i == from && to > from && !v->mirrored) {
                memcpy(output + i * channels, line + column_of(v, i) * channels, (size_t)((to - from) * channels));
                i = to - 1;
                continue;
            }
            int column = source_index(column_of(v, i), v->source_width, v->reflect);
            for (int c = 0; c < channels; c++)
                output[i * channels + c] = column < 0 ? 0 : line[column * channels + c];
        }
    }
}

void hb_view_lookup(const hb_view *v, const float *table, float *output) {
    int from, to, channels = v->channels;
    inside_columns(v, &from, &to);
    for (int y = 0; y < v->height; y++, output += (size_t)v->width * (size_t)channels) {
        int row = source_index(v->y + y, v->source_height, v->reflect);
        const uint8_t *line = v->pixels + (row < 0 ? 0 : (size_t)row * (size_t)v->source_width * (size_t)channels);
        int first = row < 0 ? v->width : from, last = row < 0 ? v->width : to;
        for (int i = 0; i < v->width; i++) {
            if (i == first && last > first) {
                const uint8_t *p = line + column_of(v, i) * channels;
                float *o = output + i * channels;
                int step = v->mirrored ? -channels : channels;
                if (channels == 3) {
                    for (int n = last - first; n > 0; n--, p += step, o += 3) {
                        o[0] = table[p[0]];
                        o[1] = table[256 + p[1]];
                        o[2] = table[512 + p[2]];
                    }
                } else {
                    for (int n = last - first; n > 0; n--, p += step) *o++ = table[*p];
                }
                i = last - 1;
                continue;
            }
            int column = row < 0 ? -1 : source_index(column_of(v, i), v->source_width, v->reflect);
            for (int c = 0; c < channels; c++)
                output[i * channels + c] = table[c * 256 + (column < 0 ? 0 : line[column * channels + c])];
        }
    }
}

void hb_place_row(const uint8_t *row, int width, int height, int channels, int orientation, int y, uint8_t *output) {
    int swapped = orientation >= 5;
    // Each orientation is a mirroring of either side or both, after which 5...8 swap the sides.
    int mirror_x = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
    int mirror_y = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    size_t line = (size_t)(mirror_y ? height - 1 - y : y);
    size_t across = (size_t)channels, down = (size_t)channels * (size_t)(swapped ? height : width);
    uint8_t *target = output + line * (swapped ? across : down);
    ptrdiff_t step = (ptrdiff_t)(swapped ? down : across);
    if (mirror_x) {
        target += (size_t)(width - 1) * (size_t)step;
        step = -step;
    }
    if (channels == 1) {
        for (int x = 0; x < width; x++, target += step) *target = row[x];
    } else {
        for (int x = 0; x < width; x++, row += 3, target += step) {
            target[0] = row[0];
            target[1] = row[1];
            target[2] = row[2];
        }
    }
}

/// ITU-R 601-2 luma in 16-bit fixed point.
static inline uint8_t luma(const uint8_t *p) {
    return (uint8_t)((19595u * p[0] + 38470u * p[1] + 7471u * p[2] + 0x8000u) >> 16);
}

void hb_grey_from_rgb(const uint8_t *rgb, size_t count, uint8_t *grey) {
    for (size_t i = 0; i < count; i++) grey[i] = luma(rgb + 3 * i);
}

void hb_rgb_from_grey(const uint8_t *grey, size_t count, uint8_t *rgb) {
    for (size_t i = 0; i < count; i++) rgb[3 * i] = rgb[3 * i + 1] = rgb[3 * i + 2] = grey[i];
}

void hb_rgb_from_cmyk(const uint8_t *cmyk, size_t count, int inverted, uint8_t *rgb) {
    int flip = inverted ? 0 : 255;
    for (size_t i = 0; i < count; i++, cmyk += 4, rgb += 3) {
        int light = cmyk[3] ^ flip;  // what the black ink lets through
        for (int c = 0; c < 3; c++) {
            int ink = 255 - (cmyk[c] ^ flip);
            rgb[c] = clip8(light - (ink * light + 127) / 255);
        }
    }
}

enum { FRACTION_BITS = 22 };

void hb_resample_columns(
    const uint8_t *input, int input_width, int rows, int channels, int output_width, const int32_t *starts,
    const int32_t *lengths, const int32_t *weights, int stride, uint8_t *output) {
    for (int y = 0; y < rows; y++, input += (size_t)input_width * (size_t)channels) {
        for (int x = 0; x < output_width; x++, output += channels) {
            const uint8_t *p = input + (size_t)starts[x] * (size_t)channels;
            const int32_t *w = weights + (size_t)x * (size_t)stride;
            int n = lengths[x];
            if (channels == 3) {
                int a = 1 << (FRACTION_BITS - 1), b = a, c = a;
                for (int i = 0; i < n; i++, p += 3) {
                    a += w[i] * p[0];
                    b += w[i] * p[1];
                    c += w[i] * p[2];
                }
                output[0] = clip8(a >> FRACTION_BITS);
                output[1] = clip8(b >> FRACTION_BITS);
                output[2] = clip8(c >> FRACTION_BITS);
            } else {
                int a = 1 << (FRACTION_BITS - 1);
                for (int i = 0; i < n; i++) a += w[i] * p[i];
                output[0] = clip8(a >> FRACTION_BITS);
            }
        }
    }
}

void hb_resample_rows(
    const uint8_t *input, int row_bytes, int output_height, const int32_t *starts, const int32_t *lengths,
    const int32_t *weights, int stride, uint8_t *output) {
    enum { BLOCK = 64 };
    for (int y = 0; y < output_height; y++, output += row_bytes) {
        const uint8_t *top = input + (size_t)starts[y] * (size_t)row_bytes;
        const int32_t *w = weights + (size_t)y * (size_t)stride;
        for (int x = 0; x < row_bytes; x += BLOCK) {
            int count = row_bytes - x < BLOCK ? row_bytes - x : BLOCK;
            int sums[BLOCK];
            for (int i = 0; i < count; i++) sums[i] = 1 << (FRACTION_BITS - 1);
            for (int k = 0; k < lengths[y]; k++) {
                const uint8_t *p = top + (size_t)k * (size_t)row_bytes + x;
                int weight = w[k];
                for (int i = 0; i < count; i++) sums[i] += weight * p[i];
            }
            for (int i = 0; i < count; i++) output[x + i] = clip8(sums[i] >> FRACTION_BITS);
        }
    }
}

static inline int clamp(int value, int size) { return value < 0 ? 0 : value >= size ? size - 1 : value; }

static inline void sample_bilinear(
    const uint8_t *input, int width, int height, int channels, double px, double py, uint8_t *output) {
    // Written so that not-a-number falls outside too.
    if (!(px >= 0 && px < width && py >= 0 && py < height)) {
        memset(output, 0, (size_t)channels);
        return;
    }
    double fx = floor(px - 0.5), fy = floor(py - 0.5);
    double dx = px - 0.5 - fx, dy = py - 0.5 - fy;
    int x0 = clamp((int)fx, width), x1 = clamp((int)fx + 1, width);
    size_t y0 = (size_t)clamp((int)fy, height), y1 = (size_t)clamp((int)fy + 1, height);
    const uint8_t *top = input + y0 * (size_t)width * (size_t)channels;
    const uint8_t *bottom = input + y1 * (size_t)width * (size_t)channels;
    for (int c = 0; c < channels; c++) {
        double a = top[x0 * channels + c], b = top[x1 * channels + c];
        double d = bottom[x0 * channels + c], e = bottom[x1 * channels + c];
        a += (b - a) * dx;
        d += (e - d) * dx;
        output[c] = (uint8_t)(a + (d - a) * dy + 0.5);
    }
}

void hb_affine(const uint8_t *input, int width, int height, int channels, const double m[6], uint8_t *output) {
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++, output += channels) {
            double px = m[0] * (x + 0.5) + m[1] * (y + 0.5) + m[2];
            double py = m[3] * (x + 0.5) + m[4] * (y + 0.5) + m[5];
            sample_bilinear(input, width, height, channels, px, py, output);
        }
    }
}

void hb_sample_places(
    const uint8_t *input, int width, int height, int channels, const double *places, int count, uint8_t *output) {
    for (int i = 0; i < count; i++, output += channels)
        sample_bilinear(input, width, height, channels, places[2 * i], places[2 * i + 1], output);
}

static inline uint8_t blend(int degenerate, int value, float factor) {
    float mixed = (float)degenerate + factor * (float)(value - degenerate);
    return (uint8_t)(mixed <= 0 ? 0 : mixed >= 255 ? 255 : mixed);
}

void hb_blend_value(uint8_t *pixels, size_t count, int value, float factor) {
    uint8_t table[256];
    for (int i = 0; i < 256; i++) table[i] = blend(value, i, factor);
    for (size_t i = 0; i < count; i++) pixels[i] = table[pixels[i]];
}

void hb_blend_grey(uint8_t *rgb, size_t count, float factor) {
    for (size_t i = 0; i < count; i++, rgb += 3) {
        int grey = luma(rgb);
        for (int c = 0; c < 3; c++) rgb[c] = blend(grey, rgb[c], factor);
    }
}

void hb_shift_hue(uint8_t *rgb, size_t count, int shift) {
    for (size_t i = 0; i < count; i++, rgb += 3) {
        int r = rgb[0], g = rgb[1], b = rgb[2];
        int high = r > g ? (r > b ? r : b) : (g > b ? g : b);
        int low = r < g ? (r < b ? r : b) : (g < b ? g : b);
        if (high == low) continue;  // grey has no hue
        // To hue, saturation and value in bytes (full scale 255, cut as Pillow cuts them)...
        float range = (float)(high - low);
        float red = (float)(high - r) / range, green = (float)(high - g) / range, blue = (float)(high - b) / range;
        // Sums in double and results in float, as Pillow has them: else hues on the border of two bytes change sides.
        float hue = (float)(r == high ? (double)blue - green : g == high ? 2.0 + red - blue : 4.0 + green - red);
        float turn = (float)fmod(hue / 6.0 + 1.0, 1.0);
        int hue_byte = (clip8((int)(turn * 255.0f)) + shift) & 255;
        int saturation = clip8((int)(range / (float)high * 255.0f));
        if (saturation == 0) {
            rgb[0] = rgb[1] = rgb[2] = (uint8_t)high;
            continue;
        }
        // ... and back.
        float angle = (float)hue_byte * 6.0f / 255.0f;
        int sector = (int)floorf(angle);
        float part = angle - (float)sector, depth = (float)saturation / 255.0f, value = (float)high;
        uint8_t v = (uint8_t)high;
        uint8_t p = clip8((int)roundf(value * (1.0f - depth)));
        uint8_t q = clip8((int)roundf(value * (1.0f - depth * part)));
        uint8_t t = clip8((int)roundf(value * (1.0f - depth * (1.0f - part))));
        const uint8_t order[6][3] = {{v, t, p}, {q, v, p}, {p, v, t}, {p, q, v}, {t, p, v}, {v, p, q}};
        memcpy(rgb, order[sector % 6], 3);
    }
}

void hb_scale_saturation(uint8_t *rgb, size_t count, float factor) {
    for (size_t i = 0; i < count; i++, rgb += 3) {
        int r = rgb[0], g = rgb[1], b = rgb[2];
        int high = r > g ? (r > b ? r : b) : (g > b ? g : b);
        int low = r < g ? (r < b ? r : b) : (g < b ? g : b);
        if (high == low) continue;
        // Each channel's distance from the largest one grows with the saturation, which is the largest distance.
        float most = (float)high / (float)(high - low);
        float scale = factor < most ? factor : most;
        for (int c = 0; c < 3; c++) rgb[c] = clip8((int)((float)high - (float)(high - rgb[c]) * scale + 0.5f));
    }
}
