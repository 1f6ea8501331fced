import Checkpoints
import Foundation
import Testing
import Training

/// Operations of detection in a file of cases, small enough to be computed by hand.
@Suite struct ParityCaseTests {
    private let cases = """
        [{"name": "smooth_l1_1.0", "op": "smooth_l1_loss", "beta": 1.0},
         {"name": "nms_0.5", "op": "nms", "iou_threshold": 0.5},
         {"name": "region", "op": "roi_align", "output_size": [1, 1], "spatial_scale": 1.0, "sampling_ratio": 1,
          "aligned": true},
         {"name": "deformed", "op": "deform_conv2d", "stride": [1, 1], "padding": [0, 0], "dilation": [1, 1],
          "groups": 1, "offset_groups": 1}]
        """

    private var tensors: [StoredTensor] {
        func numbers(_ name: String, _ shape: [Int], _ values: [Double]) -> StoredTensor {
            StoredTensor(name: name, shape: shape, doubles: values)
        }
        return [
            numbers("smooth_l1_1.0.in.x", [2, 2], [0.5, 2, -1, 3]),
            numbers("smooth_l1_1.0.in.target", [2, 2], [0, 0, 0, 0]),
            numbers("smooth_l1_1.0.cotangent.0", [1], [2]),
            numbers("smooth_l1_1.0.out.0", [1], [4.625]),
            numbers("smooth_l1_1.0.grad.x", [2, 2], [1, 2, -2, 2]),
            numbers("nms_0.5.in.boxes", [3, 4], [0, 0, 10, 10, 0, 0, 10, 9, 20, 20, 30, 30]),
            numbers("nms_0.5.in.scores", [3], [0.9, 0.8, 0.7]),
            StoredTensor(name: "nms_0.5.out.0", shape: [2], integers: [0, 2]),
            numbers("region.in.x", [1, 1, 2, 2], [1, 2, 3, 4]),
            numbers("region.in.rois", [1, 5], [0, 0, 0, 2, 2]),
            numbers("region.cotangent.0", [1, 1, 1, 1], [4]),
            numbers("region.out.0", [1, 1, 1, 1], [2.5]),
            numbers("region.grad.x", [1, 1, 2, 2], [1, 1, 1, 1]),
            numbers("deformed.in.x", [1, 1, 1, 1], [3]),
            numbers("deformed.in.w", [1, 1, 1, 1], [2]),
            numbers("deformed.in.offset", [1, 2, 1, 1], [0.25, 0]),
            numbers("deformed.cotangent.0", [1, 1, 1, 1], [1]),
            numbers("deformed.out.0", [1, 1, 1, 1], [4.5]),
            numbers("deformed.grad.x", [1, 1, 1, 1], [1.5]),
            numbers("deformed.grad.w", [1, 1, 1, 1], [2.25]),
            numbers("deformed.grad.offset", [1, 2, 1, 1], [-6, -4.5]),
        ]
    }

    /// The names that fail, of all that are compared.
    private func failures(_ tensors: [StoredTensor]) throws -> (failed: [String], count: Int) {
        let folder = try TemporaryFolder()
        let path = folder.path + "/cases.safetensors"
        try SafetensorsFile(metadata: ["cases": cases], tensors: tensors).write(path: path)
        let outcomes = try ParityCheck<Double>(path: path, tolerance: 1e-9).outcomes
        #expect(try ParityCheck<Float>(path: path, tolerance: 3e-5).outcomes.map(\.passed) == outcomes.map(\.passed))
        return (outcomes.filter { !$0.passed }.map(\.name), outcomes.count)
    }

    @Test func whatWasComputedByHandAgrees() throws {
        let (failed, count) = try failures(tensors)
        #expect(failed == [])
        #expect(count == 9)
    }

    @Test func aSpoiltValueIsNamed() throws {
        for index in tensors.indices
        where tensors[index].name.contains(".out.") || tensors[index].name.contains(".grad.") {
            var spoilt = tensors
            let old = spoilt[index]
            spoilt[index] =
                old.name.hasPrefix("nms")
                ? StoredTensor(name: old.name, shape: old.shape, integers: [0, 1])
                : StoredTensor(name: old.name, shape: old.shape, doubles: try old.doubles().map { $0 * 1.001 })
            #expect(try failures(spoilt).failed == [old.name])
        }
    }

    @Test func aRegionOfNoImageIsOneSentence() throws {
        var wrong = tensors
        wrong[9] = StoredTensor(name: "region.in.rois", shape: [1, 5], doubles: [1, 0, 0, 2, 2])
        let error = #expect(throws: CheckpointError.self) { try failures(wrong) }
        #expect(error?.description.contains("in.rois names the image 1.0, expected 0..<1") == true)
    }
}
