import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'

/**
 * Runs around every test file. When the file ends, no socket, server, child process or timer may be open that was not before, and no
 * `halibut-…` file may be left in the folder for temporary files (each test file gets a folder of its own). What is closing gets
 * two seconds to finish.
 */
const graceMs = 2_000
const watched = /^(TCP|TLS|Pipe|UDP|Process|FSEvent|GetAddrInfo|HTTP)/

const inheritedTmpdir = process.env['TMPDIR']
const temporary = mkdtempSync(join(tmpdir(), 'halibut-test-'))
process.env['TMPDIR'] = temporary

// Node does not tell our timers from Vitest's own, so those that code under test starts are noted here, with the line that did.
const timers = new Map<NodeJS.Timeout, string>()
globalThis.setTimeout = noting(globalThis.setTimeout)
globalThis.setInterval = noting(globalThis.setInterval)

let before = new Map<string, number>()

beforeAll(() => {
  before = openHandles()
})

afterAll(async () => {
  const deadline = performance.now() + graceMs
  let left = whatIsLeft()
  while (left.length > 0 && performance.now() < deadline) {
    await new Promise<void>(resolve => setImmediate(resolve))
    left = whatIsLeft()
  }
  rmSync(temporary, { recursive: true, force: true })
  if (inheritedTmpdir === undefined) delete process.env['TMPDIR']
  else process.env['TMPDIR'] = inheritedTmpdir
  if (left.length > 0) throw new Error(`the tests of this file are over, and this is left: ${left.join(', ')}`)
})

function whatIsLeft(): string[] {
  const handles = [...openHandles()].map(([kind, now]) => ({ kind, more: now - (before.get(kind) ?? 0) })).filter(({ more }) => more > 0)
  const files = readdirSync(temporary).filter(name => name.startsWith('halibut-'))
  return [...handles.map(({ kind, more }) => `${more} × ${kind}`), ...openTimers(), ...files.map(name => `file ${name}`)]
}

function openHandles(): Map<string, number> {
  const counts = new Map<string, number>()
  for (const kind of process.getActiveResourcesInfo()) if (watched.test(kind)) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  return counts
}

function openTimers(): string[] {
  forgetEnded()
  return [...timers.values()].map(line => `timer of ${line}`)
}

/** Node marks a timer that has fired or was cleared; there is no documented way to ask. */
function forgetEnded(): void {
  for (const timer of timers.keys()) if ('_destroyed' in timer && timer._destroyed === true) timers.delete(timer)
}

/** The same function, which also notes what it started, unless a package (not ours) called it. */
function noting<F extends typeof setTimeout | typeof setInterval>(start: F): F {
  const noted = (...args: Parameters<F>): NodeJS.Timeout => {
    const timer = Reflect.apply(start, globalThis, args) as NodeJS.Timeout
    const caller = new Error('where').stack?.split('\n')[2]?.trim() ?? 'an unknown place'
    if (!caller.includes('node_modules')) timers.set(timer, caller)
    if (timers.size % 1_000 === 0) forgetEnded()
    return timer
  }
  return Object.defineProperties(noted, Object.getOwnPropertyDescriptors(start)) as unknown as F
}
