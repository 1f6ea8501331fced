import Foundation
import Testing

extension Program {
    @Suite struct ExportTests {
        private let place: Workplace

        init() throws {
            place = try Workplace()
            try place.write("small.yaml", smallConfiguration)
        }

        private func logits(_ weights: String, _ images: String) throws -> [[Double]] {
            let outcome = try place.run(["predict", weights, "--prepared", images, "--logits", "--json"])
            #expect(outcome.code == 0, "\(outcome.errors)")
            let values = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [[String: Any]]
            return try #require(values).map { try #require($0["logits"] as? [Double]) }
        }

        /// A safetensors file with one tensor.
        private func writeImages(_ name: String, tensor: String = "images", shape: [Int]) throws {
            let count = shape.reduce(1, *)
            let values = (0..<count).map { Float(($0 * 7919) % 101) / 50 - 1 }
            let text = #"{"\#(tensor)":{"dtype":"F32","shape":\#(shape),"data_offsets":[0,\#(4 * count)]}}"#
            let header = Array(text.utf8)
            let size = withUnsafeBytes(of: UInt64(header.count).littleEndian, Array.init)
            try place.write(name, size + header + values.withUnsafeBytes(Array.init))
        }

        @Test func trainedWeightsBecomeAModelAndOtherNames() throws {
            #expect(try place.run("train small.yaml --output run").code == 0)
            let outcome = try place.run(
                "export run --onnx a.onnx --safetensors b.safetensors --torch-names --mmpretrain --json")
            #expect(outcome.code == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
            let json = try #require(
                try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
            let onnx = try #require(json["onnx"] as? [String: Any])
            #expect(onnx["operatorSet"] as? Int == 17)
            #expect(onnx["bytes"] as? Int == (try place.data("a.onnx")).count)
            let input = try #require(onnx["input"] as? [String: Any])
            #expect(input["shape"] as? [AnyHashable] == ["batch", 1, 8, 8])
            // The class names and the normalisation travel along.
            #expect(try place.data("a.onnx").range(of: Data("hornbeam.transform".utf8)) != nil)

            // The other spelling is read as if it were ours.
            let theirs = try place.data("b.safetensors")
            #expect(theirs.range(of: Data("backbone.stages.0.0.gamma1.weight".utf8)) != nil)
            #expect(theirs.range(of: Data("backbone.norm3.weight".utf8)) != nil)
            try writeImages("images.safetensors", shape: [3, 1, 8, 8])
            let before = try logits("run/weights/best.safetensors", "images.safetensors")
            #expect(before.count == 3 && before.allSatisfy { $0.count == 10 } && before[0] != before[1])
            #expect(try logits("b.safetensors", "images.safetensors") == before)

            // Under PyTorch's names it is the same file again.
            let again = try place.run("export run/weights/best.safetensors --safetensors c.safetensors")
            #expect(again.output.contains("under PyTorch's names"))
            #expect(try place.data("c.safetensors") == place.data("run/weights/best.safetensors"))
        }

        @Test func namesAndConfigurationsStandForFirstValues() throws {
            let outcome = try place.run("export convnext_nano32 --onnx a.onnx --safetensors a.safetensors")
            #expect(outcome.code == 0)
            #expect(outcome.errors.contains("convnext_nano32 has no weights, the model's first values are written."))
            #expect(outcome.output.contains("images [batch, 3, 32, 32] to logits [batch, 10]"))
            try writeImages("images.safetensors", shape: [1, 3, 32, 32])
            #expect(try logits("a.safetensors", "images.safetensors")[0].count == 10)
            #expect(
                try place.run("export small.yaml --set model.classes=7 --set data.imageSize=[12,9] --onnx b.onnx")
                    .output
                    .contains("images [batch, 1, 12, 9] to logits [batch, 7]"))
        }

