import Testing

@testable import Command

@Suite struct `A token as it was pasted` {
    @Test(arguments: [
        "eyJh.eyJp.c2ln", "  eyJh.eyJp.c2ln\n", "https://accounts.example.com/reset-password?token=eyJh.eyJp.c2ln",
        "https://accounts.example.com/account/not-me?lang=de&token=eyJh.eyJp.c2ln&x=1",
        "https://app.example.com/new-password#token=eyJh.eyJp.c2ln",
        "<https://a.example/reset-password?token=eyJh.eyJp.c2ln>",
        "href=\"https://a.example/reset-password?token=eyJh.eyJp.c2ln\">Reset</a>",
        "/reset-password?token=eyJh.eyJp.c2ln\r\n",
        "https://a.example/reset-password?token=eyJh%2EeyJp%2ec2ln", "token=eyJh.eyJp.c2ln and more",
    ])
    func `is found in a link and in the line around it`(pasted: String) {
        #expect(PastedToken.token(in: pasted) == "eyJh.eyJp.c2ln")
    }

    @Test func `may be none at all`() {
        #expect(PastedToken.token(in: "") == "")
        #expect(PastedToken.token(in: " \n") == "")
        #expect(PastedToken.token(in: "https://a.example/reset-password?token=") == "")
        #expect(PastedToken.token(in: "token=a%2") == "a%2")
        #expect(PastedToken.token(in: "two words") == "two words")
    }
}
