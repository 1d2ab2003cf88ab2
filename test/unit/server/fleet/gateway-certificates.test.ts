import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { acceptedNow, lostAgents } from '../../../../server/src/fleet/acceptances.ts'
import { AgentManager } from '../../../../server/src/fleet/agent-manager.ts'
import { GatewayCertificates, type KeptIdentities } from '../../../../server/src/fleet/gateway-certificates.ts'
import type { MeshAnswer } from '../../../../server/src/fleet/mesh.ts'
import type { Certificate } from '../../../../server/src/runtime/certificates.ts'
import { EventHub, type RuntimeEvents, type SubscriberEvent } from '../../../../server/src/runtime/events.ts'
import type { RuntimeListener } from '../../../../server/src/runtime/ports.ts'
import { testIdentity } from '../../../support/certificates.ts'
import { keptIdentities } from '../../../support/idle-trust.ts'
import { createInstantStore } from '../../../support/instant-store.ts'

const [a, b, c] = [testIdentity('a'), testIdentity('b'), testIdentity('c')]
const ofAgent = 'A'.repeat(40)

beforeEach(() => void vi.useFakeTimers({ now: 1_000 }))
afterEach(() => void vi.useRealTimers())

/** The certificates of a gateway whose ports and connections are told by names and thumbprints. */
async function create(
  identities: KeptIdentities & { present: Certificate | undefined } = keptIdentities(),
  acceptances = createInstantStore().acceptances,
) {
  const events = new EventHub()
  let answer: MeshAnswer = { roundTripMs: 1 }
  const connected: SubscriberEvent[] = []
  let order: string[] = []
  const mesh = {
    probe: async () => answer,
    trust: () => undefined,
    distrust: () => undefined,
    removeTrust: () => undefined,
    disconnect: () => undefined,
    leave: () => undefined,
    present: (certificates: readonly Certificate[]) => {
      order = certificates.map(({ thumbprint }) => thumbprint)
    },
    subscribers: () => connected,
    on: <K extends keyof RuntimeEvents>(type: K, listener: (event: RuntimeEvents[K]) => void) => events.on(type, listener),
  }
  const agents = new AgentManager({ mesh, liveness: { probeIntervalMs: 100, random: () => 0.5 } })
  const certificates = new GatewayCertificates({
    mesh,
    agents,
    identities,
    acceptances: acceptances as never,
    present: identities.present ?? a,
    log: () => undefined,
  })
  const ports = new Map<string, string>()
  let isTaken = false
  await certificates.listen(async (name, certificate): Promise<RuntimeListener> => {
    if (isTaken) throw new Error('the port is taken')
    ports.set(name, certificate.thumbprint)
    return {
      host: '',
      port: name === 'first' ? 1 : 2,
      present: next => void ports.set(name, next.thumbprint),
      close: async () => void ports.delete(name),
    }
  })
  certificates.start()
  agents.start()
  return {
    certificates,
    agents,
    identities,
    acceptances,
    ports: () => Object.fromEntries(ports),
    order: () => order,
    take: (taken: boolean) => {
      isTaken = taken
    },
    /** A polling agent connects at a port, and accepts what is presented there. */
    connects(id: string, port: 1 | 2) {
      const own = ports.get(port === 1 ? 'first' : 'second') ?? ''
      const event = {
        subscription: `poll://${id}/`,
        thumbprint: ofAgent,
        thumbprint256: undefined,
        remoteAddress: '',
        own,
        port,
        since: new Date(),
      }
      connected.push(event)
      events.emit('subscriberConnected', event)
    },
    leaves(id: string) {
      for (const event of connected.filter(({ subscription }) => subscription === `poll://${id}/`))
        connected.splice(connected.indexOf(event), 1)
    },
    async answers(own: string | undefined) {
      answer = { roundTripMs: 1, ...(own === undefined ? {} : { own }) }
      await vi.advanceTimersByTimeAsync(200)
    },
    states: () => certificates.list().map(({ thumbprint, state, ports: at }) => [nameOf(thumbprint), state, at]),
    lost: (thumbprint: string) => [...certificates.dependents(thumbprint)].map(({ agent, accepts }) => [agent, accepts.map(nameOf)]),
    [Symbol.dispose]() {
      certificates.close()
      agents.close()
    },
  }
}

