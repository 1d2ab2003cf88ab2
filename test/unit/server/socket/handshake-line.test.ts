import { afterEach, expect, test, vi } from 'vitest'
import { defaultLimits, type Limits } from '../../../../server/src/base/limits.ts'
import { Openings } from '../../../../server/src/base/openings.ts'
import { HandshakeLine, type Place, type Waiting } from '../../../../server/src/socket/handshake-line.ts'

afterEach(() => {
  vi.useRealTimers()
})

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

/** So few places that whoever comes has to be heard first. */
const hearing: Partial<Limits> = { maxUnidentifiedConnectionsPerAddress: 24 }

/** A line, and what becomes of those that stand in it. */
function createLine(limits: Partial<Limits> = {}, beginning: () => void = () => undefined, endsAtOnce = true) {
  const all = { ...defaultLimits, ...limits }
  const openings = new Openings(all)
  const line = new HandshakeLine(all, openings)
  const begun: string[] = []
  const underWay: Place[] = []
  const dropped: [string, string][] = []
  const heardOf: string[] = []
  /** One that was accepted; `name` is its address and what comes after a `/`. */
  function enter(name: string): { place: Place; waiting: Waiting } {
    const waiting: Waiting = {
      endPoint: `${name.split('/')[0]}:40000`,
      listen: () => void heardOf.push(name),
      begin(begunPlace) {
        begun.push(name)
        beginning()
        underWay.push(begunPlace)
        if (endsAtOnce) line.ended(begunPlace)
      },
      drop(why) {
        dropped.push([name, why.kind])
        line.leave(place)
        openings.leave(waiting)
      },
    }
    const place = line.enter(waiting)
    return { place, waiting }
  }
  function arrive(...names: string[]): void {
    for (const name of names) line.speak(enter(name).place)
  }
  /** Until so many are waited for to say something. */
  async function heard(count: number): Promise<void> {
    while (heardOf.length < count) await turn()
  }
  /** Until so many have begun. */
  async function until(count: number): Promise<string[]> {
    while (begun.length < count) await turn()
    return begun
  }
  return { line, openings, heard, heardOf, begun, underWay, dropped, enter, arrive, until }
}

test('addresses take turns, each with its oldest connection first', async () => {
  const { arrive, until } = createLine()
  arrive('10.0.0.1/1', '10.0.0.1/2', '10.0.0.1/3', '10.0.0.2/1', '10.0.0.2/2', '10.0.0.3/1')
  expect(await until(6)).toEqual(['10.0.0.1/1', '10.0.0.2/1', '10.0.0.3/1', '10.0.0.1/2', '10.0.0.2/2', '10.0.0.1/3'])
})

test('known addresses come before others, and of eight one is another’s', async () => {
  const { openings, arrive, until } = createLine()
  openings.recognise('10.0.0.9:1')
  arrive('10.0.0.1/1', '10.0.0.1/2')
  arrive(...Array.from({ length: 12 }, (_, i) => `10.0.0.9/${i}`))
  const known = (first: number, count: number): string[] => Array.from({ length: count }, (_, i) => `10.0.0.9/${first + i}`)
  expect(await until(14)).toEqual([...known(0, 7), '10.0.0.1/1', ...known(7, 5), '10.0.0.1/2'])
})

test('an address from which most was in vain has a tenth of the time, and holds nobody else up', async () => {
  const begunAtMs: number[] = []
  const { openings, arrive, begun, until } = createLine({}, () => {
    const now = performance.now()
    begunAtMs.push(now)
    while (performance.now() < now + (begunAtMs.length === 1 ? 10 : 0.1));
  })
  openings.recognise('10.0.0.9:1')
  for (let i = 0; i < 16; i++) openings.waste('10.0.0.9:1')
  arrive('10.0.0.9/1', '10.0.0.9/2', '10.0.0.9/3')
  await until(1)
  arrive('10.0.0.1/1', '10.0.0.1/2', '10.0.0.1/3')
  expect(await until(6)).toEqual(['10.0.0.9/1', '10.0.0.1/1', '10.0.0.1/2', '10.0.0.1/3', '10.0.0.9/2', '10.0.0.9/3'])
  const [first = 0, , , , second = 0] = begunAtMs
  expect(second - first).toBeGreaterThan(150)
  // Somebody came who was worth it: there is no rest.
  openings.recognise('10.0.0.9:1')
  arrive('10.0.0.9/4', '10.0.0.9/5')
  await until(8)
  arrive('10.0.0.1/4')
  await until(9)
  expect(begun.slice(6)).toEqual(['10.0.0.9/4', '10.0.0.9/5', '10.0.0.1/4'])
})

