import Autograd
import Datasets
import Foundation
import Layers
import Models
import Tasks
import Tensors
import Testing

/// Grad-CAM and occlusion against plain loops.
@Suite struct ExplanationTests {
    private let net: Net

    /// A model with values, its task and an image.
    struct Net {
        let model: Model
        let store: ParameterStore<Float>
        let task: ClassificationTask
        let plan: TransformPlan
        let image: Tensor<Float>

        init(_ specification: any BackboneSpecification, size: Int) throws {
            let classes = specification.classes
            let whole = try ModelSpecification(specification).resolved(height: size, width: size)
            model = try whole.makeModel(height: size, width: size)
            store = ParameterStore(model.parameters, seed: 3)
            var random = Random(seed: 5, purpose: "explanation")
            // First values say nearly the same of everything.
            for index in 0..<store.flat.count {
                store.flat.pointer[index] += 0.2 * Float(random.normal())
            }
            task = ClassificationTask(
                vocabulary: Vocabulary(task: "classification", classNames: names(classes)),
                configuration: ClassificationConfiguration())
            plan = .small(
                width: size, height: size, channels: 3, padding: 0,
                normalization: Normalization(mean: [0.5, 0.5, 0.5], deviation: [0.25, 0.25, 0.25]))
            image = .normal([1, size, size, 3], from: &random)
        }

        var explainer: Explainer { get throws { try Explainer(task, model, store, plan) } }

        func probability(_ image: Tensor<Float>, _ index: Int) -> Double {
            Double(model.answer(Variable(image), .evaluation(store)).logits.softmax().value.array[index])
        }
    }

    init() throws {
        net = try Net(
            ResNetSpecification(baseWidth: 8, depths: [1, 1], stem: .small, classes: 4, inputChannels: 3), size: 12)
    }

    @Test func classActivationIsThatOfAMeanAndALinearLayer() throws {
        // Behind the last maps stand their mean and a linear layer, so that dy / dA is the class's weight over the places.
        let output = net.model(Variable(net.image), .evaluation(net.store))
        let maps = try #require(output.features.last).value
        let (height, width, channels) = (maps.shape[1], maps.shape[2], maps.shape[3])
        let weight = try #require(net.store.stateDictionary().first { $0.name == "fc.weight" }).values
        let index = 2
        var wanted = [Double](repeating: 0, count: height * width)
        for place in wanted.indices {
            var sum = 0.0
            for c in 0..<channels {
                sum +=
                    Double(weight[index * channels + c]) / Double(height * width)
                    * Double(maps.array[place * channels + c])
            }
            wanted[place] = sum > 0 ? sum : 0
        }
        var options = ExplanationOptions(.gradcam)
        options.classIndex = index
        let found = try net.explainer.explain(net.image, options)
        #expect((found.heat.height, found.heat.width, found.place) == (height, width, "stage1"))
        #expect(wanted.contains { $0 > 0 } && wanted.contains { $0 == 0 })
        for (a, b) in zip(found.heat.values, wanted) { #expect(abs(a - b) < 1e-5 * (1 + abs(b))) }
        #expect(abs(found.probability - net.probability(net.image, index)) < 1e-6)
    }

    @Test func probabilitiesAreThoseAtTheTemperatureOfTheWeights() throws {
        let task = ClassificationTask(
            vocabulary: Vocabulary(task: "classification", classNames: names(4), settings: ["temperature": 2.5]),
            configuration: ClassificationConfiguration())
        var options = ExplanationOptions(.gradcam)
        options.classIndex = 1
        let found = try Explainer(task, net.model, net.store, net.plan).explain(net.image, options)
        let logits = net.model.answer(Variable(net.image), .evaluation(net.store)).logits.value.array
        let terms = logits.map { exp(Double($0) / 2.5) }
        #expect(abs(found.probability - terms[1] / terms.reduce(0, +)) < 1e-6)
    }

    @Test func weightsOfMapsAreMeansOfTheirGradients() {
        let maps = Tensor<Float>([1, 1, 2, 2], [1, 2, 3, -4])
        let gradient = Tensor<Float>([1, 1, 2, 2], [1, 0.5, 3, 1.5])
        // Weights 2 and 1: 2 + 2 and 6 - 4.
        #expect(Explainer.activation(maps, gradient, height: 1, width: 2).values == [4, 2])
        // Of tokens the first one is not the map's.
        let tokens = Tensor<Float>([1, 3, 1], [9, 1, -1])
        let slopes = Tensor<Float>([1, 3, 1], [7, 2, 4])
        #expect(Explainer.activation(tokens, slopes, height: 1, width: 2).values == [3, 0])
    }

    @Test func earlierTapsAreChosenByNameAndOthersRefused() throws {
        var options = ExplanationOptions(.gradcam)
        options.tap = "stage0"
        let found = try net.explainer.explain(net.image, options)
        #expect((found.place, found.heat.height) == ("stage0", 12))
        options.tap = "stage9"
        #expect(throws: RecipeError("the model has no tap stage9, expected one of stage0, stage1")) {
            try net.explainer.explain(net.image, options)
        }
        #expect(throws: RecipeError.self) { try net.explainer.explain(net.image, ExplanationOptions(.attention)) }
    }

