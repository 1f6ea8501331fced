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