        @Test func detectorsHaveTheNamesOfTheirLibrariesAndAllOutputsAreTold() throws {
            try place.write(
                "detector.yaml",
                """
                task: detection
                data: {imageSize: [64, 64]}
                model: {name: resnet18, baseWidth: 4, classes: 2, inputChannels: 3}
                head: {kind: retinanet, style: torchvision, convolutions: 1}
                neck: {channels: 8}
                evaluation: {objects: 7}
                """)
            let outcome = try place.run(
                "export detector.yaml --onnx d.onnx --safetensors t.safetensors --names torchvision --json")
            #expect(outcome.code == 0, "\(outcome.errors)")
            let json = try #require(
                try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
            let onnx = try #require(json["onnx"] as? [String: Any])
            let outputs = try #require(onnx["outputs"] as? [[String: Any]])
            #expect(outputs.map { $0["name"] as? String } == ["boxes", "scores", "labels"])
            // As many as the configuration's limits say.
            #expect(outputs[0]["shape"] as? [AnyHashable] == ["batch", 7, 4])
            #expect((json["safetensors"] as? [String: Any])?["names"] as? String == "torchvision")
            let theirs = try place.data("t.safetensors")
            #expect(theirs.range(of: Data("backbone.body.conv1.weight".utf8)) != nil)
            #expect(theirs.range(of: Data("head.classification_head.cls_logits.weight".utf8)) != nil)
            #expect(
                try place.run("export detector.yaml --safetensors m.safetensors --names mmdetection").output
                    .contains("under mmdetection's names"))
            #expect(try place.data("m.safetensors").range(of: Data("bbox_head.retina_cls.weight".utf8)) != nil)
            // What is written under our names is a detector's to every command.
            #expect(try place.run("export detector.yaml --safetensors own.safetensors").code == 0)
            #expect(try place.data("own.safetensors").range(of: Data(#""hornbeam.task":"detection""#.utf8)) != nil)
            #expect(try place.run("export own.safetensors --onnx again.onnx").output.contains("boxes [batch, 7, 4]"))
            try place.fail(
                "export resnet20 --safetensors r.safetensors --names torchvision", "the model finds no objects")
            try place.fail(
                "export detector.yaml --safetensors r.safetensors --names timm",
                "--names is timm, expected torchvision or mmdetection")
            try place.fail("export detector.yaml --onnx d.onnx --names torchvision", "--safetensors FILE with it")
        }

        @Test func mistakesEndInOneSentence() throws {
            try place.fail(
                "export hornet_pico_7x7", "there is nothing to write, expected --onnx FILE or --safetensors FILE")
            try place.fail(
                "export hornet_pico_7x7 --onnx a.onnx --mmpretrain", "--mmpretrain is about names in a weights file")
            try place.fail("export hornet_pico_7x7 --onnx a --safetensors a", "name the same file, a")
            try place.fail("export hornet_pico --onnx a.onnx", "did you mean hornet_pico_gf?")
            try place.fail("export none.safetensors --onnx a.onnx", "none.safetensors: ")
            try place.fail("export none.yaml --onnx a.onnx", "none.yaml: the file does not exist")
            try FileManager.default.createDirectory(
                atPath: place.path + "/empty", withIntermediateDirectories: true)
            try place.fail("export empty/ --onnx a.onnx", "empty/: the folder holds no weights/best.safetensors")
            try place.fail(
                "export resnet20 --onnx a.onnx --safetensors b.safetensors --mmpretrain",
                "mmpretrain's spelling is known for HorNet alone, but the weights are those of a ResNet")
            try place.fail("export resnet20 --onnx missing/a.onnx", "missing")
            try writeImages("a.safetensors", tensor: "pictures", shape: [1, 1, 8, 8])
            try place.fail("export a.safetensors --onnx a.onnx", "expected weights written by trainer")
            #expect(!place.exists("a.onnx") && !place.exists("b.safetensors"))

            #expect(try place.run("export resnet20 --safetensors r.safetensors").code == 0)
            try place.fail(
                "predict r.safetensors --logits --prepared a.safetensors", "--logits is part of the JSON output")
            try place.fail(
                "predict r.safetensors --prepared a.safetensors", "a.safetensors: the file has no tensor `images`")
            try writeImages("a.safetensors", shape: [1, 1, 8, 8])
            try place.fail(
                "predict r.safetensors --prepared a.safetensors",
                "the tensor `images` is [1, 1, 8, 8], expected [images, 3, 32, 32]")
            try place.fail("predict r.safetensors", "no image is given")
        }
    }
}
