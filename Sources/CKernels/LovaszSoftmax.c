#include "LovaszSoftmax.h"
#include <string.h>

// One pass of a stable sort by eleven bits of the keys.
static void sort_pass(const uint32_t *keys, const uint32_t *items, uint32_t *to_keys, uint32_t *to_items, long count,
                      int shift) {
    long places[2048] = {0};
    for (long i = 0; i < count; i++) places[keys[i] >> shift & 2047]++;
    long sum = 0;
    for (int d = 0; d < 2048; d++) {
        long here = places[d];
        places[d] = sum;
        sum += here;
    }
    for (long i = 0; i < count; i++) {
        long to = places[keys[i] >> shift & 2047]++;
        to_keys[to] = keys[i];
        to_items[to] = items[i];
    }
}

double hb_lovasz_class(const float *restrict p, const uint8_t *restrict labels, int ignored, int class, float share,
                       float *restrict gradient, uint32_t *restrict room, long rows) {
    uint32_t *keys = room, *items = room + rows, *other_keys = room + 2 * rows, *other_items = room + 3 * rows;
    long count = 0, members = 0;
    for (long r = 0; r < rows; r++) {
        gradient[r] = 0.0f;
        if (labels[r] == ignored) continue;
        const uint32_t own = labels[r] == class;
        float error = own ? 1.0f - p[r] : p[r];
        if (error < 0.0f) error = 0.0f;
        uint32_t bits;
        memcpy(&bits, &error, 4);
        // The bits of numbers that are not negative are ordered as they are; turned over, the largest come first.
        keys[count] = ~(bits & 0x7fffffffu);
        items[count] = (uint32_t)r << 1 | own;
        members += own;
        count++;
    }
    sort_pass(keys, items, other_keys, other_items, count, 0);
    sort_pass(other_keys, other_items, keys, items, count, 11);
    sort_pass(keys, items, other_keys, other_items, count, 22);

    // Jaccard = 1 - intersection / union once the first so many pixels are wrong.
    double loss = 0.0, before = 0.0, intersection = (double)members, joined = (double)members;
    for (long i = 0; i < count; i++) {
        const int own = other_items[i] & 1;
        if (own) intersection -= 1.0;
        else joined += 1.0;
        const double jaccard = 1.0 - intersection / joined, step = jaccard - before;
        before = jaccard;
        const uint32_t bits = ~other_keys[i];
        float error;
        memcpy(&error, &bits, 4);
        loss += (double)error * step;
        gradient[other_items[i] >> 1] = share * (float)(own ? -step : step);
    }
    return loss;
}
