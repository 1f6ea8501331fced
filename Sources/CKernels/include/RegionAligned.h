#pragma once

// How a region is laid over a map: regions [.][5] hold the image and the corners left, top, right, bottom, which are
// multiplied by `scale`; `samples` is the number of samples along each axis of a bin, 0 for one per pixel, rounded up.
typedef struct {
    long height, width, channels;
    long out_height, out_width;
    double scale;
    long samples;
    int aligned;
} hb_region_rule;

// Along one axis: a pixel of the map and its share in a bin.
typedef struct {
    long pixel;
    double share;
} hb_region_tap;

// Taps that a region needs room for: those of all bins along both axes.
long hb_region_taps(const hb_region_rule *rule);
// y [region][out_height][out_width][channels] of one image's map x: the means of the bilinear samples of each bin. A
// region with a corner that is no number gives what is no number.
void hb_region_align(const float *x, const float *region, const hb_region_rule *rule, hb_region_tap *room, float *y);
void hb_region_align_double(const double *x, const double *region, const hb_region_rule *rule, hb_region_tap *room,
                            double *y);
// The adjoint for `count` channels from `first` on: adds to dx.
void hb_region_scatter(const float *g, const float *region, const hb_region_rule *rule, hb_region_tap *room, long first,
                       long count, float *dx);
void hb_region_scatter_double(const double *g, const double *region, const hb_region_rule *rule, hb_region_tap *room,
                              long first, long count, double *dx);
