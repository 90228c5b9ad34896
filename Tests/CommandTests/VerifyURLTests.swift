/// What an app may answer to the question whether a password is right.
import Keyturn
import Testing

@testable import Command

@Suite struct `The app that is asked about a password` {
    @Test(arguments: [
        (200, #"{"valid": true}"#, PasswordVerdict.valid), (200, #" {"valid":true} "#, .valid),
        (200, #"{"valid": false}"#, .invalid), (200, #"{"valid": "true"}"#, .invalid),
        (200, #"{"valid": 1}"#, .invalid),
        (200, #"{"valid": true, "user": 7}"#, .invalid), (200, #"{"valid": true, "valid": true}"#, .invalid),
        (200, #"{"Valid": true}"#, .invalid), (200, #"[{"valid": true}]"#, .invalid), (200, "true", .invalid),
        (200, "", .invalid),
        (201, #"{"valid": true}"#, .unavailable), (302, #"{"valid": true}"#, .unavailable),
        (401, #"{"valid": false}"#, .invalid), (401, #"{"valid": true}"#, .unavailable), (404, "", .unavailable),
        (500, #"{"valid": false}"#, .unavailable), (503, "", .unavailable),
    ])
    func `admits with exactly one answer`(status: Int, body: String, verdict: PasswordVerdict) {
        #expect(VerifyURL.verdict(status: status, body: Array(body.utf8)) == verdict)
    }
}