function nameOf(thumbprint: string): string {
  return thumbprint === a.thumbprint ? 'a' : thumbprint === b.thumbprint ? 'b' : 'c'
}

describe('a certificate that takes the place of another one', () => {
  test('leaves a polling agent at the port of the one that it accepted last, also while it is away', async () => {
    using it = await create()
    await it.agents.add({ id: 'web-1', uri: 'poll://web-1/', thumbprint: ofAgent })
    it.connects('web-1', 1)
    await it.certificates.add(b, it.certificates.version, 'ada')
    await it.certificates.promote(b.thumbprint, undefined, 'ada')
    it.leaves('web-1')
    const place = (id: string) => it.certificates.pollingPlace(id)
    expect([place('web-1'), place('never-seen')]).toEqual([
      { thumbprint: a.thumbprint, port: 1 },
      { thumbprint: b.thumbprint, port: 2 },
    ])
    it.connects('web-1', 2)
    expect(place('web-1')).toEqual({ thumbprint: b.thumbprint, port: 2 })
  })

  test('is shown first to whom we dial and has a port of its own, is the one that we are known by, and is alone at the end', async () => {
    using it = await create()
    expect([it.states(), it.order(), it.ports()]).toEqual([[['a', 'present', [1]]], [a.thumbprint], { first: a.thumbprint }])
    await it.certificates.add(b, it.certificates.version, 'ada')
    expect([it.states(), it.order(), it.ports()]).toEqual([
      [
        ['a', 'present', [1]],
        ['b', 'next', [2]],
      ],
      [b.thumbprint, a.thumbprint],
      { first: a.thumbprint, second: b.thumbprint },
    ])
    expect([it.certificates.present, it.certificates.next, it.certificates.portOf(b)]).toEqual([a, b, 2])
    await it.certificates.promote(b.thumbprint, undefined, 'ada')
    expect([it.states(), it.order(), it.certificates.next]).toEqual([
      [
        ['b', 'present', [2]],
        ['a', 'previous', [1]],
      ],
      [b.thumbprint, a.thumbprint],
      undefined,
    ])
    await it.certificates.retire(a.thumbprint, undefined, [], 'ada')
    expect([it.states(), it.order(), it.ports(), it.identities.present]).toEqual([
      [
        ['b', 'present', [1, 2]],
        ['a', 'retired', []],
      ],
      [b.thumbprint],
      { first: b.thumbprint, second: b.thumbprint },
      b,
    ])
    expect(
      it.identities.all().map(({ id, keyPem, certificatePem }) => [nameOf(id), keyPem, certificatePem.startsWith('-----BEGIN C')]),
    ).toEqual([
      ['a', undefined, true],
      ['b', undefined, true],
    ])
  })

  test('is given up by retiring it, and its port is closed', async () => {
    using it = await create()
    await it.certificates.add(b, undefined, 'ada')
    await it.certificates.retire(b.thumbprint.toLowerCase(), undefined, [], 'ada')
    expect([it.states()[0], it.ports(), it.order()]).toEqual([['a', 'present', [1]], { first: a.thumbprint }, [a.thumbprint]])
  })

  test('gets the port at which no agent polls, also the first one, and none where they poll at both', async () => {
    using it = await create()
    for (const id of ['p', 'q']) it.agents.serve({ id, uri: `poll://${id}/`, thumbprint: ofAgent })
    it.connects('p', 1)
    await it.certificates.add(b, undefined, 'ada')
    it.leaves('p')
    it.connects('p', 2)
    await it.certificates.promote(b.thumbprint, undefined, 'ada')
    await it.certificates.retire(a.thumbprint, undefined, ['q'], 'ada')
    await it.certificates.add(c, undefined, 'ada')
    expect([it.ports(), it.certificates.portOf(c), it.certificates.portOf(b)]).toEqual([
      { first: c.thumbprint, second: b.thumbprint },
      1,
      2,
    ])
    await it.certificates.retire(c.thumbprint, undefined, ['q'], 'ada')
    it.connects('q', 1)
    await expect(it.certificates.add(c, undefined, 'ada')).rejects.toMatchObject({
      kind: 'invalid_argument',
      message: expect.stringContaining('polling agents were seen at both ports'),
    })
  })

  test('is refused where there is another one already, where it is not the version that was seen, and where it is not known', async () => {
    using it = await create()
    const { version } = it.certificates
    await expect(it.certificates.add(a, undefined, 'ada')).rejects.toMatchObject({ kind: 'invalid_argument' })
    await expect(it.certificates.promote(b.thumbprint, undefined, 'ada')).rejects.toMatchObject({ kind: 'not_found' })
    await it.certificates.add(b, version, 'ada')
    await expect(it.certificates.add(c, undefined, 'ada')).rejects.toMatchObject({
      message: expect.stringContaining('presented already beside'),
    })
    await expect(it.certificates.promote(b.thumbprint, version, 'ada')).rejects.toMatchObject({ kind: 'version_conflict' })
    await expect(it.certificates.retire(c.thumbprint, undefined, [], 'ada')).rejects.toMatchObject({ kind: 'not_found' })
    await expect(it.certificates.retire(a.thumbprint, undefined, [], 'ada')).rejects.toMatchObject({
      message: expect.stringContaining('that this gateway is known by'),
    })
  })

  test('goes on after a restart at any step, with the keys that it needs', async () => {
    const identities = keptIdentities()
    const again = async (expected: unknown) => {
      using it = await create(identities)
      expect([it.states(), it.order(), it.ports()]).toEqual(expected)
    }
    const step = async (act: (it: GatewayCertificates) => Promise<unknown>) => {
      using it = await create(identities)
      await act(it.certificates)
      const seen = [it.states(), it.order(), it.ports()]
      await again(seen)
    }
    await step(it => it.add(b, undefined, 'ada'))
    await step(it => it.promote(b.thumbprint, undefined, 'ada'))
    await step(it => it.retire(a.thumbprint, undefined, [], 'ada'))
    await step(it => it.add(c, undefined, 'ada'))
    await step(it => it.promote(c.thumbprint, undefined, 'ada'))
    await step(it => it.retire(b.thumbprint, undefined, [], 'ada'))
  })

  test('changes nothing at a step that cannot be kept, or whose port is taken', async () => {
    using it = await create()
    const put = vi.spyOn(it.identities, 'put').mockRejectedValue(new Error('the disk is full'))
    const before = [it.states(), it.order(), it.ports(), it.certificates.version]
    const now = () => [it.states(), it.order(), it.ports(), it.certificates.version]
    await expect(it.certificates.add(b, undefined, 'ada')).rejects.toThrow('the disk is full')
    expect(now()).toEqual(before)
    put.mockRestore()
    it.take(true)
    await expect(it.certificates.add(b, undefined, 'ada')).rejects.toThrow('the port is taken')
    expect([now(), it.identities.all()]).toEqual([before, []])
    it.take(false)
    await it.certificates.add(b, undefined, 'ada')
    const added = now()
    const failing = vi.spyOn(it.identities, 'put').mockRejectedValue(new Error('the disk is full'))
    await expect(it.certificates.promote(b.thumbprint, undefined, 'ada')).rejects.toThrow('the disk is full')
    await expect(it.certificates.retire(b.thumbprint, undefined, [], 'ada')).rejects.toThrow('the disk is full')
    expect(now()).toEqual(added)
    failing.mockRestore()
  })
})