test('while there is no room nobody asks for it again and again, also where most was in vain', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  const { line, openings, enter, arrive, until } = createLine({ maxUnidentifiedConnections: 1, unidentifiedGraceMs: 60_000 })
  for (let i = 0; i < 16; i++) openings.waste('10.0.0.9:1')
  const { place, waiting } = enter('10.0.0.9/1')
  line.speak(place)
  arrive('10.0.0.9/2')
  await until(1)
  const timers = vi.spyOn(globalThis, 'setTimeout')
  for (let ms = 0; ms < 100; ms++) {
    vi.advanceTimersByTime(1)
    await turn()
  }
  expect(timers.mock.calls.length).toBeLessThan(10)
  timers.mockRestore()
  // As soon as there is some the next one begins.
  openings.leave(waiting)
  expect(await until(2)).toEqual(['10.0.0.9/1', '10.0.0.9/2'])
})

test('in a turn of the event loop handshakes begin for a millisecond', async () => {
  const { begun, arrive, until } = createLine({}, () => {
    const endMs = performance.now() + 1.1
    while (performance.now() < endMs);
  })
  arrive(...Array.from({ length: 20 }, (_, i) => `10.0.0.1/${i}`))
  await until(1)
  for (let before = begun.length; before < 20; before = begun.length) {
    await turn()
    expect(begun.length - before).toBeLessThanOrEqual(1)
  }
})

test('a few handshakes are under way until some are through, however many wait', async () => {
  const { line, begun, underWay, arrive } = createLine({}, () => undefined, false)
  arrive(...Array.from({ length: 200 }, (_, i) => `10.0.0.1/${i}`))
  const turns = 4
  for (let i = 0; i < turns; i++) await turn()
  // The first sixteen, and what turns that were short allow beyond.
  expect(begun.length).toBeGreaterThan(0)
  expect(begun.length).toBeLessThanOrEqual(16 + 3 * turns)
  while (begun.length < 200) {
    for (const place of underWay.splice(0)) line.ended(place)
    await turn()
  }
})

test('where connections are accepted in turn after turn none begins for eight of them, and then one does', async () => {
  const { begun, arrive, until } = createLine()
  const counts: number[] = []
  for (let i = 0; i < 30; i++) {
    arrive(`10.0.0.${i}`)
    await turn()
    counts.push(begun.length)
  }
  expect(counts.slice(0, 8)).toEqual([0, 0, 0, 0, 0, 0, 0, 0])
  expect(begun.length).toBeGreaterThan(8)
  await until(30)
})

test('whoever says nothing never begins, and its time ends without a timer of its own', async () => {
  vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] })
  const { line, begun, dropped, enter, arrive, heard, until } = createLine({ ...hearing, acceptTimeoutMs: 1_000 })
  enter('10.0.0.1/silent')
  await heard(1)
  vi.advanceTimersByTime(400)
  enter('10.0.0.1/later')
  await heard(2)
  arrive('10.0.0.1/ready')
  await until(1)
  expect(vi.getTimerCount()).toBe(1)
  vi.advanceTimersByTime(599)
  expect(dropped).toEqual([])
  vi.advanceTimersByTime(1)
  expect(dropped).toEqual([['10.0.0.1/silent', 'io_timeout']])
  vi.advanceTimersByTime(400)
  expect(dropped.map(([name]) => name)).toEqual(['10.0.0.1/silent', '10.0.0.1/later'])
  expect(begun).toEqual(['10.0.0.1/ready'])
  expect([line.size, vi.getTimerCount()]).toEqual([0, 0])
})

