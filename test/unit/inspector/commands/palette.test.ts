import { expect, test } from 'vitest'
import { agentFinder } from '../../../../server/inspector/src/commands/agent-finder.ts'
import { createPalette } from '../../../../server/inspector/src/commands/palette.ts'
import { createCommands } from '../../../../server/inspector/src/commands/registry.ts'

function createWorld() {
  const commands = createCommands()
  const ran: string[] = []
  const run = (id: string) => () => void ran.push(id)
  commands.register([
    { id: 'go.trust', name: 'Trust', group: 'Go to', run: run('go.trust') },
    { id: 'go.agents', name: 'Agents', group: 'Go to', run: run('go.agents') },
    { id: 'link', name: 'Copy a link to what is shown', group: 'This page', run: run('link') },
    { id: 'never', name: 'Agents of yesterday', group: 'Look', isEnabled: () => false, run: run('never') },
  ])
  const palette = createPalette(commands)
  const shown = () => palette.groups.value.map(({ name, lines }) => [name, ...lines.map(({ id }) => id)])
  return { commands, palette, ran, shown }
}

test('without a word all that can be done stands there in its groups, and nothing is found before it is looked for', () => {
  const { commands, palette, shown } = createWorld()
  commands.addFinder({ group: 'Agents', find: () => [{ id: 'agent.web-1', name: 'web-1', run: () => undefined }] })
  expect(shown()).toEqual([])
  palette.open('palette')
  expect(shown()).toEqual([
    ['This page', 'link'],
    ['Go to', 'go.trust', 'go.agents'],
  ])
  palette.type('a')
  expect(shown()).toContainEqual(['Agents', 'agent.web-1'])
  // What is found and fits better stands before commands.
  palette.type('web-1')
  expect(shown()).toEqual([['Agents', 'agent.web-1']])
})

test('what was typed brings what fits best to the top, and Enter means that line', () => {
  const { palette, ran, shown } = createWorld()
  palette.open('palette')
  palette.type('ag')
  expect(shown()[0]).toEqual(['Go to', 'go.agents'])
  palette.active.value?.run()
  expect(ran).toEqual(['go.agents'])
})

test('the arrows go around at the ends, and typing begins at the top again', () => {
  const { palette } = createWorld()
  palette.open('palette')
  const at = () => palette.active.value?.id
  palette.move(-1)
  expect(at()).toBe('go.agents')
  palette.move(1)
  expect(at()).toBe('link')
  palette.move(1)
  palette.type('t')
  expect(at()).toBe(palette.groups.value[0]?.lines[0]?.id)
  palette.type('nothing of the kind')
  palette.move(1)
  expect(at()).toBeUndefined()
})

test('a sheet that is opened again begins with nothing typed', () => {
  const { palette } = createWorld()
  palette.open('palette')
  palette.type('trust')
  palette.close()
  expect(palette.shown.value).toBeUndefined()
  palette.open('palette')
  expect(palette.typed.value).toBe('')
})

test('agents are found by name, id and tag, a name before a tag, and few of many', () => {
  const agent = (id: string, tags: string[] = [], name = id) => [id, { id, name, tags, state: 'connected' }] as const
  const opened: string[] = []
  const all = new Map([
    ...Array.from({ length: 10_000 }, (_, i) => agent(`build-${i}`, ['role=build'])),
    agent('db-1', ['role=web'], 'Orders'),
    agent('web-1', ['role=front']),
  ]) as never
  const finder = agentFinder({ all: () => all }, id => opened.push(id))
  expect(finder.find('web').map(({ id }) => id)).toEqual(['agent.web-1', 'agent.db-1'])
  expect(finder.find('db-1').map(({ name }) => name)).toEqual(['Orders'])
  expect(finder.find('build')).toHaveLength(8)
  expect(finder.find('build-77').map(({ name }) => name)[0]).toBe('build-77')
  finder.find('orders')[0]?.run()
  expect(opened).toEqual(['db-1'])
})
