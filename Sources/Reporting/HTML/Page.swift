// HTML: the frame, style and script of all pages, and the elements that sections are put together from.

import JSON

/// A part of a page with a title of its own.
struct PageSection {
    /// The part's name within links.
    let identifier: String
    let title: String
    /// A sentence below the title; empty for none.
    var lead = ""
    let body: Markup
}

/// A whole HTML file that needs nothing else: style, script and pictures are in it.
struct Page {
    /// What the browser shows on its tab.
    var title: String
    var header: Markup
    var sections: [PageSection]

    var html: String {
        let links = sections.map { Markup("<a href=\"#\($0.identifier)\">\($0.title)</a>") }
        let parts = sections.map { section -> Markup in
            let lead: Markup = section.lead.isEmpty ? "" : "<p class=\"lead\">\(section.lead)</p>"
            return """
                <section id="\(section.identifier)"><h2>\(section.title)</h2>\(lead)
                \(section.body)
                </section>

                """
        }
        let page: Markup = """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>\(title)</title>
            <style>\(Markup(raw: StyleSheet.text))</style>
            </head>
            <body>
            <header>\(header)</header>
            <nav aria-label="Parts of this page">\(links)</nav>
            <main>
            \(parts)</main>
            <footer>Made by Hornbeam \(ProgramVersion.current.description). This page is one file and loads nothing.</footer>
            <script>\(Markup(raw: PageScript.text + ChartScript.text))</script>
            </body>
            </html>

            """
        return page.text
    }
}

extension JSONValue {
    /// The value within a script element, which no text in it can end.
    var embedded: Markup {
        var result = ""
        for scalar in text().unicodeScalars {
            switch scalar {
            case "<", ">", "&", "\u{2028}", "\u{2029}":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return Markup(raw: result)
    }
}
