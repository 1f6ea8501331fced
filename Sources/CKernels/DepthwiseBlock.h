// The depthwise kernels for one block of channels, included once per vector type: HB_VECTOR is the type, HB_NAME(n)
// gives each function its own name. All pointers start at the block's first channel.

#define HB_LOAD(p) (*(const HB_VECTOR *)(p))
#define HB_UNROLL _Pragma("clang loop unroll(full)")

// `outputs` neighbouring outputs of a row, all in registers. `x` is the input row under tap row 0, `column` the input
// column under the first output's tap 0. Each input vector is loaded once per tap row.
HB_INLINE void HB_NAME(block)(const float *x, const float *packed, const float *bias, float *y, long width,
                              long channels, long first, long last, long column, const int outputs, const int taps) {
    HB_VECTOR sums[16], weights[8];
    HB_UNROLL for (int t = 0; t < outputs; t++) sums[t] = bias ? HB_LOAD(bias) : (HB_VECTOR){0};
    for (long i = first; i < last; i++) {
        const float *row = x + (i * width + column) * channels;
        HB_UNROLL for (int j = 0; j < taps; j++) weights[j] = HB_LOAD(packed + (i * taps + j) * 16);
        HB_UNROLL for (int s = 0; s < outputs + taps - 1; s++) {
            if ((unsigned long)(column + s) >= (unsigned long)width) continue;
            HB_VECTOR v = HB_LOAD(row + s * channels);
            HB_UNROLL for (int t = 0; t < outputs; t++) {
                if (s >= t && s - t < taps) sums[t] += v * weights[s - t];
            }
        }
    }
    HB_UNROLL for (int t = 0; t < outputs; t++) *(HB_VECTOR *)(y + t * channels) = sums[t];
}

// Output rows for a kernel width known to the compiler and stride 1.
HB_INLINE void HB_NAME(rows)(const float *x, const float *packed, const float *bias, float *y, const hb_window *w,
                             long first_row, long last_row, const int taps) {
    long channels = w->channels, width = w->width, ahead = 1 + 8 / w->out_width;
    for (long row = first_row; row < last_row; row++) {
        long image = row / w->out_height;
        long top = row % w->out_height - w->padding_height;
        long first = top < 0 ? -top : 0;
        long last = w->height - top < w->kernel_height ? w->height - top : w->kernel_height;
        const float *source = x + (image * w->height + top) * width * channels;
        float *target = y + row * w->out_width * channels;
        // A store that misses holds up all stores after it: fetch what is written, and read for the first time, rows ahead.
        for (long c = ahead * w->out_width; c < (ahead + 1) * w->out_width; c++) {
            __builtin_prefetch(target + c * channels, 1);
            __builtin_prefetch(source + (c + (w->kernel_height - 1) * width) * channels);
        }
        long done = 0;
        while (done < w->out_width) {
            long left = w->out_width - done;
#define HB_BLOCK(n)                                                                                           \
    {                                                                                                         \
        HB_NAME(block)(source, packed, bias, target + done * channels, width, channels, first, last,          \
                       done - w->padding_width, n, taps);                                                     \
        done += n;                                                                                            \
    }
            HB_CHOOSE_BLOCK(left)
#undef HB_BLOCK
        }
    }
}

// One output, or four neighbouring ones that lie inside the map, for any kernel and stride.
HB_INLINE void HB_NAME(outputs)(const float *x, const float *packed, const float *bias, float *y, const hb_window *w,
                                long first, long last, long column, const int outputs) {
    long channels = w->channels, taps = w->kernel_width, step = w->stride_width * channels;
    long left = column < 0 ? -column : 0, right = w->width - column < taps ? w->width - column : taps;
    HB_VECTOR sums[4];
    HB_UNROLL for (int t = 0; t < outputs; t++) sums[t] = bias ? HB_LOAD(bias) : (HB_VECTOR){0};
    for (long i = first; i < last; i++) {
        const float *row = x + (i * w->width + column) * channels;
        for (long j = left; j < right; j++) {
            HB_VECTOR weight = HB_LOAD(packed + (i * taps + j) * 16);
            HB_UNROLL for (int t = 0; t < outputs; t++) sums[t] += HB_LOAD(row + j * channels + t * step) * weight;
        }
    }
    HB_UNROLL for (int t = 0; t < outputs; t++) *(HB_VECTOR *)(y + t * channels) = sums[t];
}

