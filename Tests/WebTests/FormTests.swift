import HTTP
import Keyturn
import StrictJSON
import TestKit
import Testing

@testable import Web

@Suite struct `A body` {
    @Test(arguments: [
        ("", []), ("{", []), ("[]", []), (#""ann@example.com""#, []), ("null", []), ("{}", ["email: required"]),
        (#"{"email":null}"#, ["email: not_text"]), (#"{"email":1}"#, ["email: not_text"]),
        (#"{"email":true}"#, ["email: not_text"]),
        (#"{"email":["ann@example.com"]}"#, ["email: not_text"]), (#"{"email":{"a":"b"}}"#, ["email: not_text"]),
        (#"{"email":"ann@example.com","email":"eve@example.com"}"#, []), (#"{"email":"ann@example.com",}"#, []),
        (#"{"email":"\ud800"}"#, []), (#"{"Email":"ann@example.com"}"#, ["email: required"]),
        (String(repeating: "[", count: 60_000), []), (#"{"email":"ann@example.com"} {}"#, []), ("\u{FEFF}{}", []),
    ])
    func `of JSON must be one object with single texts`(body: String, fields: [String]) async throws {
        let desk = try Desk()
        let answer = await desk.post("/forgot-password", json: body)
        #expect(answer.status == .badRequest)
        #expect(answer.code == "request_invalid")
        #expect(answer.fieldCodes == fields)
        #expect(desk.store.letters.isEmpty)
    }

    @Test(arguments: [
        ("", ["email: required"]), ("email", []), ("email=ann@example.com&email=eve@example.com", ["email: repeated"]),
        ("email[]=ann@example.com", ["email: required"]), ("email=%FF", []), ("email=%zz", []),
        (String(repeating: "a=b&", count: 65), []),
    ])
    func `of a form must have each field once`(body: String, fields: [String]) async throws {
        let desk = try Desk()
        let answer = await desk.post("/forgot-password", form: body, accept: "application/json")
        #expect(answer.status == (body == "email" ? .unprocessableContent : .badRequest))
        #expect(answer.code == (body == "email" ? "email_invalid" : "request_invalid"))
        if body != "email" { #expect(answer.fieldCodes == fields) }
        #expect(desk.store.letters.isEmpty)
    }

    @Test func `names every field that is wrong at once`() async throws {
        let answer = await (try Desk()).post("/login", json: #"{"email":[]}"#)
        #expect(answer.fieldCodes == ["email: not_text", "password: required"])
    }

    @Test func `may carry fields that nobody asks for`() async throws {
        let answer = await (try Desk()).post(
            "/forgot-password", json: #"{"email":"ann@example.com","more":[1,{"deep":null}]}"#)
        #expect(answer.status == .accepted)
    }

    @Test(arguments: [
        "application/json", "application/json; charset=utf-8", "application/json;charset=UTF-8",
        #"Application/JSON; charset="utf-8""#, "application/json;",
    ])
    func `is JSON when it says so`(type: String) async throws {
        #expect(await (try Desk()).post("/forgot-password", type, #"{"email":"ann@example.com"}"#).status == .accepted)
    }

    @Test(
        arguments: [
            nil, "", "text/plain", "multipart/form-data; boundary=x", "application/json; charset=latin1",
            "application/json; charset=utf-16",
            "application/json; profile=x", "application/jsonx", "application/problem+json", "json", "application/xml",
            "application/json, text/plain",
        ] as [String?])
    func `of another type is not read`(type: String?) async throws {
        let desk = try Desk()
        let answer = await desk.post("/forgot-password", type, #"{"email":"ann@example.com"}"#)
        #expect(answer.status == .unsupportedMediaType)
        #expect(answer.code == "media_type_unsupported")
        #expect(answer["Accept-Post"] == "application/json, application/x-www-form-urlencoded")
        #expect(desk.store.letters.isEmpty)
    }

    @Test func `that is compressed is not read`() async throws {
        let answer = await (try Desk()).post(
            "/forgot-password", json: #"{"email":"ann@example.com"}"#, [("Content-Encoding", "gzip")])
        #expect(answer.status == .unsupportedMediaType)
        #expect(answer["Accept-Encoding"] == "identity")
    }
}
