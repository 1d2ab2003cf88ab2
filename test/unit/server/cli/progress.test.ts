import { expect, test } from 'vitest'
import { ProgressBar } from '../../../../server/src/cli/progress.ts'

const mebibyte = 1024 * 1024

/** A bar on a terminal of so many columns, and a clock that the test moves. */
function createBar(columns: number | undefined) {
  const written: string[] = []
  const clock = { ms: 0 }
  const bar = new ProgressBar(
    { err: text => void written.push(text), terminal: columns === undefined ? undefined : { columns, hasOut: false } },
    () => clock.ms,
  )
  return { bar, clock, written }
}

test('a transfer that goes on shows how far it is, how fast, and how long it takes still', () => {
  const { bar, clock, written } = createBar(100)
  bar.update('notes.txt', mebibyte, 10 * mebibyte)
  expect(written).toEqual([])
  clock.ms = 500
  bar.update('notes.txt', 5 * mebibyte, 10 * mebibyte)
  expect(written).toEqual(['\rnotes.txt  [===============               ]   50 %  5.0 of 10.0 MiB  10.0 MiB/s, 1 s left\u001b[K'])
  // Nobody can read more than ten of them a second.
  clock.ms = 599
  bar.update('notes.txt', 6 * mebibyte, 10 * mebibyte)
  expect(written).toHaveLength(1)
  clock.ms = 600
  bar.update('notes.txt', 10 * mebibyte, 10 * mebibyte)
  expect(written[1]).toContain('100 %')
  expect(written[1]).not.toContain('left')
  bar.end()
  expect(written[2]).toBe('\r\u001b[K')
  bar.end()
  expect(written).toHaveLength(3)
})

test('no line is as wide as the terminal, whatever the name, and where there is no terminal nothing is written', () => {
  for (const columns of [1, 10, 40, 60, 80, 200]) {
    for (const name of ['a', 'a name that is longer than most terminals are wide '.repeat(5)]) {
      const { bar, clock, written } = createBar(columns)
      clock.ms = 1_000
      bar.update(name, 1, 5 * mebibyte)
      const [line = ''] = written
      expect(line.replace('\r', '').replace('\u001b[K', '').length).toBeLessThan(columns)
    }
  }
  const { bar, clock, written } = createBar(undefined)
  clock.ms = 1_000
  bar.update('x', 0, 0)
  bar.end()
  expect(written).toEqual([])
})

test('a transfer that is over soon shows nothing, and takes nothing away', () => {
  const { bar, clock, written } = createBar(80)
  clock.ms = 499
  bar.update('x', 1, 1)
  bar.end()
  expect(written).toEqual([])
})
