#include "CImages.h"
#include <math.h>
#include <string.h>

static inline int inside(int position, int size) {
    return position < 0 ? 0 : position < size ? position : size - 1;
}

static inline double line_value(double d, double b, double c) { return b + (c - b) * d; }

/// The cubic through b and c at distance d from b, with a and e beyond them (Keys' kernel with parameter -1).
static inline double cubic_value(double d, double a, double b, double c, double e) {
    return b + d * ((c - a) + d * (2 * (a - b) + c - e + d * (b - a - c + e)));
}

static inline uint8_t cut(double value) { return (uint8_t)(value <= 0 ? 0 : value >= 255 ? 255 : value); }

void hb_sample_affine(
    const uint8_t *input, int width, int height, int channels, const double m[6], int cubic, const uint8_t *fill,
    uint8_t *output) {
    const int taps = cubic ? 4 : 2;
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++, output += channels) {
            double px = m[0] * (x + 0.5) + m[1] * (y + 0.5) + m[2];
            double py = m[3] * (x + 0.5) + m[4] * (y + 0.5) + m[5];
            // Written so that not-a-number falls outside too.
            if (!(px >= 0 && px < width && py >= 0 && py < height)) {
                memcpy(output, fill, (size_t)channels);
                continue;
            }
            double left = floor(px - 0.5), top = floor(py - 0.5);
            double dx = px - 0.5 - left, dy = py - 0.5 - top;
            size_t columns[4], rows[4];
            for (int k = 0; k < taps; k++) {
                columns[k] = (size_t)inside((int)left + k - (cubic ? 1 : 0), width) * (size_t)channels;
                rows[k] = (size_t)inside((int)top + k - (cubic ? 1 : 0), height) * (size_t)width * (size_t)channels;
            }
            for (int c = 0; c < channels; c++) {
                double v[4];
                for (int k = 0; k < taps; k++) {
                    const uint8_t *row = input + rows[k] + c;
                    v[k] = cubic ? cubic_value(dx, row[columns[0]], row[columns[1]], row[columns[2]], row[columns[3]])
                                 : line_value(dx, row[columns[0]], row[columns[1]]);
                }
                output[c] = cut(cubic ? cubic_value(dy, v[0], v[1], v[2], v[3]) : line_value(dy, v[0], v[1]));
            }
        }
    }
}

void hb_count_levels(const uint8_t *pixels, size_t count, int channels, uint32_t *counts) {
    memset(counts, 0, (size_t)channels * 256 * sizeof *counts);
    for (size_t i = 0; i < count; i++)
        for (int c = 0; c < channels; c++) counts[c * 256 + *pixels++]++;
}

void hb_apply_levels(uint8_t *pixels, size_t count, int channels, const uint8_t *table) {
    for (size_t i = 0; i < count; i++)
        for (int c = 0; c < channels; c++, pixels++) *pixels = table[c * 256 + *pixels];
}

void hb_sharpen(const uint8_t *input, int width, int height, int channels, float factor, uint8_t *output) {
    const long row = (long)width * channels;
    for (int y = 0; y < height; y++) {
        for (long i = 0; i < row; i++, input++, output++) {
            int value = *input, smooth = value;
            if (y > 0 && y < height - 1 && i >= channels && i < row - channels) {
                int sum = 4 * value;
                for (int dy = -1; dy <= 1; dy++)
                    for (int dx = -1; dx <= 1; dx++) sum += input[dy * row + dx * channels];
                smooth = (2 * sum + 13) / 26;
            }
            float mixed = (float)smooth + factor * (float)(value - smooth);
            *output = (uint8_t)(mixed <= 0 ? 0 : mixed >= 255 ? 255 : mixed);
        }
    }
}

/// One pass over a line: the mean of the 2 radius + 1 bytes around each, and of the two beyond them by their part. Bytes
/// beyond the ends are those at the ends. Whole numbers of 24 bits after the point, as Pillow has them.
static void box_line(const uint8_t *input, int count, int radius, uint32_t whole, uint32_t part, uint8_t *output) {
    uint32_t sum = 0;
    for (int k = -radius; k <= radius; k++) sum += input[inside(k, count)];
    for (int i = 0; i < count; i++) {
        const uint8_t left = input[inside(i - radius - 1, count)], right = input[inside(i + radius + 1, count)];
        output[i] = (uint8_t)((sum * whole + (uint32_t)(left + right) * part + (1u << 23)) >> 24);
        sum += right;
        sum -= input[inside(i - radius, count)];
    }
}

/// The length of the box of which three passes have a Gaussian's variance (Gwosdek et al., "Theoretical foundations of
/// Gaussian convolution by extended box filtering", 2011), half of it on either side.
static float box_radius(float deviation) {
    const float variance = deviation * deviation / 3;
    const float length = (float)sqrt(12.0 * variance + 1.0);
    const float half = (float)floor((length - 1.0) / 2.0);
    float rest = (2 * half + 1) * (half * (half + 1) - 3 * variance);
    rest /= 6 * (variance - (half + 1) * (half + 1));
    return half + rest;
}

void hb_gaussian_blur(
    const uint8_t *input, int width, int height, int channels, float deviation, uint8_t *lines, uint8_t *output) {
    const float radius = box_radius(deviation);
    const int inner = (int)radius;
    const uint32_t whole = (uint32_t)((float)(1u << 24) / (radius * 2 + 1));
    const uint32_t part = ((1u << 24) - (uint32_t)(inner * 2 + 1) * whole) / 2;
    const int longest = width > height ? width : height;
    uint8_t *other = lines + longest;
    for (int vertical = 0; vertical < 2; vertical++) {
        const int count = vertical ? height : width, others = vertical ? width : height;
        const size_t step = (size_t)channels * (vertical ? (size_t)width : 1);
        const size_t next = (size_t)channels * (vertical ? 1 : (size_t)width);
        const uint8_t *source = vertical ? output : input;
        for (int line = 0; line < others; line++)
            for (int c = 0; c < channels; c++) {
                const size_t start = (size_t)line * next + (size_t)c;
                for (int i = 0; i < count; i++) lines[i] = source[start + (size_t)i * step];
                box_line(lines, count, inner, whole, part, other);
                box_line(other, count, inner, whole, part, lines);
                box_line(lines, count, inner, whole, part, other);
                for (int i = 0; i < count; i++) output[start + (size_t)i * step] = other[i];
            }
    }
}
