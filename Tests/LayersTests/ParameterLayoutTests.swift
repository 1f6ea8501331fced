import Layers
import Tensors
import Testing

/// Every layout with a shape of ours whose extents all differ.
private let layouts: [(layout: ParameterLayout, shape: Shape)] = [
    (.plain, [3, 4]), (.pointwise, [5, 3]), (.convolution, [4, 3, 2, 5]), (.depthwise, [3, 5, 7]),
    (.spectrum, [4, 3, 5, 2]), (.experts, [3, 4, 2, 5, 6]), (.cells, [3, 4, 5]), (.complexBlocks, [2, 3, 4, 5]),
]

private func copied(_ layout: ParameterLayout, _ shape: Shape, _ values: [Double], toFile: Bool) -> [Double] {
    var result = [Double](repeating: .nan, count: values.count)
    layout.copy(shape, from: values, to: &result, toFile: toFile)
    return result
}

@Suite struct ParameterLayoutTests {
    @Test(arguments: layouts.map(\.layout))
    func conversionToAFileAndBackChangesNothing(layout: ParameterLayout) throws {
        let shape = try #require(layouts.first { $0.layout == layout }).shape
        let values = (0..<shape.elementCount).map(Double.init)
        let file = copied(layout, shape, values, toFile: true)
        #expect(file.sorted() == values, "each element must appear once")
        #expect(copied(layout, shape, file, toFile: false) == values)
        #expect(layout.fileShape(shape).reduce(1, *) == shape.elementCount)
    }

    @Test func filesHaveTheAxesInPyTorchsOrder() {
        func strides(_ extents: [Int]) -> [Int] {
            extents.indices.map { extents[($0 + 1)...].reduce(1, *) }
        }
        // For each layout: which axis of ours each axis of the file is; -1 for an axis of extent 1.
        let axes: [ParameterLayout: [Int]] = [
            .plain: [0, 1], .pointwise: [0, 1, -1, -1], .convolution: [0, 3, 1, 2], .depthwise: [2, -1, 0, 1],
            .spectrum: [2, 0, 1, 3], .experts: [0, 1, 4, 2, 3], .cells: [0, 1, 2, -1, -1],
            .complexBlocks: [0, 1, 2, 3],
        ]
        for (layout, shape) in layouts {
            let values = (0..<shape.elementCount).map(Double.init)
            let file = copied(layout, shape, values, toFile: true)
            let fileShape = layout.fileShape(shape)
            let (ours, theirs) = (strides(shape.dimensions), strides(fileShape))
            let order = axes[layout] ?? []
            #expect(fileShape == order.map { $0 < 0 ? 1 : shape[$0] }, "\(layout)")
            for position in file.indices {
                let index = zip(fileShape, theirs).map { position / $1 % $0 }
                let source = zip(order, index).reduce(0) { $0 + ($1.0 < 0 ? 0 : $1.1 * ours[$1.0]) }
                #expect(file[position] == values[source], "\(layout), element \(position) of the file")
            }
        }
    }

    @Test func convolutionsOfSequencesAndVolumesHaveTheirChannelsSecond() {
        #expect(ParameterLayout.convolution.fileShape([4, 5, 3]) == [4, 3, 5])
        #expect(ParameterLayout.convolution.fileShape([4, 2, 5, 6, 3]) == [4, 3, 2, 5, 6])
        // [1, 2, 1, 2, 3]: four taps of three channels each.
        let ours = [0, 1, 2, 10, 11, 12, 20, 21, 22, 30, 31, 32].map(Double.init)
        let file = copied(.convolution, [1, 2, 1, 2, 3], ours, toFile: true)
        #expect(file == [0, 10, 20, 30, 1, 11, 21, 31, 2, 12, 22, 32])
        #expect(copied(.convolution, [1, 2, 1, 2, 3], file, toFile: false) == ours)
    }
}
