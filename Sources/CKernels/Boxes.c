#include "Boxes.h"
#include <math.h>
#include <string.h>

// The logarithm of a size within its limits, and whether a derivative goes through.
static double limited(double size, double limit, int clamps_small, int *is_free) {
    *is_free = size <= limit && (!clamps_small || size >= -limit);
    if (size > limit) return limit;
    return clamps_small && size < -limit ? -limit : size;
}

#define HB_DECODE(T, suffix)                                                                                           \
    void hb_decode_boxes##suffix(const T *deltas, const T *anchors, const double *deviations, double limit,            \
                                 int clamps_small, T *boxes, long rows) {                                              \
        for (long r = 0; r < rows; r++, deltas += 4, anchors += 4, boxes += 4)                                         \
            for (int i = 0; i < 2; i++) {                                                                              \
                int is_free;                                                                                           \
                const double low = (double)anchors[i], size = (double)anchors[i + 2] - low;                            \
                const double centre = low + 0.5 * size + (double)deltas[i] * deviations[i] * size;                     \
                const double logarithm = (double)deltas[i + 2] * deviations[i + 2];                                    \
                const double half = 0.5 * size * exp(limited(logarithm, limit, clamps_small, &is_free));               \
                boxes[i] = (T)(centre - half);                                                                         \
                boxes[i + 2] = (T)(centre + half);                                                                     \
            }                                                                                                          \
    }                                                                                                                  \
    void hb_decode_boxes_gradient##suffix(const T *deltas, const T *anchors, const double *deviations, double limit,   \
                                          int clamps_small, const T *g, T *d_deltas, long rows) {                      \
        for (long r = 0; r < rows; r++, deltas += 4, anchors += 4, g += 4, d_deltas += 4)                              \
            for (int i = 0; i < 2; i++) {                                                                              \
                int is_free;                                                                                           \
                const double size = (double)anchors[i + 2] - (double)anchors[i];                                       \
                const double logarithm = (double)deltas[i + 2] * deviations[i + 2];                                    \
                const double half = 0.5 * size * exp(limited(logarithm, limit, clamps_small, &is_free));               \
                d_deltas[i] = (T)(((double)g[i] + (double)g[i + 2]) * size * deviations[i]);                           \
                d_deltas[i + 2] = (T)(is_free ? ((double)g[i + 2] - (double)g[i]) * half * deviations[i + 2] : 0.0);   \
            }                                                                                                          \
    }

HB_DECODE(float, )
HB_DECODE(double, _double)

#define HB_MOMENTS(T, suffix)                                                                                          \
    static void moments##suffix(const T *points, long count, double *mean, double *deviation) {                        \
        double sum = 0.0, squares = 0.0;                                                                               \
        for (long k = 0; k < count; k++) sum += (double)points[2 * k];                                                 \
        *mean = sum / (double)count;                                                                                   \
        for (long k = 0; k < count; k++) {                                                                             \
            const double d = (double)points[2 * k] - *mean;                                                            \
            squares += d * d;                                                                                          \
        }                                                                                                              \
        *deviation = sqrt(squares / (double)(count - 1));                                                              \
    }                                                                                                                  \
    void hb_moment_boxes##suffix(const T *points, const T *transfer, T *boxes, long rows, long count) {                \
        for (long r = 0; r < rows; r++, points += 2 * count, boxes += 4)                                               \
            for (int axis = 0; axis < 2; axis++) {                                                                     \
                double mean, deviation;                                                                                \
                moments##suffix(points + 1 - axis, count, &mean, &deviation);                                          \
                const double half = deviation * exp((double)transfer[axis]);                                           \
                boxes[axis] = (T)(mean - half);                                                                        \
                boxes[axis + 2] = (T)(mean + half);                                                                    \
            }                                                                                                          \
    }                                                                                                                  \
    void hb_moment_boxes_gradient##suffix(const T *points, const T *transfer, const T *g, T *d_points, double *sums,   \
                                          long rows, long count) {                                                     \
        sums[0] = sums[1] = 0.0;                                                                                       \
        for (long r = 0; r < rows; r++, points += 2 * count, d_points += 2 * count, g += 4)                            \
            for (int axis = 0; axis < 2; axis++) {                                                                     \
                double mean, deviation;                                                                                \
                const T *own = points + 1 - axis;                                                                      \
                moments##suffix(own, count, &mean, &deviation);                                                        \
                const double by_mean = ((double)g[axis] + (double)g[axis + 2]) / (double)count;                        \
                const double by_deviation = ((double)g[axis + 2] - (double)g[axis]) * exp((double)transfer[axis]);     \
                /* Where all points are one, the deviation has no derivative; 0 is as good as any. */                  \
                const double slope = deviation > 0.0 ? by_deviation / (deviation * (double)(count - 1)) : 0.0;         \
                for (long k = 0; k < count; k++)                                                                       \
                    d_points[2 * k + 1 - axis] = (T)(by_mean + slope * ((double)own[2 * k] - mean));                   \
                sums[axis] += by_deviation * deviation;                                                                \
            }                                                                                                          \
    }                                                                                                                  \
    static long extreme##suffix(const T *points, long used, int is_high) {                                             \
        long best = 0;                                                                                                 \
        for (long k = 1; k < used; k++)                                                                                \
            if (is_high ? points[2 * k] > points[2 * best] : points[2 * k] < points[2 * best]) best = k;               \
        return best;                                                                                                   \
    }                                                                                                                  \
    void hb_extreme_boxes##suffix(const T *points, T *boxes, long rows, long count, long used) {                       \
        for (long r = 0; r < rows; r++, points += 2 * count, boxes += 4)                                               \
            for (int side = 0; side < 4; side++) {                                                                     \
                const T *own = points + 1 - side % 2;                                                                  \
                boxes[side] = own[2 * extreme##suffix(own, used, side / 2)];                                           \
            }                                                                                                          \
    }                                                                                                                  \
    void hb_extreme_boxes_gradient##suffix(const T *points, const T *g, T *d_points, long rows, long count,            \
                                           long used) {                                                                \
        for (long r = 0; r < rows; r++, points += 2 * count, d_points += 2 * count, g += 4) {                          \
            memset(d_points, 0, (size_t)(2 * count) * sizeof(T));                                                      \
            for (int side = 0; side < 4; side++) {                                                                     \
                const int axis = 1 - side % 2;                                                                         \
                d_points[2 * extreme##suffix(points + axis, used, side / 2) + axis] += g[side];                        \
            }                                                                                                          \
        }                                                                                                              \
    }

HB_MOMENTS(float, )
HB_MOMENTS(double, _double)
