import Autograd
import Checkpoints
import Configuration
import Datasets
import Distillation
import Foundation
import JSON
import Layers
import RunLayout
import Tasks
import Tensors
import Testing
import Training

/// A pool of three tiny detectors: two of another width or family, and one of two stages.
let detectors =
    SmallDetector.text + """

        student: {name: small}
        pool:
          teachers:
            - {name: wide, config: wide.yaml}
            - {name: resnet, config: resnet.yaml}
            - {name: faster, config: faster.yaml}
        order: [faster, wide, resnet]
        stage:
          epochs: 2
          losses: [{kind: pkd, weight: 1}, {kind: fgd}]
        """

extension Runs {
    @Suite struct DistillingDetectors {
        let detector: SmallDetector
        let messages = Messages()
        var folder: String { detector.folder.path }

        init() throws {
            detector = try SmallDetector()
            let plain = SmallDetector.text.replacing("training: {epochs: 2", with: "training: {epochs: 1")
            try write(
                "wide.yaml",
                plain.replacing("baseWidth: 8", with: "baseWidth: 12").replacing("channels: 8,", with: "channels: 12,"))
            // The same widths of the neck and the head.
            try write("alike.yaml", plain.replacing("baseWidth: 8", with: "baseWidth: 12"))
            try write(
                "large.yaml",
                plain.replacing("baseWidth: 8", with: "baseWidth: 12").replacing("[32, 32]", with: "[64, 128]"))
            let (before, after) = try (#require(plain.range(of: "model:")), #require(plain.range(of: "head:")))
            try write(
                "resnet.yaml",
                String(plain[..<before.lowerBound]) + "model: {name: resnet, depths: [1, 1], baseWidth: 8}\n"
                    + String(plain[after.lowerBound...]))
            try write("faster.yaml", Self.twoStage(plain, "fasterRcnn"))
            try write("cascade.yaml", Self.twoStage(plain, "cascadeRcnn"))
            try write(
                "mask.yaml",
                Self.twoStage(plain, "maskRcnn", ", maskConvolutions: 1, maskChannels: 8").replacing(
                    "task: detection", with: "task: instances"))
        }

        /// A configuration with a head of two stages in the place of RetinaNet's.
        static func twoStage(_ text: String, _ kind: String, _ more: String = "") -> String {
            text.replacing(
                "{kind: retinanet, convolutions: 1, anchorScale: 3, anchorRatios: [1]}",
                with: "{kind: \(kind), anchorScale: 3, anchorRatios: [1], regionScale: 32, boxWidth: 16\(more)}"
            ).replacing("extraLevels: 0", with: "extraLevels: 1")
        }

        /// A student's configuration with one teacher and a single stage of an epoch.
        func single(_ student: String, teacher: String) -> String {
            student + """


                student: {name: small, start: scratch}
                pool: {teachers: [{name: \(teacher), config: \(teacher).yaml}]}
                order: [\(teacher)]
                stage: {epochs: 1, losses: [{kind: pkd, weight: 1}]}
                """
        }

        func write(_ name: String, _ text: String) throws { try AtomicFile.write(folder + "/" + name, text) }

        func configuration(_ overrides: [String], _ text: String = detectors) throws -> DistillationRecipe {
            try AtomicFile.write(folder + "/chain.yaml", text)
            return try DistillationRecipe.load(
                folder + "/chain.yaml",
                overrides: [
                    "data.path=" + detector.data, "pool.directory=\(folder)/pool", "training.saveEveryUpdates=2",
                ] + overrides)
        }

        func makeRun(
            _ overrides: [String], _ path: String, _ text: String = detectors
        ) throws -> DistillationRun<DetectionConfiguration> {
            let configuration = try configuration(overrides, text)
            return try DistillationRun(
                configuration, try #require(configuration.recipe.task as? DetectionConfiguration), output: path,
                console: messages.console)
        }

        @discardableResult
        func distill(
            _ name: String, _ overrides: [String] = [], arm: Arm = .progressive, mode: RunDirectory.Mode = .new,
            crashBefore update: Int? = nil, _ text: String = detectors,
            inspect: (DistillationRun<DetectionConfiguration>) throws -> Void = { _ in }
        ) throws -> DistillationSummary {
            let path = folder + "/" + name
            let run = try makeRun(overrides, path, text)
            run.options.beforeUpdate = { if $0 == update { throw Crash() } }
            let isResuming = if case .resume = mode { true } else { false }
            let directory = try RunDirectory(path, mode: mode)
            try run.prepare()
            let report = try run.order(in: directory, resuming: isResuming)
            let summary = try run.run(arm, report, in: directory, resuming: isResuming)
            try inspect(run)
            return summary
        }

        /// The student of a run as the starting weights of others, so that it is trained once.
        func student() throws -> [String] {
            let path = folder + "/first/student/weights/best.safetensors"
            if !FileManager.default.fileExists(atPath: path) { try distill("first", ["stage.epochs=1"]) }
            return ["student.weights=\(path)"]
        }

        func expectSame(_ a: String, _ b: String) throws {
            for name in ["stage-1", "stage-2", "last", "best"] {
                let first = FileManager.default.contents(atPath: "\(folder)/\(a)/weights/\(name).safetensors")
                #expect(first != nil, "\(a) has no \(name)")
                #expect(
                    first == FileManager.default.contents(atPath: "\(folder)/\(b)/weights/\(name).safetensors"),
                    "\(name) differs")
            }
            #expect(try metrics("\(folder)/\(a)") == metrics("\(folder)/\(b)"))
        }

