// What `report/result.json` and the snapshots hold of detection, which module Reporting draws.
//
// result.json, beside the scores:
//   task: detection | instances          classes: names
//   boxes, masks (null where the detector answers none):
//     stats: COCO's twelve in its order, -1 where undefined
//     perClass: [{class, objects, AP, AP50, AP75, APs, APm, APl, AR, precision, recall, f1, threshold}], null where undefined
//   thresholds: {overlap: 0.5, best: score of the best F1 over all classes, predict: the score that `predict` uses}
//   curves: {recall: [101], precision: {all: [101], NAME: [101], ...}     (at an overlap of 0.5)
//            score: [101], f1 / precisionAt / recallAt: {all: [101], ...}} (by score, from 0 to 1)
//   confusion: {score, overlap, counts: [truth, answer, count] cells; index `classes.count` is the background}
//   images: [{name, index, objects, found, missed, wrong}], the worst first, 200 at most
//   best, worst: pictures
// A picture (snapshots hold them, too):
//   {name, index, width, height, channels: 3, pixels (base 64; the image at that size), objects, found, missed, wrong,
//    truth: [{box: [left, top, right, bottom], class: index, crowd, outlines: [[x, y, ...], ...]}],
//    answer: [{box, class, score, isRight, outlines}]}, coordinates in pixels of the picture.
