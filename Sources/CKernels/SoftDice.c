#include "SoftDice.h"
#include "PixelRows.h"

HB_KERNEL void hb_soft_dice_sums(const float *restrict x, const uint8_t *restrict labels, int ignored,
                                 float *restrict log_sums, double *restrict sums, long rows, long columns) {
    v16 t[HB_MOST_CLASSES], all[HB_MOST_CLASSES];
    for (long c = 0; c < 3 * columns; c++) sums[c] = 0.0;
    for (long c = 0; c < columns; c++) all[c] = HB_SPLAT(0.0f);
    for (long first = 0; first < rows; first += 16, x += 16 * columns) {
        const long n = rows - first < 16 ? rows - first : 16;
        v16 largest, log_sum;
        turn_rows(x, n, columns, t);
        log_sums_of(t, columns, &largest, &log_sum);
        store_some(log_sums + first, largest + log_sum, n);
        i16 counted;
        int32_t label[16], held[16];
        read_labels(labels + first, ignored, n, &counted, label);
        memcpy(held, &counted, 64);
        for (long c = 0; c < columns; c++) {
            t[c] = lane_exp(t[c] - largest - log_sum);
            all[c] += lane_select(counted, t[c], HB_SPLAT(0.0f));
        }
        for (int r = 0; r < 16; r++)
            if (held[r]) {
                sums[columns + label[r]] += (double)((const float *)t)[16 * label[r] + r];
                sums[2 * columns + label[r]] += 1.0;
            }
        // Sums of single precision stay short.
        if ((first / 16) % 64 == 63 || first + 16 >= rows)
            for (long c = 0; c < columns; c++) {
                sums[c] += (double)lane_sum(all[c]);
                all[c] = HB_SPLAT(0.0f);
            }
    }
}

HB_KERNEL void hb_soft_dice_gradient(const float *restrict x, const uint8_t *restrict labels, int ignored,
                                     const float *restrict log_sums, const float *restrict all,
                                     const float *restrict own, float *restrict dx, long rows, long columns) {
    v16 t[HB_MOST_CLASSES];
    for (long first = 0; first < rows; first += 16, x += 16 * columns, dx += 16 * columns) {
        const long n = rows - first < 16 ? rows - first : 16;
        turn_rows(x, n, columns, t);
        i16 counted;
        int32_t label[16];
        read_labels(labels + first, ignored, n, &counted, label);
        const v16 sums = load_some(log_sums + first, n, 0.0f);
        v16 inner = HB_SPLAT(0.0f);
        for (long c = 0; c < columns; c++) {
            t[c] = lane_select(counted, lane_exp(t[c] - sums), HB_SPLAT(0.0f));
            inner += t[c] * all[c];
        }
        // The label's own part, p own, belongs to the inner product and to the label's gradient.
        float part[16];
        for (int r = 0; r < 16; r++) part[r] = ((const float *)t)[16 * label[r] + r] * own[label[r]];
        inner += HB_LOAD(part);
        for (long c = 0; c < columns; c++) t[c] *= all[c] - inner;
        for (int r = 0; r < 16; r++) ((float *)t)[16 * label[r] + r] += part[r];
        turn_back(t, dx, n, columns);
    }
}
