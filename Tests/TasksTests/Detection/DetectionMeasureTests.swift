import Foundation
import JSON
import Models
import Tasks
import Tensors
import Testing

@Suite struct DetectionSettingsTests {
    private var settings: DetectionSettings {
        var settings = DetectionSettings(
            head: RetinaNetHeadSpecification(classes: 2, style: .torchvision), strides: [8, 16],
            limits: DetectionLimits())
        settings.categories = [7, 90]
        settings.threshold = 0.25
        return settings
    }

    @Test func settingsComeBackAsTheyWere() throws {
        let read = try DetectionSettings(settings.json, classes: 2)
        #expect(read.json == settings.json)
        #expect(read.categories == [7, 90] && read.threshold == 0.25 && read.strides == [8, 16])
        #expect(read.head.style == .torchvision)
    }

    @Test(arguments: ["head", "strides", "evaluation"]) func aMissingMemberIsToldByName(name: String) throws {
        var json = settings.json
        json[name] = .null
        let error = #expect(throws: RecipeError.self) { try DetectionSettings(json, classes: 2) }
        #expect(error?.description.contains(name) == true)
    }

    @Test func idsOfAnotherNumberOfClassesAreRefused() {
        var json = settings.json
        json["categories"] = [1, 2, 3]
        #expect(throws: RecipeError.self) { try DetectionSettings(json, classes: 2) }
        #expect(throws: RecipeError.self) { try DetectionSettings(settings.json, classes: 3) }
    }
}
