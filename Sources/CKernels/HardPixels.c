#include "HardPixels.h"
#include "Vector.h"

HB_KERNEL void hb_label_probabilities(const float *restrict x, const uint8_t *restrict labels, int ignored,
                                      const float *restrict log_sums, float *restrict out, long rows, long columns) {
    for (long r = 0; r < rows; r++)
        out[r] = labels[r] == ignored ? INFINITY : x[r * columns + labels[r]] - log_sums[r];
    for (long r = 0; r < rows; r++) {
        const float l = out[r], p = scalar_exp(l);
        // The power above does not bring minus infinity to 0.
        out[r] = l == INFINITY ? 2.0f : l >= -87.0f ? p : 0.0f;
    }
}

float hb_order_statistic(float *x, long count, long k) {
    long low = 0, high = count - 1;
    while (low < high) {
        const float middle = x[low + (high - low) / 2];
        long i = low, j = high;
        while (i <= j) {
            while (x[i] < middle) i++;
            while (x[j] > middle) j--;
            if (i <= j) {
                const float swapped = x[i];
                x[i++] = x[j];
                x[j--] = swapped;
            }
        }
        if (k <= j) high = j;
        else if (k >= i) low = i;
        else return x[k];
    }
    return x[k];
}
