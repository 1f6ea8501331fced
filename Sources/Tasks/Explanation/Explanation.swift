// Explanation: where in an image a model finds its answer.

import Foundation
import JSON
import Reporting
import Tensors

/// How it is found out where in an image a model finds its answer.
public enum ExplanationMethod: String, CaseIterable, Sendable {
    /// Grad-CAM: the maps of a tap, each counted by the mean gradient of the class's score, where their sum is above 0
    /// (Selvaraju et al., arXiv 1610.02391, Eq. 1 and 2).
    case gradcam
    /// What the class's probability loses where a part of the image is covered (Zeiler and Fergus, arXiv 1311.2901).
    case occlusion
    /// Where the last attention looks, of CvT and Swin.
    case attention
    /// Attention through all blocks, of CvT and Swin (Abnar and Zuidema, arXiv 2005.00928).
    case rollout

    /// Whether it is for models with attention maps alone.
    package var readsAttentions: Bool { self == .attention || self == .rollout }
}

/// How an explanation is asked for.
public struct ExplanationOptions: Sendable {
    /// How it is found out.
    public var method: ExplanationMethod
    /// The class that is explained; nil for the model's answer.
    public var classIndex: Int?
    /// The tap whose maps Grad-CAM looks at; nil for the last one of the backbone with more than one place.
    public var tap: String?
    /// The side of the square that occlusion covers, in pixels of the model's input; nil for a sixth of the shorter side.
    public var square: Int?
    /// Pixels from one square to the next; nil for half of the square.
    public var step: Int?

    /// An explanation of the model's answer.
    public init(_ method: ExplanationMethod) { self.method = method }
}

/// What of an answer is explained: a weighted sum of the scores for each image, with one class that it is about.
public struct ExplainedAnswer: Sendable {
    /// The class that is explained, for each image.
    public let classes: [Int]
    /// What each score counts, in the shape of the first tensor of the answer, whose last axis is the classes.
    public let weights: Tensor<Float>
    /// What scores are divided by before they are made probabilities.
    public let temperature: Float

    /// - Parameters:
    ///   - classes: the class that is explained, for each image.
    ///   - weights: what each score counts, in the shape of the first tensor of the answer.
    ///   - temperature: what scores are divided by before they are made probabilities.
    public init(classes: [Int], weights: Tensor<Float>, temperature: Float = 1) {
        (self.classes, self.weights, self.temperature) = (classes, weights, temperature)
    }
}

/// An image of a data set whose answer a report explains.
public struct ExplainedImage: Sendable {
    /// In the data set.
    public let index: Int
    /// The class that is explained.
    public let classIndex: Int
    /// What else the report says of it.
    public let members: [JSONValue.Member]

    /// - Parameters:
    ///   - index: in the data set.
    ///   - classIndex: the class that is explained.
    ///   - members: what else the report says of it.
    public init(index: Int, classIndex: Int, members: [JSONValue.Member]) {
        (self.index, self.classIndex, self.members) = (index, classIndex, members)
    }
}

/// Where in an image a model finds its answer.
public struct Explanation: Sendable {
    /// How it was found out.
    public let method: ExplanationMethod
    /// The class that is explained.
    public let classIndex: Int
    /// The class's probability.
    public let probability: Double
    /// Where in the model this was read: a tap, a layer; empty for its input.
    public let place: String
    /// What was found, over the model's input.
    public let heat: HeatMap
}

/// Numbers over the whole of an image.
public struct HeatMap: Sendable, Equatable {
    /// Rows.
    public let height: Int
    /// Columns.
    public let width: Int
    /// Row by row.
    public let values: [Double]

    /// As many values as there are places.
    public init(height: Int, width: Int, _ values: [Double]) {
        require(
            values.count == height * width && height > 0 && width > 0, "HeatMap", [],
            "found \(values.count) values for \(height)x\(width) places")
        (self.height, self.width, self.values) = (height, width, values)
    }

    /// The size and the values with four digits, row by row.
    public var json: JSONValue {
        let largest = values.reduce(0) { max($0, abs($1)) }
        let unit = largest > 0 && largest.isFinite ? pow(10, 3 - floor(log10(largest))) : 1
        return [
            "height": .integer(height), "width": .integer(width),
            "values": .array(values.map { .number(($0 * unit).rounded() / unit) }),
        ]
    }

    /// The place with the largest value, as shares of the image's height and width.
    public var peak: (down: Double, across: Double) {
        let best = values.indices.reduce(0) { values[$1] > values[$0] ? $1 : $0 }
        return ((Double(best / width) + 0.5) / Double(height), (Double(best % width) + 0.5) / Double(width))
    }
}

extension Explanation {
    /// A picture of the model's input with the heat over it, as a PNG file.
    /// - Parameter pixels: of the input without normalisation, [height, width, channels].
    package func overlay(_ pixels: [UInt8], width: Int, height: Int, channels: Int) -> [UInt8] {
        HeatPicture(pixels: pixels, width: width, height: height, channels: channels)
            .covered(rows: heat.height, columns: heat.width, heat.values, atLeast: 224).png
    }

    /// What is said of it in JSON, behind the name of the class.
    /// - Parameter name: of the class.
    package func json(class name: String) -> JSONValue {
        let peak = heat.peak
        var members: [JSONValue.Member] = [
            .init("method", .string(method.rawValue)), .init("class", .string(name)),
            .init("probability", .number(probability)),
        ]
        if !place.isEmpty { members.append(.init("place", .string(place))) }
        members += [
            .init("peak", ["down": .number(peak.down), "across": .number(peak.across)]), .init("heat", heat.json),
        ]
        return .object(members)
    }
}
