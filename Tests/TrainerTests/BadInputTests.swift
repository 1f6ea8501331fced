import Foundation
import Testing

extension Program {
    /// Every mistake ends in one sentence that names the file or key, and exit code 1.
    @Suite struct BadInput {
        private let place: Workplace

        init() throws {
            place = try Workplace()
            try place.write("small.yaml", smallConfiguration)
        }

        @Test func theCommandLine() throws {
            try place.fail("train nothing.yaml", "nothing.yaml: the file does not exist")
            try place.fail("train small.yaml --set", "Missing value for '--set")
            try place.fail("train small.yaml --set epochs", "--set epochs: found no `=`")
            try place.fail(
                "train small.yaml --set training.epoch=3", "unknown key `epoch` in `training`, did you mean `epochs`?")
            try place.fail("train small.yaml --bogus", "Unknown option '--bogus'")
            try place.fail("trian small.yaml", "unknown command 'trian', did you mean 'train'?")
            try place.fail("train", "Missing expected argument '<config>'")
            try place.fail("inspect hornet_tny_gf", "did you mean hornet_tiny_gf?")
            #expect(!place.exists("Runs"))
        }

        @Test func everyMistakeInAConfigurationAtOnce() throws {
            try place.write(
                "bad.yaml",
                """
                model:
                  name: hornet_pico7x7
                  stemstride: 1
                optimizer:
                  learningRate: fast
                traning:
                  epochs: 3
                training:
                  batchSize: -1
                """)
            let outcome = try place.run("train bad.yaml")
            #expect(outcome.code == 1)
            let places = outcome.failures.map { $0.split(separator: " ").prefix(2).joined(separator: " ") }
            let lines = ["2:9", "3:3", "5:17", "6:1", "9:14"].map { "error: bad.yaml:\($0):" }
            #expect(places == lines)
            #expect(outcome.failures[0].hasSuffix("did you mean `hornet_pico_7x7`?"))
        }

        @Test func aModelThatDoesNotFitItsImages() throws {
            try place.fail(
                "train small.yaml --set model.stemStride=4 --set data.imageSize=[4,4]",
                "`data.imageSize`: stage 1 of the model would have an empty map for 4x4 images")
            try place.fail(
                "train small.yaml --set data.imageSize=null --set model.stemStride=4 --set model.depths=[1,1,1] "
                    + "--set model.orders=[1,1,1] --set model.mixers=[gf,gf,gf]",
                "stage 2 of the model would have an empty map for 8x8 images")
        }

        @Test func folders() throws {
            try place.fail("train small.yaml --set data.path=gone", "gone: this does not exist")
            try place.fail("train small.yaml --set data.path=small.yaml", "small.yaml: this is a file")
            try place.fail("train small.yaml --set data.validation=gone", "gone: the validation folder does not exist")
            try place.write("a-file", "x")
            try place.fail("train small.yaml --output a-file", "a-file: expected a folder for the run, found a file")
            try place.fail("train small.yaml --output a-file/run", "a-file")
            try place.write("mine/notes.txt", "x")
            try place.fail(
                "train small.yaml --output mine --overwrite", "files that are not a run's, such as notes.txt")
            #expect(try place.text("mine/notes.txt") == "x")
            // The system's own folders refuse even the administrator.
            try place.fail("train small.yaml --output /dev/null/run", "/dev/null")
            if getuid() != 0 { try place.fail("train small.yaml --output /run-of-nobody", "permission denied") }
        }

        private func writeImages() throws {
            for i in 0..<8 {
                try PNG.write(
                    "\(place.path)/images/\(["a", "b"][i % 2])/\(i).png", width: 8, height: 8, .gray, label: i % 2,
                    index: i)
            }
        }

        @Test func images() throws {
            try writeImages()
            // A run that broke off in its first epoch has left its folder behind.
            let train = "train small.yaml --set data.path=images --overwrite"
            let whole = try place.data("images/a/2.png")
            try whole.prefix(whole.count / 2).write(to: URL(fileURLWithPath: place.path + "/images/a/2.png"))
            try place.fail(train, "images/a/2.png")
            try place.write("images/a/2.png", "this is no image")
            try place.fail(train, "images/a/2.png")
            try place.write("images/a/2.png", [])
            try place.fail(train, "images/a/2.png")
            try FileManager.default.removeItem(atPath: place.path + "/images/a/2.png")
            try FileManager.default.createDirectory(atPath: place.path + "/images/c", withIntermediateDirectories: true)
            let outcome = try place.run(train)
            #expect(outcome.code == 0)
            #expect(outcome.errors.contains("1 folder holds no images and is no class (c)"), "\(outcome.errors)")
        }

