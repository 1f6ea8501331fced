// No kernel: whole rows are copied, or set to zero.

extension Tensor {
    /// Maps [N, H, W, C] with rows of zeros below and columns of zeros to the right: [N, H + below, W + right, C].
    package func padded(below: Int, right: Int) -> Tensor {
        let (height, run) = (shape[1], shape[2] * shape[3])
        let (rows, added) = (height + below, right * shape[3])
        return Tensor([shape[0], rows, shape[2] + right, shape[3]]) { y in
            read { x in
                parallelFor(shape[0] * rows, grain: max(1, elementGrain / max(1, run + added))) { range in
                    for row in range {
                        let to = y + row * (run + added)
                        guard row % rows < height else {
                            clear(to, run + added)
                            continue
                        }
                        to.update(from: x + (row / rows * height + row % rows) * run, count: run)
                        clear(to + run, added)
                    }
                }
            }
        }
    }

    /// The upper left part of maps, [N, height, width, C].
    package func cropped(height: Int, width: Int) -> Tensor {
        let (rows, from, run) = (shape[1], shape[2] * shape[3], width * shape[3])
        return Tensor([shape[0], height, width, shape[3]]) { y in
            read { x in
                parallelFor(shape[0] * height, grain: max(1, elementGrain / max(1, run))) { range in
                    for row in range {
                        (y + row * run).update(
                            from: x + (row / height * rows + row % height) * from, count: run)
                    }
                }
            }
        }
    }
}