        @Test func aDetectorLearnsFromOthersAndLeavesThemAsTheyWere() throws {
            let summary = try distill("first", ["stage.epochs=1"]) { run in
                for teacher in run.teachers {
                    #expect(teacher.weights.store.sha256 == teacher.sha256)
                    let file = try Weights.read("\(folder)/pool/\(teacher.name)/weights/best.safetensors")
                    #expect(file.store.sha256 == teacher.sha256)
                }
                // Necks alone are compared, the pooled level of two stages with nothing.
                #expect(
                    try run.description("x").contains("neck.P2 [8x8x8, stride 4] -> neck.P2 [8x8x12, stride 4]: 1x1"))
            }
            #expect(summary.stages.map(\.teachers) == [["faster"], ["wide"], ["resnet"]])
            #expect((0...1).contains(summary.stages[2].after ?? -1))
            #expect(summary.json["testAP"]?.doubleValue != nil && summary.json["trainAP"]?.doubleValue != nil)
            let lines = try contents(folder + "/first/metrics.jsonl")
            for term in ["loss.class", "loss.box", "loss.pkd", "weightedLoss.fgd"] { #expect(lines.contains(term)) }
            let weights = try Weights.read(folder + "/first/weights/stage-3.safetensors")
            #expect(!weights.store.list.entries.contains { $0.name.hasPrefix("distillation") })
        }

        @Test func killedInAnyStageItGoesOnToTheSameBytes() throws {
            let overrides = try student()
            try distill("whole", overrides)
            for (index, update) in [3, 11, 17].enumerated() {
                #expect(throws: Crash.self) {
                    try distill("cut", overrides, mode: index == 0 ? .new : .resume, crashBefore: update)
                }
            }
            try distill("cut", overrides, mode: .resume)
            try expectSame("whole", "cut")
            try distill("threads", overrides + ["training.threads=2", "training.loaderThreads=2"])
            try expectSame("whole", "threads")
        }