        @Test func packedData() throws {
            let images: [UInt8] = [0, 0, 8, 3, 0, 0, 0, 4, 0, 0, 0, 8, 0, 0, 0, 8] + Array(repeating: 7, count: 256)
            for part in ["train", "t10k"] {
                try place.write("idx/\(part)-images-idx3-ubyte", images)
                try place.write("idx/\(part)-labels-idx1-ubyte", [0, 0, 8, 1, 0, 0, 0, 4, 0, 1, 0, 1])
            }
            try place.write("idx/t10k-labels-idx1-ubyte", [0, 0, 8, 1, 0, 0, 0, 4, 0, 1, 0, 9])
            try place.fail("train small.yaml --set data.path=idx", "label 9 of image 3 is out of range")
            try place.write("idx/train-images-idx3-ubyte", [0, 0, 9, 3] + images.dropFirst(4))
            try place.fail(
                "train small.yaml --set data.path=idx", "train-images-idx3-ubyte: the magic number is 00000903")
            try place.write("idx/train-images-idx3-ubyte", Array(images.dropLast(9)))
            try place.fail("train small.yaml --set data.path=idx", "the header asks for 272 bytes, the file holds 263")
            for name in (1...5).map({ "data_batch_\($0).bin" }) + ["test_batch.bin"] {
                try place.write(
                    "cifar/\(name)", [name == "data_batch_3.bin" ? 10 : 1] + Array(repeating: 0, count: 3072))
            }
            try place.fail(
                "train small.yaml --set data.path=cifar", "data_batch_3.bin: label 10 of image 0 is out of range")
        }

        @Test func weights() throws {
            // What another program writes: a header, one tensor, no metadata.
            let header = #"{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#
            let size: [UInt8] = [UInt8(header.utf8.count), 0, 0, 0, 0, 0, 0, 0]
            try place.write("foreign.safetensors", size + Array(header.utf8) + [0, 0, 0, 0])
            try place.write("broken.safetensors", "no weights at all")
            try place.write("a.png", "x")
            let foreign = "foreign.safetensors: the file has no entry hornbeam.model in its metadata"
            for (name, sentence) in [
                ("foreign", foreign), ("broken", "broken.safetensors: not a safetensors file"),
                ("gone", "gone.safetensors: cannot read the file, no such file or folder"),
            ] {
                try place.fail("evaluate \(name).safetensors --data small.yaml", sentence)
                try place.fail("predict \(name).safetensors a.png", sentence)
                try place.fail("inspect \(name).safetensors", sentence)
            }
            try place.fail(
                "check-parity foreign.safetensors", "foreign.safetensors: the metadata has no JSON entry config")

            #expect(try place.run("train small.yaml --set training.epochs=1").code == 0)
            let path = "Runs/small/weights/last.safetensors"
            try place.fail("predict \(path) a.png", "a.png")
            try place.fail("predict \(path) gone.png", "gone.png")
            try writeImages()
            try place.fail(
                "evaluate \(path) --data small.yaml --set data.path=images",
                "images: the weights do not know the classes 'a', 'b'; they were trained with 10 classes, '0', ")
            let whole = try place.data(path)
            try whole.dropLast(10).write(to: URL(fileURLWithPath: place.path + "/short.safetensors"))
            try place.fail("evaluate short.safetensors --data small.yaml", "short.safetensors: ")
            // A model of another size than the tensors beside it.
            let text = String(decoding: whole, as: Unicode.ASCII.self)
            #expect(text.contains(#"\"baseWidth\":8"#))
            let other = whole.replacing(Data(#"\"baseWidth\":8"#.utf8), with: Data(#"\"baseWidth\":4"#.utf8))
            try other.write(to: URL(fileURLWithPath: place.path + "/other.safetensors"))
            try place.fail(
                "evaluate other.safetensors --data small.yaml", "other.safetensors: the entries do not fit the model")
        }

        @Test func numbersThatExplode() throws {
            let outcome = try place.fail(
                "train small.yaml --set optimizer.learningRate=1e30 --set optimizer.clipNorm=0 --set optimizer.kind=sgd",
                "the loss is not finite, first seen in")
            #expect(outcome.errors.contains("in the output [64, 8, 8, "))
            #expect(!place.exists("Runs/small/summary.json"))
        }

        @Test func aFullDisk() throws {
            let outcome = try place.fail("train small.yaml --output run", "cannot write the file", fileLimit: 8)
            #expect(outcome.errors.contains("run/"))
            #expect(!place.exists("run/weights/last.safetensors"))
            #expect(try place.run("train small.yaml --output run --resume").code == 0)
        }
    }
}
