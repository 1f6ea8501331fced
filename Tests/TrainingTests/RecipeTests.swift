import Configuration
import Tasks
import Testing
import Training

/// What a configuration's problems are, without the name of the file.
private func problems(_ text: String, _ overrides: [String] = []) -> [String] {
    do {
        _ = try recipe(overrides, text)
        return []
    } catch let error as ConfigurationError {
        return error.problems.map { "\($0)".replacing("small.yaml:", with: "") }
    } catch {
        return ["\(error)"]
    }
}

@Suite struct RecipeTests {
    @Test func sectionsThatDisagreeAreReportedTogetherEachAtItsKey() {
        let found = problems(
            """
            data:
              imageSize: [8, 8]
              validation: 0
              mean: [0.5, 0.5]
              colorJitter: [0, 0, 0, 0.7]
            model:
              name: hornet_pico_7x7
              inputChannels: 3
            training:
              earlyStopping: 3
            """)
        #expect(
            found == [
                "2:14: `data.imageSize`: stage 3 of the model would have an empty map for 8x8 images; use larger images "
                    + "(data.imageSize), a smaller model.stemStride than 2, or fewer stages",
                "4:9: `data.mean`: mean and deviation must be given together",
                "4:9: `data.mean`: found 2 values, expected 3 as in model.inputChannels",
                "5:16: `data.colorJitter`: found 0.7 as the hue, expected at most 0.5 (half the circle)",
                "10:18: `training.earlyStopping`: needs a validation part, but data.validation is 0",
            ])
    }

    @Test func mosaicsBelongToObjectsAndEndBeforeTheRun() {
        #expect(
            problems("data:\n  mosaic: 0.5") == [
                "2:11: `data.mosaic`: joins images with objects in boxes, expected 0 for task: classification, or task: "
                    + "detection or instances"
            ])
        let text = "task: detection\nhead: {kind: retinanet}\ndata: {mosaic: 0.5, mosaicClosing: 3}\n"
        #expect(problems(text + "training: {epochs: 3}").first?.contains("found 3, expected fewer than") == true)
        #expect(problems(text + "training: {epochs: 4}").isEmpty)
    }

    @Test func batchesOfLabelsCannotBeTrimmed() throws {
        let error = #expect(throws: RecipeError.self) {
            _ = try prepared(recipe(["data.path=digits", "data.trimBatches=true"]))
        }
        #expect(error?.description.contains("data.trimBatches is true") == true)
        _ = try prepared(recipe(["data.path=digits", "data.trimBatches=false"]))
    }

    @Test func stagesOfDifferentNumberAreReportedAtTheListThatDiffers() {
        #expect(
            problems("model:\n  depths: [1, 1]\n  orders: [1, 2, 3]\n  mixers: [7x7, gf]\n  name: hornet")
                == ["3:11: `model.orders`: found 3 entries, expected 2, one per stage as in model.depths"])
        #expect(
            problems("model:\n  name: hornet\n  baseWidth: 9\n  orders: [2, 3, 4, 5]").first?.hasPrefix(
                "4:11: `model.orders`")
                == true)
        #expect(
            problems("model:\n  mixers: [7x7, 7x7, 7x7, ft]") == [
                "2:11: `model.mixers`: found 'ft', expected 7x7 or gf for each stage"
            ])
    }

    @Test func misspeltNamesAndKeysSuggestTheNearest() {
        let found = problems("model:\n  name: hornet_pico7x7\n  stemstride: 1\noptimiser:\n  learningRate: 1")
        #expect(found.count == 3)
        #expect(found[0].hasSuffix("did you mean `hornet_pico_7x7`?"))
        #expect(found[1] == "3:3: unknown key `stemstride` in `model`, did you mean `stemStride`?")
        #expect(found[2] == "4:1: unknown key `optimiser`, did you mean `optimizer`?")
    }

    @Test func aModelIsOutlinedWithoutItsData() throws {
        let digits = try recipe().outline
        #expect((digits.height, digits.specification.classes, digits.specification.inputChannels) == (8, 10, 1))
        #expect(digits.notices.isEmpty)
        let moved = try recipe([], "data:\n  path: /gone\nmodel:\n  name: hornet_tiny_gf").outline
        #expect((moved.height, moved.specification.classes, moved.specification.inputChannels) == (224, 1000, 3))
        #expect(moved.notices.count == 3)
        #expect(ModelOutline(name: "hornet_large_gf_img384")?.height == 384)
        #expect(ModelOutline(name: "hornet") == nil)
    }
}
