#pragma once

// y[r * row_y + c] = x[r * row_x + c * column_x].
void hb_copy_strided(const float *x, long row_x, long column_x, float *y, long row_y, long rows, long columns);