test('where nearly all places are free nobody has to say anything first, and of an address that takes them whoever comes then has', async () => {
  vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] })
  const limits = { maxUnidentifiedConnections: 1_000, maxUnidentifiedConnectionsPerAddress: 50 }
  const { line, begun, heardOf, enter, heard, until } = createLine(limits)
  for (let i = 0; i < 5; i++) enter(`10.0.0.1/${i}`)
  expect(await until(2)).toEqual(['10.0.0.1/0', '10.0.0.1/1'])
  await heard(3)
  enter('10.0.0.2/0')
  expect(await until(3)).toEqual(['10.0.0.1/0', '10.0.0.1/1', '10.0.0.2/0'])
  expect([begun.length, heardOf, line.size]).toEqual([3, ['10.0.0.1/2', '10.0.0.1/3', '10.0.0.1/4'], 3])
})

test('silence holds up nobody behind it, also while no handshake may begin', async () => {
  vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] })
  const { openings, begun, enter, arrive, heard, until } = createLine({ ...hearing, maxUnidentifiedConnections: 1 })
  const stuck = {}
  openings.enter(stuck, '10.0.0.7:1', () => undefined)
  for (let i = 0; i < 500; i++) enter(`10.0.0.1/${i}`)
  arrive('10.0.0.1/ready')
  await heard(500)
  expect(begun).toEqual([])
  openings.leave(stuck)
  expect(await until(1)).toEqual(['10.0.0.1/ready'])
})

test('a full line turns newcomers away, one address before others; where it is half full, silence ends after the grace', async () => {
  vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] })
  const few = { maxWaitingConnections: 6, maxWaitingConnectionsPerAddress: 4, unidentifiedGraceMs: 100 }
  const { line, dropped, enter, heard } = createLine({ ...hearing, ...few })
  const refused = expect.objectContaining({ kind: 'connection_limit' })
  for (let i = 0; i < 4; i++) enter(`10.0.0.1/${i}`)
  expect(() => enter('10.0.0.1/4')).toThrow(refused)
  for (let i = 0; i < 2; i++) enter(`10.0.0.2/${i}`)
  expect(() => enter('10.0.0.3/0')).toThrow(refused)
  expect(dropped).toEqual([])
  await heard(6)
  vi.advanceTimersByTime(100)
  line.leave(enter('10.0.0.1/4').place)
  expect(dropped).toHaveLength(6)
  expect([line.size, vi.getTimerCount()]).toEqual([0, 0])
})

test('an address whose handshakes are all stuck holds up itself only, and goes on when one ends', async () => {
  const { openings, begun, arrive, until } = createLine({ maxUnidentifiedConnectionsPerAddress: 2 })
  const stuck = [{}, {}]
  for (const each of stuck) openings.enter(each, '10.0.0.1:1', () => undefined)
  arrive('10.0.0.1/1', '10.0.0.1/2', '10.0.0.2/1', '10.0.0.2/2')
  await until(2)
  for (let i = 0; i < 20; i++) await turn()
  expect(begun).toEqual(['10.0.0.2/1', '10.0.0.2/2'])
  openings.leave(stuck[0] as object)
  expect(await until(3)).toEqual(['10.0.0.2/1', '10.0.0.2/2', '10.0.0.1/1'])
  openings.leave(stuck[1] as object)
  await until(4)
})

test('a handshake that is stuck gives way when it has had its time', async () => {
  vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] })
  const { begun, dropped, arrive, until } = createLine({ maxUnidentifiedConnections: 1, unidentifiedGraceMs: 500 })
  arrive('10.0.0.1/1', '10.0.0.1/2')
  await until(1)
  for (let i = 0; i < 20; i++) await turn()
  expect(begun).toEqual(['10.0.0.1/1'])
  vi.advanceTimersByTime(500)
  await until(2)
  expect(dropped).toEqual([['10.0.0.1/1', 'connection_limit']])
  expect(vi.getTimerCount()).toBe(0)
})

