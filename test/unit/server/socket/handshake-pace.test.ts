import { expect, test } from 'vitest'
import { HandshakePace, type UnderWay } from '../../../../server/src/socket/handshake-pace.ts'

interface Handshake extends UnderWay<Handshake> {
  readonly answersAtMs: number
}

/** A line that never ends, in turns that take as long as `turnMs` says of the handshakes that were finished in them. */
function run({ answerMs, turnMs, untilMs }: { answerMs: number; turnMs: (finished: number) => number; untilMs: number }) {
  const pace = new HandshakePace<Handshake>()
  const waiting: Handshake[] = []
  let [now, took, begun, most] = [1_000, 0, 0, 0]
  while (now < 1_000 + untilMs) {
    pace.turn(now, took)
    if (pace.allows(now)) {
      const handshake: Handshake = { answersAtMs: now + answerMs, begunMs: 0, before: undefined, after: undefined, list: undefined }
      pace.began(handshake, now)
      waiting.push(handshake)
      begun++
    }
    let finished = 0
    for (; (waiting[0]?.answersAtMs ?? Number.POSITIVE_INFINITY) <= now; finished++) pace.ended(waiting.shift() as Handshake)
    most = Math.max(most, waiting.length)
    took = turnMs(finished)
    now += took
  }
  return { begun, most, count: pace.count }
}

test('with peers that answer at once and together few are under way, and the pace is that of the processor', () => {
  // What has been answered is done in one turn, at a millisecond each; a peer that is busy answers to several at once.
  const { begun, most } = run({ answerMs: 4, turnMs: finished => 1 + finished, untilMs: 4_000 })
  expect(most).toBeLessThanOrEqual(8)
  expect(begun).toBeGreaterThan(1_600)
})

test('with peers that are far away as many are under way as it takes', () => {
  const { begun, most } = run({ answerMs: 200, turnMs: finished => 1 + finished / 4, untilMs: 4_000 })
  expect(most).toBeGreaterThan(80)
  expect(begun).toBeGreaterThan(1_600)
})

test('those that never answer hold nobody up', () => {
  const { begun, count } = run({ answerMs: Number.POSITIVE_INFINITY, turnMs: () => 1, untilMs: 4_000 })
  expect(begun).toBeGreaterThan(1_000)
  // Only those of the last 300 ms count.
  expect(count).toBeLessThanOrEqual(302)
})

test('where every turn is long two are under way, and one begins every ten milliseconds whatever becomes of the others', () => {
  const { begun, count } = run({ answerMs: Number.POSITIVE_INFINITY, turnMs: () => 5, untilMs: 4_000 })
  expect(begun).toBeGreaterThanOrEqual(400)
  expect(begun).toBeLessThan(420)
  expect(count).toBeLessThan(40)
})