HB_INLINE void HB_NAME(any_rows)(const float *x, const float *packed, const float *bias, float *y, const hb_window *w,
                                 long first_row, long last_row) {
    long channels = w->channels, stride = w->stride_width;
    for (long row = first_row; row < last_row; row++) {
        long image = row / w->out_height;
        long top = row % w->out_height * w->stride_height - w->padding_height;
        long first = top < 0 ? -top : 0;
        long last = w->height - top < w->kernel_height ? w->height - top : w->kernel_height;
        const float *source = x + (image * w->height + top) * w->width * channels;
        float *target = y + row * w->out_width * channels;
        for (long done = 0; done < w->out_width;) {
            long column = done * stride - w->padding_width;
            if (column >= 0 && done + 4 <= w->out_width && column + 3 * stride + w->kernel_width <= w->width) {
                HB_NAME(outputs)(source, packed, bias, target + done * channels, w, first, last, column, 4);
                done += 4;
            } else {
                HB_NAME(outputs)(source, packed, bias, target + done * channels, w, first, last, column, 1);
                done += 1;
            }
        }
    }
}

HB_INLINE void HB_NAME(input_gradient)(const float *g, const float *packed, float *dx, const hb_window *w,
                                       long first_row, long last_row) {
    long channels = w->channels;
    for (long row = first_row; row < last_row; row++) {
        long image = row / w->height, y = row % w->height + w->padding_height;
        for (long c = 0; c < w->width; c++) {
            HB_VECTOR sum = {0};
            for (long i = 0; i < w->kernel_height; i++) {
                long r = y - i;
                if (r < 0 || r % w->stride_height != 0 || r / w->stride_height >= w->out_height) continue;
                const float *source = g + (image * w->out_height + r / w->stride_height) * w->out_width * channels;
                for (long j = 0; j < w->kernel_width; j++) {
                    long q = c + w->padding_width - j;
                    if (q < 0 || q % w->stride_width != 0 || q / w->stride_width >= w->out_width) continue;
                    sum += HB_LOAD(source + q / w->stride_width * channels) *
                           HB_LOAD(packed + (i * w->kernel_width + j) * 16);
                }
            }
            *(HB_VECTOR *)(dx + (row * w->width + c) * channels) = sum;
        }
    }
}

// Adds the products of `outputs` neighbouring gradients with the inputs that their tap row meets.
HB_INLINE void HB_NAME(weight_block)(const float *x, const float *g, HB_VECTOR *sums, long width, long channels,
                                     long column, const int outputs, const int taps) {
    HB_VECTOR gradients[16];
    HB_UNROLL for (int t = 0; t < outputs; t++) gradients[t] = HB_LOAD(g + t * channels);
    HB_UNROLL for (int s = 0; s < outputs + taps - 1; s++) {
        if ((unsigned long)(column + s) >= (unsigned long)width) continue;
        HB_VECTOR v = HB_LOAD(x + (column + s) * channels);
        HB_UNROLL for (int t = 0; t < outputs; t++) {
            if (s >= t && s - t < taps) sums[s - t] += v * gradients[t];
        }
    }
}

