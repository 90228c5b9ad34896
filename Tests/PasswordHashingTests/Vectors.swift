import Testing

// The long lines are hashes.
// swift-format-ignore-file

/// Hashes that other programs made, each with the program and its version.
struct Vector: Sendable, CustomTestStringConvertible {
    let maker: String
    let password: String
    let hash: String

    var testDescription: String { "\(maker): \(hash.prefix(24))…" }

    static let plain = "correct horse battery staple"
    static let foreign = "pâté ☕ パスワード"

    static let all: [Vector] = [
        Vector(
            maker: "Django 5.2.19", password: Vector.plain,
            hash: "pbkdf2_sha256$1000$IOSbwcAWGi1vImdWueDLGb$TYCT1Xuaz1GWxDawxIVMLbcemLoiUNiiVbNIarJX7kE="),
        Vector(
            maker: "Django 5.2.19", password: Vector.plain,
            hash: "pbkdf2_sha1$1000$3lKtKTJvanO2UiOLQlorWl$GFyzjXNWW6cYUnA7lo+oKmXb4os="),
        Vector(
            maker: "Django 5.2.19", password: Vector.plain,
            hash:
                "scrypt$1024$IPlTlCp7ZAsE3w0SrMayWd$8$5$phHPBmQLrhsfZ1P1hGLH87Yc6KACyG5cByxNuoWpF9XeZhNIGHv3FWYL+sK3yLPHGTbvrPZnfkSRTPUQiDojaA=="
        ),
        Vector(
            maker: "Django 5.2.19", password: Vector.plain,
            hash: "bcrypt$$2b$04$WzsBYW2e6a3FHOBeylat5eVcS3BnfxEEK8ATHN45iuJFZxz8I9oES"),
        Vector(
            maker: "Django 5.2.19", password: Vector.plain,
            hash: "bcrypt_sha256$$2b$04$C.eUxy/S7sbjBubH3mBvluQc1x7Kxqt7JQPdR8gkANrGWufFaKHzG"),
        Vector(
            maker: "Django 5.2.19", password: Vector.foreign,
            hash: "pbkdf2_sha256$1000$QJRFlu2OhmM9H0npMKcMV7$EO8PhYG3fV9uYyG4mLKVf7SIzFlQbtqlVQ6YtW9xbq0="),
        Vector(
            maker: "Django 5.2.19", password: Vector.foreign,
            hash: "pbkdf2_sha1$1000$6o3d8kK7z5MjKNtYEI9Lli$kcMiFRF1AfunrivMS7LEF7iiPyM="),
        Vector(
            maker: "Django 5.2.19", password: Vector.foreign,
            hash:
                "scrypt$1024$vkdhsrEYyqgNodxxG7mRiL$8$5$wKJ+DZSnOGXSpnRiZtz0ooAFvobdcb36Hb7C1/5xISxZZdqr/Io761pfTvS62Y1ct8uJjXTsGsmOZOi+0FjtVQ=="
        ),
        Vector(
            maker: "Django 5.2.19", password: Vector.foreign,
            hash: "bcrypt$$2b$04$aX4eiorZ.ViB2oc4X0UUrusd2VFPl00Yl2X86V44ua2STx7Qry3VS"),
        Vector(
            maker: "Django 5.2.19", password: Vector.foreign,
            hash: "bcrypt_sha256$$2b$04$hNXcrMKn92LZow0wqQ/7pO6CdP0uCJZ8gknAELjFn9cisb3Yu/rQO"),
        Vector(
            maker: "Django 5.2.19 default", password: Vector.plain,
            hash: "pbkdf2_sha256$1000000$v9lQ9eFimciImUzClhUtiu$9aZR9X4KG+nRK9mOgDd6YHNjFN0hnlui37Yz6b0GQxQ="),
        Vector(
            maker: "Django 5.2.19 default", password: Vector.plain,
            hash:
                "scrypt$16384$OyoAVYlRBS5nnCHHailp90$8$5$KefFMEiX+CBSyxDLb7kt93ie/C/7zU5z7MQ4PxKJCdPv++tgkRT+m0o7znMIH7hOR/GjxiKwIHO45WyGk4xl4g=="
        ),
        Vector(
            maker: "Django 5.2.19", password: String(repeating: "x", count: 100),
            hash: "bcrypt_sha256$$2b$04$9TXSSqtfI6JO90BCBKHt0.y/5sDOY1o6Ov5tX4UFOsbwAalX7IQOO"),
        Vector(
            maker: "Werkzeug 3.1.9", password: Vector.plain,
            hash:
                "scrypt:1024:8:1$QqPquHeghoH85y7d$c8970a8c9fbcd90b45029c31164f5623c3aad7ed58a96eafdbb3d1e057bc8aa10553840e91880af6db44d05bf0f32964534460835a44d49768150fc53d79e44f"
        ),
        Vector(
            maker: "Werkzeug 3.1.9", password: Vector.plain,
            hash: "pbkdf2:sha256:1000$RKey20047ngdPlkd$e8093e0ea7350d2d036cb0f1e3cfd1276162feedee3b3ca5e2bf4dad5f1aafc7"
        ),
        Vector(
            maker: "Werkzeug 3.1.9", password: Vector.plain,
            hash: "pbkdf2:sha1:1000$H1ZGmixzHEPTNo0r$5b52b2fc6ca05fc5001a2a905d836beb2f743272"),
        Vector(
            maker: "Werkzeug 3.1.9", password: Vector.plain,
            hash:
                "pbkdf2:sha512:1000$4smdCiszVCWNVAhl$56b5c2557b37fb9240c84acfdfd107678eca0b78663fef27312153d2ff6ba036cd4e38a240f3fcf9ed42da81d768417a16d453e7a5b093e57bc1a7cdd48a7f12"
        ),
        Vector(
            maker: "Werkzeug 3.1.9", password: Vector.foreign,
            hash:
                "scrypt:1024:8:1$I2dI1kHdsksumD5W$3a3b567be715af6547ee18692b0b2c5f0906b00f8127e619e4d6defed9b7ef2b3950d4418befcf09759f4f09bdcf4b97d900d3d5dc4a80e6baca0a7d70055eb4"
        ),
        Vector(
            maker: "Werkzeug 3.1.9", password: Vector.foreign,
            hash: "pbkdf2:sha256:1000$5fQ74jgBc3EwiVW3$d52751b4619d2a986098f1b4c26932705a8be3bb5a239cb84e9a251a845b1940"
        ),
        Vector(
            maker: "Werkzeug 3.1.9", password: Vector.foreign,
            hash: "pbkdf2:sha1:1000$avfUn0WKNxrxeOqM$db65d09999bfd206662206458eccc71b6432e1ae"),
        Vector(
            maker: "Werkzeug 3.1.9", password: Vector.foreign,
            hash:
                "pbkdf2:sha512:1000$UXH6ketnwh22f7LE$f1f2ddcdf4fec71ba8b9bf03d9e4b7956d8a89f0c3da33f5acbd34e4ef9f67986e6820684b7f755759a47cd7a3a73acfae85d7bff6bb91cd3c4e63dc7204468d"
        ),
        Vector(
            maker: "Werkzeug 3.1.9 default", password: Vector.plain,
            hash:
                "scrypt:32768:8:1$PmQ9cOoJX1hvwVWG$8266727be54e9a5759a75c8836fab46649d4bd8e7651668216bbe1e8a34fdd01febe5a12d59ed836f2fdf6ea0571a4ea00386a7472fd2f18c4c936b2a9ff8113"
        ),
        Vector(
            maker: "passlib 1.7.4", password: Vector.plain,
            hash: "$scrypt$ln=8,r=8,p=2$f+8dw7i31lorBYCQMkaoVQ$he5uQ1LOGpqSnBzbPanHjYmaQCGbfZ3+I2EKBHdnXdc"),
        Vector(
            maker: "passlib 1.7.4", password: Vector.plain,
            hash: "$5$rounds=1000$tCdpHAu9F9liv7oV$O6D/PmIGA0AtljB.HrgwtKesBAdlOVGsYcTesbqPwGD"),
        Vector(
            maker: "passlib 1.7.4", password: Vector.plain,
            hash:
                "$6$rounds=1000$ywFmKalk2jWwcApR$IpOET/aXZNhU2dnGJvDWaOhuR75rxSUzHv5zsw/CxatjX5kcC3d4245c1cvasgLGqO9NxPQrd23viCkreAP5I."
        ),
        Vector(
            maker: "passlib 1.7.4", password: Vector.foreign,
            hash: "$scrypt$ln=8,r=8,p=2$pTRGSCnFeM/5f0/pPeccww$56NkcFekIQdl/fZeeb0ElpKU+MGiyEmSkqGaUt8SKFg"),
        Vector(
            maker: "passlib 1.7.4", password: Vector.foreign,
            hash: "$5$rounds=1000$5s7D9SnqmSyskvpf$/A5g2gBmV/9sB2AERU.4kMQU3dSihltBshYemjsV5H7"),
        Vector(
            maker: "passlib 1.7.4", password: Vector.foreign,
            hash:
                "$6$rounds=1000$xkBxja4t5PN1soxr$fgnxmGw0DsghPkBsLLkVawoQssG3s/T6boJgirUNtooV0jc379zzFomp4x5POMrjzh.bIgSz8wqJiUg9TLtiU1"
        ),
        Vector(
            maker: "passlib 1.7.4 default", password: Vector.plain,
            hash: "$scrypt$ln=16,r=8,p=1$DKFUSmnNOQdACIHwvpfyHg$T6c9I8akNgtGKKLcQgK40jSCkgLctimPGi6xPQ5acmc"),
        Vector(
            maker: "passlib 1.7.4", password: Vector.plain,
            hash:
                "$6$iZLvpyDRPi/bO5js$tRX4P2f1QMqfmSN.3N.doSzIFLF1/IOOk93RPVkpUkXCsBlwg5v5cER6358vGkF7FAyuw6FyMVeEZcxkU6c5K0"
        ),
        Vector(
            maker: "passlib 1.7.4", password: Vector.plain,
            hash: "$5$p0zkNE1uilQXGtqt$QB2U/lc7lS8RooolEd3EVidchEKvXEpSu4FG1AYH.PB"),
        Vector(
            maker: "bcrypt 5.0.0", password: Vector.plain,
            hash: "$2b$04$QODNsP6OK31M9KWlykkwnORYRmiY84t65rNDuDliRmypoK6/bgwuy"),
        Vector(
            maker: "bcrypt 5.0.0", password: Vector.plain,
            hash: "$2a$05$D837FCHaOJwZ44VJLEH2AuPQvBe8eLaK7F3vL2.4tDkbz6xfLhDJy"),
        Vector(
            maker: "bcrypt 5.0.0", password: Vector.foreign,
            hash: "$2b$04$BES3e1VCxJumlWsyIjuLl.C71qT4AFvjI5tXOjw5e21rhbZUIPxCe"),
        Vector(
            maker: "bcrypt 5.0.0", password: Vector.foreign,
            hash: "$2a$05$.oV0T6YquqxbnMCrdZiqJu9UpVcIHO5j.MBuLZF/Cd/lhWxLyyCaC"),
        Vector(
            maker: "bcrypt 5.0.0, prefix as PHP writes it", password: Vector.plain,
            hash: "$2y$04$1IxqNHQrY3TZRQQA5fyxPOviUm87PWfQB6/f8UOQ4TknqCcU6chqC"),
        Vector(
            maker: "bcrypt 5.0.0", password: String(repeating: "y", count: 72),
            hash: "$2b$04$nq5k1iBGgfLLR2bSAR2oQ..GYhWjsHN8Emu6OmLaDvur0RbmMY30."),
        Vector(
            maker: "libxcrypt 4.4.33", password: Vector.plain,
            hash: "$y$j75$gtBgfpiGujmhXUi7FDQ/b0$JPNKvaE.ELlIcm8Re3oxue/nIpL/OA8CXR4gycWO3r/"),
        Vector(
            maker: "libxcrypt 4.4.33", password: Vector.foreign,
            hash: "$y$j75$Zn61BPd7ERhpBHY2Ipt4T0$dskObKO9.prEfUoGyp0B1jU22tY4NPgVbXg/GyUmQo1"),
        Vector(
            maker: "libxcrypt 4.4.33", password: Vector.plain,
            hash: "$y$j9T$xa6Hg.Zft0DdTwO.9.Bhi/$C77XrNDBqazhNxWT1gj9okOgDA1xWawtS5l8mc6J8Q2"),
        Vector(
            maker: "better-auth's parameters, Node.js 20.20.2", password: Vector.plain,
            hash:
                "9959ee914145b886ecfc9a94312e2283:4717cb954a0713da20da64f8ae04213ed1964d8564b43e5a13fdf921c8f89f35c29dba0b3e29471d40269099795df5d76e82c27fa0003e942e6e6cc55761a266"
        ),
        Vector(
            maker: "better-auth's parameters, Node.js 20.20.2", password: Vector.foreign,
            hash:
                "55d131c9190576f4945e5fbe08060e7d:7137002b1395cde1e08c126f74fb1e9de6caa0f94c4d41f60e624a3ec56a5a09aa5b204b40ca8fcbc5f4f32e0c80737d344d0b6791fa108e3cc8571bb6733e4c"
        ),
        Vector(
            maker: "ASP.NET Core's own tests", password: "my password",
            hash: "AQAAAAIAAAAyAAAAEOMwvh3+FZxqkdMBz2ekgGhwQ4B6pZWND6zgESBuWiHw"),
        Vector(
            maker: "ASP.NET Core's own tests", password: "my password",
            hash:
                "AQAAAAIAAAD6AAAAIJbVi5wbMR+htSfFp8fTw8N8GOS/Sje+S/4YZcgBfU7EQuqv4OkVYmc4VJl9AGZzmRTxSkP7LtVi9IWyUxX8IAAfZ8v+ZfhjCcudtC1YERSqE1OEdXLW9VukPuJWBBjLuw=="
        ),
        Vector(
            maker: "ASP.NET Core's own tests", password: "my password",
            hash: "AQAAAAAAAAD6AAAAEAhftMyfTJylOlZT+eEotFXd1elee8ih5WsjXaR3PA9M"),
        Vector(
            maker: "ASP.NET Core's own tests", password: "my password",
            hash:
                "AQAAAAEAA9CQAAAAIESkQuj2Du8Y+kbc5lcN/W/3NiAZFEm11P27nrSN5/tId+bR1SwV8CO1Jd72r4C08OLvplNlCDc3oQZ8efcW+jQ="
        ),
    ]
}
