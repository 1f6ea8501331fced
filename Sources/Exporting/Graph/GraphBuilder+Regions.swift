import Models
import Tensors

/// Regions in a graph: as many for each image, chosen by the graph itself.
struct GraphRegions {
    /// [N R, 4], in pixels of the input.
    let boxes: String
    /// The row of the batch of each, [N R].
    let images: String
    /// R.
    let count: Int
}

/// What two-stage detectors do with regions.
extension GraphBuilder {
    /// Boxes [N, R, 4] as regions.
    mutating func regions(_ path: String, _ boxes: String, count: Int) -> GraphRegions {
        let size = concatenated(path + ".size", [batchSize(), sizes([count])], axis: 0)
        let ones = node("Expand", path + ".ones", [number(1), size])
        let places = node("NonZero", path + ".places", [ones])
        return GraphRegions(
            boxes: node("Reshape", path + ".flat", [boxes, sizes([-1, 4])]),
            images: node("Gather", path + ".images", [places, first], ["axis": .integer(0)]), count: count)
    }

    /// The index 0, as a scalar.
    private var first: String {
        mutating get { node("Squeeze", "first", [sizes([0])]) }
    }

    /// The regions cut out of the maps that suit their sizes, [N R, C, side, side].
    ///
    /// ONNX calls a map whose pixels are where their centers are `half_pixel`, the other one `output_half_pixel`.
    mutating func cut(
        _ path: String, _ regions: GraphRegions, _ maps: [FeatureMap], strides: [Int], side: Int,
        _ head: RegionHeadSpecification
    ) -> FeatureMap {
        let channels = maps[0].channels
        let level = levels(path + ".levels", regions, strides: strides, head)
        let count = node("Shape", path + ".count", [regions.images])
        let size = concatenated(path + ".size", [count, sizes([channels, side, side])], axis: 0)
        var all = node("Expand", path + ".none", [number(0), size])
        for (index, map) in maps.enumerated() {
            let path = "\(path).\(index)"
            let isThere = node("Equal", path + ".there", [level, number(Double(index))])
            let rows = node("Reshape", path + ".rows", [node("NonZero", path + ".places", [isThere]), sizes([-1])])
            func chosen(_ name: String, _ values: String) -> String {
                node("Gather", "\(path).\(name)", [values, rows], ["axis": .integer(0)])
            }
            let part = node(
                "RoiAlign", path + ".cut",
                [channelsFirst(map).name, chosen("boxes", regions.boxes), chosen("images", regions.images)],
                [
                    "coordinate_transformation_mode": .word(head.pooling.aligned ? "half_pixel" : "output_half_pixel"),
                    "mode": .word("avg"), "output_height": .integer(side), "output_width": .integer(side),
                    "sampling_ratio": .integer(head.pooling.samples),
                    "spatial_scale": .float(1 / Double(strides[index])),
                ])
            let column = node("Unsqueeze", path + ".column", [rows, sizes([1])])
            all = node("ScatterND", path + ".put", [all, column, part])
        }
        return FeatureMap(name: all, height: side, width: side, channels: channels, isChannelsFirst: true)
    }

    /// The index of the map that each region is cut out of, as in `MapRegions`, [N R].
    private mutating func levels(
        _ path: String, _ regions: GraphRegions, strides: [Int], _ head: RegionHeadSpecification
    ) -> String {
        let edge = split(path + ".edges", regions.boxes, [1, 1, 1, 1], axis: 1)
        let width = node("Sub", path + ".width", [edge[2], edge[0]])
        let height = node("Sub", path + ".height", [edge[3], edge[1]])
        let side = node("Sqrt", path + ".side", [node("Mul", path + ".area", [width, height])])
        let scale = 16 / (head.pooling.scale * Double(strides[0]))
        var relative = node("Mul", path + ".relative", [side, number(scale)])
        if head.style == .mmdetection { relative = node("Add", path + ".guarded", [relative, number(1e-6)]) }
        let doublings = node(
            "Mul", path + ".doublings", [node("Log", path + ".logarithm", [relative]), number(1.442_695_040_888_963_4)])
        let exact =
            head.style == .torchvision ? node("Add", path + ".exact", [doublings, number(1e-6)]) : doublings
        let whole = node("Floor", path + ".whole", [exact])
        let clipped = node("Clip", path + ".clipped", [whole, number(0), number(Double(strides.count - 1))])
        return node("Reshape", path, [clipped, sizes([-1])])
    }

    /// Mirrors `RegionBoxLayers`: the logits of the classes and the deltas of the boxes, [N R, columns].
    mutating func boxes(
        _ path: String, _ parts: FeatureMap, _ layers: RegionHeadSpecification.BoxLayers
    ) throws -> (classes: String, deltas: String) {
        var map = parts
        for index in 0..<layers.convolutions { map = try convolutionBlock("\(path).shared_convs.\(index)", map) }
        var x = reshaped(
            path + ".flat", channelsFirst(map).name, [map.channels * map.height * map.width])
        for index in 0..<layers.linear {
            let name = "\(path).shared_fcs.\(index)"
            x = node("Relu", name + ".relu", [try linear(name, x)])
        }
        return (try linear(path + ".fc_cls", x), try linear(path + ".fc_reg", x))
    }

    /// Mirrors `RegionMaskLayers`, with probabilities in place of logits.
    mutating func masks(
        _ path: String, _ parts: FeatureMap, _ layers: RegionHeadSpecification.MaskLayers
    ) throws -> FeatureMap {
        var map = parts
        for index in 0..<layers.convolutions {
            map = try normedConvolution("\(path).convs.\(index)", map, groups: 0, activates: true)
        }
        map = relu(path + ".upsample.relu", try transposedConvolution(path + ".upsample", map, stride: 2))
        let logits = try convolution(path + ".conv_logits", map)
        return logits.renamed(node("Sigmoid", path + ".probabilities", [logits.name]))
    }
}