// The weight gradient over a strip of output rows that the first-level cache holds: one tap row after the other, its
// sums in registers.
HB_INLINE void HB_NAME(weight_strip)(const float *x, const float *g, float *packed, const hb_window *w, long first_row,
                                     long last_row, const int taps) {
    long channels = w->channels, width = w->width;
    for (long i = 0; i < w->kernel_height; i++) {
        HB_VECTOR sums[8];
        HB_UNROLL for (int j = 0; j < taps; j++) sums[j] = HB_LOAD(packed + (i * taps + j) * 16);
        long image = first_row / w->out_height, y = first_row % w->out_height;
        for (long row = first_row; row < last_row; row++) {
            long r = y + i - w->padding_height;
            const float *source = x + (image * w->height + r) * width * channels;
            const float *gradient = g + row * w->out_width * channels;
            if (++y == w->out_height) {
                y = 0;
                image++;
            }
            if (r < 0 || r >= w->height) continue;
            long done = 0;
            while (done < w->out_width) {
                long left = w->out_width - done;
#define HB_BLOCK(n)                                                                                     \
    {                                                                                                   \
        HB_NAME(weight_block)(source, gradient + done * channels, sums, width, channels,                \
                              done - w->padding_width, n, taps);                                        \
        done += n;                                                                                      \
    }
                HB_CHOOSE_BLOCK(left)
#undef HB_BLOCK
            }
        }
        HB_UNROLL for (int j = 0; j < taps; j++) *(HB_VECTOR *)(packed + (i * taps + j) * 16) = sums[j];
    }
}

// The weight gradient over output rows for any kernel and stride.
HB_INLINE void HB_NAME(any_weight)(const float *x, const float *g, float *packed, const hb_window *w, long first_row,
                                   long last_row) {
    long channels = w->channels, stride = w->stride_width;
    for (long row = first_row; row < last_row; row++) {
        long image = row / w->out_height;
        long top = row % w->out_height * w->stride_height - w->padding_height;
        const float *gradient = g + row * w->out_width * channels;
        for (long i = 0; i < w->kernel_height; i++) {
            if (top + i < 0 || top + i >= w->height) continue;
            const float *source = x + (image * w->height + top + i) * w->width * channels;
            for (long j = 0; j < w->kernel_width; j++) {
                long shift = j - w->padding_width;
                long first = shift < 0 ? (-shift + stride - 1) / stride : 0;
                long last = w->width - shift <= 0 ? 0 : (w->width - shift - 1) / stride + 1;
                if (last > w->out_width) last = w->out_width;
                HB_VECTOR sums[4];
                HB_UNROLL for (int t = 0; t < 4; t++) sums[t] = (HB_VECTOR){0};
                long c = first;
                for (; c + 4 <= last; c += 4) {
                    HB_UNROLL for (int t = 0; t < 4; t++)
                        sums[t] += HB_LOAD(source + ((c + t) * stride + shift) * channels) *
                                   HB_LOAD(gradient + (c + t) * channels);
                }
                for (; c < last; c++)
                    sums[0] += HB_LOAD(source + (c * stride + shift) * channels) * HB_LOAD(gradient + c * channels);
                *(HB_VECTOR *)(packed + (i * w->kernel_width + j) * 16) += (sums[0] + sums[1]) + (sums[2] + sums[3]);
            }
        }
    }
}

HB_INLINE void HB_NAME(bias_gradient)(const float *g, float *sums, const hb_window *w, long first_row, long last_row) {
    HB_VECTOR sum = HB_LOAD(sums);
    for (long p = first_row * w->out_width; p < last_row * w->out_width; p++) sum += HB_LOAD(g + p * w->channels);
    *(HB_VECTOR *)sums = sum;
}

// The weight and bias gradients over output rows, strip by strip; `taps` 0 stands for any kernel and stride.
HB_INLINE void HB_NAME(weight_gradient)(const float *x, const float *g, float *packed, const hb_window *w,
                                        long first_row, long last_row, const int taps) {
    long strip = HB_STRIP_PIXELS / w->out_width;
    if (strip < 1) strip = 1;
    for (long row = first_row; row < last_row; row += strip) {
        long end = row + strip < last_row ? row + strip : last_row;
        if (taps) {
            HB_NAME(weight_strip)(x, g, packed, w, row, end, taps);
        } else {
            HB_NAME(any_weight)(x, g, packed, w, row, end);
        }
        HB_NAME(bias_gradient)(g, packed + w->kernel_height * w->kernel_width * 16, w, row, end);
    }
}

#undef HB_LOAD
#undef HB_UNROLL
#undef HB_VECTOR
#undef HB_NAME
