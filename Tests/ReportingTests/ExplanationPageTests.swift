import CImages
import Foundation
import JSON
import Reporting
import Testing

/// What a page shows of single answers: the images behind the confusion matrix, and where answers come from.
@Suite struct ExplanationPageTests {
    private func image(_ actual: Int, _ predicted: Int, _ name: String) -> JSONValue {
        var image: JSONValue = ["width": 2, "height": 1, "channels": 1, "pixels": "AP8="]
        image["name"] = .string(name)
        image["actual"] = .integer(actual)
        image["predicted"] = .integer(predicted)
        image["confidence"] = 0.9
        return image
    }

    private func page(_ classes: Int = 2, _ changes: (inout JSONValue) -> Void) throws -> String {
        let folder = try RunFolder()
        try folder.fill(classNames: (0..<classes).map { "kind \($0)" })
        var result = try folder.json("report/result.json")
        result["classes"] = .integer(classes)
        changes(&result)
        try folder.write("report/result.json", result)
        return RunPage.html(try folder.record)
    }

    @Test(arguments: [2, 40])
    func cellsLeadToTheirImages(classes: Int) throws {
        let html = try page(classes) {
            $0["examples"] = .array([image(0, 1, "a.png"), image(0, 1, "b.png")])
        }
        #expect(html.matches(of: #/id="pair-0-1"/#).count == 1)
        // From the matrix and from the table of frequent mistakes.
        #expect(html.matches(of: #/href="#pair-0-1"/#).count == 2)
        #expect(html.contains("kind 0 taken for kind 1</h3>"))
        #expect(html.contains("a.png") && html.contains("b.png"))
        // A pair without images has no link that leads nowhere.
        #expect(!html.contains("#pair-1-0"))
    }

    @Test func withoutImagesThereAreNoLinks() throws {
        let html = try page { _ in }
        #expect(!html.contains("#pair-") && !html.contains("id=\"confused\"") && !html.contains("id=\"explanations\""))
    }

    @Test func answersAreShownWithTheirHeat() throws {
        let html = try page {
            var right = image(1, 1, "right.png")
            right["heat"] = ["height": 1, "width": 2, "values": [0, 2]]
            var damaged = image(0, 1, "damaged.png")
            damaged["heat"] = ["height": 3, "width": 2, "values": [0, 2]]
            $0["explanations"] = .array([right, damaged])
        }
        #expect(html.contains("id=\"explanations\"") && html.contains("right.png") && !html.contains("damaged.png"))
        #expect(html.contains("says kind 1") && html.contains("which it is"))
    }

    @Test func heatIsOrangeAboveZeroAndBlueBelow() throws {
        let picture = HeatPicture(pixels: [100, 100, 100], width: 3, height: 1, channels: 1)
        let file = picture.covered(rows: 1, columns: 3, [4, 0, -4]).png
        var message = [CChar](repeating: 0, count: Int(HB_IMAGE_MESSAGE))
        var header = hb_image_header()
        #expect(hb_image_read_header(file, file.count, 1 << 20, &header, &message) == 0)
        var pixels = [UInt8](repeating: 0, count: 9)
        #expect(hb_image_decode(file, file.count, &header, 3, &pixels, &message) == 0)
        // Three quarters of the colour, (235, 104, 20) or (32, 110, 200), on a quarter of grey 100.
        #expect(pixels == [201, 103, 40, 100, 100, 100, 49, 108, 175])
        // Enlarged by whole numbers.
        #expect(picture.covered(rows: 1, columns: 1, [1], atLeast: 5).png.count > file.count)
    }
}
