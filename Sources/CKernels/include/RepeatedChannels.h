#pragma once

// y [rows, columns times]: each element `times` times in a row.
void hb_repeat_channels(const float *x, float *y, long rows, long columns, long times);
// dx [rows, columns] = the sums of `times` neighbours of g.
void hb_repeat_channels_gradient(const float *g, float *dx, long rows, long columns, long times);
