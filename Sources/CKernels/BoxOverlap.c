#include "BoxOverlap.h"
#include "Vector.h"

// Nothing is contracted to fused products: overlaps that are equal must stay equal on every processor.
#pragma STDC FP_CONTRACT OFF

HB_INLINE double least(double a, double b) { return a < b ? a : b; }
HB_INLINE double most(double a, double b) { return a > b ? a : b; }

HB_INLINE double overlap(const double *box, const double *columns, long stride, long i, const int kind) {
    const double left = columns[i], top = columns[stride + i], right = columns[2 * stride + i];
    const double bottom = columns[3 * stride + i], area = columns[4 * stride + i];
    const double width = most(least(box[2], right) - most(box[0], left), 0.0);
    const double height = most(least(box[3], bottom) - most(box[1], top), 0.0);
    const double common = width * height;
    const double whole = kind == 2 ? box[4] : box[4] + area - common;
    const double part = whole > 0.0 ? common / whole : 0.0;
    if (kind != 1) return part;
    const double around = (most(box[2], right) - least(box[0], left)) * (most(box[3], bottom) - least(box[1], top));
    return around > 0.0 ? part - (around - whole) / around : part;
}

HB_KERNEL void hb_box_overlaps(const double *restrict box, const double *restrict columns, long stride, long count,
                               int kind, double *restrict out) {
    if (kind == 0)
        for (long i = 0; i < count; i++) out[i] = overlap(box, columns, stride, i, 0);
    else if (kind == 1)
        for (long i = 0; i < count; i++) out[i] = overlap(box, columns, stride, i, 1);
    else
        for (long i = 0; i < count; i++) out[i] = overlap(box, columns, stride, i, 2);
}

HB_KERNEL double hb_offer_box(const double *restrict box, const double *restrict columns, long stride, long count,
                              int32_t index, double *restrict best, int32_t *restrict which) {
    double row[256], greatest[8] = {0.0};
    for (long start = 0; start < count; start += 256) {
        const long n = count - start < 256 ? count - start : 256;
        for (long i = 0; i < n; i++) row[i] = overlap(box, columns, stride, start + i, 0);
        for (long i = n; i < ((n + 7) & ~7L); i++) row[i] = 0.0;
        for (long i = 0; i < n; i += 8)
            for (int lane = 0; lane < 8; lane++)
                greatest[lane] = row[i + lane] > greatest[lane] ? row[i + lane] : greatest[lane];
        double *restrict b = best + start;
        int32_t *restrict w = which + start;
        for (long i = 0; i < n; i++) w[i] = row[i] > b[i] ? index : w[i];
        for (long i = 0; i < n; i++) b[i] = row[i] > b[i] ? row[i] : b[i];
    }
    double result = 0.0;
    for (int lane = 0; lane < 8; lane++) result = most(result, greatest[lane]);
    return result;
}

HB_KERNEL void hb_suppress_boxes(const double *restrict box, const double *restrict columns, long stride, long count,
                                 double threshold, uint8_t *restrict suppressed) {
    double row[256];
    for (long start = 0; start < count; start += 256) {
        const long n = count - start < 256 ? count - start : 256;
        for (long i = 0; i < n; i++) row[i] = overlap(box, columns, stride, start + i, 0);
        for (long i = 0; i < n; i++) suppressed[start + i] |= row[i] > threshold;
    }
}
