#include "FrequencyFilter.h"
#include "Vector.h"

HB_KERNEL void hb_frequency_gather(const float *restrict x, const hb_frequencies *s, float *restrict packed) {
    const long channels = s->channels, wide = 2 * s->pairs;
    for (long i = 0; i < s->height * s->width; i++) {
        memcpy(packed + i * wide, x + i * channels, channels * sizeof(float));
        if (wide > channels) packed[i * wide + channels] = 0;
    }
}

HB_KERNEL void hb_frequency_add(const float *restrict x, const float *restrict packed, float scale,
                                const hb_frequencies *s, float *restrict y) {
    const long channels = s->channels, wide = 2 * s->pairs;
    for (long i = 0; i < s->height * s->width; i++)
        for (long c = 0; c < channels; c++) y[i * channels + c] = x[i * channels + c] + scale * packed[i * wide + c];
}

// Rows of real and of imaginary parts, block by block.
HB_INLINE void to_blocks(const float *re, const float *im, const hb_frequencies *s, float *row) {
    for (long first = 0; first < s->channels; first += s->block, row += 2 * s->block) {
        memcpy(row, re + first, s->block * sizeof(float));
        memcpy(row + s->block, im + first, s->block * sizeof(float));
    }
}

HB_INLINE void from_blocks(const float *row, const hb_frequencies *s, float *re, float *im) {
    for (long first = 0; first < s->channels; first += s->block, row += 2 * s->block) {
        memcpy(re + first, row, s->block * sizeof(float));
        memcpy(im + first, row + s->block, s->block * sizeof(float));
    }
    if (2 * s->pairs > s->channels) re[s->channels] = im[s->channels] = 0;
}

HB_KERNEL void hb_frequency_rows(const float *packed, const hb_frequencies *s, float scale, float other, float *room,
                                 float *rows) {
    const long columns = s->width / 2 + 1, wide = 2 * s->pairs;
    float *restrict re = room, *restrict im = room + s->channels + 1;
    for (long r = 0; r < s->height; r++) {
        const long mirrored = r == 0 ? 0 : s->height - r;
        for (long c = 0; c < columns; c++) {
            const float *restrict z = packed + (r * s->width + c) * wide;
            const float *restrict w = packed + (mirrored * s->width + (c == 0 ? 0 : s->width - c)) * wide;
            const float half = 0.5f * (c == 0 || 2 * c == s->width ? scale : other);
            for (long i = 0; i < s->pairs; i++) {
                re[2 * i] = half * (z[2 * i] + w[2 * i]);
                im[2 * i] = half * (z[2 * i + 1] - w[2 * i + 1]);
                re[2 * i + 1] = half * (z[2 * i + 1] + w[2 * i + 1]);
                im[2 * i + 1] = half * (w[2 * i] - z[2 * i]);
            }
            to_blocks(re, im, s, rows + (r * columns + c) * 2 * s->channels);
        }
    }
}

HB_KERNEL void hb_frequency_packed(const float *rows, const hb_frequencies *s, float other, float *room,
                                   float *packed) {
    const long columns = s->width / 2 + 1, wide = 2 * s->pairs, step = s->channels + 1;
    float *restrict re = room, *restrict im = room + step, *restrict mre = room + 2 * step, *restrict mim = mre + step;
    for (long r = 0; r < s->height; r++) {
        const long mirrored = r == 0 ? 0 : s->height - r;
        for (long c = 0; c < columns; c++) {
            float *restrict here = packed + (r * s->width + c) * wide;
            from_blocks(rows + (r * columns + c) * 2 * s->channels, s, re, im);
            if (c == 0 || 2 * c == s->width) {
                from_blocks(rows + (mirrored * columns + c) * 2 * s->channels, s, mre, mim);
                for (long i = 0; i < wide; i++) {
                    re[i] = 0.5f * (re[i] + mre[i]);
                    im[i] = 0.5f * (im[i] - mim[i]);
                }
                for (long i = 0; i < s->pairs; i++) {
                    here[2 * i] = re[2 * i] - im[2 * i + 1];
                    here[2 * i + 1] = im[2 * i] + re[2 * i + 1];
                }
                continue;
            }
            float *restrict there = packed + (mirrored * s->width + s->width - c) * wide;
            for (long i = 0; i < s->pairs; i++) {
                here[2 * i] = other * (re[2 * i] - im[2 * i + 1]);
                here[2 * i + 1] = other * (im[2 * i] + re[2 * i + 1]);
                there[2 * i] = other * (re[2 * i] + im[2 * i + 1]);
                there[2 * i + 1] = other * (re[2 * i + 1] - im[2 * i]);
            }
        }
    }
}

HB_KERNEL void hb_frequency_rectify(float *restrict x, long count) {
    for (long i = 0; i < count; i++) x[i] = scalar_max(x[i], 0.0f);
}

HB_KERNEL void hb_frequency_rectified_gradient(const float *restrict y, float *restrict g, long count) {
    for (long i = 0; i < count; i++) g[i] = y[i] > 0 ? g[i] : 0.0f;
}

HB_INLINE float shrunk(float z, float threshold) {
    return z > threshold ? z - threshold : z < -threshold ? z + threshold : 0.0f;
}

HB_KERNEL void hb_frequency_filter(const float *s, const float *z, float threshold, const hb_frequencies *sizes,
                                   long rows, float *f) {
    const long block = sizes->block, blocks = rows * (sizes->channels / block);
    for (long b = 0; b < blocks; b++, s += 2 * block, z += 2 * block, f += 2 * block)
        for (long i = 0; i < block; i++) {
            const float re = s[i], im = s[block + i];
            const float mre = shrunk(z[i], threshold), mim = shrunk(z[block + i], threshold);
            f[i] = mre * re - mim * im;
            f[block + i] = mre * im + mim * re;
        }
}

HB_KERNEL void hb_frequency_filter_gradient(const float *restrict s, float *restrict z, float *restrict d,
                                            float threshold, const hb_frequencies *sizes, long rows) {
    const long block = sizes->block, blocks = rows * (sizes->channels / block);
    for (long b = 0; b < blocks; b++, s += 2 * block, z += 2 * block, d += 2 * block)
        for (long i = 0; i < block; i++) {
            const float re = s[i], im = s[block + i], dre = d[i], dim = d[block + i];
            const float mre = shrunk(z[i], threshold), mim = shrunk(z[block + i], threshold);
            z[i] = mre != 0 ? re * dre + im * dim : 0.0f;
            z[block + i] = mim != 0 ? re * dim - im * dre : 0.0f;
            d[i] = mre * dre + mim * dim;
            d[block + i] = mre * dim - mim * dre;
        }
}
