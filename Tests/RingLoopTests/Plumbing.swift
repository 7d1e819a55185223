internal import Glibc
internal import RingLoop

/// A pipe whose ends close with it.
struct Pipe: ~Copyable, Sendable {
    let reading: Int32
    let writing: Int32

    init() throws {
        var ends: [Int32] = [-1, -1]
        try SystemError.check(pipe(&ends), "pipe")
        (reading, writing) = (ends[0], ends[1])
    }

    deinit {
        close(reading)
        close(writing)
    }
}

/// Two sockets that are connected with each other.
struct SocketPair: ~Copyable, Sendable {
    let near: Int32
    let far: Int32

    init() throws {
        var ends: [Int32] = [-1, -1]
        let result = socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends)
        try SystemError.check(result, "socketpair")
        (near, far) = (ends[0], ends[1])
    }

    deinit {
        close(near)
        close(far)
    }
}

/// A file without a name, gone when it closes.
struct NamelessFile: ~Copyable, Sendable {
    let number: Int32

    init() throws {
        let stream = tmpfile()
        number = try SystemError.check(dup(fileno(stream)), "tmpfile")
        fclose(stream)
    }

    deinit { close(number) }
}

/// A thread that nobody waits for.
enum Thread {
    static func detach(_ body: @escaping @Sendable () -> Void) {
        final class Body: Sendable {
            let run: @Sendable () -> Void
            init(_ run: @escaping @Sendable () -> Void) { self.run = run }
        }
        var thread = pthread_t()
        pthread_create(
            &thread,
            nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            },
            Unmanaged.passRetained(Body(body)).toOpaque()
        )
        pthread_detach(thread)
    }
}
