#pragma once

// Losses and conversions of boxes [rows][left, top, right, bottom], one C function for both element types: rows are few
// and each is computed in double precision.

// In the order of Swift's `BoxMeasure`.
enum { HB_BOX_IOU, HB_BOX_GIOU, HB_BOX_DIOU, HB_BOX_CIOU };

// *sum = the sum over rows of w (1 - measure), w one for each row or NULL for 1, and, where dx is not NULL, its
// derivatives. A row of weight 0 counts for nothing, whatever its numbers are.
void hb_box_loss(const float *boxes, const float *targets, const float *w, int measure, double epsilon, float *dx,
                 double *sum, long rows);
void hb_box_loss_double(const double *boxes, const double *targets, const double *w, int measure, double epsilon,
                        double *dx, double *sum, long rows);

// Boxes of deltas (x, y, log width, log height) from anchors, each delta times its deviation. Logarithms stay at or
// below `limit`, and, with clamps_small, at or above -limit.
void hb_decode_boxes(const float *deltas, const float *anchors, const double *deviations, double limit,
                     int clamps_small, float *boxes, long rows);
void hb_decode_boxes_double(const double *deltas, const double *anchors, const double *deviations, double limit,
                            int clamps_small, double *boxes, long rows);
void hb_decode_boxes_gradient(const float *deltas, const float *anchors, const double *deviations, double limit,
                              int clamps_small, const float *g, float *d_deltas, long rows);
void hb_decode_boxes_gradient_double(const double *deltas, const double *anchors, const double *deviations,
                                     double limit, int clamps_small, const double *g, double *d_deltas, long rows);

// Boxes around `count` points [rows][count][y, x]: the mean and e^transfer (horizontal, vertical) times the unbiased
// deviation to either side.
void hb_moment_boxes(const float *points, const float *transfer, float *boxes, long rows, long count);
void hb_moment_boxes_double(const double *points, const double *transfer, double *boxes, long rows, long count);
// d_points, and *sums = the derivatives by the transfer's two elements.
void hb_moment_boxes_gradient(const float *points, const float *transfer, const float *g, float *d_points, double *sums,
                              long rows, long count);
void hb_moment_boxes_gradient_double(const double *points, const double *transfer, const double *g, double *d_points,
                                     double *sums, long rows, long count);

// Boxes around the first `used` of `count` points, by their extremes; the gradient goes to the first extreme one.
void hb_extreme_boxes(const float *points, float *boxes, long rows, long count, long used);
void hb_extreme_boxes_double(const double *points, double *boxes, long rows, long count, long used);
void hb_extreme_boxes_gradient(const float *points, const float *g, float *d_points, long rows, long count, long used);
void hb_extreme_boxes_gradient_double(const double *points, const double *g, double *d_points, long rows, long count,
                                      long used);
