#include "GlobalFilter.h"
#include "Vector.h"

typedef float lanes __attribute__((vector_size(64), aligned(4)));

#define LOAD(p) (*(const lanes *)(p))
#define STORE(p, v) (*(lanes *)(p) = (v))
// (re, im) -> (im, re) in each pair of lanes.
#define SWAP(v) __builtin_shufflevector(v, v, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14)

static const lanes alternate = {1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1};

HB_KERNEL void hb_filter_gather(const float *restrict x, long stride, long channels, float *restrict block,
                                long positions) {
    if (channels == 16) {
        for (long i = 0; i < positions; i++) memcpy(block + 16 * i, x + stride * i, 64);
        return;
    }
    for (long i = 0; i < positions; i++) {
        for (long c = 0; c < channels; c++) block[16 * i + c] = x[stride * i + c];
        for (long c = channels; c < 16; c++) block[16 * i + c] = 0.0f;
    }
}

HB_KERNEL void hb_filter_scatter(const float *restrict block, float *restrict x, long stride, long channels,
                                 long positions) {
    if (channels == 16) {
        for (long i = 0; i < positions; i++) memcpy(x + stride * i, block + 16 * i, 64);
        return;
    }
    for (long i = 0; i < positions; i++) {
        for (long c = 0; c < channels; c++) x[stride * i + c] = block[16 * i + c];
    }
}

HB_KERNEL void hb_filter_coefficients(const float *k, long stride, long channels, long height, long width,
                                      int conjugate, float scale, float *coefficients) {
    long columns = width / 2 + 1;
    lanes half = alternate * alternate * (0.5f * scale);
    lanes sign = conjugate ? -half : half;
    for (long r = 0; r < height; r++) {
        long mirrored = r == 0 ? 0 : height - r;
        for (long c = 0; c < columns; c++) {
            float row[32] = {0}, other[32] = {0};
            const float *source = k + (r * columns + c) * stride;
            for (long i = 0; i < 2 * channels; i++) row[i] = source[i];
            lanes low = LOAD(row), high = LOAD(row + 16);
            if (c == 0 || 2 * c == width) {
                source = k + (mirrored * columns + c) * stride;
                for (long i = 0; i < 2 * channels; i++) other[i] = source[i];
                low = 0.5f * (low + alternate * LOAD(other));
                high = 0.5f * (high + alternate * LOAD(other + 16));
            }
            lanes a_re = __builtin_shufflevector(low, high, 0, 0, 4, 4, 8, 8, 12, 12, 16, 16, 20, 20, 24, 24, 28, 28);
            lanes a_im = __builtin_shufflevector(low, high, 1, 1, 5, 5, 9, 9, 13, 13, 17, 17, 21, 21, 25, 25, 29, 29);
            lanes b_re = __builtin_shufflevector(low, high, 2, 2, 6, 6, 10, 10, 14, 14, 18, 18, 22, 22, 26, 26, 30, 30);
            lanes b_im = __builtin_shufflevector(low, high, 3, 3, 7, 7, 11, 11, 15, 15, 19, 19, 23, 23, 27, 27, 31, 31);
            float *out = coefficients + (r * columns + c) * 64;
            STORE(out, half * (a_re + b_re));
            STORE(out + 16, -alternate * sign * (a_im + b_im));
            STORE(out + 32, alternate * half * (a_re - b_re));
            STORE(out + 48, sign * (a_im - b_im));
        }
    }
}

HB_KERNEL void hb_filter_multiply(float *z, const float *coefficients, long height, long width) {
    long columns = width / 2 + 1;
    for (long r = 0; r < height; r++) {
        long mirrored = r == 0 ? 0 : height - r;
        for (long c = 0; c < columns; c++) {
            // The columns that are their own mirror images hold both bins of a pair.
            if ((c == 0 || 2 * c == width) && r > mirrored) continue;
            const float *q = coefficients + (r * columns + c) * 64;
            float *here = z + (r * width + c) * 16;
            float *there = z + (mirrored * width + (c == 0 ? 0 : width - c)) * 16;
            lanes v = LOAD(here), w = LOAD(there), vs = SWAP(v), ws = SWAP(w);
            lanes p_re = LOAD(q), p_im = LOAD(q + 16), m_re = LOAD(q + 32), m_im = LOAD(q + 48);
            STORE(here, p_re * v + p_im * vs + m_re * w + m_im * ws);
            STORE(there, p_re * w - p_im * ws + m_re * v - m_im * vs);
        }
    }
}

HB_KERNEL void hb_filter_accumulate(const float *restrict x, const float *restrict g, float *restrict sums,
                                    long height, long width) {
    long columns = width / 2 + 1;
    for (long r = 0; r < height; r++) {
        long mirrored = r == 0 ? 0 : height - r;
        for (long c = 0; c < columns; c++) {
            long here = (r * width + c) * 16, there = (mirrored * width + (c == 0 ? 0 : width - c)) * 16;
            float *s = sums + (r * columns + c) * 64;
            lanes z = LOAD(x + here), w = alternate * LOAD(x + there);
            lanes u = LOAD(g + here), v = alternate * LOAD(g + there);
            // Twice the transforms of the first channel and, up to a common factor, of the second.
            lanes xa = z + w, xb = z - w, ga = u + v, gb = u - v;
            STORE(s, LOAD(s) + ga * xa);
            STORE(s + 16, LOAD(s + 16) + SWAP(ga) * xa);
            STORE(s + 32, LOAD(s + 32) + gb * xb);
            STORE(s + 48, LOAD(s + 48) + SWAP(gb) * xb);
        }
    }
}

HB_KERNEL void hb_filter_finish(const float *sums, long height, long width, float scale, float *dk, long stride,
                                long channels) {
    long columns = width / 2 + 1;
    for (long r = 0; r < height; r++) {
        for (long c = 0; c < columns; c++) {
            // The sums are four times the product.
            float factor = (c == 0 || 2 * c == width ? 0.25f : 0.5f) * scale;
            const float *s = sums + (r * columns + c) * 64;
            lanes a = LOAD(s), b = LOAD(s + 16), d = LOAD(s + 32), e = LOAD(s + 48);
            a = factor * (a + SWAP(a));
            b = factor * (b - SWAP(b));
            d = factor * (d + SWAP(d));
            e = factor * (e - SWAP(e));
            lanes even = __builtin_shufflevector(a, b, 0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30);
            lanes odd = __builtin_shufflevector(d, e, 0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30);
            float row[32];
            STORE(row, __builtin_shufflevector(even, odd, 0, 1, 16, 17, 2, 3, 18, 19, 4, 5, 20, 21, 6, 7, 22, 23));
            STORE(row + 16, __builtin_shufflevector(even, odd, 8, 9, 24, 25, 10, 11, 26, 27, 12, 13, 28, 29, 14, 15, 30,
                                                    31));
            float *target = dk + (r * columns + c) * stride;
            for (long i = 0; i < 2 * channels; i++) target[i] = row[i];
        }
    }
}

HB_KERNEL void hb_blend(const float *a, const float *b, const float *c, const float *d, float wa, float wb, float wc,
                        float wd, float *restrict y, long count) {
    for (long i = 0; i < count; i++) y[i] = (wa * a[i] + wb * b[i]) + (wc * c[i] + wd * d[i]);
}

HB_KERNEL void hb_add_scaled(const float *restrict x, float scale, float *restrict y, long count) {
    for (long i = 0; i < count; i++) y[i] += scale * x[i];
}
