import HTTP
import Keyturn
import Languages
import Palettes
import Testing
import Wording

@testable import Web

@Suite struct `A brand` {
    private static let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0]

    @Test func `stands on every page with its name, picture, colour and help`() async throws {
        let color = try #require(Color(hex: "#1d4ed8"))
        let palette = try Palette(color), logo = try Logo(Self.png)
        let desk = try Desk {
            $0.siteName = "Acme & Sons"
            $0.palette = palette
            $0.logo = logo
            $0.supportURL = "https://help.example.com"
        }
        let page = await desk.get("/login")
        #expect(page.text.contains("<span>Acme &amp; Sons</span>"))
        #expect(
            page.text.contains(#"<p><a href="https://help.example.com" rel="noreferrer">Need help?</a></p>"#))
        let picture = try #require(page.text.components(after: #"<img class="logo" src=""#)?.prefix { $0 != "\"" })
        #expect(picture.hasPrefix("/assets/logo.png?v="))
        #expect(page.text.contains(#"" alt="">"#))
        let served = await desk.get(String(picture))
        #expect(served["Content-Type"] == "image/png")
        #expect(served.body == Self.png)
        #expect(served.caching == .immutable)
        let style = await desk.get("/assets/keyturn.css").text
        #expect(style.contains(":root { --accent: #1d4ed8;"))
        #expect(await desk.get("/assets/keyturn.svg").text.contains(##"fill="#1d4ed8""##))
    }

    @Test func `says its name once if the logo shows it`() async throws {
        let logo = try Logo(Self.png)
        let desk = try Desk {
            $0.siteName = "Acme & Sons"
            $0.logo = logo
            $0.logoShowsName = true
        }
        let header = try #require(await desk.get("/login").text.components(after: "<header>")?.prefix { $0 != "/" })
        #expect(header.contains(#"<img class="logo""#))
        let page = await desk.get("/login").text
        #expect(page.contains(#" alt="Acme &amp; Sons">"#))
        #expect(!page.contains("<span>Acme"))
        // Without a logo there is nothing that could show it.
        let without = try Desk { $0.logoShowsName = true }
        #expect(await without.get("/login").text.contains("<span>keyturn</span>"))
    }

    @Test func `is ours where nobody says`() async throws {
        let desk = try Desk()
        #expect(await desk.get("/assets/keyturn.css").body == PackageResources.keyturn_css)
        #expect(await desk.get("/assets/keyturn.svg").body == PackageResources.keyturn_svg)
        #expect(await desk.get("/assets/logo.png").status == .notFound)
        #expect(!(await desk.get("/login").text.contains("Need help?")))
    }

    /// The stylesheet and the palette must not drift apart: letters have the one, pages the other.
    @Test func `has the same green on pages and in letters`() {
        let style = String(decoding: PackageResources.keyturn_css, as: UTF8.self)
        let ours = Palette.standard
        for tone in [ours.accent, ours.accentStrong, ours.darkAccent, ours.darkAccentStrong, ours.onDarkAccent] {
            #expect(style.contains(tone.hex), "\(tone.hex)")
        }
    }

    @Test(
        arguments: [
            ("<svg xmlns=\"…\"/>", "image/svg+xml"), ("<?xml version=\"1.0\"?>\n<svg/>", "image/svg+xml"),
            ("GIF89a…", "image/gif"), ("RIFF1234WEBPVP8 ", "image/webp"), ("RIFF1234WAVE", nil), ("<html>", nil),
            ("svg", nil), ("", nil),
        ] as [(String, String?)])
    func `has a picture of a known kind`(text: String, contentType: String?) {
        #expect((try? Logo(Array(text.utf8)))?.kind.contentType == contentType)
    }

    @Test func `has no large picture`() {
        #expect(throws: Logo.Refused.tooLarge) { try Logo(Self.png + [UInt8](repeating: 0, count: 32 << 10)) }
        #expect(throws: Logo.Refused.unknownType) { try Logo([0xFF, 0xFE]) }
    }

    @Test func `may have templates of its own`() async throws {
        let desk = try Desk { $0.templates = ["login.mustache": Array("<p>{{title}} · {{site}}</p>".utf8)] }
        #expect(await desk.get("/login").text == "<p>Sign in · keyturn</p>")
        #expect(throws: (any Error).self) { try Desk { $0.templates = ["login.mustache": Array("{{#a}}".utf8)] } }
    }
}

@Suite struct `A preview of the pages` {
    @Test func `shows every template in every language, light and with what it needs beside it`() throws {
        var options = WebOptions(publicURL: "https://accounts.example.com")
        options.siteName = "Acme"
        let samples = try Web.samples(options)
        let paths = Set(samples.map(\.path))
        #expect(paths.isSuperset(of: ["assets/keyturn.css", "assets/keyturn.js", "assets/keyturn.svg"]))
        let brought = samples.filter { $0.path.hasPrefix("assets/") }.map(\.bytes.count).reduce(0, +)
        for language in Language.allCases {
            let pages = samples.filter { $0.path.hasPrefix(language.tag + "/") }
            #expect(pages.count == 30)
            for page in pages {
                let text = String(decoding: page.bytes, as: UTF8.self)
                #expect(text.contains("<html lang=\"\(language.tag)\""))
                #expect(text.contains(#"href="../assets/keyturn.css?v="#))
                #expect(!text.contains("title_") && !text.contains("text_") && !text.contains("wrong_"), "\(page.path)")
                #expect(page.bytes.count + brought < 17_500, "\(page.path)")
            }
        }
    }
}