    @Test func occlusionIsTheMeanLossUnderTheSquares() throws {
        let (size, side, step) = (12, 5, 3)
        var options = ExplanationOptions(.occlusion)
        (options.square, options.step, options.classIndex) = (side, step, 1)
        let found = try net.explainer.explain(net.image, options)
        let base = net.probability(net.image, 1)
        var (sums, counts) = ([Double](repeating: 0, count: size * size), [Double](repeating: 0, count: size * size))
        for top in [0, 3, 6, 7] {
            for left in [0, 3, 6, 7] {
                var pixels = net.image.array
                for y in top..<top + side {
                    for x in left..<left + side { for c in 0..<3 { pixels[(y * size + x) * 3 + c] = 0 } }
                }
                let loss = base - net.probability(Tensor([1, size, size, 3], pixels), 1)
                for y in top..<top + side {
                    for x in left..<left + side {
                        sums[y * size + x] += loss
                        counts[y * size + x] += 1
                    }
                }
            }
        }
        let wanted = zip(sums, counts).map { $0 / $1 }
        #expect(wanted.contains { $0 > 1e-4 } && wanted.contains { $0 < -1e-4 })
        for (a, b) in zip(found.heat.values, wanted) { #expect(abs(a - b) < 1e-5) }
    }

    @Test func squaresReachTheEdge() {
        #expect(Explainer.starts(12, 5, 3) == [0, 3, 6, 7])
        #expect(Explainer.starts(5, 5, 2) == [0])
        #expect(Explainer.starts(6, 5, 9) == [0, 1])
    }

    @Test func theClassTokensModelIsExplainedBeforeItsLastAttention() throws {
        let net = try Net(
            CvTSpecification(
                widths: [8, 12], heads: [1, 2], depths: [1, 2], embedKernels: [3, 3], embedStrides: [2, 2], classes: 3),
            size: 16)
        let found = try net.explainer.explain(net.image, ExplanationOptions(.gradcam))
        #expect(found.place == "stage1.blocks.1.norm1" && found.heat.values.contains { $0 > 0 })
        #expect((found.heat.height, found.heat.width) == (4, 4))
    }

    @Test(arguments: ["resnet20", "hornet_nano_7x7", "convnext_nano32", "cvt_nano32", "swin_nano32"])
    func everyBackboneIsExplained(_ name: String) throws {
        let net = try Net(try #require(ModelSpecification.variant(name)).backbone, size: 32)
        for method in [ExplanationMethod.gradcam, .occlusion] {
            var options = ExplanationOptions(method)
            (options.square, options.step) = (16, 16)
            let found = try net.explainer.explain(net.image, options)
            #expect(found.heat.values.allSatisfy { $0.isFinite }, "\(method)")
            // First values may give all places a score against the class, which Grad-CAM shows as nothing, and those of a
            // ResNet whose statistics were never gathered make it as sure as numbers can be, whatever is covered.
            if method == .occlusion, name != "resnet20" {
                #expect(found.heat.values.contains { $0 != 0 }, "\(method)")
            }
        }
    }

    @Test func aSegmentersClassIsExplainedWhereItIsSeen() throws {
        let scores = Tensor<Float>([1, 1, 3, 2], [0, 1, 2, 1, 0, 3])
        let task = try SegmentationConfiguration.task(
            Vocabulary(task: "segmentation", classNames: ["ground", "tree"], settings: .null))
        let output = ModelOutput(answer: [Variable(scores)], features: [])
        let answer = try #require(task.explained(output, classes: nil))
        #expect(answer.classes == [1] && answer.weights.array == [0, 0.5, 0, 0, 0, 0.5])
        let other = try #require(task.explained(output, classes: [0]))
        #expect(other.weights.array == [0, 0, 1, 0, 0, 0])
    }
}
