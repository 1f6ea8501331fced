import Tensors

extension Operation { package static let warehouseConvolution = Operation("warehouseConvolution") }

extension Variable {
    /// Convolution of maps x = self [N, H, W, in], each with a kernel of its own [out, kh, kw, in / groups] that is put
    /// together of m cells, each a sum of the n cells of a warehouse [n, a, b] with coefficients [N, m, n]; a bias [N, out]
    /// is added -> [N, H', W', out]. The cells of a kernel are counted tap by tap, within a tap row by row:
    /// m = kh kw (out / a) (in / groups / b). Li and Yao, arXiv 2406.07879, equation 2. Kernels are put together for a few
    /// maps at a time and never kept.
    ///
    /// Gradient: with h that of a map's kernel, cut into cells, the sum over maps of coefficients times h for the
    /// warehouse, the sum of h times a warehouse cell for a coefficient; for x and the bias as `convolution`.
    public func convolution(
        warehouse: Variable, coefficients: Variable, outputs: Int, kernel: Pair, _ bias: Variable? = nil,
        stride: Pair = 1, padding: Pair = 0, dilation: Pair = 1, groups: Int = 1
    ) -> Variable {
        let name = Operation.warehouseConvolution.name
        require(
            shape.rank == 4 && warehouse.shape.rank == 3 && groups >= 1 && shape[3] % groups == 0
                && outputs % warehouse.shape[1] == 0 && shape[3] / groups % warehouse.shape[2] == 0, name,
            [shape, warehouse.shape],
            "the warehouse must be [n, a, b] with a divisor of \(outputs) outputs and one of the inputs of a group")
        let own: Shape = [outputs, kernel.height, kernel.width, shape[3] / groups]
        let places = own.elementCount / (warehouse.shape[1] * warehouse.shape[2])
        require(
            coefficients.shape == [shape[0], places, warehouse.shape[0]], name, [shape, coefficients.shape],
            "the coefficients must be [images, \(places), \(warehouse.shape[0])]")
        let (e, a) = (warehouse.value, coefficients.value)
        return convolvedBySample(
            .warehouseConvolution, [warehouse, coefficients], bias,
            Window(kernel: kernel, stride: stride, padding: padding, dilation: dilation), groups: groups,
            kernels: { needs -> WarehouseKernels<S> in
                WarehouseKernels(e, coefficients: a, shape: own, needsGradients: needs)
            },
            collected: { (taken: WarehouseKernels<S>) in taken.collected() })
    }
}

extension GradientCheck {
    private static func warehouse(
        _ name: String, _ input: Shape, cells: Shape, out: Int, _ kernel: Pair, bias: Bool = false, stride: Pair = 1,
        padding: Pair = 0, groups: Int = 1
    ) -> GradientCheck {
        let count = kernel.height * kernel.width * out * (input[3] / groups) / (cells[1] * cells[2])
        let shapes: [Shape] = [input, cells, [input[0], count, cells[0]]] + (bias ? [[input[0], out]] : [])
        return GradientCheck("warehouseConvolution" + name, shapes) {
            [
                $0[0].convolution(
                    warehouse: $0[1], coefficients: $0[2], outputs: out, kernel: kernel, bias ? $0[3] : nil,
                    stride: stride, padding: padding, groups: groups)
            ]
        }
    }

    static let warehouse: [GradientCheck] = [
        warehouse("", [3, 4, 5, 4], cells: [5, 2, 2], out: 4, 3, bias: true, padding: 1),
        warehouse("/one cell per tap", [2, 4, 3, 2], cells: [3, 3, 2], out: 3, Pair(3, 2), stride: 2, padding: 1),
        warehouse("/groups, cells of one element", [2, 3, 3, 4], cells: [4, 1, 1], out: 4, 1, groups: 2),
        warehouse("/size 1", [1, 1, 1, 1], cells: [1, 1, 1], out: 1, 1),
    ]
}
