import { expect, test } from 'vitest'
import { createLoaded } from '../../../../server/inspector/src/state/loaded.ts'
import { createRotation } from '../../../../server/inspector/src/state/rotation.ts'
import { createAskedSession, taken } from '../../../support/asked-session.ts'

const own = (...states: string[]) => ({
  own: {
    version: states.join(),
    certificates: states.map(state => ({ state, thumbprint: state, added: state === 'previous' ? '1' : '2' })),
  },
})

test('while both certificates are presented it is asked who depends on the old one', async () => {
  const it = createAskedSession()
  const rotation = createRotation(it.session)
  void rotation.refresh()
  it.questions[0]?.answer(own('present', 'next'))
  await taken()
  expect([it.questions[1]?.method, it.questions[1]?.params]).toEqual(['certificates.agents', { dependsOn: 'present', limit: 100 }])
  it.questions[1]?.answer({ agents: [{ agent: 'web-1' }], next: 'more' })
  await taken()
  expect(rotation.facts.value).toMatchObject({ step: { at: 'both' }, onOld: [{ agent: 'web-1' }], isMore: true })
  rotation.more()
  it.questions[2]?.answer(own('present', 'previous'))
  await taken()
  expect(it.questions[3]?.params).toEqual({ dependsOn: 'previous', limit: 400 })
})

test('a step is done on what was seen, and what there is then is asked for also where it was refused', async () => {
  const it = createAskedSession()
  const rotation = createRotation(it.session)
  void rotation.refresh()
  it.questions[0]?.answer(own('present'))
  await taken()
  expect(rotation.facts.value?.step.at).toBe('one')
  const done = rotation.act('create', { commonName: 'New' })
  expect([it.questions[1]?.method, it.questions[1]?.params]).toEqual(['certificates.create', { version: 'present', commonName: 'New' }])
  it.questions[1]?.refuse(new Error('somebody else was faster'))
  await taken()
  it.questions[2]?.answer(own('present', 'next'))
  await taken()
  it.questions[3]?.answer({ agents: [] })
  await expect(done).rejects.toThrow('somebody else was faster')
  expect(rotation.facts.value?.step.at).toBe('both')
})

test('of several questions the newest answer counts, and nothing stays when another one signs in', async () => {
  const it = createAskedSession()
  const loaded = createLoaded(it.session, async client => client.request('agents.list', {}))
  void loaded.refresh()
  void loaded.refresh()
  it.questions[1]?.answer('new')
  await taken()
  it.questions[0]?.answer('old')
  await taken()
  expect(loaded.value.value).toBe('new')
  void loaded.refresh()
  it.questions[2]?.refuse('why')
  await taken()
  expect([loaded.value.value, loaded.problem.value]).toEqual(['new', 'why'])
  void loaded.refresh()
  it.changeHands()
  it.questions[3]?.answer('of another one')
  await taken()
  expect([loaded.value.value, loaded.problem.value]).toEqual([undefined, undefined])
})
