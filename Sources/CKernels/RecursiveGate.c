#include "RecursiveGate.h"
#include "Vector.h"

HB_KERNEL void hb_gate(const float *u, const float *bias, const float *gate, long stride, float scale, float *y,
                       long rows, long columns) {
    if (bias == 0) {
        for (long r = 0; r < rows; r++) {
            const float *ur = u + r * columns, *gr = gate + r * stride;
            float *yr = y + r * columns;
#pragma clang loop vectorize(assume_safety)
            for (long c = 0; c < columns; c++) yr[c] = ur[c] * (scale * gr[c]);
        }
        return;
    }
    for (long r = 0; r < rows; r++) {
        const float *ur = u + r * columns, *gr = gate + r * stride;
        float *yr = y + r * columns;
#pragma clang loop vectorize(assume_safety)
        for (long c = 0; c < columns; c++) yr[c] = (ur[c] + bias[c]) * (scale * gr[c]);
    }
}

HB_KERNEL void hb_gate_gradient(const float *g, const float *u, const float *bias, const float *gate, long stride,
                                float scale, float *d_gate, float *du, float *d_bias, long rows, long columns) {
    if (bias == 0) {
        for (long r = 0; r < rows; r++) {
            const float *gr = g + r * columns, *ur = u + r * columns, *ar = gate + r * stride;
            float *dar = d_gate + r * stride, *dur = du + r * columns;
#pragma clang loop vectorize(assume_safety)
            for (long c = 0; c < columns; c++) {
                float gs = scale * gr[c], uc = ur[c];
                dar[c] = gs * uc;
                dur[c] = gs * ar[c];
            }
        }
        return;
    }
    for (long r = 0; r < rows; r++) {
        const float *gr = g + r * columns, *ur = u + r * columns, *ar = gate + r * stride;
        float *dar = d_gate + r * stride, *dur = du + r * columns;
#pragma clang loop vectorize(assume_safety)
        for (long c = 0; c < columns; c++) {
            float gs = scale * gr[c], d = gs * ar[c], uc = ur[c];
            dar[c] = gs * (uc + bias[c]);
            d_bias[c] += d;
            dur[c] = d;
        }
    }
}
