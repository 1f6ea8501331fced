#include "RegionAligned.h"
#include "Vector.h"

// A bin's mean of bilinear samples is a product of one sum along each axis: the taps of an axis are found once for each
// row and column of bins, those that fall on one pixel added up.
static long find_bin(double start, double step, long count, long size, hb_region_tap *taps) {
    long found = 0;
    if (count < 1) return 0;
    // Only samples from -1 to the size count; others of a huge region are not even looked at.
    const double spacing = step / (double)count;
    long first = 0, last = count;
    if (count > 4 * size + 16 && spacing > 0.0) {
        const double low = (-1.0 - start) / spacing - 2.0, high = ((double)size - start) / spacing + 2.0;
        first = low > 0.0 ? (low < (double)count ? (long)low : count) : 0;
        last = high > 0.0 ? (high < (double)count ? (long)high : count) : 0;
    }
    for (long i = first; i < last; i++) {
        double at = start + ((double)i + 0.5) * step / (double)count;
        if (at < -1.0 || at > (double)size) continue;
        if (at < 0.0) at = 0.0;
        long low = (long)at;
        double fraction = at - (double)low;
        if (low >= size - 1) {
            low = size - 1;
            fraction = 0.0;
        }
        for (int side = 0; side < 2; side++) {
            const double share = (side ? fraction : 1.0 - fraction) / (double)count;
            if (side && fraction == 0.0) break;
            long k = found - 1;
            while (k >= 0 && taps[k].pixel != low + side) k--;
            if (k < 0) {
                k = found++;
                taps[k].pixel = low + side;
                taps[k].share = 0.0;
            }
            taps[k].share += share;
        }
    }
    return found;
}

long hb_region_taps(const hb_region_rule *rule) {
    return rule->out_height * (rule->height + 1) + rule->out_width * (rule->width + 1);
}

// For each bin of an axis its taps, size + 1 apart; the first one of each holds their number.
static void find_axis(double low, double high, const hb_region_rule *rule, long bins, long size, hb_region_tap *room) {
    const double shift = rule->aligned ? 0.5 : 0.0;
    const double start = low * rule->scale - shift;
    double extent = high * rule->scale - shift - start;
    if (!rule->aligned && extent < 1.0) extent = 1.0;
    const double step = extent / (double)bins;
    double samples = rule->samples > 0 ? (double)rule->samples : ceil(step);
    if (samples > 1e9) samples = 1e9;
    if (samples < 0.0) samples = 0.0;
    for (long bin = 0; bin < bins; bin++, room += size + 1)
        room->pixel = find_bin(start + (double)bin * step, step, (long)samples, size, room + 1);
}

static int find_region(const double *corners, const hb_region_rule *rule, hb_region_tap *room) {
    for (int i = 0; i < 4; i++)
        if (!(corners[i] - corners[i] == 0.0)) return 0;
    find_axis(corners[1], corners[3], rule, rule->out_height, rule->height, room);
    find_axis(corners[0], corners[2], rule, rule->out_width, rule->width,
              room + rule->out_height * (rule->height + 1));
    return 1;
}

#define HB_REGIONS(T, suffix)                                                                                          \
    HB_INLINE int find##suffix(const T *region, const hb_region_rule *rule, hb_region_tap *room) {                     \
        const double corners[4] = {(double)region[1], (double)region[2], (double)region[3], (double)region[4]};        \
        return find_region(corners, rule, room);                                                                       \
    }                                                                                                                  \
    HB_INLINE void add##suffix(const T *restrict x, T share, T *restrict y, long count) {                              \
        for (long k = 0; k < count; k++) y[k] += share * x[k];                                                         \
    }                                                                                                                  \
    HB_KERNEL void hb_region_align##suffix(const T *x, const T *region, const hb_region_rule *rule,                    \
                                           hb_region_tap *room, T *y) {                                                \
        const long count = rule->channels;                                                                             \
        const int known = find##suffix(region, rule, room);                                                            \
        const hb_region_tap *columns = room + rule->out_height * (rule->height + 1);                                   \
        for (long i = 0; i < rule->out_height; i++)                                                                    \
            for (long j = 0; j < rule->out_width; j++, y += count) {                                                   \
                for (long k = 0; k < count; k++) y[k] = known ? 0 : (T)NAN;                                            \
                if (!known) continue;                                                                                  \
                const hb_region_tap *v = room + i * (rule->height + 1), *h = columns + j * (rule->width + 1);          \
                for (long a = 1; a <= v->pixel; a++)                                                                   \
                    for (long b = 1; b <= h->pixel; b++)                                                               \
                        add##suffix(x + (v[a].pixel * rule->width + h[b].pixel) * count,                               \
                                    (T)(v[a].share * h[b].share), y, count);                                           \
            }                                                                                                          \
    }                                                                                                                  \
    HB_KERNEL void hb_region_scatter##suffix(const T *g, const T *region, const hb_region_rule *rule,                  \
                                             hb_region_tap *room, long first, long count, T *dx) {                     \
        if (!find##suffix(region, rule, room)) return;                                                                 \
        const hb_region_tap *columns = room + rule->out_height * (rule->height + 1);                                   \
        for (long i = 0; i < rule->out_height; i++)                                                                    \
            for (long j = 0; j < rule->out_width; j++, g += rule->channels) {                                          \
                const hb_region_tap *v = room + i * (rule->height + 1), *h = columns + j * (rule->width + 1);          \
                for (long a = 1; a <= v->pixel; a++)                                                                   \
                    for (long b = 1; b <= h->pixel; b++)                                                               \
                        add##suffix(g + first, (T)(v[a].share * h[b].share),                                           \
                                    dx + (v[a].pixel * rule->width + h[b].pixel) * rule->channels + first, count);     \
            }                                                                                                          \
    }

HB_REGIONS(float, )
HB_REGIONS(double, _double)
