import HTTP
import Keyturn
import StrictJSON
import TestKit
import Testing

@testable import Web

@Suite struct `Signing in` {
    static let right = #"{"email":"ann@example.com","password":"\#(User.annsPassword)"}"#

    @Test func `gives a program a token that opens the private endpoint`() async throws {
        let desk = try Desk()
        let answer = await desk.post("/login", json: Self.right)
        #expect(answer.status == .ok)
        #expect(answer.json?["token_type"]?.stringValue == "Bearer")
        #expect(answer.json?["expires_in"]?.integerValue == 3600)
        let token = try #require(answer.json?["access_token"]?.stringValue)
        let me = await desk.get("/me", [("Authorization", "Bearer \(token)")])
        #expect(me.status == .ok)
        #expect(me.text == #"{"id":"1","external_id":null,"email":"Ann@example.com","email_verified":true}"#)
        #expect(await desk.get("/me", [("Authorization", "bEARER \(token)")]).status == .ok)
        #expect(await desk.get("/me", [("Authorization", "Bearer  \(token)")]).status == .unauthorized)
    }

    @Test func `tells a person that the password works, without a cookie`() async throws {
        let desk = try Desk()
        let answer = await desk.post("/login", form: "email=ann%40example.com&password=correct+horse+battery+staple")
        #expect(answer.status == .seeOther)
        #expect(answer["Location"] == "/login/done")
        #expect(answer["Set-Cookie"] == nil)
        #expect(answer.body.isEmpty)
        #expect(await desk.get("/login/done").text.contains("Your password works"))
    }

    @Test(arguments: [
        #"{"email":"ann@example.com","password":"wrong"}"#, #"{"email":"nobody@example.com","password":"wrong"}"#,
        #"{"email":"dan@example.com","password":"correct horse battery staple"}"#,
        #"{"email":"no address","password":"wrong"}"#,
        #"{"email":"ann@example.com","password":"correct horse battery staple\u0000"}"#,
        #"{"email":"ann@example.com","password":""}"#,
    ])
    func `says the same of every mistake`(body: String) async throws {
        let desk = try Desk([.ann, .disabledDan])
        let answer = await desk.post("/login", json: body)
        #expect(answer.status == .unauthorized)
        #expect(
            answer.text
                == #"{"type":"urn:keyturn:problem:credentials_invalid","title":"Sign-in failed","status":401,"detail":"Wrong email or password.","code":"credentials_invalid"}"#
        )
    }

    @Test func `shows the form again with the address but never the password`() async throws {
        let desk = try Desk()
        let answer = await desk.post("/login", form: "email=ann%40example.com&password=not+the+right+one")
        #expect(answer.status == .unauthorized)
        #expect(answer.text.contains(#"value="ann@example.com""#))
        #expect(!answer.text.contains("not the right one"))
    }

    @Test func `is on a page that shows the way out`() async throws {
        let page = await (try Desk()).get("/login")
        #expect(page.status == .ok)
        #expect(page.text.contains(#"<a href="/forgot-password">Forgot your password?</a>"#))
        #expect(page.text.contains(#"autocomplete="current-password""#))
        #expect(page.text.contains(#"autocomplete="username""#))
    }

    @Test(arguments: [nil, "", "Bearer", "Bearer ", "Bearer forged", "Basic YTpi", "forged"] as [String?])
    func `is needed for the private endpoint`(authorization: String?) async throws {
        let desk = try Desk()
        let answer = await desk.get("/me", Desk.field("Authorization", authorization))
        #expect(answer.status == .unauthorized)
        #expect(answer.code == "token_invalid")
        #expect(answer["WWW-Authenticate"] == "Bearer")
    }

    @Test(arguments: ["application/json", "text/html"])
    func `that failed says how to do better`(accept: String) async throws {
        let answer = await (try Desk()).post(
            "/login", json: #"{"email":"ann@example.com","password":"not the right one"}"#, accept: accept)
        #expect(answer.status == .unauthorized)
        #expect(answer["WWW-Authenticate"] == "Bearer")
    }

    @Test func `is not done with a reset link, nor twice at once`() async throws {
        let desk = try Desk()
        #expect(await desk.get("/me", [("Authorization", "Bearer \(desk.link())")]).code == "token_invalid")
        let token = try #require(await desk.post("/login", json: Self.right).json?["access_token"]?.stringValue)
        let both: [(FieldName, String)] = [("Authorization", "Bearer \(token)"), ("Authorization", "Bearer \(token)")]
        #expect(await desk.get("/me", both).code == "token_invalid")
    }

    @Test func `ends with the password it was done with`() async throws {
        let desk = try Desk()
        let token = try #require(await desk.post("/login", json: Self.right).json?["access_token"]?.stringValue)
        _ = await desk.post("/reset-password", json: #"{"token":"\#(desk.link())","password":"a quiet lighthouse"}"#)
        #expect(await desk.get("/me", [("Authorization", "Bearer \(token)")]).code == "token_invalid")
    }
}