        @Test func theOrderIsReviewedAndStagesWithoutGainHandTheirEpochsOn() throws {
            let overrides =
                try student() + [
                    "order=adaptive", "stage.patience=1", "stage.epochs=3", "optimizer.learningRate=1e-9",
                    "cost.positions=8",
                ]
            // Nothing is learnt, so every stage but the last one ends after its second epoch.
            let whole = try distill("whole", overrides, arm: .adaptive)
            #expect(whole.stages.reduce(0) { $0 + $1.epochs } == 3 * whole.order.count)
            #expect(whole.order.count < 2 || whole.stages.first?.epochs == 2)
            #expect(whole.stages.last?.stoppedEarly == nil)
            #expect(whole.stages.dropLast().allSatisfy { $0.stoppedEarly?.contains("of its epoch 1") == true })
            let plain = try distill("plain", overrides, arm: .alone)
            #expect(plain.summary.cost.updates == whole.summary.cost.updates)
            #expect(throws: Crash.self) { try distill("cut", overrides, arm: .adaptive, crashBefore: 7) }
            try distill("cut", overrides, arm: .adaptive, mode: .resume)
            #expect(
                FileManager.default.contents(atPath: folder + "/whole/weights/last.safetensors")
                    == FileManager.default.contents(atPath: folder + "/cut/weights/last.safetensors"))
        }

        @Test func anOrderByHandIsReviewedFromTheStart() throws {
            // The student is its own best bridge to a copy of itself of another name.
            let trained = try student()
            let path = folder + "/first/student/weights/best.safetensors"
            let copy = try Weights.read(path)
            copy.store.flat.pointer[0] += 1e-6
            try copy.write(folder + "/twin.safetensors")
            let text = detectors.replacing(
                "{name: faster, config: faster.yaml}", with: "{name: twin, weights: \(folder)/twin.safetensors}"
            ).replacing("[faster, wide, resnet]", with: "[wide, twin, resnet]")
            let summary = try distill("chain", trained + ["stage.epochs=1"], arm: .adaptive, text)
            #expect(summary.stages.first?.teachers != ["wide"])
            #expect(summary.stages.reduce(0) { $0 + $1.epochs } == 3)
            let stages = try contents(folder + "/chain/stages.json")
            #expect(stages.contains("wide skipped: the student is now closer to twin"))
            #expect(messages.all.contains("1 epoch goes to twin"))
        }

        @Test func neckAndHeadComeFromATeacherOfTheSameShape() throws {
            let overrides = try student() + ["student.inherit=[neck, head]", "optimizer.learningRate=1e-12"]
            let text = detectors.replacing("wide.yaml", with: "alike.yaml")
            try distill(
                "inherited", overrides + ["order=[wide]", "stage.epochs=1", "pool.directory=\(folder)/pool2"], text)
            let own = try Weights.read(folder + "/inherited/weights/last.safetensors")
            let teacher = try Weights.read(folder + "/pool2/wide/weights/best.safetensors")
            func values(_ weights: Weights, _ name: String) -> [Float] {
                weights.store.stateDictionary().first { $0.name == name }?.values ?? []
            }
            for name in ["neck.fpn_convs.0.conv.weight", "bbox_head.retina_cls.bias"] {
                let (a, b) = (values(own, name), values(teacher, name))
                #expect(!a.isEmpty && zip(a, b).allSatisfy { abs($0 - $1) < 1e-6 }, "\(name)")
            }
            // Laterals read other widths.
            #expect(messages.all.contains("are of another shape there, the first is neck.lateral_convs.0.conv.weight"))
            try distill("refused", overrides + ["order=[faster]", "stage.epochs=1"])
            #expect(
                messages.all.contains("The head of faster is not taken over: it is a rcnn, the student's a retinanet."))
        }

        @Test func aHeadThatRefinesOnceTakesTheFirstStageOfACascade() throws {
            try distill(
                "inherited", ["student.inherit=[neck, head]", "optimizer.learningRate=1e-12"],
                single(Self.twoStage(SmallDetector.text, "fasterRcnn"), teacher: "cascade"))
            func values(_ path: String) throws -> [String: [Float]] {
                let arrays = try Weights.read(folder + path).store.stateDictionary().map { ($0.name, $0.values) }
                return Dictionary(uniqueKeysWithValues: arrays)
            }
            let own = try values("/inherited/weights/last.safetensors")
            let teacher = try values("/pool/cascade/weights/best.safetensors")
            func expect(_ name: String, from other: String, times: Int = 1) {
                let expected = (0..<times).flatMap { _ in teacher[other] ?? [] }
                let found = own[name] ?? []
                #expect(!found.isEmpty && found.count == expected.count, "\(name)")
                #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-6 }, "\(name)")
            }
            for name in ["neck.lateral_convs.1.conv.weight", "rpn_head.rpn_conv.weight", "rpn_head.rpn_reg.bias"] {
                expect(name, from: name)
            }
            for layer in ["shared_fcs.0.weight", "shared_fcs.1.bias", "fc_cls.weight", "fc_cls.bias"] {
                expect("roi_head.bbox_head.\(layer)", from: "roi_head.bbox_head.0.\(layer)")
            }
            // The box that all classes share, for each of two.
            for layer in ["fc_reg.weight", "fc_reg.bias"] {
                expect("roi_head.bbox_head.\(layer)", from: "roi_head.bbox_head.0.\(layer)", times: 2)
            }
            #expect(teacher["roi_head.bbox_head.0.fc_cls.weight"] != teacher["roi_head.bbox_head.1.fc_cls.weight"])
            #expect(!messages.all.contains("of another shape"), "\(messages.all)")
        }

        @Test func aDetectorWithMasksTeachesOneWithout() throws {
            let outlined = try SmallDetector(outlined: true)
            let summary = try distill(
                "masks", ["data.path=" + outlined.data], single(SmallDetector.text, teacher: "mask")
            ) { run in
                #expect(run.teachers[0].weights.metadata.vocabulary.task == "instances")
                #expect(run.teachers[0].weights.store.sha256 == run.teachers[0].sha256)
                let text = try run.description("x")
                for level in ["P2", "P3"] { #expect(text.contains("neck.\(level) "), "\(text)") }
            }
            #expect(summary.stages.map(\.teachers) == [["mask"]])
            #expect(try contents(folder + "/pool/mask/metrics.jsonl").contains("loss.mask"))
            let lines = try contents(folder + "/masks/metrics.jsonl")
            #expect(lines.contains("loss.pkd") && !lines.contains("loss.mask"))
        }

        @Test func aLossThatLeavesTheLabelsNoSayIsToldOf() throws {
            let key = "stage.losses[2].weight"
            let overrides = try student() + ["order=[wide]", "stage.epochs=2"]
            try distill(
                "even", overrides + ["stage.losses=[{kind: fgd}, {kind: l2, weight: 1e-4}, {kind: pkd, weight: 0.01}]"])
            #expect(!messages.all.contains(key), "\(messages.all)")
            try distill(
                "heavy", overrides + ["stage.losses=[{kind: fgd}, {kind: l2, weight: 1e-4}, {kind: pkd, weight: 1000}]"]
            )
            #expect(messages.all.contains("times as large as the task's own loss in the first epoch with wide"))
            #expect(messages.all.contains("a smaller \(key) (now 1000.0)"), "\(messages.all)")
            #expect(messages.all.split(separator: key).count == 2)
        }
    }
}