test('one that leaves while it waits does not begin', async () => {
  const { line, enter, arrive, until } = createLine()
  const { place } = enter('10.0.0.1/1')
  line.speak(place)
  arrive('10.0.0.1/2')
  line.leave(place)
  line.leave(place)
  expect(await until(1)).toEqual(['10.0.0.1/2'])
  expect(line.size).toBe(0)
})

test('where the limits leave no place for a handshake, whoever comes is dropped, and nothing else happens', async () => {
  const { line, openings, dropped, arrive } = createLine({ maxUnidentifiedConnections: 0 })
  arrive('10.0.0.1/1', '10.0.0.2/1')
  while (line.size > 0) await turn()
  expect(dropped).toEqual([
    ['10.0.0.1/1', 'connection_limit'],
    ['10.0.0.2/1', 'connection_limit'],
  ])
  expect(openings.size).toBe(0)
})

test('in a full line whoever comes from a known address takes the place of one who does not, and nobody else does', async () => {
  vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] })
  const { line, openings, begun, dropped, enter, arrive, heard, until } = createLine({ ...hearing, maxWaitingConnections: 4 })
  openings.recognise('10.0.0.9:1')
  enter('10.0.0.9/silent')
  enter('10.0.0.1/silent')
  await heard(2)
  arrive('10.0.0.1/1', '10.0.0.1/2')
  expect(() => enter('10.0.0.2/1')).toThrow(expect.objectContaining({ kind: 'connection_limit' }))
  arrive('10.0.0.9/1', '10.0.0.9/2', '10.0.0.9/3')
  expect(dropped.map(([name]) => name)).toEqual(['10.0.0.1/2', '10.0.0.1/1', '10.0.0.1/silent'])
  expect(() => enter('10.0.0.9/4')).toThrow(expect.objectContaining({ kind: 'connection_limit' }))
  expect([line.size, await until(3)]).toEqual([4, ['10.0.0.9/1', '10.0.0.9/2', '10.0.0.9/3']])
  expect(begun).toHaveLength(3)
})

test('in a full line one gives way too whose address has no room for another handshake', async () => {
  const { openings, dropped, arrive, until } = createLine({ maxWaitingConnections: 2, maxUnidentifiedConnectionsPerAddress: 1 })
  openings.recognise('10.0.0.9:1')
  const stuck = {}
  openings.enter(stuck, '10.0.0.1:1', () => undefined)
  arrive('10.0.0.1/1', '10.0.0.1/2')
  for (let i = 0; i < 20; i++) await turn()
  arrive('10.0.0.9/1')
  expect(dropped).toEqual([['10.0.0.1/2', 'connection_limit']])
  expect(await until(1)).toEqual(['10.0.0.9/1'])
  openings.leave(stuck)
  expect(await until(2)).toEqual(['10.0.0.9/1', '10.0.0.1/1'])
})

test('of two addresses without room the one that has it sooner does not wait for the other', async () => {
  vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] })
  const { openings, begun, arrive, until } = createLine({ maxUnidentifiedConnectionsPerAddress: 1, unidentifiedGraceMs: 500 })
  openings.enter({}, '10.0.0.2:1', () => undefined)
  vi.advanceTimersByTime(400)
  openings.enter({}, '10.0.0.1:1', () => undefined)
  arrive('10.0.0.1/1')
  for (let i = 0; i < 20; i++) await turn()
  arrive('10.0.0.2/1')
  for (let i = 0; i < 20; i++) await turn()
  expect(begun).toEqual([])
  vi.advanceTimersByTime(100)
  expect(await until(1)).toEqual(['10.0.0.2/1'])
  vi.advanceTimersByTime(400)
  expect(await until(2)).toEqual(['10.0.0.2/1', '10.0.0.1/1'])
  expect(vi.getTimerCount()).toBe(0)
})
