extension Tensor {
    /// The mean of each innermost row: [.., C] -> [.., 1].
    package func channelMean() -> Tensor {
        let columns = shape.columns
        return Tensor(shape.replacing(axis: -1, with: 1)) { means in
            read { x in
                parallelFor(shape.rows, grain: max(1, elementGrain / columns)) { rows in
                    let mean = means + rows.lowerBound
                    S.sumColumns(x + rows.lowerBound * columns, mean, rows.count, columns)
                    S.scale(mean, 1 / S(columns), mean, rows.count)
                }
            }
        }
    }

    /// For self = g [.., 1]: g / C for each of the channels, [.., C].
    package func channelMeanGradient(channels: Int) -> Tensor {
        var share = 1 / S(channels)
        return Tensor(shape.replacing(axis: -1, with: channels)) { dx in
            read { g in
                withUnsafePointer(to: &share) { share in
                    parallelFor(shape.rows, grain: max(1, elementGrain / channels)) { rows in
                        S.combine(
                            .multiply, g + rows.lowerBound, 1, 0, share, 0, 0, dx + rows.lowerBound * channels,
                            rows.count, channels)
                    }
                }
            }
        }
    }
}
