#include "Boxes.h"
#include <math.h>
#include <string.h>

// A number and its derivatives by the four corners of a box.
typedef struct {
    double value, by[4];
} dual;

static dual constant(double value) { return (dual){value, {0.0, 0.0, 0.0, 0.0}}; }

static dual corner(const double *box, int i) {
    dual result = constant(box[i]);
    result.by[i] = 1.0;
    return result;
}

// a x + b y.
static dual combine(double a, dual x, double b, dual y) {
    dual result = constant(a * x.value + b * y.value);
    for (int i = 0; i < 4; i++) result.by[i] = a * x.by[i] + b * y.by[i];
    return result;
}

static dual product(dual x, dual y) {
    dual result = constant(x.value * y.value);
    for (int i = 0; i < 4; i++) result.by[i] = x.by[i] * y.value + x.value * y.by[i];
    return result;
}

static dual quotient(dual x, dual y) {
    dual result = constant(x.value / y.value);
    for (int i = 0; i < 4; i++) result.by[i] = (x.by[i] - result.value * y.by[i]) / y.value;
    return result;
}

// The larger (side 1) or the smaller (side -1) of a corner and a target's; where they are equal each has half of it.
static dual extreme(dual x, double target, double side) {
    const double share = x.value == target ? 0.5 : side * x.value > side * target ? 1.0 : 0.0;
    dual result = constant(share > 0.0 ? x.value : target);
    if (x.value != x.value) result.value = x.value;
    for (int i = 0; i < 4; i++) result.by[i] = share * x.by[i];
    return result;
}

static dual shifted(dual x, double by) {
    x.value += by;
    return x;
}

// 4 / pi^2 (atan(w / h) of the target less that of the box)^2 times a factor that is held constant, as torchvision does.
static dual aspect(dual width, dual height, double target, dual overlap, double epsilon) {
    const double scale = 4.0 / (M_PI * M_PI), ratio = width.value / height.value;
    const double difference = target - atan(ratio), v = scale * difference * difference;
    const double alpha = v == 0.0 ? 0.0 : v / (1.0 - overlap.value + v + epsilon);
    dual result = quotient(width, height);
    for (int i = 0; i < 4; i++) result.by[i] *= -2.0 * alpha * scale * difference / (1.0 + ratio * ratio);
    result.value = alpha * v;
    return result;
}

static dual loss_of(const double *box, const double *t, int measure, double epsilon) {
    const dual x1 = corner(box, 0), y1 = corner(box, 1), x2 = corner(box, 2), y2 = corner(box, 3);
    const dual inner_width = combine(1.0, extreme(x2, t[2], -1.0), -1.0, extreme(x1, t[0], 1.0));
    const dual inner_height = combine(1.0, extreme(y2, t[3], -1.0), -1.0, extreme(y1, t[1], 1.0));
    dual inner = constant(0.0);
    if (inner_width.value > 0.0 && inner_height.value > 0.0) inner = product(inner_width, inner_height);
    const dual width = combine(1.0, x2, -1.0, x1), height = combine(1.0, y2, -1.0, y1);
    const dual both = shifted(product(width, height), (t[2] - t[0]) * (t[3] - t[1]));
    const dual all = combine(1.0, both, -1.0, inner);
    const dual overlap = quotient(inner, shifted(all, epsilon));
    dual loss = combine(1.0, constant(1.0), -1.0, overlap);
    if (measure == HB_BOX_IOU) return loss;
    const dual outer_width = combine(1.0, extreme(x2, t[2], 1.0), -1.0, extreme(x1, t[0], -1.0));
    const dual outer_height = combine(1.0, extreme(y2, t[3], 1.0), -1.0, extreme(y1, t[1], -1.0));
    if (measure == HB_BOX_GIOU) {
        const dual outer = product(outer_width, outer_height);
        return combine(1.0, loss, 1.0, quotient(combine(1.0, outer, -1.0, all), shifted(outer, epsilon)));
    }
    const dual diagonal =
        shifted(combine(1.0, product(outer_width, outer_width), 1.0, product(outer_height, outer_height)), epsilon);
    const dual dx = shifted(combine(0.5, x1, 0.5, x2), -0.5 * (t[0] + t[2]));
    const dual dy = shifted(combine(0.5, y1, 0.5, y2), -0.5 * (t[1] + t[3]));
    loss = combine(1.0, loss, 1.0, quotient(combine(1.0, product(dx, dx), 1.0, product(dy, dy)), diagonal));
    if (measure == HB_BOX_DIOU) return loss;
    const double target = atan((t[2] - t[0]) / (t[3] - t[1]));
    return combine(1.0, loss, 1.0, aspect(width, height, target, overlap, epsilon));
}

#define HB_BOX_LOSS(T, suffix)                                                                                         \
    void hb_box_loss##suffix(const T *boxes, const T *targets, const T *w, int measure, double epsilon, T *dx,         \
                             double *sum, long rows) {                                                                 \
        *sum = 0.0;                                                                                                    \
        for (long r = 0; r < rows; r++, boxes += 4, targets += 4) {                                                    \
            const double weight = w ? (double)w[r] : 1.0;                                                              \
            if (dx) memset(dx + 4 * r, 0, 4 * sizeof(T));                                                              \
            if (weight == 0.0) continue;                                                                               \
            double box[4], target[4];                                                                                  \
            for (int i = 0; i < 4; i++) {                                                                              \
                box[i] = (double)boxes[i];                                                                             \
                target[i] = (double)targets[i];                                                                        \
            }                                                                                                          \
            const dual loss = loss_of(box, target, measure, epsilon);                                                  \
            *sum += weight * loss.value;                                                                               \
            if (dx)                                                                                                    \
                for (int i = 0; i < 4; i++) dx[4 * r + i] = (T)(weight * loss.by[i]);                                  \
        }                                                                                                              \
    }

HB_BOX_LOSS(float, )
HB_BOX_LOSS(double, _double)