describe('who accepts which certificate', () => {
  test('is what an agent that listens answered to last, and the newer one that it refused is none', async () => {
    using it = await create()
    it.agents.serve({ id: 'l', uri: 'https://10.0.0.1:1/', thumbprint: ofAgent })
    expect(it.lost(a.thumbprint)).toEqual([['l', []]])
    await it.answers(a.thumbprint)
    await it.certificates.add(b, undefined, 'ada')
    await it.answers(a.thumbprint)
    expect([it.lost(a.thumbprint), it.lost(b.thumbprint)]).toEqual([[['l', ['a']]], []])
    await it.answers(b.thumbprint)
    expect([it.lost(a.thumbprint), it.lost(b.thumbprint)]).toEqual([[], [['l', ['b']]]])
    expect(
      it.certificates
        .acceptance()('l')
        .accepted.map(({ thumbprint }) => nameOf(thumbprint)),
    ).toEqual(['b', 'a'])
    await it.answers(a.thumbprint)
    expect(
      it.certificates
        .acceptance()('l')
        .accepted.map(({ thumbprint }) => nameOf(thumbprint)),
    ).toEqual(['a'])
  })

  test('is what the connections show of an agent that polls, and what it accepted last when it is away; a restart forgets nothing', async () => {
    const identities = keptIdentities()
    const acceptances = createInstantStore().acceptances
    {
      using it = await create(identities, acceptances)
      it.agents.serve({ id: 'p', uri: 'poll://p/', thumbprint: ofAgent })
      it.connects('p', 1)
      await it.certificates.add(b, undefined, 'ada')
      expect(it.lost(a.thumbprint)).toEqual([['p', ['a']]])
      it.connects('p', 2)
      expect([it.lost(a.thumbprint), it.lost(b.thumbprint)]).toEqual([[], []])
      it.leaves('p')
      expect([it.lost(a.thumbprint), it.lost(b.thumbprint)]).toEqual([[], [['p', ['b']]]])
      await vi.advanceTimersByTimeAsync(0)
    }
    using it = await create(identities, acceptances)
    it.agents.serve({ id: 'p', uri: 'poll://p/', thumbprint: ofAgent })
    expect(it.lost(b.thumbprint)).toEqual([['p', ['b']]])
  })

  test('decides that a certificate is not retired, until a person names those who are given up', async () => {
    using it = await create()
    for (const id of ['p', 'q']) it.agents.serve({ id, uri: `poll://${id}/`, thumbprint: ofAgent })
    it.connects('p', 1)
    await it.certificates.add(b, undefined, 'ada')
    await it.certificates.promote(b.thumbprint, undefined, 'ada')
    await expect(it.certificates.retire(a.thumbprint, undefined, ['q'], 'ada')).rejects.toMatchObject({
      kind: 'version_conflict',
      message: `agents depend on the certificate ${a.thumbprint}: p accepted no other one when last seen`,
    })
    await expect(it.certificates.retire(a.thumbprint, undefined, [], 'ada')).rejects.toMatchObject({
      message: expect.stringContaining('q never came, so that nobody knows what they accept'),
    })
    const lost = await it.certificates.retire(a.thumbprint, undefined, ['p', 'q', 'nobody'], 'ada')
    expect(lost.map(({ agent }) => agent)).toEqual(['p', 'q'])
  })

  test('an agent that comes and goes writes once, and one that is removed leaves nothing', async () => {
    using it = await create()
    await it.agents.add({ id: 'p', uri: 'poll://p/', thumbprint: ofAgent })
    const put = vi.spyOn(it.acceptances, 'put')
    for (let n = 0; n < 5; n++) {
      it.connects('p', 1)
      it.leaves('p')
      await vi.advanceTimersByTimeAsync(1_000)
    }
    expect([put.mock.calls.length, it.acceptances.all().length]).toEqual([1, 1])
    await it.agents.remove('p')
    await vi.advanceTimersByTimeAsync(0)
    expect(it.acceptances.all()).toEqual([])
  })

  test('is told of any agents, as for a backup: those are lost who accept none of what stays', () => {
    const known = {
      old: { accepted: [{ thumbprint: 'A', lastSeenMs: 5 }] },
      moved: {
        accepted: [
          { thumbprint: 'B', lastSeenMs: 7 },
          { thumbprint: 'A', lastSeenMs: 5 },
        ],
      },
      both: { accepted: [], connected: new Set(['A', 'B']) },
      never: { accepted: [] },
    }
    const ask = (stays: string) => [...lostAgents(Object.keys(known), id => known[id as keyof typeof known], new Set([stays]))]
    expect(ask('A')).toEqual([
      { agent: 'moved', accepts: ['B'], lastSeenMs: 7 },
      { agent: 'never', accepts: [], lastSeenMs: undefined },
    ])
    expect(ask('B').map(({ agent }) => agent)).toEqual(['old', 'never'])
    expect(acceptedNow(known.both)).toEqual(['A', 'B'])
  })
})
