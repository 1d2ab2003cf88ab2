import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { deferred } from '../../../../server/src/base/deferred.ts'
import { MemoryBudget } from '../../../../server/src/base/memory-budget.ts'
import type { Spool } from '../../../../server/src/exchange/exchange-options.ts'
import { createStreamSpool } from '../../../../server/src/runtime/stream-spool.ts'
import { pattern, turn, until } from '../../../support/stream-sections.ts'

const limits = { spoolMemoryBytes: 100, spoolFileBytes: 1_000, streamUnreadMs: 600_000 }

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
})

afterEach(() => {
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

function collect(spool: Spool): { chunks: Buffer[]; all(): Buffer; done: Promise<void> } {
  const chunks: Buffer[] = []
  const done = spool.pump(chunk => {
    chunks.push(Buffer.from(chunk))
    return undefined
  })
  return { chunks, all: () => Buffer.concat(chunks), done }
}

/** Our temporary files that this process has open, named or not; `undefined` where the system does not tell. */
function openSpoolFiles(): string[] | undefined {
  const folder = '/proc/self/fd'
  if (!existsSync(folder)) return undefined
  return readdirSync(folder).flatMap(fd => {
    try {
      const target = readlinkSync(join(folder, fd))
      return target.includes('halibut-') && !target.endsWith(tmpdir()) ? [target] : []
    } catch {
      return []
    }
  })
}

function namedSpoolFiles(): string[] {
  return readdirSync(tmpdir()).filter(name => name.startsWith('halibut-'))
}

describe('what goes in comes out', () => {
  test('from memory, whether it was written before or after the reader came', async () => {
    const spool = createStreamSpool(limits)
    expect(spool.write(Buffer.from('ab'))).toBeUndefined()
    const reader = collect(spool)
    await turn()
    expect(reader.all().toString()).toBe('ab')
    void spool.write(Buffer.from('cd'))
    await turn()
    expect(reader.all().toString()).toBe('abcd')
    spool.end()
    await reader.done
  })

  test('a chunk that the writer uses again is not changed by that', async () => {
    const spool = createStreamSpool({ ...limits, spoolMemoryBytes: 3 })
    const shared = Buffer.from('abc')
    void spool.write(shared)
    shared.set(Buffer.from('def'))
    const inFile = spool.write(shared)
    shared.fill(0)
    await inFile
    spool.end()
    const reader = collect(spool)
    await reader.done
    expect(reader.all().toString()).toBe('abcdef')
  })

  test('beyond memory it lies in a file that has no name any more, and the file is closed after the last byte', async () => {
    const spool = createStreamSpool(limits)
    const content = pattern(1, 900)
    for (let at = 0; at < content.length; at += 90) await spool.write(content.subarray(at, at + 90))
    expect(namedSpoolFiles()).toEqual([])
    expect(openSpoolFiles()?.length ?? 1).toBe(1)
    spool.end()
    const reader = collect(spool)
    await reader.done
    expect(reader.all().equals(content)).toBe(true)
    await until(() => (openSpoolFiles()?.length ?? 0) === 0)
  })

  test('the file is a ring: a stream of any length passes through, as long as its reader keeps within the bounds', async () => {
    const spool = createStreamSpool(limits)
    const content = pattern(2, 20_000)
    await spool.write(content.subarray(0, 800))
    const gate = { open: deferred<void>() }
    const chunks: Buffer[] = []
    const done = spool.pump(chunk => {
      chunks.push(Buffer.from(chunk))
      return gate.open.promise
    })
    for (let at = 800; at < content.length; at += 100) {
      await spool.write(content.subarray(at, at + 100))
      const taken = chunks.length
      const gone = gate.open
      gate.open = deferred()
      gone.resolve()
      if (Buffer.concat(chunks).length < at) await until(() => chunks.length > taken)
    }
    spool.end()
    gate.open.resolve()
    gate.open = deferred()
    gate.open.resolve()
    await done
    expect(Buffer.concat(chunks).equals(content)).toBe(true)
  })

  test('any writes and reads, in any order', async () => {
    const step = fc.oneof(
      fc.record({ write: fc.integer({ min: 0, max: 250 }) }),
      fc.record({ take: fc.integer({ min: 1, max: 4 }) }),
      fc.record({ turns: fc.integer({ min: 1, max: 3 }) }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.nat(10), async (steps, readFrom) => {
        const spool = createStreamSpool({ ...limits, spoolFileBytes: 20_000 })
        const written: Buffer[] = []
        const chunks: Buffer[] = []
        let credit = 0
        let more = deferred<void>()
        let done: Promise<void> | undefined
        const read = () => {
          done ??= spool.pump(async chunk => {
            chunks.push(Buffer.from(chunk))
            while (credit === 0) await more.promise
            credit--
          })
        }
        for (const [i, each] of steps.entries()) {
          if (i === readFrom) read()
          if ('write' in each) {
            const chunk = pattern(i, each.write)
            written.push(chunk)
            await spool.write(chunk)
          } else if ('take' in each) {
            credit += each.take
            more.resolve()
            more = deferred()
          } else for (let n = 0; n < each.turns; n++) await turn()
        }
        spool.end()
        credit = Number.POSITIVE_INFINITY
        more.resolve()
        read()
        await done
        expect(Buffer.concat(chunks).equals(Buffer.concat(written))).toBe(true)
      }),
      { numRuns: 100 },
    )
  })

  test('single bytes share memory', async () => {
    const budget = new MemoryBudget(20_000, 'spoolMemoryBytesInFlight')
    const spool = createStreamSpool({ ...limits, spoolMemoryBytes: 10_000 }, budget.share('a peer'))
    for (let i = 0; i < 9_000; i++) void spool.write(Buffer.of(i))
    spool.end()
    const reader = collect(spool)
    await reader.done
    expect(reader.chunks.length).toBeLessThan(5)
    expect(reader.all()).toHaveLength(9_000)
    expect(budget.used).toBe(0)
  })

  test('what the files of several take on disk is counted until they end, and one that finds no room ends with the error of that budget', async () => {
    const disk = new MemoryBudget(1_000, 'spoolFileBytesInFlight', { kind: 'stream_stalled' })
    const [first, second, third] = ['A', 'A', 'B'].map(owner =>
      createStreamSpool({ ...limits, spoolMemoryBytes: 0 }, undefined, disk.share(owner)),
    ) as [Spool, Spool, Spool]
    const content = pattern(2, 400)
    await first.write(content)
    expect(() => second.write(Buffer.alloc(101))).toThrow(
      expect.objectContaining({ kind: 'stream_stalled', message: expect.stringContaining('spoolFileBytesInFlight') }),
    )
    await expect(second.pump(() => undefined)).rejects.toMatchObject({ kind: 'stream_stalled' })
    await third.write(Buffer.alloc(250))
    expect(disk.used).toBe(650)
    first.end()
    const reader = collect(first)
    await reader.done
    expect(reader.all().equals(content)).toBe(true)
    await until(() => disk.used === 250)
    third.close()
    expect(disk.used).toBe(0)
  })

  test('a file that is read while it is written takes no more than it is long', async () => {
    const disk = new MemoryBudget(10_000, 'spoolFileBytesInFlight')
    const spool = createStreamSpool({ ...limits, spoolMemoryBytes: 0 }, undefined, disk.share('A'))
    const reader = collect(spool)
    for (let i = 1; i <= 30; i++) {
      await spool.write(Buffer.alloc(100, i))
      await until(() => reader.all().length === i * 100)
    }
    expect(disk.used).toBe(100)
    spool.end()
    await reader.done
    await until(() => disk.used === 0)
  })

  test('memory that other spools have used up is not used: the file is', async () => {
    const budget = new MemoryBudget(100, 'spoolMemoryBytesInFlight')
    const [first, second] = [createStreamSpool(limits, budget.share('A')), createStreamSpool(limits, budget.share('B'))]
    expect(first.write(Buffer.alloc(40))).toBeUndefined()
    const inFile = second.write(Buffer.from('x'.repeat(40)))
    expect(inFile).toBeInstanceOf(Promise)
    await inFile
    first.close()
    expect(budget.used).toBe(0)
    second.end()
    const reader = collect(second)
    await reader.done
    expect(reader.all().toString()).toBe('x'.repeat(40))
  })
})

describe('how it ends', () => {
  test('an end with an error comes after what there is', async () => {
    const spool = createStreamSpool(limits)
    await spool.write(Buffer.alloc(90))
    await spool.write(Buffer.alloc(90))
    spool.end(new Error('the wire broke'))
    const reader = collect(spool)
    await expect(reader.done).rejects.toThrow('the wire broke')
    expect(reader.all()).toHaveLength(180)
  })

  test('an empty one ends at once, without a timer', async () => {
    const [good, bad] = [createStreamSpool(limits), createStreamSpool(limits)]
    good.end()
    bad.end(new Error('the wire broke'))
    expect(vi.getTimerCount()).toBe(0)
    await collect(good).done
    await expect(collect(bad).done).rejects.toThrow('the wire broke')
  })

  test('when it is full, writer and reader are told, and everything is freed', async () => {
    const spool = createStreamSpool(limits)
    await spool.write(Buffer.alloc(100))
    await spool.write(Buffer.alloc(1_000))
    const full = { kind: 'stream_stalled', message: expect.stringContaining('spoolFileBytes, 1000 bytes') }
    expect(() => spool.write(Buffer.alloc(1))).toThrow(expect.objectContaining(full))
    expect(() => spool.write(Buffer.alloc(1))).toThrow(expect.objectContaining(full))
    await until(() => (openSpoolFiles()?.length ?? 0) === 0)
    await expect(collect(spool).done).rejects.toMatchObject(full)
  })

  test('nobody reads it for long: it is freed, and who comes later is told', async () => {
    const spool = createStreamSpool(limits)
    await spool.write(Buffer.alloc(500))
    vi.advanceTimersByTime(limits.streamUnreadMs)
    await expect(collect(spool).done).rejects.toMatchObject({ kind: 'stream_stalled', message: expect.stringContaining('600 s') })
  })

  test('a reader that holds on to a chunk for too long is told', async () => {
    const spool = createStreamSpool(limits)
    await spool.write(Buffer.alloc(50))
    const done = spool.pump(() => new Promise(() => {}))
    const failed = expect(done).rejects.toMatchObject({ kind: 'stream_stalled' })
    vi.advanceTimersByTime(limits.streamUnreadMs)
    await failed
  })

  test('a reader that waits for the writer is not blamed, one that takes something has the whole time again', async () => {
    const spool = createStreamSpool(limits)
    const gates: (() => void)[] = []
    const done = spool.pump(() => new Promise<void>(resolve => gates.push(resolve)))
    await turn()
    vi.advanceTimersByTime(limits.streamUnreadMs * 3)
    void spool.write(Buffer.from('a'))
    await until(() => gates.length === 1)
    vi.advanceTimersByTime(limits.streamUnreadMs - 1)
    gates[0]?.()
    void spool.write(Buffer.from('b'))
    await until(() => gates.length === 2)
    vi.advanceTimersByTime(limits.streamUnreadMs - 1)
    gates[1]?.()
    spool.end()
    await done
  })

  test('closed while it is written and read: the reader is told, the file goes, later writes are dropped', async () => {
    const spool = createStreamSpool(limits)
    const reader = collect(spool)
    const writing = spool.write(Buffer.alloc(500))
    spool.close()
    spool.close()
    await writing
    await expect(reader.done).rejects.toMatchObject({ kind: 'stream_failed' })
    expect(spool.write(Buffer.alloc(500))).toBeUndefined()
    spool.end()
    await until(() => (openSpoolFiles()?.length ?? 0) === 0)
  })

  test('a reader whose sink throws gets its error, and everything is freed', async () => {
    const spool = createStreamSpool(limits)
    await spool.write(Buffer.alloc(500))
    await expect(
      spool.pump(() => {
        throw new Error('the disk is full')
      }),
    ).rejects.toThrow('the disk is full')
    await until(() => (openSpoolFiles()?.length ?? 0) === 0)
  })

  test('where no file can be made, both sides are told what to look at', async () => {
    const before = process.env['TMPDIR']
    process.env['TMPDIR'] = join(tmpdir(), 'not-there')
    try {
      const spool = createStreamSpool(limits)
      const reader = collect(spool)
      const failed = { kind: 'stream_failed', advice: expect.stringContaining('folder for temporary files') }
      await Promise.all([
        expect(spool.write(Buffer.alloc(500))).rejects.toMatchObject(failed),
        expect(reader.done).rejects.toMatchObject(failed),
      ])
    } finally {
      if (before === undefined) delete process.env['TMPDIR']
      else process.env['TMPDIR'] = before
    }
  })
})

test.each([
  ['that comes to its end', ''],
  ['that exits', 'process.exit(0)'],
  ['that is killed', "process.kill(process.pid, 'SIGKILL')"],
])('a process %s with an open spool leaves no file behind', (_, ending) => {
  const folder = mkdtempSync(join(tmpdir(), 'spool-'))
  try {
    const source = fileURLToPath(new URL('../../../../server/src/runtime/stream-spool.ts', import.meta.url))
    const code = `
      import { createStreamSpool } from ${JSON.stringify(source)}
      const spool = createStreamSpool({ spoolMemoryBytes: 0, spoolFileBytes: 100, streamUnreadMs: 600000 })
      await spool.write(Buffer.alloc(50))
      console.log('written')
      ${ending}`
    const run = spawnSync(
      process.execPath,
      ['--conditions=@halibut-gateway/source', '--import', 'tsx', '--input-type=module', '-e', code],
      {
        env: { ...process.env, TMPDIR: folder },
        encoding: 'utf8',
      },
    )
    expect(run.stdout).toBe('written\n')
    expect(readdirSync(folder).filter(name => name.startsWith('halibut-'))).toEqual([])
  } finally {
    rmSync(folder, { recursive: true })
  }
})
