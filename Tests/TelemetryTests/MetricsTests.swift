import Telemetry
import Testing

@Suite struct `The metrics` {
    @Test func `are written in the order of their names, each with help and type`() {
        let metrics = Metrics()
        metrics.counter("keyturn_b_total", help: "Bees.", ("kind", "a \"quoted\"\nline\\")).add(3)
        metrics.gauge("keyturn_a", help: "Ants.").set(-2)
        metrics.onRead("keyturn_c", help: "Cats.") { 1.5 }
        #expect(
            metrics.text() == #"""
                # HELP keyturn_a Ants.
                # TYPE keyturn_a gauge
                keyturn_a -2
                # HELP keyturn_b_total Bees.
                # TYPE keyturn_b_total counter
                keyturn_b_total{kind="a \"quoted\"\nline\\"} 3
                # HELP keyturn_c Cats.
                # TYPE keyturn_c gauge
                keyturn_c 1.5

                """#)
    }

    @Test func `give the same counter for the same name and labels`() {
        let metrics = Metrics()
        metrics.counter("keyturn_x_total", help: "X.", ("route", "/login")).add()
        metrics.counter("keyturn_x_total", help: "X.", ("route", "/login")).add()
        metrics.counter("keyturn_x_total", help: "X.", ("route", "/me")).add()
        #expect(metrics.text().contains("keyturn_x_total{route=\"/login\"} 2\nkeyturn_x_total{route=\"/me\"} 1\n"))
    }

    @Test func `count a duration in its bucket and every larger one`() {
        let metrics = Metrics()
        let histogram = metrics.histogram("keyturn_h_seconds", help: "H.")
        histogram.observe(.milliseconds(1))
        histogram.observe(.seconds(11))
        let text = metrics.text()
        #expect(text.contains("keyturn_h_seconds_bucket{le=\"0.0005\"} 0\nkeyturn_h_seconds_bucket{le=\"0.001\"} 1\n"))
        #expect(text.contains("keyturn_h_seconds_bucket{le=\"10.0\"} 1\nkeyturn_h_seconds_bucket{le=\"+Inf\"} 2\n"))
        #expect(text.contains("keyturn_h_seconds_sum 11.001\nkeyturn_h_seconds_count 2\n"))
    }

    @Test func `count other things than time in buckets of their own`() {
        let metrics = Metrics()
        let histogram = metrics.histogram("keyturn_batch", help: "B.", bounds: [1, 8])
        for value in [1, 3, 9, .nan, -1, .infinity] as [Double] { histogram.observe(value) }
        #expect(
            metrics.text() == """
                # HELP keyturn_batch B.
                # TYPE keyturn_batch histogram
                keyturn_batch_bucket{le="1.0"} 2
                keyturn_batch_bucket{le="8.0"} 3
                keyturn_batch_bucket{le="+Inf"} 6
                keyturn_batch_sum 13.0
                keyturn_batch_count 6

                """)
    }

    @Test func `lose nothing when many count at once`() async {
        let histogram = Histogram()
        await withTaskGroup { group in
            for _ in 0..<8 { group.addTask { for _ in 0..<1000 { histogram.observe(.milliseconds(2)) } } }
        }
        #expect(histogram.snapshot.counts[2] == 8000)
        #expect(histogram.snapshot.sum == 16)
    }

    @Test func `may be read as a counter`() {
        let metrics = Metrics()
        metrics.onRead("keyturn_t_total", help: "T.", as: .counter) { 2 }
        #expect(metrics.text().contains("# TYPE keyturn_t_total counter\nkeyturn_t_total 2.0\n"))
    }
}
