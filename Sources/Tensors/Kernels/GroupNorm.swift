// The loops are those of `BatchNorm.swift`: within an image a group norm is a batch norm whose channels share their
// statistics within a group.

extension Tensor {
    /// Work on the rows of each image, cut into chunks by size: [images, columns] sums that `body` writes for each chunk,
    /// added in the order of the chunks.
    private func sumsOfImages(
        columns: Int, _ body: (Range<Int>, _ image: Int, UnsafeMutablePointer<S>) -> Void
    ) -> Storage<S> {
        let images = shape[0]
        let rows = shape.rows / max(1, images)
        let grain = max(1, max(elementGrain / max(1, shape.columns), (rows + 15) / 16))
        let chunks = chunkCount(rows, grain: grain)
        let partials = Storage<S>(count: images * chunks * columns)
        let sums = Storage<S>(count: images * columns)
        parallelFor(images * chunks, grain: 1) { task in
            let (image, chunk) = (task.lowerBound / chunks, task.lowerBound % chunks)
            let first = image * rows
            body(
                first + chunk * grain..<first + min(rows, (chunk + 1) * grain), image,
                partials.pointer + task.lowerBound * columns)
        }
        for image in 0..<images {
            S.sumRows(
                partials.pointer + image * chunks * columns, stride: columns, sums.pointer + image * columns, chunks,
                columns)
        }
        return sums
    }

    /// Calls `body` with chunks of the rows of each image.
    private func eachImage(_ body: (Range<Int>, _ image: Int) -> Void) {
        let images = shape[0]
        let rows = shape.rows / max(1, images)
        let grain = max(1, elementGrain / max(1, shape.columns))
        let chunks = chunkCount(rows, grain: grain)
        parallelFor(images * chunks, grain: 1) { task in
            let (image, chunk) = (task.lowerBound / chunks, task.lowerBound % chunks)
            body(image * rows + chunk * grain..<image * rows + min(rows, (chunk + 1) * grain), image)
        }
    }

    /// For self = [images, channels] sums: the mean over all that a group has, at each of its channels.
    private func groupMeans(_ groups: Int, rows: Int) -> Tensor {
        let (images, channels) = (shape[0], shape[1])
        let width = channels / groups
        return Tensor(shape) { out in
            read { sums in
                for group in 0..<images * groups {
                    var sum: S = 0
                    for c in group * width..<(group + 1) * width { sum += sums[c] }
                    (out + group * width).update(repeating: sum / S(rows * width), count: width)
                }
            }
        }
    }

    /// The rows of each image: the elements over which a channel has its statistics.
    private var rowsOfImage: Int { shape.rows / max(1, shape[0]) }

    /// For self [N, .., C]: (x - mean) / sqrt(variance + epsilon) * gain + bias, mean and variance those of a group of
    /// channels of an image; and mean and inverse deviation at each channel of each image, [N, C].
    package func groupNormalized(
        _ gain: Tensor, _ bias: Tensor, groups: Int, epsilon: Double
    ) -> (output: Tensor, mean: Tensor, inverse: Tensor) {
        let columns = shape.columns
        let statistics: Shape = [shape[0], columns]
        return read { x in
            let sums = sumsOfImages(columns: columns) { rows, _, out in
                S.sumRows(x + rows.lowerBound * columns, stride: columns, out, rows.count, columns)
            }
            let mean = Tensor(storage: sums, offset: 0, shape: statistics).groupMeans(groups, rows: rowsOfImage)
            let squares = mean.read { mean in
                sumsOfImages(columns: columns) { rows, image, out in
                    S.sumSquareDeviations(
                        x + rows.lowerBound * columns, mean + image * columns, out, rows.count, columns)
                }
            }
            let inverse = Tensor(storage: squares, offset: 0, shape: statistics)
                .groupMeans(groups, rows: rowsOfImage).inverseDeviations(epsilon: epsilon)
            return (groupNormalized(gain, bias, mean: mean, inverse: inverse), mean, inverse)
        }
    }

    /// The output for mean and inverse deviation at each channel of each image, [N, C].
    package func groupNormalized(_ gain: Tensor, _ bias: Tensor, mean: Tensor, inverse: Tensor) -> Tensor {
        let columns = shape.columns
        return Tensor(shape) { y in
            withElements(self, mean, inverse * gain, bias) { x, mean, scale, bias in
                eachImage { rows, image in
                    let start = rows.lowerBound * columns
                    S.normalizeColumns(
                        x + start, mean + image * columns, scale + image * columns, bias, y + start, rows.count,
                        columns)
                }
            }
        }
    }

    /// For self = x: the gradients of x, gain and bias.
    package func groupNormalizedGradient(
        _ g: Tensor, _ gain: Tensor, groups: Int, mean: Tensor, inverse: Tensor
    ) -> (input: Tensor, gain: Tensor, bias: Tensor) {
        let columns = shape.columns
        let sums = withElements(self, g, mean) { x, g, mean in
            sumsOfImages(columns: 2 * columns) { rows, image, out in
                let start = rows.lowerBound * columns
                S.normalizeSums(x + start, g + start, mean + image * columns, out, rows.count, columns)
            }
        }
        let pair = Tensor(storage: sums, offset: 0, shape: [shape[0], 2 * columns])
        let (slopes, sumsOfG) = (pair.sliced(channels: 0..<columns), pair.sliced(channels: columns..<2 * columns))
        let scale = inverse * gain
        let slope =
            (slopes * gain).groupMeans(groups, rows: rowsOfImage) * (inverse * inverse * inverse)
        let constant = (sumsOfG * gain).groupMeans(groups, rows: rowsOfImage) * inverse
        let input = Tensor(shape) { dx in
            withElements(self, g, mean, scale) { x, g, mean, scale in
                withElements(slope, constant) { slope, constant in
                    eachImage { rows, image in
                        let (start, at) = (rows.lowerBound * columns, image * columns)
                        S.normalizeGradient(
                            x + start, g + start, mean + at, scale + at, slope + at, constant + at, dx + start,
                            rows.count, columns)
                    }
                }
            }
        }
        return (input, (slopes * inverse).summedRows(), sumsOfG.summedRows())
    }
}
