import Datasets
import Foundation
import JSON
import Reporting

// What an evaluation of super-resolution looks like in the report.
extension SuperResolutionTask {
    /// The best and worst images with what became of them.
    public func record(
        _ findings: SuperResolutionFindings, of dataset: any AnnotatedDataset<Picture>,
        pictures: (_ indices: [Int]) throws -> [JSONValue]
    ) throws -> [JSONValue.Member] {
        [
            .init("task", .string(vocabulary.task)), .init("scale", .integer(scale)),
            .init("worst", .array(findings.worst.map { picture($0, of: dataset) })),
            .init("best", .array(findings.best.map { picture($0, of: dataset) })),
        ]
    }

    /// The answers to the fixed images.
    public func snapshot(
        _ findings: SuperResolutionFindings, of dataset: any AnnotatedDataset<Picture>
    ) throws -> [JSONValue] { findings.fixed.map { picture($0, of: dataset) } }

    /// Small, bicubic, enlarged and true image beside each other, the middle of each.
    private func picture(
        _ answer: SuperResolutionFindings.Answer, of dataset: any AnnotatedDataset<Picture>
    ) -> JSONValue {
        let texts = answer.pictures.map { JSONValue.string(Data($0.pixels).base64EncodedString()) }
        return [
            "name": .string(dataset.name(answer.index)), "index": .integer(answer.index),
            "PSNR": .number(answer.peakSignalToNoise), "bicubicPSNR": .number(answer.bicubic),
            "width": .integer(answer.pictures[0].width), "height": .integer(answer.pictures[0].height),
            "channels": .integer(3), "pixels": texts[0], "bicubic": texts[1], "answer": texts[2], "truth": texts[3],
        ]
    }

    /// Some images spread over the data.
    public func showcase(
        _ dataset: any AnnotatedDataset<Picture>
    ) throws -> [(index: Int, annotation: [JSONValue.Member])] {
        let count = min(8, dataset.count)
        return try (0..<count).map { number in
            let index = (2 * number + 1) * dataset.count / (2 * count)
            return (index, members(of: try dataset.annotation(index)))
        }
    }

    /// The size of the large image.
    public func members(of annotation: Picture) -> [JSONValue.Member] {
        [.init("width", .integer(annotation.image.width)), .init("height", .integer(annotation.image.height))]
    }
}
