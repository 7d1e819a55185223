import Testing

@testable import BlockDrivers

@Suite("Table cache")
struct TableCacheTests {
    private func cache(keyCount: Int, dirtyCount: Int) throws -> TableCache {
        let cache = TableCache(tableBytes: 512, keyCount: keyCount, capacity: 16)
        for key in 0..<dirtyCount {
            let place = try #require(cache.claim(key, hostOffset: UInt64(key + 1) * 512))
            cache.becomeReady(place)
            cache.markDirty(place)
        }
        return cache
    }

    @Test("tables that all fit are not written to make room, however many are dirty")
    func fitting() throws {
        #expect(try !cache(keyCount: 16, dirtyCount: 16).isCrowded)
    }

    @Test("where tables do not fit, half of the places are kept free of dirty ones")
    func crowded() throws {
        #expect(try !cache(keyCount: 17, dirtyCount: 7).isCrowded)
        #expect(try cache(keyCount: 17, dirtyCount: 8).isCrowded)
    }

    @Test("a smaller limit makes a cache crowded in which all tables fitted")
    func limited() throws {
        let cache = try cache(keyCount: 16, dirtyCount: 8)
        #expect(!cache.isCrowded)
        cache.limit(count: 8)
        #expect(cache.isCrowded)
    }
}
